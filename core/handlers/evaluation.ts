import type { Progress } from '../shared/progress.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'
import { type Watch, withProgress } from './with-progress.ts'

export function evaluationHandlers({ testSets }: Services) {
  return {
    retrieval: os.evaluation.retrieval.handler(({ input, signal }) =>
      told((watch) => testSets.retrieval(input.folder, input.mode, watch), signal),
    ),
    chunking: os.evaluation.chunking.handler(({ input, signal }) =>
      told((watch) => testSets.chunking(input.folder, input, watch), signal),
    ),
  }
}

/** Progress as it comes, then the result. */
async function* told<Result>(
  work: (watch: Watch) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<({ type: 'progress' } & Progress) | { type: 'evaluation-end'; result: Result }> {
  const running = withProgress(work, signal)
  for (;;) {
    const { done, value } = await running.next()
    if (done) {
      yield { type: 'evaluation-end', result: value }
      return
    }
    yield { type: 'progress', ...value }
  }
}
