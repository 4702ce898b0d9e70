import type { Schedule, Source } from '../../../core/contract/sources.ts'
import { formatAgo, formatNumberOf } from '../../ui/format.ts'

/** What a person calls the source. */
export function nameOf(source: Pick<Source, 'kind' | 'location'>): string {
  if (source.kind === 'upload') return 'Uploaded files'
  if (source.kind === 'files') return 'Single files'
  return (
    source.location
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || source.location
  )
}

export const kindLabels: Record<Source['kind'], string> = {
  folder: 'Folder',
  zip: 'ZIP archive',
  files: 'Files added one by one',
  upload: 'Copied into the workspace',
}

/** Whether there is a place to look at again. */
export function canSync(source: Pick<Source, 'kind'>): boolean {
  return source.kind !== 'upload'
}

/** Globs, .gitignore and approval are about what turns up in a folder. */
export function hasGlobs(source: Pick<Source, 'kind'>): boolean {
  return source.kind === 'folder' || source.kind === 'zip'
}

/** When it is looked at again, as a sentence. */
export function scheduleText(schedule: Schedule): string {
  if (schedule.kind === 'manual') return 'Only when asked'
  if (schedule.kind === 'every') return schedule.hours === 1 ? 'Every hour' : `Every ${schedule.hours} hours`
  return `Live, and looked through every ${formatNumberOf(schedule.pollMinutes, 'minute')}`
}

/** Why what is shown may not be what is there; null where all is as its schedule wants it. */
export function staleMark(source: Source, now: number): string | null {
  if (!canSync(source)) return null
  if (source.error) return source.syncedAt === null ? 'Never synced' : 'Out of date: the last sync failed'
  if (source.syncedAt === null) return 'Not synced yet'
  const { schedule } = source.options
  const overdueMs =
    schedule.kind === 'every'
      ? schedule.hours * 3_600_000
      : schedule.kind === 'live'
        ? schedule.pollMinutes * 60_000
        : null
  if (overdueMs === null) {
    return now - source.syncedAt > longAgoMs ? `Last looked at ${formatAgo(source.syncedAt, now)}` : null
  }
  // A sync takes its time and waits for others: twice the interval is late, a little more is not.
  return now - source.syncedAt > 2 * overdueMs + graceMs
    ? `Overdue: last synced ${formatAgo(source.syncedAt, now)}`
    : null
}

/** Whether the error is about a folder that became empty, which a person may confirm. */
export function mayAllowEmpty(source: Pick<Source, 'error'>): boolean {
  return source.error?.code === 'file-missing' && typeof source.error.details.documents === 'number'
}

/** One glob a line, as people write them; blank lines mean nothing. */
export function globsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

const graceMs = 10 * 60_000
const longAgoMs = 7 * 86_400_000
