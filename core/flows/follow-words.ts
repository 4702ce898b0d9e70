import { findAnchors, type Span } from './find-anchors.ts'

/**
 * Where passages of a text stand in the same document read in another way (other parser options, other cleaning): where
 * their words are the same but for white space, else where most of their letters and digits are, in their order. Hyphens
 * that were taken out, page headers in the middle or another mark-up do not matter. Undefined where more than a fifth of a
 * passage is gone: then it is not that passage any more.
 *
 * Letters are compared in runs of ten, hits of each passage counted in a window over the text (one pass for all passages
 * of a document), and what is in order kept (longest increasing subsequence; Fredman 1975).
 */
export function followWords(before: string, passages: readonly Span[], after: string): (Span | undefined)[] {
  const anchors = passages.map(({ start, end }) => ({ anchor: before.slice(start, end), start }))
  const found = findAnchors(after, anchors)
  const open = passages.flatMap((span, index) =>
    found[index] ? [] : [{ index, ink: inkOf(anchors[index]!.anchor), span }],
  )
  const long = open.filter(({ ink }) => ink.length >= runLength)
  if (long.length === 0) return found
  const ink = inkWithPlaces(after)
  const hits = hitsOf(ink.text, long)
  // How far into the text a passage stood: of two places that are as good, the nearer one.
  const scale = before.length === 0 ? 0 : ink.text.length / before.length
  long.forEach(({ index, ink: wanted, span }, number) => {
    const run = bestRun(hits[number] ?? [], wanted.length, span.start * scale)
    if (!run || run.covered < wanted.length * leastShare) return
    found[index] = { start: ink.places[run.first]!, end: ink.places[run.last]! + 1 }
  })
  return found
}

/** Letters in a row that are compared at once: fewer are everywhere, more are broken too easily. */
const runLength = 10
/** Of a passage's letters that have to be there. */
const leastShare = 0.8

const isInk = /[\p{L}\p{N}]/u

/** Letters and digits alone, in lower case. */
function inkOf(text: string): string {
  return inkWithPlaces(text).text
}

/** With the offset of each in the text it is from. */
function inkWithPlaces(text: string): { text: string; places: Int32Array } {
  const places = new Int32Array(text.length)
  const kept: string[] = []
  let count = 0
  for (let at = 0; at < text.length;) {
    const character = String.fromCodePoint(text.codePointAt(at)!)
    // One unit in, one out: some capitals are longer when small.
    const small = character.toLowerCase()
    if (isInk.test(character)) {
      const unit = small.length === character.length ? small : character
      kept.push(unit)
      for (let offset = 0; offset < unit.length; offset += 1) places[count++] = at + offset
    }
    at += character.length
  }
  return { text: kept.join(''), places }
}

interface Hit {
  /** Of the run's first letter, in the new text's ink. */
  at: number
  /** The same in the passage's ink. */
  own: number
}

/** Every run of letters of the text that a passage has too, by passage, in the order of the text. */
function hitsOf(text: string, passages: readonly { ink: string }[]): Hit[][] {
  const wanted = new Map<string, { passage: number; own: number }[]>()
  passages.forEach(({ ink }, passage) => {
    for (let own = 0; own + runLength <= ink.length; own += 1) {
      const run = ink.slice(own, own + runLength)
      const known = wanted.get(run)
      if (known) known.push({ passage, own })
      else wanted.set(run, [{ passage, own }])
    }
  })
  const hits = passages.map((): Hit[] => [])
  for (let at = 0; at + runLength <= text.length; at += 1) {
    for (const { passage, own } of wanted.get(text.slice(at, at + runLength)) ?? []) hits[passage]!.push({ at, own })
  }
  return hits
}

/** The window of the text with most of the passage in it, and in that what stands in the passage's order. */
function bestRun(
  hits: readonly Hit[],
  length: number,
  expectedAt: number,
): { first: number; last: number; covered: number } | undefined {
  const width = length * 1.5 + 200
  const seen = new Map<number, number>()
  const drop = ({ own }: Hit): void => {
    const left = seen.get(own)! - 1
    if (left === 0) seen.delete(own)
    else seen.set(own, left)
  }
  let best: { from: number; to: number; distinct: number } | undefined
  for (let from = 0, to = 0; to < hits.length; to += 1) {
    const { at, own } = hits[to]!
    seen.set(own, (seen.get(own) ?? 0) + 1)
    while (at - hits[from]!.at > width) drop(hits[from++]!)
    // What comes once more within the window need not be in it twice: the shortest one is looked for.
    while (from < to && seen.get(hits[from]!.own)! > 1) drop(hits[from++]!)
    const isBetter = (): boolean => {
      const extent = at - hits[from]!.at - (hits[best!.to]!.at - hits[best!.from]!.at)
      const away = Math.abs(hits[from]!.at - expectedAt) - Math.abs(hits[best!.from]!.at - expectedAt)
      return (best!.distinct - seen.size || extent || away) < 0
    }
    if (!best || isBetter()) best = { from, to, distinct: seen.size }
  }
  if (!best) return undefined
  const chain = inOrder(hits.slice(best.from, best.to + 1))
  const [first, last] = [chain[0], chain.at(-1)]
  if (!first || !last) return undefined
  let covered = 0
  let end = -1
  for (const { own } of chain) {
    covered += own + runLength - Math.max(own, end)
    end = own + runLength
  }
  return { first: first.at, last: last.at + runLength - 1, covered }
}

/** The longest subsequence whose places in the passage go up, as those in the text do. */
function inOrder(hits: readonly Hit[]): Hit[] {
  const tails: number[] = []
  const before = new Int32Array(hits.length)
  hits.forEach(({ own }, index) => {
    let [low, high] = [0, tails.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (hits[tails[middle]!]!.own < own) low = middle + 1
      else high = middle
    }
    before[index] = low > 0 ? tails[low - 1]! : -1
    tails[low] = index
  })
  const chain: Hit[] = []
  for (let index = tails.at(-1) ?? -1; index >= 0; index = before[index]!) chain.push(hits[index]!)
  return chain.reverse()
}
