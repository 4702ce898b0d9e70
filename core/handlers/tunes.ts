import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function tuneHandlers({ tuning }: Services) {
  return {
    list: os.tunes.list.handler(({ input }) => ({ tunes: tuning.list(input.limit) })),
    get: os.tunes.get.handler(({ input }) => tuning.get(input.tuneId)),
    start: os.tunes.start.handler(({ input }) => tuning.start(input)),
    preview: os.tunes.preview.handler(({ input }) => tuning.preview(input.collectionId, input.spec)),
    apply: os.tunes.apply.handler(async ({ input }) => ({ jobId: await tuning.apply(input.tuneId, input.trial) })),
    remove: os.tunes.remove.handler(async ({ input }) => ({ removed: await tuning.remove(input.tuneId) })),
  }
}
