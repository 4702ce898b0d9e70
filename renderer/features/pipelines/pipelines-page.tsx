import type { LineId, ReleaseId } from '../../../core/shared/ids.ts'
import { LineList } from './line-list.tsx'
import { LineView } from './line-view.tsx'
import { ReleaseView } from './release-view.tsx'

/** Pipelines over time: all of them, one with its releases, or one release. */
export function PipelinesPage({ lineId, releaseId }: { lineId: LineId | null; releaseId: ReleaseId | null }) {
  if (lineId === null) return <LineList />
  if (releaseId === null) return <LineView key={lineId} lineId={lineId} />
  return <ReleaseView key={releaseId} lineId={lineId} releaseId={releaseId} />
}
