import { Lock, LockOpen, X } from 'lucide-react'
import type { Job } from '../../core/contract/jobs.ts'
import { useAdding, type Upload } from '../state/adding.ts'
import { useConnection } from '../state/connection.ts'
import { useJobs } from '../state/jobs.ts'
import { sayFailure } from '../state/notices.ts'
import { hrefOf } from '../state/route.ts'
import { useWorkspace } from '../state/workspace.ts'
import { IconButton } from '../ui/button.tsx'
import { formatCount, formatTimeLeft, shareOf } from '../ui/format.ts'
import { Meter } from '../ui/meter.tsx'

/** Long work, whether anything may leave this machine, and the model in use. */
export function StatusBar() {
  const status = useWorkspace((state) => state.status)
  const jobs = useJobs((state) => state.active)
  const ended = useJobs((state) => state.ended)
  const uploads = useAdding((state) => state.uploads)
  const connection = useConnection((state) => state.status)
  const [first] = jobs
  const [upload] = uploads
  const more = jobs.length + uploads.length - 1
  const latest = ended[0]
  return (
    <footer className="status-bar" aria-label="Status">
      <div className="status-work">
        {upload ? <UploadLine upload={upload} /> : first ? <JobLine job={first} /> : <span className="soft">Idle</span>}
        {more > 0 ? <span className="soft number">and {more} more</span> : null}
        <span className="visually-hidden" role="status">
          {latest && jobs.length === 0
            ? `${latest.label}: ${latest.progress.ready} ready, ${latest.progress.failed} failed.`
            : ''}
        </span>
      </div>
      <div className="status-facts">
        {connection.state === 'open' ? null : <span className="tone-warning">Not connected</span>}
        {status ? (
          <>
            <span className="status-lock">
              {status.offline ? <Lock size={12} aria-hidden /> : <LockOpen size={12} aria-hidden />}
              {status.offline ? (
                <span>
                  Offline<span className="status-long">: nothing leaves this machine</span>
                </span>
              ) : (
                'Online'
              )}
            </span>
            <span className="status-model" title={`${status.embedder.model}, ${status.embedder.dimensions} dimensions`}>
              {status.embedder.label}
            </span>
          </>
        ) : null}
      </div>
    </footer>
  )
}

function JobLine({ job }: { job: Job }) {
  const { done, total, failed, remainingMs } = job.progress
  const counts = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`
  const label = job.collectionId ? (
    <a href={hrefOf({ page: 'library', collectionId: job.collectionId, documentId: null, span: null })}>{job.label}</a>
  ) : (
    job.label
  )
  return (
    <>
      <span className="status-label">{label}</span>
      <Meter share={shareOf(done, total)} label={job.label} valueText={counts} />
      <span className="number">{counts}</span>
      {failed > 0 ? <span className="tone-danger number">{formatCount(failed)} failed</span> : null}
      {remainingMs === undefined ? null : (
        <span className="soft number status-long">{formatTimeLeft(remainingMs)}</span>
      )}
      <IconButton
        label={`Cancel: ${job.label}`}
        icon={<X size={13} aria-hidden />}
        onPress={() => void useJobs.getState().cancel(job.id).catch(sayFailure)}
      />
    </>
  )
}

function UploadLine({ upload }: { upload: Upload }) {
  const counts = `${formatCount(upload.filesDone)} of ${formatCount(upload.filesTotal)}`
  return (
    <>
      <span className="status-label">Copying {upload.label}</span>
      <Meter
        share={shareOf(
          upload.bytesTotal > 0 ? upload.bytesDone : upload.filesDone,
          upload.bytesTotal || upload.filesTotal,
        )}
        label={`Copying ${upload.label}`}
        valueText={counts}
      />
      <span className="number">{counts}</span>
      <IconButton
        label={`Cancel copying ${upload.label}`}
        icon={<X size={13} aria-hidden />}
        onPress={() => upload.controller.abort()}
      />
    </>
  )
}
