import type { Tokenizer } from '../shared/tokenizer.ts'

/**
 * How much of a text a model's vocabulary knows: the fraction (0 to 1) of its words that are one known token. Words
 * are runs of letters, digits and marks. A low value says that vectors of this text mean little. 0 if there is no word.
 */
export function coverage(tokenizer: Tokenizer, text: string): number {
  const { ids, starts, ends, unknownId } = tokenizer.encode(text)
  let words = 0
  let known = 0
  let token = 0
  for (const match of text.matchAll(wordPattern)) {
    const start = match.index
    const end = start + match[0].length
    while (token < ids.length && ends[token]! <= start) token += 1
    words += 1
    if (token >= ids.length || ids[token] === unknownId || ends[token]! < end) continue
    // The next token must begin behind the word; the parts of one character share its span.
    const next = starts[token + 1]
    if (starts[token]! <= start && (next === undefined || next >= end)) known += 1
  }
  return words === 0 ? 0 : known / words
}

const wordPattern = /[\p{L}\p{N}\p{M}]+/gu
