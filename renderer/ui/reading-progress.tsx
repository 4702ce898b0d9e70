import { useEffect } from 'react'
import type { Bot } from '../../core/contract/bots.ts'
import type { Job } from '../../core/contract/jobs.ts'
import { useAdding, type Upload } from '../state/adding.ts'
import { useBots } from '../state/bots.ts'
import { useJobs } from '../state/jobs.ts'
import { useWorkspace } from '../state/workspace.ts'
import { formatCount, formatNumberOf, formatTimeLeft, shareOf } from './format.ts'
import { Meter } from './meter.tsx'

/** How far the documents of a bot have been read. */
export interface Readiness {
  /** Documents that can be asked. */
  ready: number
  documents: number
  uploads: Upload[]
  jobs: Job[]
  isReading: boolean
}

const everyMs = 1500
const mostLooks = 8

/** Looks again and again while documents are read, so that the bot can be asked as soon as the first one is ready. */
export function useReadiness(bot: Bot | null): Readiness {
  const collections = useWorkspace((state) => state.collections)
  const active = useJobs((state) => state.active)
  const allUploads = useAdding((state) => state.uploads)
  const ids = new Set<string>(bot?.collectionIds)
  const mine = (collections ?? []).filter(({ id }) => ids.has(id))
  const jobs = active.filter(
    ({ collectionId, kind }) => collectionId !== null && ids.has(collectionId) && kind !== 'evaluate',
  )
  const uploads = allUploads.filter(({ collectionId }) => ids.has(collectionId))
  const ready = mine.reduce((sum, collection) => sum + collection.ready, 0)
  const documents = mine.reduce((sum, collection) => sum + collection.documents, 0)
  const isReading = jobs.length + uploads.length > 0
  const waitsForStarters = bot !== null && bot.starters.length === 0 && ready > 0
  const isWaiting = isReading || waitsForStarters
  useEffect(() => {
    if (!isWaiting) return undefined
    let looks = 0
    const timer = setInterval(() => {
      void useWorkspace.getState().refresh()
      void useBots.getState().refresh()
      // Starter questions come with the first documents; a bot that has none after a while will have none.
      if (!isReading && ++looks === mostLooks) clearInterval(timer)
    }, everyMs)
    return () => clearInterval(timer)
  }, [isWaiting, isReading])
  return { ready, documents, uploads, jobs, isReading }
}

/** One line with a bar while documents are copied and read. */
export function ReadingProgress({ readiness: { ready, uploads, jobs } }: { readiness: Readiness }) {
  const [upload] = uploads
  const [job] = jobs
  if (!upload && !job) return null
  const [label, done, total] = job
    ? ['Reading documents', job.progress.done, job.progress.total]
    : ['Copying documents into the workspace', upload?.filesDone ?? 0, upload?.filesTotal]
  const left = job?.progress.remainingMs
  const text = `${formatCount(done)} of ${total === undefined ? 'more' : formatCount(total)}`
  return (
    <section className="reading-progress" aria-label={label}>
      <span>
        {label}
        <span className="soft number">
          : {text}
          {left === undefined ? '' : `, ${formatTimeLeft(left)}`}
        </span>
      </span>
      <span className="soft">
        {ready > 0
          ? `${formatNumberOf(ready, 'document')} ready: you can ask now`
          : 'You can ask as soon as the first is ready'}
      </span>
      <Meter share={shareOf(done, total)} label={label} valueText={text} />
    </section>
  )
}
