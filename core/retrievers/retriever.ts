import type { IndexFilter, IndexHit } from '../indexes/index-store.ts'
import type { Definition } from '../shared/family.ts'
import type { DocumentId } from '../shared/ids.ts'

export type SearchMode = 'hybrid' | 'text' | 'vector'
export type FoundBy = 'text' | 'vector' | 'both'

export interface RetrievalQuery {
  text: string
  /** How many chunks to return at most. */
  k: number
  mode: SearchMode
  filter?: IndexFilter
}

/** A retrieved chunk, before its text is looked up. */
export interface Candidate {
  /** The chunk that scored best. */
  chunkId: number
  /**
   * Chunks of one document merged into this candidate, in document order; holds `chunkId`. They follow one another, or
   * share what is answered with.
   */
  chunkIds: number[]
  documentId: DocumentId
  /** What the list is sorted by; comparable only within one result list. `scoreKind` says which kind it is. */
  score: number
  scoreKind: 'bm25' | 'cosine' | 'fusion'
  foundBy: FoundBy
  /** Raw scores and 1-based ranks of each leg that found it. */
  textScore?: number
  textRank?: number
  vectorScore?: number
  vectorRank?: number
}

/** A chunk that was found and is in no result. */
export interface Rejected extends Omit<Candidate, 'chunkIds'> {
  /** Others came before it, its document has as many results as it may, or it scored too little beside the best. */
  reason: 'rank' | 'document-limit' | 'least-share'
}

/** What a retriever knows about a chunk besides its id; from the `chunks` table. */
export interface ChunkPlace {
  chunkId: number
  documentId: DocumentId
  /** 0-based position among the chunks of its document. */
  ordinal: number
  /** The span of the document that is answered with where the chunk is found; absent: the chunk itself. */
  answer?: { start: number; end: number }
}

/** Finds the chunks that matter for a question. Combines searches; never reads files, never generates. */
export interface Retriever {
  retrieve(query: RetrievalQuery, options?: { signal?: AbortSignal }): Promise<Candidate[]>
}

export interface RetrieverDependencies {
  searchText(query: string, limit: number, filter?: IndexFilter): IndexHit[] | Promise<IndexHit[]>
  searchVector(vector: Float32Array, limit: number, filter?: IndexFilter): IndexHit[] | Promise<IndexHit[]>
  /**
   * The query's unit vector (zeros if the model knows none of it) and `coverage`, the part of the query, 0 to 1, that
   * the model's vocabulary knows as whole words: a measure of how far its vector may be trusted.
   */
  embedQuery(text: string): Promise<{ vector: Float32Array; coverage: number }>
  places(chunkIds: readonly number[]): ChunkPlace[]
  /** See IndexStore; where one is absent, the retriever does without that evidence. */
  searchPhrases?(query: string, limit: number, filter?: IndexFilter): IndexHit[] | Promise<IndexHit[]>
  vectors?(chunkIds: readonly number[]): Map<number, Float32Array> | Promise<Map<number, Float32Array>>
  /** Told, for a trace, the best of what was found and is in no result. Absent: nobody wants to know. */
  rejected?(chunks: readonly Rejected[]): void
}

export type RetrieverDefinition<Options = Record<string, unknown>> = Definition<
  Options,
  Retriever,
  RetrieverDependencies
>
