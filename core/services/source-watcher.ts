import { existsSync } from 'node:fs'
import { type FSWatcher, watch } from 'chokidar'
import type { Source } from '../contract/sources.ts'
import type { SourceLibrary } from '../library/sources.ts'
import type { SourceId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'

/** Starts syncs when they are due: by schedule, or because something changed on disk. */
export interface SourceWatcher extends AsyncDisposable {
  /** Call after a source was added, removed, or has other options. */
  refresh(): void
}

export interface SourceWatcherParts {
  sources: SourceLibrary
  /** Puts a sync in line, unless one of this source waits already. */
  startSync(source: Source): void
  /** Milliseconds since 1970. */
  now(): number
  log: Log
  /** How long it has to be quiet before a sync begins: programs write files in steps. */
  quietMs?: number
  /** How often schedules are looked at. By the clock on the wall, so that a machine that slept catches up at once. */
  tickMs?: number
}

/**
 * What the operating system reports is only taken as a hint that something changed; what changed is found by a sync,
 * which looks at every file. So a missed or doubled report costs time and never a document, and where nothing is
 * reported at all (network drives, too many folders for the system's limit) the regular look finds the change.
 */
export function createSourceWatcher(parts: SourceWatcherParts): SourceWatcher {
  const { sources, startSync, now, log, quietMs = 1000, tickMs = 5000 } = parts
  const watched = new Map<SourceId, { location: string; watcher: FSWatcher; timer: NodeJS.Timeout | undefined }>()
  const lastLook = new Map<SourceId, number>()
  let disposed = false

  const look = (id: SourceId): void => {
    if (disposed) return
    const source = sources.list().find((candidate) => candidate.id === id)
    if (!source) return
    lastLook.set(id, now())
    startSync(source)
  }
  const open = (source: Source): void => {
    const { id, location } = source
    const watcher = watch(location, {
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      ignored: (path) => path !== location && /(^|[\\/])\.[^\\/]/.test(path.slice(location.length)),
    })
    const entry = { location, watcher, timer: undefined as NodeJS.Timeout | undefined }
    watcher.on('all', () => {
      clearTimeout(entry.timer)
      entry.timer = setTimeout(() => look(id), quietMs)
    })
    watcher.on('error', (error) =>
      log.warn('A folder cannot be watched; it is looked through at intervals instead.', {
        location,
        error: String(error),
      }),
    )
    watched.set(id, entry)
  }
  const close = async (id: SourceId): Promise<void> => {
    const entry = watched.get(id)
    watched.delete(id)
    clearTimeout(entry?.timer)
    await entry?.watcher.close()
  }
  const refresh = (): void => {
    if (disposed) return
    const live = new Map(
      sources
        .list()
        .filter(isLive)
        .map((source) => [source.id, source]),
    )
    for (const [id, { location }] of watched) if (live.get(id)?.location !== location) void close(id)
    // A folder that is not there yet is opened by a later tick.
    for (const source of live.values()) if (!watched.has(source.id) && existsSync(source.location)) open(source)
  }
  const tick = (): void => {
    refresh()
    for (const source of sources.list()) {
      const due = dueAt(source, lastLook.get(source.id))
      if (due !== null && due <= now()) look(source.id)
    }
  }
  const timer = setInterval(tick, tickMs).unref()
  refresh()

  return {
    refresh,
    async [Symbol.asyncDispose]() {
      disposed = true
      clearInterval(timer)
      await Promise.all([...watched.keys()].map(close))
    },
  }
}

function isLive({ kind, options }: Source): boolean {
  return (kind === 'folder' || kind === 'zip') && options.schedule.kind === 'live'
}

/** When the source is to be looked through next; null for never. `lastLook` counts too: what failed is not tried all the time. */
function dueAt(
  { options: { schedule }, kind, syncedAt, createdAt }: Source,
  lastLook: number | undefined,
): number | null {
  if (schedule.kind === 'manual' || kind === 'upload') return null
  const everyMs = schedule.kind === 'every' ? schedule.hours * 3_600_000 : schedule.pollMinutes * 60_000
  return Math.max(syncedAt ?? createdAt, lastLook ?? 0) + everyMs
}
