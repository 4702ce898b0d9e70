import { dropSpace, skipSpace } from '../chunkers/parts/text-breaks.ts'
import { findAnchors, type Span } from './find-anchors.ts'

/** A passage as somebody gave it: by offsets, by its words, or by both. */
export interface GivenPassage {
  start?: number | undefined
  end?: number | undefined
  text?: string | undefined
}

export type PassageProblem =
  | { problem: 'outside'; length: number }
  | { problem: 'blank' }
  | { problem: 'not-found' }
  | { problem: 'ambiguous'; places: number }

/**
 * Where a given passage stands in a document.
 *
 * - Offsets alone must lie inside the text; white space at the edges is left out.
 * - Offsets and words: what stands there if it is the same; else, for sets that count characters as Python does, what
 *   stands at those code points; else the nearest place with the same words.
 * - Words alone must stand there exactly once; white space does not count.
 */
export function placePassage(text: string, given: GivenPassage): Span | PassageProblem {
  const { start, end, text: words } = given
  if (words !== undefined && words.trim() === '') return { problem: 'blank' }
  if (words === undefined) {
    if (start === undefined || end === undefined || start > end || end > text.length) {
      return { problem: 'outside', length: text.length }
    }
    return trimmed(text, wholeCharacters(text, { start, end }))
  }
  if (start === undefined) return onlyPlace(text, words)
  return placeNear(text, words, start) ?? { problem: 'not-found' }
}

export function isProblem(placed: Span | PassageProblem): placed is PassageProblem {
  return 'problem' in placed
}

/** What is wrong, as the end of a sentence about the passage. */
export function sayProblem(problem: PassageProblem, document: string): string {
  switch (problem.problem) {
    case 'outside':
      return `its start and end do not lie inside "${document}", which has ${problem.length} characters`
    case 'blank':
      return 'it has no words'
    case 'not-found':
      return `its words are not in "${document}"`
    case 'ambiguous':
      return `its words are in "${document}" ${problem.places} times: say which by "start", or give more of them`
  }
}

function placeNear(text: string, words: string, given: number): Span | undefined {
  const start = startInUnits(text, words, given)
  if (text.startsWith(words, start)) return { start, end: start + words.length }
  return findAnchors(text, [{ anchor: words, start }])[0]
}

/** A given start in UTF-16 units, also where it was counted in characters, which only the words can tell. */
export function startInUnits(text: string, words: string, given: number): number {
  if (text.startsWith(words, given)) return given
  const units = unitsOfCodePoints(text, given)
  return units !== undefined && text.startsWith(words, units) ? units : given
}

function onlyPlace(text: string, words: string): Span | PassageProblem {
  const exact = text.indexOf(words)
  if (exact >= 0) {
    const places = countOf(text, words)
    if (places > 1) return { problem: 'ambiguous', places }
    return trimmed(text, { start: exact, end: exact + words.length })
  }
  const first = findAnchors(text, [{ anchor: words, start: 0 }])[0]
  if (!first) return { problem: 'not-found' }
  const later = findAnchors(text.slice(first.end), [{ anchor: words, start: 0 }])[0]
  return later ? { problem: 'ambiguous', places: 2 } : trimmed(text, first)
}

function countOf(text: string, words: string): number {
  let count = 0
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) count += 1
  return count
}

/** The offset in UTF-16 units of the character with this number; undefined where that is the same, or nowhere. */
function unitsOfCodePoints(text: string, characters: number): number | undefined {
  let units = 0
  for (let left = characters; left > 0; left -= 1) {
    if (units >= text.length) return undefined
    units += isPairAt(text, units) ? 2 : 1
  }
  return units === characters ? undefined : units
}

function isPairAt(text: string, at: number): boolean {
  const [high, low] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000
}

/** An offset in the middle of a pair of surrogates moves outwards: nobody means half a character. */
function wholeCharacters(text: string, { start, end }: Span): Span {
  return {
    start: start > 0 && isPairAt(text, start - 1) ? start - 1 : start,
    end: end > 0 && isPairAt(text, end - 1) ? end + 1 : end,
  }
}

function trimmed(text: string, span: Span): Span | PassageProblem {
  const start = skipSpace(text, span.start, span.end)
  const end = dropSpace(text, start, span.end)
  return end > start ? { start, end } : { problem: 'blank' }
}
