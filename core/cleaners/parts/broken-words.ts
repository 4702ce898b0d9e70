import type { Edit } from './rewrite.ts'

/** A word that a hyphen breaks at the end of a line, or before a blank where the line break is gone. */
export interface BrokenWord {
  /** Of the hyphen. */
  at: number
  /** Where the word goes on, and where that part ends. */
  restStart: number
  restEnd: number
  before: string
  rest: string
  isSoft: boolean
  hasLineBreak: boolean
}

/** The broken words in [start, end) of a text, in order. Soft hyphens before a line break are among them. */
export function* findBrokenWords(text: string, start: number, end: number): Generator<BrokenWord> {
  for (const found of text.slice(start, end).matchAll(breaks)) {
    const at = start + found.index
    const restStart = at + found[0].length
    const restEnd = endOfWord(text, restStart, end)
    const wordStart = startOfWord(text, at, start)
    if (wordStart === at || restEnd === restStart) continue
    yield {
      at,
      restStart,
      restEnd,
      before: text.slice(wordStart, at),
      rest: text.slice(restStart, restEnd),
      isSoft: found[0].startsWith('\u00ad'),
      hasLineBreak: found[0].includes('\n'),
    }
  }
}

/**
 * Puts the two parts together, with or without the hyphen. A line break moves behind the word and the marks that
 * follow it, so that the lines stay.
 */
export function joinWord(text: string, word: BrokenWord, end: number, hyphen: string): Edit {
  if (!word.hasLineBreak) return { start: word.at, end: word.restStart, text: hyphen }
  let wordEnd = word.restEnd
  while (wordEnd < end && text[wordEnd]!.trim() !== '') wordEnd++
  const tail = text.slice(word.restStart, wordEnd)
  let next = wordEnd
  while (next < end && (text[next] === ' ' || text[next] === '\t')) next++
  // The rest of the word may end its line already, or end the paragraph.
  const separator = next === end || text[next] === '\n' ? '' : '\n'
  return { start: word.at, end: separator === '' ? wordEnd : next, text: hyphen + tail + separator }
}

/** A hyphen with white space after it that holds one line break at most. */
const breaks = /[-\u00ad\u2010](?:[ \t]{1,8}|[ \t]{0,8}\n[ \t]{0,80})(?=\p{L})/gu

const longestPart = 64

function startOfWord(text: string, end: number, low: number): number {
  const from = Math.max(low, end - longestPart)
  return end - (/[\p{L}\p{M}]+$/u.exec(text.slice(from, end))?.[0].length ?? 0)
}

function endOfWord(text: string, start: number, high: number): number {
  const to = Math.min(high, start + longestPart)
  return start + (/^[\p{L}\p{M}]+/u.exec(text.slice(start, to))?.[0].length ?? 0)
}
