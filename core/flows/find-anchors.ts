import { isSpace } from '../chunkers/parts/text-breaks.ts'

export interface Span {
  start: number
  end: number
}

/** A text that stood at a place, and is looked for in a newer version of the document. */
export interface Anchor {
  anchor: string
  start: number
}

/**
 * Where each anchor is now: at its old place, else where the same text is nearest to it, else where the same text is
 * but for white space, else undefined. Of anchors with the same text from several places each gets a place of its own.
 */
export function findAnchors(text: string, anchors: readonly Anchor[]): (Span | undefined)[] {
  const found: (Span | undefined)[] = anchors.map(() => undefined)
  const taken = createTaken()
  const settle = (index: number, span: Span | undefined): void => {
    if (!span) return
    found[index] = span
    taken.take(anchors[index]!, span)
  }
  anchors.forEach((anchor, index) => {
    if (anchor.anchor.trim() === '' || anchor.start < 0 || !text.startsWith(anchor.anchor, anchor.start)) return
    if (anchor.start <= text.length) settle(index, spanAt(anchor.start, anchor.anchor))
  })
  const others = anchors.map((_, index) => index).filter((index) => found[index] === undefined)
  for (const index of others.toSorted((a, b) => anchors[a]!.start - anchors[b]!.start)) {
    const anchor = anchors[index]!
    if (anchor.anchor.trim() === '') continue
    const isFree = (span: Span): boolean => taken.isFree(anchor, span)
    settle(index, nearestExact(text, anchor, isFree) ?? nearestInk(text, anchor, isFree))
  }
  return found
}

const spanAt = (start: number, anchor: string): Span => ({ start, end: start + anchor.length })

/** The places that anchors have got: one from elsewhere with the same text gets another. */
function createTaken(): { take(anchor: Anchor, span: Span): void; isFree(anchor: Anchor, span: Span): boolean } {
  const owners = new Map<string, Map<number, number>>()
  return {
    take(anchor, span) {
      const places = owners.get(anchor.anchor) ?? new Map<number, number>()
      owners.set(anchor.anchor, places.set(span.start, anchor.start))
    },
    isFree: (anchor, span) => (owners.get(anchor.anchor)?.get(span.start) ?? anchor.start) === anchor.start,
  }
}

function nearestExact(text: string, { anchor, start }: Anchor, isFree: (span: Span) => boolean): Span | undefined {
  const from = Math.min(Math.max(0, start), text.length)
  let after = text.indexOf(anchor, from)
  while (after >= 0 && !isFree(spanAt(after, anchor))) after = text.indexOf(anchor, after + 1)
  let before = from === 0 ? -1 : text.lastIndexOf(anchor, from - 1)
  while (before >= 0 && !isFree(spanAt(before, anchor))) {
    before = before === 0 ? -1 : text.lastIndexOf(anchor, before - 1)
  }
  if (after < 0 && before < 0) return undefined
  const isAfter = before < 0 || (after >= 0 && after - start <= start - before)
  return spanAt(isAfter ? after : before, anchor)
}

/**
 * The nearest place where the text is the same but for white space: the search of Knuth, Morris and Pratt (1977) over
 * all characters that are not white space, so in one pass and without a copy of the text.
 */
function nearestInk(text: string, { anchor, start }: Anchor, isFree: (span: Span) => boolean): Span | undefined {
  const wanted = anchor.replaceAll(/\s+/g, '')
  const fallback = borders(wanted)
  const expectedEnd = start + anchor.trimEnd().length
  let best: Span | undefined
  let matched = 0
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (isSpace(code)) continue
    while (matched > 0 && wanted.charCodeAt(matched) !== code) matched = fallback[matched - 1]!
    if (wanted.charCodeAt(matched) === code) matched++
    if (matched < wanted.length) continue
    matched = fallback[matched - 1]!
    const span = { start: startOfInk(text, place, wanted.length), end: place + 1 }
    if (!isFree(span)) continue
    const isNearer = !best || Math.abs(span.end - expectedEnd) < Math.abs(best.end - expectedEnd)
    if (isNearer) best = span
    // Places only get farther from here.
    if (span.end >= expectedEnd) return best
  }
  return best
}

/** For each prefix the length of its longest proper prefix that is its end too. */
function borders(wanted: string): Int32Array {
  const lengths = new Int32Array(wanted.length)
  let length = 0
  for (let index = 1; index < wanted.length; index++) {
    while (length > 0 && wanted[length] !== wanted[index]) length = lengths[length - 1]!
    if (wanted[length] === wanted[index]) length++
    lengths[index] = length
  }
  return lengths
}

/** The place of the first of so many characters, white space not counted, that end with the one at `last`. */
function startOfInk(text: string, last: number, count: number): number {
  let place = last
  for (let left = count - 1; left > 0;) if (!isSpace(text.charCodeAt(--place))) left--
  return place
}
