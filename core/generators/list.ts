import { anthropic } from './anthropic.ts'
import { extractive } from './extractive.ts'
import type { GeneratorDefinition } from './generator.ts'
import { google } from './google.ts'
import { llama } from './llama.ts'
import { ollama } from './ollama.ts'
import { openaiCompatible } from './openai-compatible.ts'

/** Every generator there is. The first is the default. */
export const generatorDefinitions: readonly GeneratorDefinition[] = [
  extractive,
  llama,
  ollama,
  openaiCompatible,
  anthropic,
  google,
]
