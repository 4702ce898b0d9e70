import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import type { Definition } from '../shared/family.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'

/**
 * Cuts a parsed document into chunks. Pure: no clock, no randomness, no input or output. For every chunk
 * `document.text.slice(chunk.start, chunk.end) === chunk.text`; chunks are in document order, never blank, never
 * longer than the chunker's own limit in tokens of the given tokenizer, and together hold every character of the
 * document that is not white space (page headers and footers excepted).
 */
export interface Chunker {
  chunk(document: ParsedDocument): Chunk[]
}

export interface ChunkerDependencies {
  tokenizer: Tokenizer
}

export type ChunkerDefinition<Options = Record<string, unknown>> = Definition<Options, Chunker, ChunkerDependencies>
