import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function jobHandlers({ jobRunner }: Services) {
  return {
    list: os.jobs.list.handler(({ input }) => ({ jobs: jobRunner.list(input.limit) })),
    get: os.jobs.get.handler(({ input }) => jobRunner.get(input.jobId)),
    watch: os.jobs.watch.handler(({ input, signal }) => jobRunner.watch(input.jobId, input.after, signal)),
    watchActive: os.jobs.watchActive.handler(({ signal }) => jobRunner.watchActive(signal)),
    cancel: os.jobs.cancel.handler(({ input }) => jobRunner.cancel(input.jobId)),
  }
}
