import type { Database } from 'better-sqlite3'
import type { Definition } from '../shared/family.ts'
import type { DocumentId } from '../shared/ids.ts'

/** One chunk as an index takes it. `chunkId` is the row id in the `chunks` table. */
export interface IndexEntry {
  chunkId: number
  documentId: DocumentId
  /** What full-text search reads: title, heading path, context and text, joined by line breaks. */
  text: string
  /** Length `dimensions`; all zeros (no known token) means the entry has no vector and is found by text only. */
  vector: Float32Array
}

export interface IndexHit {
  chunkId: number
  /** Higher is better. Text: BM25, unbounded. Vector: cosine, -1 to 1. */
  score: number
}

export interface TermStatistics {
  chunks: number
  /** Parallel to the words asked for. */
  frequencies: number[]
}

/** A text search taken apart. */
export interface TextParts {
  chunks: number
  /** In how many chunks each term is: the terms of `searchText` or the pairs of `searchPhrases`, in the query's order. */
  frequencies: number[]
  /** The best chunks by this index alone; `parts`: what each term gives a chunk before its rarity is multiplied in. */
  hits: { chunkId: number; parts: number[] }[]
}

/** Restricts a search; empty means everything in the index. */
export interface IndexFilter {
  documentIds?: readonly DocumentId[]
}

/**
 * Stores and searches vectors and text of one collection under one index fingerprint. Never chunks, never embeds.
 * Synchronous: the caller chooses the thread and, for writes, the transaction.
 */
export interface IndexStore {
  add(entries: readonly IndexEntry[]): void
  remove(chunkIds: readonly number[]): void
  /** Any text a person can type is a valid query; it is never read as query syntax. */
  searchText(query: string, limit: number, filter?: IndexFilter): IndexHit[]
  /**
   * Chunks that hold neighbouring words of the query next to each other, scored by BM25 over those pairs; further
   * evidence beside `searchText`. Empty for a query of one word.
   */
  searchPhrases(query: string, limit: number, filter?: IndexFilter): IndexHit[]
  /**
   * One of these searches taken apart, for a search over several indexes: how rare a term is in one of them alone says
   * little of it, and in a small one nothing. Parts, each times `rarityOf` its term here, add up to the score here.
   */
  textParts(query: string, kind: 'words' | 'phrases', limit: number, filter?: IndexFilter): TextParts
  /** A query vector of zeros finds nothing. */
  searchVector(vector: Float32Array, limit: number, filter?: IndexFilter): IndexHit[]
  /** The vectors of these chunks; chunks without one are left out. */
  vectors(chunkIds: readonly number[]): Map<number, Float32Array>
  /** In how many chunks each word occurs, after the same analysis as `searchText`, and how many chunks there are. */
  termStatistics(words: readonly string[]): TermStatistics
  /** Space that text and vectors take, in bytes. */
  size(): number
  /** Merges segments after bulk work, so that searches are fast. */
  optimize(): void
  /** Creates the tables if they are absent. */
  create(): void
  /** Drops the tables. */
  drop(): void
}

/** How much a term says that is in so many of the chunks: the inverse document frequency of Okapi BM25, never negative. */
export function rarityOf(chunks: number, frequency: number): number {
  return Math.max(1e-6, Math.log((chunks - frequency + 0.5) / (frequency + 0.5)))
}

export interface IndexDependencies {
  /** With sqlite-vec loaded. */
  database: Database
  /** Number of the row in the `indexes` table; names the tables. */
  indexId: number
  dimensions: number
}

export type IndexDefinition<Options = Record<string, unknown>> = Definition<Options, IndexStore, IndexDependencies>
