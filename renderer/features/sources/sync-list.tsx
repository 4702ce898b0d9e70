import { useEffect, useState } from 'react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Source } from '../../../core/contract/sources.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { hrefOf } from '../../state/route.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatWhen } from '../../ui/format.ts'
import { SyncCounts } from '../../ui/sync-counts.tsx'
import {
  addStanding,
  createSyncReport,
  noteInReport,
  outcomeLabels,
  type SyncOutcome,
  type SyncReport,
} from './sync-report.ts'
import { nameOf } from './source-facts.ts'

/** The files that the last sync of a source added, changed, removed or could not read. */
export function SyncListDialog({ source, onClose }: { source: Source | null; onClose(): void }) {
  return (
    <Dialog isOpen={source !== null} onClose={onClose} title={`Last sync of “${source ? nameOf(source) : ''}”`} wide>
      {source ? <SyncList source={source} onClose={onClose} /> : null}
    </Dialog>
  )
}

function SyncList({ source, onClose }: { source: Source; onClose(): void }) {
  const { report, failure } = useLastReport(source)
  if (failure) {
    return (
      <div className="dialog-body">
        <FailureNote failure={failure} />
      </div>
    )
  }
  if (report === undefined) {
    return (
      <div className="dialog-body">
        <p className="soft">Reading what it did …</p>
      </div>
    )
  }
  const outcomes = (Object.keys(outcomeLabels) as SyncOutcome[]).filter((outcome) => report?.files[outcome].length)
  return (
    <div className="dialog-body">
      {source.result ? (
        <p>
          {source.syncedAt === null ? null : <span className="soft">{formatWhen(source.syncedAt)} · </span>}
          <SyncCounts counts={source.result} />
        </p>
      ) : null}
      {report === null ? (
        <p className="soft">The record of that sync is not kept any more. Sync again to get a new one.</p>
      ) : outcomes.length === 0 ? (
        <p className="soft">It found nothing to add, change or remove.</p>
      ) : (
        outcomes.map((outcome) => (
          <Outcome key={outcome} outcome={outcome} report={report} source={source} onClose={onClose} />
        ))
      )}
    </div>
  )
}

/** More names than this nobody reads in a dialog; the table has them all. */
const mostShown = 300

function Outcome({
  outcome,
  report,
  source,
  onClose,
}: {
  outcome: SyncOutcome
  report: SyncReport
  source: Source
  onClose(): void
}) {
  const files = report.files[outcome]
  const { collectionId } = source
  return (
    <section className="sync-outcome" aria-label={outcomeLabels[outcome]}>
      <h3>
        {outcomeLabels[outcome]} <span className="soft number">{formatCount(files.length)}</span>
      </h3>
      <ul>
        {files.slice(0, mostShown).map((file, index) => (
          <li key={index}>
            {file.documentId ? (
              <a
                href={hrefOf({ page: 'library', collectionId, documentId: file.documentId, span: null })}
                onClick={onClose}
              >
                {file.path}
              </a>
            ) : (
              <span>{file.path}</span>
            )}
            {file.reason ? <span className="soft">{file.reason.message}</span> : null}
          </li>
        ))}
      </ul>
      {files.length > mostShown ? (
        <p className="soft number">and {formatCount(files.length - mostShown)} more</p>
      ) : null}
    </section>
  )
}

/** Undefined while it is read; null where no sync of this source is remembered. */
function useLastReport(source: Source): { report: SyncReport | null | undefined; failure: ErrorData | null } {
  const [state, setState] = useState<{ report: SyncReport | null | undefined; failure: ErrorData | null }>({
    report: undefined,
    failure: null,
  })
  useEffect(() => {
    const controller = new AbortController()
    readLastReport(source, controller.signal).then(
      (report) => {
        if (!controller.signal.aborted) setState({ report, failure: null })
      },
      (error: unknown) => {
        const failure = toFailure(error)
        if (!controller.signal.aborted && failure) setState({ report: null, failure })
      },
    )
    return () => controller.abort()
  }, [source])
  return state
}

async function readLastReport(source: Source, signal: AbortSignal): Promise<SyncReport | null> {
  const jobId = source.result?.jobId
  if (!jobId) return null
  const report = createSyncReport(source.id)
  for await (const event of await core().jobs.watch({ jobId }, { signal })) noteInReport(report, event)
  for (const status of ['failed', 'waiting'] as const) {
    const input = { collectionId: source.collectionId, status, limit: 20_000 }
    addStanding(report, (await core().documents.list(input, { signal })).documents)
  }
  return report
}
