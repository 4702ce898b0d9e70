import { overTextGenerator } from './model-answer/over-text-generator.ts'
import { anthropicTextGenerator } from './text/anthropic.ts'

/** Has a language model of Anthropic word the answer. */
export const anthropic = overTextGenerator(anthropicTextGenerator)
