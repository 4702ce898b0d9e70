import { overTextGenerator } from './model-answer/over-text-generator.ts'
import { ollamaTextGenerator } from './text/ollama.ts'

/** Has a language model of an Ollama server word the answer. */
export const ollama = overTextGenerator(ollamaTextGenerator)
