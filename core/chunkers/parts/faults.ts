import type { Chunk, ParsedDocument } from '../../contract/parsed-document.ts'
import { readBlocks, type Block } from './blocks.ts'
import { dropSpace, lastSentenceStart, nextSentenceStart, skipSpace } from './text-breaks.ts'

export const faultKinds = ['sentence', 'row', 'table', 'code'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Something that belongs together and that no chunk holds whole. */
export interface Fault {
  kind: FaultKind
  /** Of the first chunk that begins inside of it: there it is cut. */
  ordinal: number
  /** What is cut. */
  start: number
  end: number
}

type Spans = readonly Pick<Chunk, 'start' | 'end'>[]

/**
 * What chunks cut apart: sentences, rows of tables, tables, and code (a block, or a definition of source code). An
 * overlap that holds the whole again heals the cut. Chunks are in order of their beginnings.
 *
 * The cost is that of the borders and of the text near them, not that of the document.
 */
export function findFaults(document: ParsedDocument, chunks: Spans): Fault[] {
  const { text } = document
  const blocks = readBlocks(document)
  const reach = furthestEnds(chunks)
  const faults: Fault[] = []
  const seen = new Set<string>()

  const note = (kind: FaultKind, start: number, end: number): void => {
    const key = `${kind} ${start}`
    if (seen.has(key)) return
    seen.add(key)
    const before = lastIndexWhere(chunks, (chunk) => chunk.start <= start)
    if (before < 0 || reach[before]! >= end) return
    const next = chunks[before + 1]
    faults.push({ kind, ordinal: next && next.start < end ? before + 1 : before, start, end })
  }

  for (const border of bordersOf(chunks)) {
    const index = lastIndexWhere(blocks, (block) => block.start < border)
    const block = blocks[index]
    if (!block) continue
    if (block.kind === 'code') {
      const { start, end } = definitionAround(blocks, index)
      if (skipSpace(text, border, end) < end) note('code', start, end)
      continue
    }
    const place = skipSpace(text, border, block.end)
    if (place >= block.end) continue
    if (block.kind === 'table' && block.rows.length > 1) {
      note('table', block.start, block.end)
      const row = lastIndexWhere(block.rows, (start) => start <= place)
      const start = block.rows[row] ?? block.start
      const end = dropSpace(text, start, block.rows[row + 1] ?? block.end)
      if (place > start && place < end) note('row', start, end)
      continue
    }
    const sentence = sentenceAround(text, block, place)
    if (sentence) note('sentence', sentence.start, sentence.end)
  }
  return faults.sort((a, b) => a.start - b.start || b.end - a.end)
}

/** Every place where a chunk begins or ends, in order, once. */
function bordersOf(chunks: Spans): number[] {
  const places = new Set<number>()
  for (const { start, end } of chunks) places.add(start).add(end)
  return [...places].sort((a, b) => a - b)
}

/** For each chunk the furthest end of it and all before it: whether one that begins early enough reaches a place. */
function furthestEnds(chunks: Spans): number[] {
  let furthest = 0
  return chunks.map(({ end }) => (furthest = Math.max(furthest, end)))
}

/** A definition that a parser cut into pieces is one thing; other code is what its block is. */
function definitionAround(blocks: readonly Block[], index: number): { start: number; end: number } {
  const { start, end, isDefined, headings } = blocks[index]!
  if (!isDefined) return { start, end }
  const path = headings.join('\n')
  const belongs = (block: Block | undefined): boolean =>
    block !== undefined && block.kind === 'code' && block.isDefined && block.headings.join('\n') === path
  let first = index
  let last = index
  while (belongs(blocks[first - 1])) first -= 1
  while (belongs(blocks[last + 1])) last += 1
  return { start: blocks[first]!.start, end: blocks[last]!.end }
}

/** What has no end for this long is no sentence that could be kept whole. Characters. */
const longestSentence = 1000

/** The sentence that `place` lies inside of; undefined where one begins there. */
function sentenceAround(text: string, block: Block, place: number): { start: number; end: number } | undefined {
  const low = Math.max(block.start, place - longestSentence)
  const before = lastSentenceStart(text, low, place)
  if (before === place || (before < 0 && low > block.start)) return undefined
  const start = before < 0 ? block.start : before
  const high = Math.min(block.end, start + longestSentence)
  const after = nextSentenceStart(text, place, high)
  if (after < 0 && high < block.end) return undefined
  const end = dropSpace(text, place, after < 0 ? block.end : after)
  return place > start && place < end ? { start, end } : undefined
}

/** The last item for which `test` holds, or -1; it holds for all before it too. */
function lastIndexWhere<Item>(items: readonly Item[], test: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low - 1
}
