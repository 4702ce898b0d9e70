import type { TraceId } from '../../../core/shared/ids.ts'
import { CompareView } from './compare-view.tsx'
import { TraceList } from './trace-list.tsx'
import { TraceView } from './trace-view.tsx'

/** Everything that was asked, newest first; one question step by step; or two answers to it beside each other. */
export function TracesPage({ traceId, otherId = null }: { traceId: TraceId | null; otherId?: TraceId | null }) {
  if (traceId && otherId) return <CompareView key={`${traceId} ${otherId}`} beforeId={traceId} afterId={otherId} />
  return traceId ? <TraceView key={traceId} traceId={traceId} /> : <TraceList />
}
