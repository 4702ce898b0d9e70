import { create } from 'zustand'
import type { Job } from '../../core/contract/jobs.ts'
import type { JobId } from '../../core/shared/ids.ts'
import { core } from './client.ts'
import { useWorkspace } from './workspace.ts'

interface JobsStore {
  /** Queued or running, as the core last said. */
  active: Job[]
  /** Ended while this page was open and not yet put away, newest first. */
  ended: Job[]
  cancel(jobId: JobId): Promise<void>
  putAway(jobId: JobId): void
}

/** Long work. It belongs to the core: this store only follows it, so a reload loses nothing. */
export const useJobs = create<JobsStore>((set) => ({
  active: [],
  ended: [],
  cancel: async (jobId) => {
    await core().jobs.cancel({ jobId })
  },
  putAway: (jobId) => set((state) => ({ ended: state.ended.filter((job) => job.id !== jobId) })),
}))

/** Follows all active jobs until `signal` fires or the stream breaks (then it throws, and the caller starts again). */
export async function followJobs(signal: AbortSignal): Promise<void> {
  const stream = await core().jobs.watchActive(undefined, { signal })
  for await (const { jobs } of stream) {
    if (signal.aborted) return
    const before = useJobs.getState().active
    useJobs.setState({ active: jobs })
    const gone = before.filter((job) => !jobs.some((other) => other.id === job.id))
    for (const job of gone) void noteEnd(job.id)
  }
}

/** Call with the id of a job just started: one so short that it was never seen active is noted all the same. */
export async function noteStart(jobId: JobId): Promise<void> {
  const job = await core().jobs.get({ jobId })
  if (isOver(job)) return noteEnd(jobId, job)
  useJobs.setState((state) =>
    state.active.some((other) => other.id === jobId) ? state : { active: [job, ...state.active] },
  )
}

export function isOver(job: Job): boolean {
  return job.status === 'done' || job.status === 'failed' || job.status === 'cancelled'
}

async function noteEnd(jobId: JobId, known?: Job): Promise<void> {
  const job = known ?? (await core().jobs.get({ jobId }))
  if (!isOver(job)) return
  useJobs.setState((state) => ({
    active: state.active.filter((other) => other.id !== jobId),
    ended: [job, ...state.ended.filter((other) => other.id !== jobId)].slice(0, 20),
  }))
  void useWorkspace.getState().refresh()
}
