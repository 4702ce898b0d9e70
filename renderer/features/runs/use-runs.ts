import type { Run } from '../../../core/contract/runs.ts'
import { core } from '../../state/client.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { useRead } from '../../state/use-read.ts'

/** The runs there are, read again while one of them is under way and whenever a job ends. */
export function useRuns() {
  const tick = useMeasuring()
  return useRead((signal) => core().runs.list({ limit: 1000 }, { signal }), tick)
}

export function isUnderWay({ status }: Run): boolean {
  return status === 'queued' || status === 'running'
}
