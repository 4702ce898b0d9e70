/** The bundled model whose tokenizer counts where that of a server cannot be asked. */
export const countingModel = 'static-256'

/**
 * How many tokens a text is at most, about: for servers whose tokenizer cannot be asked. It errs on the side of too
 * many (a test compares it with tokenizers that can be asked): English is about a third more than it would be.
 */
export function estimateTokens(text: string): number {
  let thirds = 0
  for (const character of text) thirds += thirdsOf(character.codePointAt(0) ?? 0)
  return Math.ceil(thirds / 3)
}

/** The beginning of a text that is no more than this by the same estimate. */
export function cutToTokens(text: string, maxTokens: number): string {
  let thirds = 0
  let end = 0
  for (const character of text) {
    thirds += thirdsOf(character.codePointAt(0) ?? 0)
    if (thirds > 3 * maxTokens) return text.slice(0, end)
    end += character.length
  }
  return text
}

function thirdsOf(code: number): number {
  const isLetter = (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
  if (isLetter || code === 0x20) return 1
  // Digits and signs are tokens by themselves more often than not.
  if (code < 0x80) return 3
  // Letters of other alphabets: two bytes, which some tokenizers take one by one.
  if (code < 0x800) return 3
  return code < 0x10000 ? 6 : 12
}
