import { useEffect, useState } from 'react'
import { create } from 'zustand'
import { useConnection } from './connection.ts'
import { useJobs } from './jobs.ts'

interface ReleaseStore {
  /** Counts what this page changed of lines and releases. */
  changes: number
  noteChange(): void
}

export const useReleaseChanges = create<ReleaseStore>((set) => ({
  changes: 0,
  noteChange: () => set(({ changes }) => ({ changes: changes + 1 })),
}))

const followMs = 1500

/** Changes whenever what is shown of lines and releases may have changed. `isWaiting`: something is on its way. */
export function useReleasing(isWaiting = false): string {
  const generation = useConnection((state) => state.generation)
  const changes = useReleaseChanges((state) => state.changes)
  const ended = useJobs((state) => state.ended[0]?.id)
  const active = useJobs((state) => state.active.length > 0)
  const [count, setCount] = useState(0)
  useEffect(() => {
    if (!active && !isWaiting) return
    const timer = setInterval(() => setCount((before) => before + 1), followMs)
    return () => clearInterval(timer)
  }, [active, isWaiting])
  return `${generation} ${changes} ${ended ?? ''} ${count}`
}
