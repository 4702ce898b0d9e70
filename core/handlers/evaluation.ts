import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function evaluationHandlers({ evaluation }: Services) {
  return {
    retrieval: os.evaluation.retrieval.handler(({ input, signal }) =>
      evaluation.retrieval(input.folder, input.mode, signal),
    ),
  }
}
