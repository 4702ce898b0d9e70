import type { Tokenizer } from '../shared/tokenizer.ts'

/**
 * Counts so many characters as a token, as published figures do that were made without a model's tokenizer: sizes are then
 * the same whichever model embeds.
 */
export function characterTokenizer(charactersPerToken: number): Tokenizer {
  const count = (text: string): number => Math.ceil(text.length / charactersPerToken)
  return {
    id: `characters-${charactersPerToken}`,
    count,
    encode(text) {
      const starts = Int32Array.from({ length: count(text) }, (_, index) => Math.round(index * charactersPerToken))
      const ends = Int32Array.from(starts, (_, index) => starts[index + 1] ?? text.length)
      return { ids: new Int32Array(starts.length), starts, ends, unknownId: -1 }
    },
  }
}
