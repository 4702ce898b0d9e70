import type { RunId } from '../../../core/shared/ids.ts'
import { CompareView } from './compare-view.tsx'
import { RunList } from './run-list.tsx'
import { RunView } from './run-view.tsx'

/** Measurements: all of them, one, or two beside each other. */
export function RunsPage({ runId, otherId }: { runId: RunId | null; otherId: RunId | null }) {
  if (runId && otherId) return <CompareView key={`${runId} ${otherId}`} beforeId={runId} afterId={otherId} />
  return runId ? <RunView key={runId} runId={runId} /> : <RunList />
}
