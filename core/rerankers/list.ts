import { cohereReranker } from './cohere.ts'
import { crossEncoder } from './cross-encoder.ts'
import { jinaReranker } from './jina.ts'
import { llamaReranker } from './llama.ts'
import type { RerankerDefinition } from './reranker.ts'
import { voyageReranker } from './voyage.ts'

/** Every reranker there is. A pipeline without one keeps the order of its retriever. */
export const rerankerDefinitions: readonly RerankerDefinition[] = [
  crossEncoder,
  llamaReranker,
  cohereReranker,
  jinaReranker,
  voyageReranker,
]
