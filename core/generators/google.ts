import { overTextGenerator } from './model-answer/over-text-generator.ts'
import { googleTextGenerator } from './text/google.ts'

/** Has a language model of Google word the answer. */
export const google = overTextGenerator(googleTextGenerator)
