import { cohereEmbedder } from './cohere.ts'
import type { EmbedderDefinition } from './embedder.ts'
import { googleEmbedder } from './google.ts'
import { llamaEmbedder } from './llama.ts'
import { ollamaEmbedder } from './ollama.ts'
import { openaiCompatibleEmbedder } from './openai-compatible.ts'
import { transformersEmbedder } from './transformers.ts'

export const embedderDefinitions: readonly EmbedderDefinition[] = [
  transformersEmbedder,
  llamaEmbedder,
  ollamaEmbedder,
  openaiCompatibleEmbedder,
  googleEmbedder,
  cohereEmbedder,
]
