import type { Chunk, ParsedDocument } from '../../contract/parsed-document.ts'
import type { Block } from './blocks.ts'
import { createChunkWriter } from './chunk-writer.ts'
import { cutText } from './cut-text.ts'
import type { Measure } from './measure.ts'
import { dropSpace, isGraphemeStart, nextSentenceStart, nextWordStart, skipSpace } from './text-breaks.ts'

/** Sizes are in the unit of the measure. */
export interface PackOptions {
  max: number
  /** A chunk smaller than this goes on over a heading. 0: every heading starts a chunk; Infinity: none does. */
  min: number
  /** How much of a chunk's end the next one repeats. */
  overlap: number
  /** Cut long text into parts of about equal size, not into full ones and a small rest. */
  even: boolean
  /** Rows of a table in a chunk at most, also where more would fit. Absent: as many as fit. */
  tableRows?: number
}

/**
 * Puts blocks together in order, as many as fit, and cuts those that do not fit alone: tables between rows, code between
 * lines, text between sentences, words and at last between characters. A heading goes with what follows it. No chunk
 * spans a page header or footer.
 */
export function pack(
  document: ParsedDocument,
  blocks: readonly Block[],
  measure: Measure,
  options: PackOptions,
): Chunk[] {
  const { text } = document
  const { max, min, overlap, even, tableRows } = options
  const writer = createChunkWriter(document, measure, max)
  /** The open chunk; -1 when there is none. */
  let start = -1
  let end = -1
  /** Its blocks since the last chunk, whose headings it gets. */
  let members: Block[] = []
  /** How many of the last members are headings. */
  let trailing = 0
  /** No chunk may begin before this: overlap stays behind it. */
  let floor = blocks[0]?.start ?? 0

  const open = (from: number, to: number, block: Block): void => {
    start = from
    end = to
    members = [block]
    trailing = block.kind === 'heading' ? 1 : 0
  }
  const extend = (block: Block): void => {
    end = block.end
    members.push(block)
    trailing = block.kind === 'heading' ? trailing + 1 : 0
  }
  const flush = (): void => {
    if (start >= 0) writer.write(start, end, commonPath(members))
    start = -1
    members = []
    trailing = 0
  }
  /** Closes the open chunk; headings at its end stay open for the next block. */
  const close = (): void => {
    const kept = trailing
    if (kept === 0 || kept === members.length) {
      if (kept === 0) flush()
      return
    }
    const headings = members.slice(-kept)
    end = dropSpace(text, start, headings[0]!.start)
    members = members.slice(0, -kept)
    flush()
    open(headings[0]!.start, headings.at(-1)!.end, headings[0]!)
    members = headings
    trailing = kept
  }
  /** Where a chunk that goes on with [from, to) begins if it repeats the end of the chunk before. */
  const overlapStart = (from: number, to: number): number => {
    if (overlap === 0 || from <= floor) return from
    const room = Math.min(overlap, max - measure.size(from, to))
    if (room <= 0) return from
    const low = measure.reachBack(Math.max(floor, writer.lastStart() + 1), from, room)
    const sentence = nextSentenceStart(text, low, from)
    const place = sentence > 0 ? sentence : nextWordStart(text, low, from)
    return place >= 0 && place < from && measure.size(place, to) <= max ? place : from
  }
  /** Cuts [from, block.end) and leaves the last part open. Before `freshStart` stand headings or repeated text. */
  const split = (from: number, block: Block, freshStart: number): void => {
    let position = from
    let fresh = freshStart
    for (;;) {
      const size = measure.size(position, block.end)
      if (size <= max) break
      const parts = Math.ceil(size / Math.max(1, max - (position < fresh ? 0 : overlap)))
      const target = even ? Math.min(max, Math.ceil((size / parts) * 1.1)) : max
      const cut = cutText(text, position, Math.max(fresh, position), block.end, block.kind, measure, target, max)
      writer.write(position, cut, commonPath(members))
      fresh = cut
      position = overlap === 0 ? cut : overlapStart(cut, firstClusterEnd(text, cut, block.end))
      members = [block]
    }
    start = skipSpace(text, position, block.end)
    end = block.end
    members = [block]
    trailing = 0
  }

  for (const block of blocks) {
    if (block.afterGap) {
      flush()
      floor = block.start
    }
    const isSection = block.kind === 'heading' && start >= 0 && trailing === 0
    if (isSection && measure.size(start, end) >= min) {
      flush()
      floor = block.start
    }
    const isByRows = tableRows !== undefined && block.kind === 'table' && block.rows.length > 1
    if (isByRows) close()
    else if (start < 0) {
      if (measure.size(block.start, block.end) <= max) {
        open(overlapStart(block.start, block.end), block.end, block)
        continue
      }
    } else if (measure.size(start, block.end) <= max) {
      extend(block)
      continue
    } else {
      close()
      const from = start < 0 ? overlapStart(block.start, block.end) : start
      if (measure.size(from, block.end) <= max) {
        if (start < 0) open(from, block.end, block)
        else extend(block)
        continue
      }
    }
    // Headings that leave no room for what follows stand alone after all.
    if (start >= 0 && measure.size(start, firstClusterEnd(text, block.start, block.end)) > max) flush()
    members.push(block)
    if (block.kind === 'table' && block.rows.length > 1) {
      writer.writeTable(start < 0 ? block.start : start, block, commonPath(members), tableRows)
      start = -1
      members = []
      trailing = 0
      floor = block.end
    } else {
      const from = start < 0 ? overlapStart(block.start, firstClusterEnd(text, block.start, block.end)) : start
      split(from, block, block.start)
    }
  }
  flush()
  return writer.chunks
}

/** Repeated text must leave room for one grapheme cluster at least, or that would be cut. */
function firstClusterEnd(text: string, from: number, end: number): number {
  let position = Math.min(end, skipSpace(text, from, end) + 1)
  while (position < end && position - from < 256 && !isGraphemeStart(text, position)) position += 1
  return position
}

/** The headings that all blocks stand under; where they share none, those of the first, but no definition of code. */
function commonPath(blocks: readonly Block[]): readonly string[] {
  const first = blocks[0]?.headings ?? []
  if (blocks.every((block) => block.headings === first)) return first
  let length = first.length
  for (const { headings } of blocks) {
    let same = 0
    while (same < length && same < headings.length && headings[same] === first[same]) same += 1
    length = same
  }
  return length === 0 && !blocks[0]?.isDefined ? first : first.slice(0, length)
}
