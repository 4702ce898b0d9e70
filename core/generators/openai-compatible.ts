import { overTextGenerator } from './model-answer/over-text-generator.ts'
import { openaiCompatibleTextGenerator } from './text/openai-compatible.ts'

/** Has a language model of an OpenAI-compatible server word the answer. */
export const openaiCompatible = overTextGenerator(openaiCompatibleTextGenerator)
