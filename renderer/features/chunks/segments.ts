import type { ShownChunk } from '../../../core/contract/chunks.ts'
import type { NamedSpan, Span } from '../../ui/text-blocks.ts'

/**
 * Cuts a document into stretches that are read and drawn one by one, so that a huge one scrolls quickly. They begin
 * where chunks begin: a border there is a border anyway.
 */
export function toSegments(length: number, starts: readonly number[], wanted = 6_000): Span[] {
  const segments: Span[] = []
  let start = 0
  const cut = (end: number): void => {
    // A stretch without any chunks is cut wherever it gets too long.
    while (end - start > 4 * wanted) {
      segments.push({ start, end: start + 4 * wanted })
      start += 4 * wanted
    }
    if (end > start) segments.push({ start, end })
    start = end
  }
  for (const border of starts) {
    if (border - start >= wanted && border < length) cut(border)
  }
  cut(length)
  return segments
}

/** Position of the segment that holds an offset. */
export function segmentAt(segments: readonly Span[], offset: number): number {
  const index = segments.findIndex((segment) => segment.end > offset)
  return index < 0 ? Math.max(0, segments.length - 1) : index
}

/** Chunks as spans that are coloured in turn; their ids are their positions in the document. */
export function toSpans(chunks: readonly ShownChunk[]): NamedSpan[] {
  return chunks
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map(({ ordinal, start, end, disabled }, index) => ({
      id: ordinal,
      label: String(ordinal + 1),
      start,
      end,
      tone: disabled ? 'off' : index % 2 === 0 ? 'even' : 'odd',
    }))
}

/** What is answered with where a chunk is found, if that is more than the chunk itself. */
export function answerSpanOf({ start, end, answerStart, answerEnd }: ShownChunk): Span | null {
  if (answerStart === null || answerEnd === null) return null
  return answerStart === start && answerEnd === end ? null : { start: answerStart, end: answerEnd }
}

/** Ordinals of the chunks that touch a span. */
export function ordinalsIn(chunks: readonly ShownChunk[], span: Span | null): number[] {
  if (!span) return []
  return chunks.filter(({ start, end }) => start < span.end && end > span.start).map(({ ordinal }) => ordinal)
}

/** The chunk that an offset belongs to: the one that holds it, else the one before it. */
export function chunkAt(chunks: readonly ShownChunk[], offset: number): ShownChunk | undefined {
  const holding = chunks.find((chunk) => chunk.start <= offset && chunk.end > offset)
  return holding ?? chunks.findLast((chunk) => chunk.start <= offset) ?? chunks[0]
}

/** Where an offset of a text area lies in the text that was put into it: it counts a line break of two signs as one. */
export function offsetInText(text: string, shownOffset: number): number {
  let offset = 0
  for (let shown = 0; shown < shownOffset && offset < text.length; shown++) {
    offset += text[offset] === '\r' && text[offset + 1] === '\n' ? 2 : 1
  }
  return offset
}
