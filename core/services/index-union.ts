import { type IndexFilter, type IndexHit, rarityOf } from '../indexes/index-store.ts'
import { bothFilters, pipelineFilter } from '../library/document-filter.ts'
import type { DocumentLibrary, SqlFilter } from '../library/documents.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { RetrieverDependencies } from '../retrievers/retriever.ts'
import { minMax, ranked } from '../retrievers/fusion.ts'
import type { OpenIndex } from './collection-indexes.ts'
import type { Embedding } from './embedding.ts'
import type { Searched } from './retrieval.ts'

/** Indexes that are searched as if they were one: a chunk's number is its own in all of them. */
export interface IndexUnion extends Omit<RetrieverDependencies, 'places'> {
  /** The model of the first one. */
  embedding: Embedding
}

export interface IndexUnionParts {
  documents: Pick<DocumentLibrary, 'matching'>
  openEmbedding(owner: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
}

interface Member {
  store: OpenIndex['store']
  embedding: Embedding
  filter: IndexFilter | undefined
}

/**
 * What a retriever needs of these indexes, or undefined where none of their documents is let through. Scores of one kind
 * are compared as they are, and fused once, as inside one index: normalised for each index by itself, the best of every
 * collection would count as much as the best of all. Cosines of different models are no such kind; only those are
 * stretched to the same range, by model. How rare a word is, is asked of all indexes together: in a collection of two
 * pages every word is a common one.
 */
export async function openIndexUnion(
  { pipeline, indexes }: Searched,
  filter: SqlFilter | undefined,
  parts: IndexUnionParts,
): Promise<IndexUnion | undefined> {
  const members: Member[] = []
  for (const { row, store, ...own } of indexes) {
    const both = bothFilters(filter, pipelineFilter(own))
    const documents = both && { documentIds: parts.documents.matching(row.collectionId, both) }
    if (documents?.documentIds.length === 0) continue
    // While a new index is being built, questions go to the present one, with the model that it was built with.
    const embedding = await parts.openEmbedding({ pipeline: row.pipeline ?? pipeline })
    members.push({ store, embedding, filter: documents })
  }
  const [first] = members
  if (!first) return undefined
  const byModel = Map.groupBy(members, ({ embedding }) => embedding.modelId)
  const queries = new Map<string, Float32Array>()
  return {
    embedding: first.embedding,
    ...(members.length === 1
      ? {
          searchText: (query, limit, own) => first.store.searchText(query, limit, own ?? first.filter),
          searchPhrases: (query, limit, own) => first.store.searchPhrases(query, limit, own ?? first.filter),
        }
      : {
          searchText: (query, limit, own) => textOf(members, 'words', query, limit, own),
          searchPhrases: (query, limit, own) => textOf(members, 'phrases', query, limit, own),
        }),
    async embedQuery(text) {
      const read = await Promise.all(
        [...byModel.values()].map(async ([member]) => {
          const { modelId } = member!.embedding
          const query = await member!.embedding.embedQuery(text)
          queries.set(modelId, query.vector)
          return query
        }),
      )
      // Vectors are trusted as far as the model that knows least of the question.
      return { vector: read[0]!.vector, coverage: Math.min(...read.map(({ coverage }) => coverage)) }
    },
    searchVector(vector, limit, own) {
      const legs = [...byModel].map(([modelId, readAlike]) => {
        const query = queries.get(modelId) ?? vector
        return best(
          readAlike.flatMap(({ store, filter }) => store.searchVector(query, limit, own ?? filter)),
          limit,
        )
      })
      return legs.length === 1 ? legs[0]! : ranked(new Map(legs.flatMap((leg) => [...minMax(leg)]))).slice(0, limit)
    },
    // Vectors of different models have no likeness to one another.
    ...(byModel.size === 1
      ? { vectors: (ids: readonly number[]) => new Map(members.flatMap(({ store }) => [...store.vectors(ids)])) }
      : {}),
  }
}

/** BM25 with the rarity that each term has in all of the indexes together. */
function textOf(
  members: readonly Member[],
  kind: 'words' | 'phrases',
  query: string,
  limit: number,
  own: IndexFilter | undefined,
): IndexHit[] {
  const read = members.map(({ store, filter }) => store.textParts(query, kind, limit, own ?? filter))
  const chunks = read.reduce((sum, { chunks }) => sum + chunks, 0)
  const rarities = (read[0]?.frequencies ?? []).map((_, term) =>
    rarityOf(
      chunks,
      read.reduce((sum, { frequencies }) => sum + (frequencies[term] ?? 0), 0),
    ),
  )
  const hits = read.flatMap(({ hits }) =>
    hits.map(({ chunkId, parts }) => ({
      chunkId,
      score: parts.reduce((sum, part, term) => sum + part * (rarities[term] ?? 0), 0),
    })),
  )
  return best(hits, limit)
}

function best(hits: IndexHit[], limit: number): IndexHit[] {
  return hits.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId).slice(0, limit)
}
