import { Globe, Lock, ShieldCheck, WifiOff, X } from 'lucide-react'
import type { Job } from '../../core/contract/jobs.ts'
import { useAdding, type Upload } from '../state/adding.ts'
import { useConnection } from '../state/connection.ts'
import { useJobs } from '../state/jobs.ts'
import { useModelWork, type ModelWork } from '../state/model-work.ts'
import { useNetwork } from '../state/network.ts'
import { sayFailure } from '../state/notices.ts'
import { hrefOf } from '../state/route.ts'
import { useWorkspace } from '../state/workspace.ts'
import { IconButton } from '../ui/button.tsx'
import { formatBytes, formatCount, formatTimeLeft, shareOf } from '../ui/format.ts'
import { Meter } from '../ui/meter.tsx'

/** Long work, whether anything may leave this machine, and the model in use. */
export function StatusBar() {
  const status = useWorkspace((state) => state.status)
  const jobs = useJobs((state) => state.active)
  const ended = useJobs((state) => state.ended)
  const uploads = useAdding((state) => state.uploads)
  const works = useModelWork((state) => state.works)
  const connection = useConnection((state) => state.status)
  const [first] = jobs
  const [upload] = uploads
  const underWay = works.filter((work) => work.end === null)
  const [work] = underWay
  const more = jobs.length + uploads.length + underWay.length - 1
  const latest = ended[0]
  return (
    <footer className="status-bar" aria-label="Status">
      <div className="status-work">
        {upload ? (
          <UploadLine upload={upload} />
        ) : first ? (
          <JobLine job={first} />
        ) : work ? (
          <WorkLine work={work} />
        ) : (
          <span className="soft">Idle</span>
        )}
        {more > 0 ? <span className="soft number">and {more} more</span> : null}
        <span className="visually-hidden" role="status">
          {latest && jobs.length === 0
            ? `${latest.label}: ${latest.progress.ready} ready, ${latest.progress.failed} failed.`
            : ''}
        </span>
      </div>
      <div className="status-facts">
        {connection.state === 'open' ? null : <span className="tone-warning">Not connected</span>}
        <NetworkState />
        {status ? (
          <span className="status-model" title={`${status.embedder.model}, ${status.embedder.dimensions} dimensions`}>
            {status.embedder.label}
          </span>
        ) : null}
      </div>
    </footer>
  )
}

/** Whether anything may leave this machine. It is always said. */
function NetworkState() {
  const network = useNetwork((state) => state.status)
  const failed = useNetwork((state) => state.failure !== null)
  const Icon = network === null ? WifiOff : network.offline ? Lock : Globe
  return (
    <a
      className="status-lock"
      href={hrefOf({ page: 'network' })}
      data-state={network === null ? 'unknown' : network.offline ? 'offline' : 'online'}
      title={network?.lock?.message ?? 'Go to the network page'}
    >
      <Icon size={12} aria-hidden />
      {network === null ? (
        <span>{failed ? 'Network state not known' : 'Asking whether anything may leave this machine'}</span>
      ) : network.offline ? (
        <span>
          Offline<span className="status-long">: nothing leaves this machine</span>
        </span>
      ) : (
        <span>
          Online<span className="status-long">: allowed hosts can be reached</span>
        </span>
      )}
      {network?.lock ? (
        <>
          <ShieldCheck size={12} aria-hidden />
          <span>
            locked<span className="status-long"> by an administrator</span>
          </span>
        </>
      ) : null}
    </a>
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

function WorkLine({ work }: { work: ModelWork }) {
  const { title, done, total, unit } = work
  const amount = (value: number): string => (unit === 'bytes' ? formatBytes(value) : `${Math.round(value)} s`)
  const counts = work.from === null ? 'starting' : total === null ? amount(done) : `${amount(done)} of ${amount(total)}`
  return (
    <>
      <span className="status-label">
        <a href={hrefOf({ page: 'models', modelId: work.modelId })}>{title}</a>
      </span>
      <Meter share={shareOf(done, total ?? undefined)} label={title} valueText={counts} />
      <span className="number">{counts}</span>
      <IconButton
        label={`Cancel: ${title}`}
        icon={<X size={13} aria-hidden />}
        onPress={() => work.controller.abort()}
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
