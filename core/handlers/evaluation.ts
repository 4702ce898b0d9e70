import type { Services } from '../services/services.ts'
import { os } from './base.ts'
import { withProgress } from './with-progress.ts'

export function evaluationHandlers({ testSets }: Services) {
  return {
    retrieval: os.evaluation.retrieval.handler(async function* ({ input, signal }) {
      const work = withProgress((watch) => testSets.retrieval(input.folder, input.mode, watch), signal)
      for (;;) {
        const { done, value } = await work.next()
        if (done) return yield { type: 'evaluation-end' as const, result: value }
        yield { type: 'progress' as const, ...value }
      }
    }),
  }
}
