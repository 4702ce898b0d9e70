import type { DatasetId, RunId } from '../../../core/shared/ids.ts'
import { CompareView } from './compare-view.tsx'
import { RunList } from './run-list.tsx'
import { RunView } from './run-view.tsx'

/** Measurements: all of them, one, or two beside each other; `newOn`: and a new one on this dataset is set up. */
export function RunsPage({
  runId,
  otherId,
  newOn,
}: {
  runId: RunId | null
  otherId: RunId | null
  newOn: DatasetId | null
}) {
  if (runId && otherId) return <CompareView key={`${runId} ${otherId}`} beforeId={runId} afterId={otherId} />
  return runId ? <RunView key={runId} runId={runId} /> : <RunList newOn={newOn} />
}
