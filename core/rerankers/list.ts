import { crossEncoder } from './cross-encoder.ts'
import { llamaReranker } from './llama.ts'
import type { RerankerDefinition } from './reranker.ts'

/** Every reranker there is. A pipeline without one keeps the order of its retriever. */
export const rerankerDefinitions: readonly RerankerDefinition[] = [crossEncoder, llamaReranker]
