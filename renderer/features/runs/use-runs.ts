import { useEffect, useState } from 'react'
import type { Run } from '../../../core/contract/runs.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { useJobs } from '../../state/jobs.ts'
import { useRead } from '../../state/use-read.ts'

const followMs = 1500

/** The runs there are, read again while one of them is under way and whenever a job ends. */
export function useRuns() {
  const tick = useTick()
  return useRead((signal) => core().runs.list({ limit: 1000 }, { signal }), tick)
}

/** Changes whenever what is shown of runs may have changed. */
export function useTick(): string {
  const generation = useConnection((state) => state.generation)
  const ended = useJobs((state) => state.ended[0]?.id)
  const active = useJobs((state) => state.active.some(({ kind }) => kind === 'evaluate' || kind === 'tune'))
  const [count, setCount] = useState(0)
  useEffect(() => {
    if (!active) return
    const timer = setInterval(() => setCount((before) => before + 1), followMs)
    return () => clearInterval(timer)
  }, [active])
  return `${generation} ${ended ?? ''} ${count}`
}

export function isUnderWay({ status }: Run): boolean {
  return status === 'queued' || status === 'running'
}
