import type { EmbedderDefinition } from './embedder.ts'
import { llamaEmbedder } from './llama.ts'
import { transformersEmbedder } from './transformers.ts'

export const embedderDefinitions: readonly EmbedderDefinition[] = [transformersEmbedder, llamaEmbedder]
