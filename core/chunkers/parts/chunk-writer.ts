import type { Chunk, Page, ParsedDocument } from '../../contract/parsed-document.ts'
import type { Block } from './blocks.ts'
import { cutText } from './cut-text.ts'
import type { Measure } from './measure.ts'
import { dropSpace, skipSpace } from './text-breaks.ts'

/** Turns spans into chunks: trims them, counts them, adds pages, and cuts what an estimate of its size let through. */
export interface ChunkWriter {
  readonly chunks: Chunk[]
  /** Start of the last chunk, -1 before the first. */
  lastStart(): number
  write(start: number, end: number, headings: readonly string[], context?: string): void
  /**
   * Writes a table, from `start` (headings before it come along), as chunks of whole rows under its header: as many as
   * fit, or at most `mostRows`.
   */
  writeTable(start: number, table: Block, headings: readonly string[], mostRows?: number): void
}

export function createChunkWriter(document: ParsedDocument, measure: Measure, max: number): ChunkWriter {
  const { text } = document
  const chunks: Chunk[] = []
  const pageOf = createPageFinder(document.pages)

  function write(from: number, to: number, headings: readonly string[], context = ''): void {
    let start = skipSpace(text, from, to)
    const end = dropSpace(text, start, to)
    while (start < end) {
      let stop = end
      let tokens = measure.tokens(start, stop)
      while (tokens > max) {
        const shorter = shorten(start, stop, tokens)
        if (shorter >= stop) break
        stop = dropSpace(text, start, shorter)
        tokens = measure.tokens(start, stop)
      }
      const written = chunks.at(-1)?.end ?? 0
      // Only a repetition of the end of the last chunk fitted in: go on without it.
      if (stop > written) chunks.push(createChunk(start, stop, tokens, headings, context))
      start = skipSpace(text, Math.max(stop, written), end)
    }
  }

  /** An earlier end for a chunk that came out too long; `stop` itself if one character is all that is left. */
  function shorten(start: number, stop: number, tokens: number): number {
    const share = start + Math.max(1, Math.floor((stop - start) * Math.min(0.9, (max / tokens) * 0.95)))
    const byShare: Measure = { ...measure, reach: () => share }
    return cutText(text, start, start, stop, 'paragraph', byShare, max, max)
  }

  function createChunk(
    start: number,
    end: number,
    tokens: number,
    headings: readonly string[],
    context: string,
  ): Chunk {
    const chunk: Chunk = { start, end, text: text.slice(start, end), tokens, headings: [...headings], context }
    if (document.pages.length > 0) {
      chunk.pageFirst = pageOf(start)
      chunk.pageLast = pageOf(end - 1)
    }
    return chunk
  }

  function writeTable(from: number, table: Block, headings: readonly string[], mostRows = Infinity): void {
    const bounds = [...table.rows, table.end]
    const bodyStart = bounds[table.headerRows] ?? table.end
    const header = text.slice(table.start, dropSpace(text, table.start, bodyStart))
    const headerSize = table.headerRows === 0 ? 0 : measure.size(table.start, bodyStart)
    // The header is repeated with every chunk and takes its room, but never more than half of it.
    const room = max - Math.min(headerSize, max >> 1)
    /** Rows that are too long for a chunk by themselves are cut like text. */
    const writeRows = (first: number, to: number, limit: number): void => {
      let start = first
      while (measure.size(start, to) > limit) {
        const cut = cutText(text, start, start, to, 'paragraph', measure, limit, max)
        write(start, cut, headings, start < bodyStart ? '' : header)
        start = cut
      }
      write(start, to, headings, start < bodyStart ? '' : header)
    }
    let start = from
    let row = 0
    while (row < table.rows.length) {
      const withHeader = start < bodyStart
      const limit = withHeader ? max : room
      let next = row + 1
      const most = Math.min(table.rows.length, Math.max(row, table.headerRows) + mostRows)
      while (next < most && measure.size(start, bounds[next + 1]!) <= limit) next += 1
      // A header does not stand alone: its first row comes along, or it is cut like text.
      if (withHeader && next < table.rows.length)
        next = Math.max(next, Math.min(table.headerRows + 1, table.rows.length))
      writeRows(start, bounds[next]!, limit)
      start = bounds[next]!
      row = next
    }
  }

  return { chunks, lastStart: () => chunks.at(-1)?.start ?? -1, write, writeTable }
}

/** The number of the page that holds a place; of the page before it where it lies between pages. */
function createPageFinder(pages: readonly Page[]): (place: number) => number {
  return (place) => {
    let low = 0
    let high = pages.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (pages[middle]!.start <= place) low = middle
      else high = middle - 1
    }
    return pages[low]!.number
  }
}
