import type { OpenSpan } from '../flows/open-trace.ts'
import type { IndexHit } from '../indexes/index-store.ts'
import type { RetrieverDependencies } from '../retrievers/retriever.ts'
import { attributeAt, attributeNames, providerOf } from '../shared/trace-attributes.ts'
import type { Embedding } from './embedding.ts'

/** What a retriever works with, each call of it a part of `span`. */
export function tracedDependencies(
  dependencies: RetrieverDependencies,
  span: OpenSpan,
  embedding: Pick<Embedding, 'modelId' | 'dimensions' | 'choice'>,
): RetrieverDependencies {
  const { searchPhrases } = dependencies
  const leg = (name: string, limit: number, search: () => IndexHit[] | Promise<IndexHit[]>): Promise<IndexHit[]> =>
    span.step(name, 'retriever', { limit }, async (part) => {
      const hits = await search()
      part.note({
        [attributeNames.operation]: 'retrieval',
        [attributeNames.retrievalTopK]: limit,
        [attributeNames.found]: hits.length,
      })
      hits.slice(0, shownHits).forEach(({ chunkId, score }, index) =>
        part.note({
          [attributeAt(attributeNames.retrievedId, index)]: String(chunkId),
          [attributeAt(attributeNames.retrievedScore, index)]: score,
        }),
      )
      return [hits, { found: hits.length, best: hits.slice(0, shownHits) }]
    })
  return {
    ...dependencies,
    searchText: (query, limit, filter) =>
      leg('search words', limit, () => dependencies.searchText(query, limit, filter)),
    searchVector: (vector, limit, filter) =>
      leg('search vectors', limit, () => dependencies.searchVector(vector, limit, filter)),
    ...(searchPhrases
      ? {
          searchPhrases: (query: string, limit: number, filter?: Parameters<typeof searchPhrases>[2]) =>
            leg('search phrases', limit, () => searchPhrases(query, limit, filter)),
        }
      : {}),
    embedQuery: (text) =>
      span.step('embed', 'embedding', { text }, async (part) => {
        part.note({
          [attributeNames.operation]: 'embeddings',
          [attributeNames.provider]: providerOf(embedding.choice.id),
          [attributeNames.requestModel]: embedding.modelId,
          [attributeNames.embeddingModel]: embedding.modelId,
          [attributeNames.dimensions]: embedding.dimensions,
          [attributeNames.implementation]: embedding.choice.id,
        })
        const embedded = await dependencies.embedQuery(text)
        return [embedded, { dimensions: embedding.dimensions, coverage: embedded.coverage }]
      }),
  }
}

/** Of each search, so that a trace stays small. */
const shownHits = 10
