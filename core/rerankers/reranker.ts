import type { Definition } from '../shared/family.ts'

/** Re-orders candidates by reading question and passage together. A rerank score is never compared with a threshold. */
export interface Reranker {
  /** One score a passage, higher is better, comparable only within the call. */
  score(question: string, passages: readonly string[], options?: { signal?: AbortSignal }): Promise<Float32Array>
}

export type RerankerDefinition<Options = Record<string, unknown>> = Definition<Options, Reranker>
