import type { Persona } from '../contract/ask.ts'

/** Said instead of an answer. */
export const refusalSentence =
  'Nothing in these documents answers this question. Try other words, or add documents that cover it.'

/** The same in the words of who answers. */
export function refusalOf(persona: Persona | undefined): string {
  return persona?.refusal.trim() || refusalSentence
}
