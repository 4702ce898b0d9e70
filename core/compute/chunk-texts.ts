import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'

/** A chunk as it crosses threads: its text is a slice of the document's, which both sides have. */
export type ChunkSpan = Omit<Chunk, 'text'>

export function withoutTexts(chunks: readonly Chunk[]): ChunkSpan[] {
  return chunks.map(({ text: _text, ...span }) => span)
}

/** Slices share the memory of the text that they are of. */
export function withTexts({ text }: Pick<ParsedDocument, 'text'>, spans: readonly ChunkSpan[]): Chunk[] {
  return spans.map((span) => ({ ...span, text: text.slice(span.start, span.end) }))
}
