import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import type { Definition } from '../shared/family.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'

/**
 * Cuts a parsed document into chunks. No clock, no randomness, no input or output but the model it is given: the same
 * document, options and model give the same chunks. For every chunk `document.text.slice(chunk.start, chunk.end) ===
 * chunk.text`; chunks are in document order, never blank, never longer than the chunker's own limit in tokens of the
 * given tokenizer, and together hold every character of the document that is not white space (page headers and footers
 * excepted). A chunk's answer span, where it has one, holds the chunk.
 */
export interface Chunker {
  /** A promise where a model is asked, and only there. */
  chunk(document: ParsedDocument): Chunk[] | Promise<Chunk[]>
}

export interface ChunkerDependencies {
  tokenizer: Tokenizer
  /** The pipeline's embedding model. Absent where none is at hand: chunkers that need one say so. */
  embed?: EmbedTexts
  /** A language model on this machine. Absent where none can be had. */
  askModel?: AskModel
}

/** Vectors of texts as passages: shape [texts.length × dimensions], row-major, of length 1 or all zeros. */
export interface EmbedTexts {
  (texts: readonly string[]): Promise<{ vectors: Float32Array; dimensions: number }>
  /** Whose vectors they are: the same name, the same vectors. Absent: none are kept for the next cut. */
  readonly model?: string
}

/** Gives JSON of the given schema. Errors: model-missing, and those of the model. */
export type AskModel = (question: ModelQuestion) => Promise<unknown>

export interface ModelQuestion {
  /** Name of the model's folder. */
  model: string
  instructions: string
  material: string
  /** A JSON schema, which the answer keeps to. */
  schema: Record<string, unknown>
}

export type ChunkerDefinition<Options = Record<string, unknown>> = Definition<Options, Chunker, ChunkerDependencies>
