import { CircleCheck, CircleSlash, CircleX } from 'lucide-react'
import type { Job } from '../../../core/contract/jobs.ts'
import { useAdding, type Upload } from '../../state/adding.ts'
import { isOver, useJobs } from '../../state/jobs.ts'
import { sayFailure } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatRate,
  formatTimeLeft,
  shareOf,
} from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { SyncCounts } from '../../ui/sync-counts.tsx'

/** The collection's uploads and jobs, running and just ended, each with one bar. */
export function JobCards({ collectionId, onShowFailed }: { collectionId: string; onShowFailed(): void }) {
  const uploads = useAdding((state) => state.uploads)
  const active = useJobs((state) => state.active)
  const ended = useJobs((state) => state.ended)
  const mine = (job: Job): boolean => job.collectionId === collectionId
  const jobs = [...active.filter(mine), ...ended.filter(mine).slice(0, 2)]
  const here = uploads.filter((upload) => upload.collectionId === collectionId)
  if (jobs.length + here.length === 0) return null
  return (
    <div className="job-cards">
      {here.map((upload) => (
        <UploadCard key={upload.id} upload={upload} />
      ))}
      {jobs.map((job) => (
        <JobCard key={job.id} job={job} onShowFailed={onShowFailed} />
      ))}
    </div>
  )
}

function UploadCard({ upload }: { upload: Upload }) {
  const { filesDone, filesTotal, bytesDone, bytesTotal } = upload
  const share = bytesTotal === 0 ? shareOf(filesDone, filesTotal) : shareOf(bytesDone, bytesTotal)
  return (
    <section className="job-card" aria-label={`Copying ${upload.label}`}>
      <div className="job-line">
        <h2>Copying {upload.label} into the workspace</h2>
        <Button look="quiet" small onPress={() => upload.controller.abort()}>
          Cancel
        </Button>
      </div>
      <Meter share={share} label={`Copying ${upload.label}`} valueText={`${filesDone} of ${filesTotal} files`} />
      <p className="job-facts number">
        {formatCount(filesDone)} of {formatNumberOf(filesTotal, 'file')} · {formatBytes(bytesDone)} of{' '}
        {formatBytes(bytesTotal)}
      </p>
    </section>
  )
}

function JobCard({ job, onShowFailed }: { job: Job; onShowFailed(): void }) {
  const { progress } = job
  const over = isOver(job)
  const noun = nounOf(job)
  const total = progress.total === undefined ? `counting ${noun}s` : `of ${formatNumberOf(progress.total, noun)}`
  return (
    <section className="job-card" aria-label={job.label} data-status={job.status}>
      <div className="job-line">
        <h2>
          {over ? <EndIcon job={job} /> : null}
          {job.label}
        </h2>
        {over ? (
          <>
            {progress.failed > 0 ? (
              <Button look="quiet" small onPress={onShowFailed}>
                Show failed
              </Button>
            ) : null}
            <Button look="quiet" small onPress={() => useJobs.getState().putAway(job.id)}>
              Dismiss
            </Button>
          </>
        ) : (
          <Button look="quiet" small onPress={() => void useJobs.getState().cancel(job.id).catch(sayFailure)}>
            Cancel
          </Button>
        )}
      </div>
      {over ? null : (
        <Meter
          share={shareOf(progress.done, progress.total)}
          label={job.label}
          valueText={`${progress.done} ${total}`}
        />
      )}
      {job.error ? <p className="job-error">{job.error.message}</p> : null}
      <p className="job-facts number">
        {over ? endSentence(job) : `${formatCount(progress.done)} ${total}`}
        {job.kind === 'sync' ? (
          <>
            {' · '}
            <SyncCounts counts={progress} />
          </>
        ) : (
          <>
            <Count value={progress.ready} word="ready" />
            <Count value={progress.failed} word="failed" tone="danger" />
            <Count value={progress.unchanged} word="unchanged" />
            <Count value={job.kind === 'ingest' ? progress.removed : 0} word="removed" />
          </>
        )}
        {over ? null : <Fact text={progress.rate > 0 ? formatRate(progress.rate, `${noun}s`) : ''} />}
        {over ? null : <Fact text={progress.remainingMs === undefined ? '' : formatTimeLeft(progress.remainingMs)} />}
      </p>
      {over ? null : <p className="job-now">{progress.label}</p>}
    </section>
  )
}

function EndIcon({ job }: { job: Job }) {
  if (job.status === 'failed') return <CircleX size={15} aria-hidden className="tone-danger" />
  if (job.status === 'cancelled') return <CircleSlash size={15} aria-hidden className="soft" />
  return <CircleCheck size={15} aria-hidden className="tone-success" />
}

function endSentence(job: Job): string {
  const took = job.startedAt && job.finishedAt ? ` in ${formatDuration(job.finishedAt - job.startedAt)}` : ''
  if (job.status === 'failed') return `Stopped${took}`
  if (job.status === 'cancelled') {
    return job.kind === 'reindex' ? 'Cancelled; the present index stays' : 'Cancelled; what was ready stays'
  }
  return `${formatNumberOf(job.progress.done, nounOf(job))}${took}`
}

/** What a job counts: a new index is built from documents, whose files are not read again. */
function nounOf(job: Job): string {
  return job.kind === 'reindex' ? 'document' : 'file'
}

function Count({ value, word, tone }: { value: number; word: string; tone?: 'danger' }) {
  if (value === 0) return null
  return (
    <span className={tone ? `tone-${tone}` : undefined}>
      {' · '}
      {formatCount(value)} {word}
    </span>
  )
}

function Fact({ text }: { text: string }) {
  return text === '' ? null : <span> · {text}</span>
}
