import type { TextGeneratorDefinition } from '../text-generator.ts'
import { anthropicTextGenerator } from './anthropic.ts'
import { googleTextGenerator } from './google.ts'
import { llamaTextGenerator } from './llama.ts'
import { ollamaTextGenerator } from './ollama.ts'
import { openaiCompatibleTextGenerator } from './openai-compatible.ts'

/** Every language model runtime there is. */
export const textGeneratorDefinitions: readonly TextGeneratorDefinition[] = [
  llamaTextGenerator,
  ollamaTextGenerator,
  openaiCompatibleTextGenerator,
  anthropicTextGenerator,
  googleTextGenerator,
]
