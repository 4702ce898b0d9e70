import type { Element } from '../../contract/parsed-document.ts'
import type { Measure } from './measure.ts'
import { lastGraphemeStart, lastLineStart, lastSentenceStart, lastWordStart } from './text-breaks.ts'

/**
 * Where a piece of [start, end) that is too long should end: at the last good place up to `target`, or at the best there
 * is up to `max`, always after `after` (what lies before it is in a chunk already). Good places, best first: for code an empty
 * line, then a line; for text a sentence, then a line; then words, grapheme clusters, characters.
 */
export function cutText(
  text: string,
  start: number,
  after: number,
  end: number,
  kind: Element['kind'],
  measure: Measure,
  target: number,
  max: number,
): number {
  const limit = Math.max(measure.reach(start, end, max), after + 1)
  const aim = Math.min(limit, Math.max(measure.reach(start, end, target), after + 1))
  // A cut in the first half would leave a chunk that says little: a worse place further on is better.
  const low = Math.max(after, start + ((limit - start) >> 1))
  const searches = kind === 'code' ? codeSearches : textSearches
  for (const search of searches) {
    const found = aim > low ? search(text, low, aim) : -1
    const place = found > low ? found : aim < limit ? search(text, Math.max(low, aim), limit) : -1
    if (place > low && place < end) return place
  }
  const word = lastWordStart(text, after, aim)
  if (word > after && word < end) return word
  const cluster = lastGraphemeStart(text, after, limit)
  if (cluster > after && cluster < end) return cluster
  return nextCharacter(text, Math.max(after, limit - 1), end)
}

type Search = (text: string, low: number, high: number) => number

const codeSearches: Search[] = [(text, low, high) => lastLineStart(text, low, high, true), lastLineStart]
const textSearches: Search[] = [lastSentenceStart, lastLineStart]

function nextCharacter(text: string, position: number, end: number): number {
  return Math.min(end, position + (text.codePointAt(position)! > 0xffff ? 2 : 1))
}
