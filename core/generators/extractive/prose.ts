/** Dots or a gap that lead to a page number: '3.1 Roles ........ 13', '3.1 Roles … 13'. */
const leadersAtEnd = /(?:\.{5,}|(?:\s\.){4,})\s*$/u
const leaders = /(?:\.{4,}|(?:\s\.){3,}|…)\s*(?:\d{1,4}|[ivxlc]{1,6})(?=\s|\.?$)/giu

/** Whether a text is lines of a table of contents: it names what is told elsewhere, and tells nothing. */
export function isContents(text: string): boolean {
  // The number may have been taken for a sentence of its own.
  if (leadersAtEnd.test(text)) return true
  const found = text.match(leaders)?.length ?? 0
  return found > 1 || (found === 1 && text.search(leaders) > 0 && /(?:\d|[ivxlc])\.?\s*$/iu.test(text))
}

/** Words with a small letter at their beginning, of all words: fewer are names, a title or a command. */
const leastSmall = 0.2

/** Whether a text is made of sentences, as far as its letters show: in scripts without small letters it always is. */
export function isProse(text: string): boolean {
  if (isContents(text)) return false
  const words = text.match(/[\p{Lu}\p{Lt}\p{Ll}][\p{L}\p{N}\p{M}'’_-]*/gu) ?? []
  if (words.length < 4) return true
  return words.filter((word) => /^\p{Ll}/u.test(word)).length >= leastSmall * words.length
}
