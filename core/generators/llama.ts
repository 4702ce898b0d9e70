import { overTextGenerator } from './model-answer/over-text-generator.ts'
import { llamaTextGenerator } from './text/llama.ts'

/** Has a GGUF language model on this machine word the answer. */
export const llama = overTextGenerator(llamaTextGenerator)
