import { useEffect, useState } from 'react'
import { useConnection } from './connection.ts'
import { useJobs } from './jobs.ts'

const followMs = 1500

/** Changes whenever what is shown of runs and tunings may have changed. */
export function useMeasuring(): string {
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
