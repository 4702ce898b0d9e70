/** What a language model's text turns out to be, piece by piece and in order. */
export type ReadPart =
  | { type: 'text'; text: string }
  /** The numbers of sources that the sentence just written names. */
  | { type: 'marker'; numbers: number[] }
  /** The sentence is complete, its markers included. `text` is without them. */
  | { type: 'sentence-end'; text: string }
  /** The model says that the sources do not answer. Nothing else comes. */
  | { type: 'refusal' }

/** What the model is told to write where the sources do not answer. */
export const refusalWords = 'NO ANSWER'

export interface AnswerReader {
  /** Takes what came next; gives what is certain by now. */
  take(delta: string): ReadPart[]
  /** The rest. */
  end(): ReadPart[]
}

/** [1], [1, 2], [1-3], [Source 2], 【2】. */
const marker = /^\s*[[【](?:sources?\s*)?(\d{1,3}(?:\s*[,;–-]\s*(?:sources?\s*)?\d{1,3}){0,20})[\]】]/i
/** What may still become one. */
const openMarker = /^\s*(?:[[【][^\]】\n]{0,60})?$/
const sentenceMark = /[.!?。！？…]["'”’»)*_]*$/u
/** After these a full stop does not end a sentence. */
const abbreviation =
  /(?:^|[\s(["'“„])(?:Dr|Mr|Mrs|Ms|Prof|St|Nos?|Nr|Figs?|Abb|Tab|Eq|Sec|Ch|Vol|pp?|vs|e\.\s?g|i\.\s?e|etc|approx|ca|cf|al|bzw|z\.\s?B|d\.\s?h|usw|Art|\p{Lu})\.$/u

/**
 * Reads the stream of a model's answer: takes out the numbers of sources, what the model thinks aloud, and the words by
 * which it refuses; says where sentences end. Text is given on as soon as it cannot be one of those.
 */
export function createAnswerReader(): AnswerReader {
  let pending = ''
  let sentence = ''
  let fences = 0
  let begun = false
  let refused = false

  const isCode = (): boolean => fences % 2 === 1
  function* write(length: number): Generator<ReadPart> {
    const text = pending.slice(0, length)
    pending = pending.slice(length)
    sentence += text
    fences += text.split('`').length - 1
    yield { type: 'text', text }
  }
  function* close(): Generator<ReadPart> {
    const text = sentence.trim()
    sentence = ''
    if (text !== '') yield { type: 'sentence-end', text }
  }

  /** Whether something can still be decided; false: wait for more. */
  function* step(isLast: boolean): Generator<ReadPart, boolean> {
    if (pending === '') return false
    if (!begun) {
      const kind = beginningOf(pending, isLast)
      if (kind.type === 'wait') return false
      pending = kind.rest
      begun = true
      if (kind.type === 'refusal') {
        refused = true
        pending = ''
        yield { type: 'refusal' }
        return false
      }
      return true
    }
    const found = isCode() ? null : marker.exec(pending)
    if (found) {
      pending = pending.slice(found[0].length)
      yield { type: 'marker', numbers: numbersOf(found[1] ?? '') }
      return true
    }
    if (!isLast && !isCode() && openMarker.test(pending)) return false
    const gap = /^\s+/u.exec(pending)?.[0] ?? ''
    if (gap.length === pending.length) {
      // White space at the end of the answer is nothing.
      if (isLast) pending = ''
      return false
    }
    if (sentence.trim() !== '' && (gap.includes('\n') || endsSentence(sentence, pending))) yield* close()
    yield* write(gap.length + plainLength(pending.slice(gap.length)))
    return true
  }

  function* run(isLast: boolean): Generator<ReadPart> {
    if (refused) return
    for (;;) {
      const more = yield* step(isLast)
      if (!more) break
    }
    if (isLast && !refused) yield* close()
  }

  return {
    take(delta) {
      pending += delta
      return join([...run(false)])
    },
    end: () => join([...run(true)]),
  }
}

/** How much may be written before something has to be decided: up to a bracket, a gap after a full stop, a line's end. */
function plainLength(text: string): number {
  const stop = /\s*[[【]|(?<=[.!?…]["'”’»)*_]*)\s|(?<=[。！？])|\s*\n|`/gu
  stop.lastIndex = 1
  const found = stop.exec(text)
  if (found) return found.index
  // Trailing white space waits: a marker may follow it.
  return Math.max(1, text.trimEnd().length)
}

function endsSentence(sentence: string, next: string): boolean {
  if (!sentenceMark.test(sentence)) return false
  if (/[。！？]["'”’»)]*$/u.test(sentence)) return true
  return /^\s/u.test(next) && !abbreviation.test(sentence) && !/^\s+\p{Ll}/u.test(next)
}

function numbersOf(text: string): number[] {
  const numbers: number[] = []
  for (const part of text.replaceAll(/sources?/gi, '').split(/[,;]/)) {
    const [first = 0, last = first] = part.split(/[–-]/).map((number) => Number.parseInt(number, 10))
    // "[1-900]" is no range of sources.
    for (let number = first; number <= Math.min(last, first + 20); number += 1) numbers.push(number)
  }
  return numbers
}

/** A model may think aloud first, or refuse; until that is clear nothing is shown. */
function beginningOf(text: string, isLast: boolean): { type: 'wait' } | { type: 'answer' | 'refusal'; rest: string } {
  const trimmed = text.trimStart()
  if (trimmed.startsWith('<think>')) {
    const end = trimmed.indexOf('</think>')
    if (end >= 0) return beginningOf(trimmed.slice(end + '</think>'.length), isLast)
    return isLast ? { type: 'answer', rest: '' } : { type: 'wait' }
  }
  const plain = trimmed.replace(/^["'“*_]+/u, '').toUpperCase()
  if (plain.startsWith(refusalWords)) {
    const after = plain.slice(refusalWords.length)
    if (/^["'”*_.\s]*$/u.test(after)) return isLast ? { type: 'refusal', rest: '' } : { type: 'wait' }
    // "NO ANSWER: the sources say nothing of …", but not "No answering machine is needed."
    if (/^["'”*_]*[.:;,–—\n-]/u.test(after)) return { type: 'refusal', rest: '' }
    return { type: 'answer', rest: trimmed }
  }
  const couldBe = refusalWords.startsWith(plain) || '<think>'.startsWith(trimmed)
  return couldBe && !isLast ? { type: 'wait' } : { type: 'answer', rest: trimmed }
}

/** Neighbouring pieces of text are one. */
function join(parts: readonly ReadPart[]): ReadPart[] {
  const joined: ReadPart[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (part.type === 'text' && last?.type === 'text') last.text += part.text
    else joined.push({ ...part })
  }
  return joined
}
