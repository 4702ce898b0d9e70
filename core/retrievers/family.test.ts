import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { IndexFilter, IndexHit } from '../indexes/index-store.ts'
import type { DocumentId } from '../shared/ids.ts'
import { retrieverDefinitions } from './list.ts'
import type { Candidate, RetrieverDependencies, SearchMode } from './retriever.ts'

describe('the list', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter(
      (file) => !/test|list|fusion|retriever\.ts/.test(file),
    )
    expect(retrieverDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })
})

/** Chunks 10…19 are of document a, 20…29 of b, and so on; the second digit is the ordinal. */
const documentOf = (chunkId: number): DocumentId => 'abcdefghi'[Math.floor(chunkId / 10) - 1]! as DocumentId

interface World {
  text?: [number, number][]
  vector?: [number, number][]
  phrases?: [number, number][]
  vectors?: [number, number[]][]
  coverage?: number
  options?: Record<string, unknown>
  /** What chunks are answered with, where that is larger. */
  answers?: [number, { start: number; end: number }][]
}

describe.each(retrieverDefinitions)('$id', (definition) => {
  const retrieve = (world: World, mode: SearchMode = 'hybrid', k = 10, filter?: IndexFilter): Promise<Candidate[]> => {
    const retriever = definition.create(definition.options.parse(world.options ?? {}), dependencies(world))
    return retriever.retrieve({ text: 'question', k, mode, ...(filter ? { filter } : {}) })
  }
  const ids = (candidates: readonly Candidate[]): number[] => candidates.map(({ chunkId }) => chunkId)

  it('gives BM25 alone and cosine alone in their modes', async () => {
    const world: World = { text: [[10, 9], [20, 5]], vector: [[30, 0.9], [20, 0.8]], phrases: [[20, 50]] } // prettier-ignore
    const text = await retrieve(world, 'text')
    expect(text.map(({ chunkId, score, scoreKind, foundBy, textRank }) => [chunkId, score, scoreKind, foundBy, textRank])) // prettier-ignore
      .toEqual([[10, 9, 'bm25', 'text', 1], [20, 5, 'bm25', 'text', 2]]) // prettier-ignore
    const vector = await retrieve(world, 'vector')
    expect(vector.map(({ chunkId, score, scoreKind, foundBy, vectorRank }) => [chunkId, score, scoreKind, foundBy, vectorRank])) // prettier-ignore
      .toEqual([[30, 0.9, 'cosine', 'vector', 1], [20, 0.8, 'cosine', 'vector', 2]]) // prettier-ignore
  })

  it.each(['convex', 'rrf'])('puts what both searches found first, and says who found what (%s)', async (fusion) => {
    const found = await retrieve({
      text: [[10, 9], [20, 8.9], [30, 1]], // prettier-ignore
      vector: [[20, 0.9], [40, 0.5], [50, 0.1]], // prettier-ignore
      options: { fusion },
    })
    expect(found[0]).toMatchObject({ chunkId: 20, textScore: 8.9, textRank: 2, vectorScore: 0.9, vectorRank: 1 })
    expect(new Map(found.map(({ chunkId, foundBy }) => [chunkId, foundBy]))).toEqual(
      new Map([[20, 'both'], [10, 'text'], [30, 'text'], [40, 'vector'], [50, 'vector']]), // prettier-ignore
    )
    expect(found.every(({ scoreKind }) => scoreKind === 'fusion')).toBe(true)
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a))
  })

  it('weighs min-max scores as its options say', async () => {
    const found = await retrieve({
      text: [[10, 6], [20, 4], [30, 2]], // prettier-ignore
      vector: [[30, 0.8], [20, 0.6], [10, 0.4]], // prettier-ignore
      options: { vectorWeight: 0.25 },
    })
    expect(found.map(({ chunkId, score }) => [chunkId, score])).toEqual([[10, 0.75], [20, 0.5], [30, 0.25]]) // prettier-ignore
  })

  it('trusts vectors by the part of the question that the model knows', async () => {
    const world: World = { text: [[10, 2], [20, 1.9], [30, 1]], vector: [[20, 0.9], [30, 0.1]] } // prettier-ignore
    expect(ids(await retrieve({ ...world, coverage: 1 }))).toEqual([20, 10, 30])
    expect(ids(await retrieve({ ...world, coverage: 0 }))).toEqual([10, 20, 30])
    expect(ids(await retrieve({ ...world, coverage: NaN }))).toEqual([10, 20, 30])
  })

  it('does with one search what it can', async () => {
    expect(ids(await retrieve({ text: [[10, 2], [20, 1]], vector: [] }))).toEqual([10, 20]) // prettier-ignore
    expect(ids(await retrieve({ text: [], vector: [[30, 0.4], [20, 0.3]], coverage: 0 }))).toEqual([30, 20]) // prettier-ignore
    expect(await retrieve({})).toEqual([])
    expect(await retrieve({ text: [[10, 1]] }, 'hybrid', 0)).toEqual([])
  })

  it('is not spoilt by scores that are no numbers', async () => {
    const found = await retrieve({
      text: [[10, NaN], [20, 5], [30, Infinity], [40, 4]], // prettier-ignore
      vector: [[50, NaN], [40, 0.9], [20, 0.8]], // prettier-ignore
      vectors: [[20, [NaN, 1]], [40, [1, 0]]], // prettier-ignore
    })
    expect(ids(found)).toEqual([20, 40])
    expect(found.every(({ score }) => Number.isFinite(score))).toBe(true)
  })

  it('raises passages with the question’s phrases', async () => {
    const text: [number, number][] = [[10, 5], [20, 4.9], [30, 1]] // prettier-ignore
    expect(ids(await retrieve({ text, phrases: [[20, 3]] }))).toEqual([20, 10, 30])
    expect(ids(await retrieve({ text, phrases: [[20, 3]], options: { phraseWeight: 0 } }))).toEqual([10, 20, 30])
    expect(ids(await retrieve({ text, phrases: [[60, 99]] })), 'without its words it is no result').toEqual([
      10, 20, 30,
    ])
  })

  it('raises what is like the best results', async () => {
    const world: World = {
      text: [[10, 9], [20, 3], [30, 2.9], [40, 1]], // prettier-ignore
      vectors: [[10, [1, 0]], [20, [0, 1]], [30, [1, 0]], [40, [0, 1]]], // prettier-ignore
      options: { feedbackPassages: 1 },
    }
    expect(ids(await retrieve(world))).toEqual([10, 30, 20, 40])
    expect(ids(await retrieve({ ...world, coverage: 0 }))).toEqual([10, 20, 30, 40])
    expect(ids(await retrieve({ ...world, options: { feedbackWeight: 0 } }))).toEqual([10, 20, 30, 40])
  })

  it('orders equal scores by chunk, whatever the order they come in', async () => {
    expect(ids(await retrieve({ text: [[50, 1], [10, 1], [30, 1]] }, 'text'))).toEqual([10, 30, 50]) // prettier-ignore
  })

  it('merges chunks that follow one another, best score first, in document order', async () => {
    const text: [number, number][] = [[12, 9], [20, 8], [13, 7], [11, 6], [15, 5]] // prettier-ignore
    const merged = await retrieve({ text }, 'text')
    expect(merged.map(({ chunkId, chunkIds }) => [chunkId, chunkIds])).toEqual([
      [12, [11, 12, 13]],
      [20, [20]],
      [15, [15]],
    ])
    expect(ids(await retrieve({ text, options: { mergeNeighbours: false } }, 'text', 3))).toEqual([12, 20, 13])
    const [short] = await retrieve({ text, options: { maxMergedChunks: 2 } }, 'text')
    expect(short?.chunkIds).toEqual([12, 13])
  })

  it('does not merge chunks of different documents or with a gap', async () => {
    const merged = await retrieve({ text: [[19, 3], [20, 2], [22, 1]] }, 'text') // prettier-ignore
    expect(merged.map(({ chunkIds }) => chunkIds)).toEqual([[19], [20], [22]])
  })

  it('gives small chunks of one larger passage as one result, by the best score', async () => {
    const [one, two] = [{ start: 0, end: 100 }, { start: 100, end: 200 }] // prettier-ignore
    const answers: World['answers'] = [[10, one], [11, one], [12, two], [20, one], [13, two], [14, two]] // prettier-ignore
    const text: [number, number][] = [[11, 9], [20, 8], [10, 7], [12, 6], [13, 5], [14, 4], [15, 3]] // prettier-ignore
    const merged = await retrieve({ text, answers, options: { perDocument: 2, maxMergedChunks: 2 } }, 'text')
    expect(merged.map(({ chunkId, score, chunkIds }) => [chunkId, score, chunkIds])).toEqual([
      [11, 9, [10, 11]],
      [20, 8, [20]],
      [12, 6, [12, 13, 14]],
    ])
    // Neighbours are not drawn into a passage by other chunks.
    const mixed = await retrieve({ text: [[15, 9], [14, 8]], answers }, 'text') // prettier-ignore
    expect(mixed.map(({ chunkIds }) => chunkIds)).toEqual([[15], [14]])
  })

  it('joins windows that overlap, as many as it is told', async () => {
    const window = (id: number): [number, { start: number; end: number }] => [id, { start: id * 10, end: id * 10 + 25 }]
    const answers = [10, 12, 14, 16].map(window)
    const text: [number, number][] = [[12, 9], [16, 8], [14, 7], [10, 6]] // prettier-ignore
    const runs = async (options: Record<string, unknown>): Promise<number[][]> =>
      (await retrieve({ text, answers, options: { perDocument: 0, ...options } }, 'text')).map(
        ({ chunkIds }) => chunkIds,
      )
    expect(await runs({})).toEqual([[10, 12, 14], [16]]) // prettier-ignore
    expect(await runs({ maxMergedChunks: 2 })).toEqual([[12, 14], [16], [10]]) // prettier-ignore
    expect(await runs({ mergeNeighbours: false })).toEqual([[12], [16], [14], [10]]) // prettier-ignore
  })

  it('takes a few results from one document, as many as it is told', async () => {
    const text: [number, number][] = [[10, 9], [12, 8], [14, 7], [16, 6], [20, 1]] // prettier-ignore
    expect(ids(await retrieve({ text }, 'text'))).toEqual([10, 12, 14, 20])
    expect(ids(await retrieve({ text, options: { perDocument: 1 } }, 'text'))).toEqual([10, 20])
    expect(ids(await retrieve({ text, options: { perDocument: 0 } }, 'text'))).toEqual([10, 12, 14, 16, 20])
  })

  it('leaves out what scores far less than the best, neighbours too', async () => {
    const text: [number, number][] = [[12, 10], [20, 6], [13, 5.9], [30, 1]] // prettier-ignore
    const runs = async (leastShare: number): Promise<number[][]> =>
      (await retrieve({ text, options: { leastShare } }, 'text')).map(({ chunkIds }) => chunkIds)
    expect(await runs(0)).toEqual([[12, 13], [20], [30]])
    expect(await runs(0.6)).toEqual([[12], [20]])
    expect(await runs(1)).toEqual([[12]])
  })

  it('passes the filter to every search', async () => {
    const world: World = { text: [[10, 2], [20, 1]], vector: [[30, 0.5], [20, 0.4]], phrases: [[10, 9]] } // prettier-ignore
    expect(ids(await retrieve(world, 'hybrid', 10, { documentIds: ['b' as DocumentId] }))).toEqual([20])
  })

  it('leaves out chunks that are gone by now', async () => {
    expect(ids(await retrieve({ text: [[999, 5], [10, 1]] }, 'text'))).toEqual([10]) // prettier-ignore
  })

  it('stops when it is cancelled', async () => {
    const retriever = definition.create(definition.options.parse({}), dependencies({ text: [[10, 1]] }))
    const signal = AbortSignal.abort()
    await expect(retriever.retrieve({ text: 'x', k: 1, mode: 'hybrid' }, { signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})

function dependencies(world: World): RetrieverDependencies {
  const search = (list: [number, number][] | undefined, limit: number, filter?: IndexFilter): IndexHit[] =>
    (list ?? [])
      .map(([chunkId, score]) => ({ chunkId, score }))
      .filter(({ chunkId }) => filter?.documentIds?.includes(documentOf(chunkId)) ?? true)
      .slice(0, limit)
  return {
    searchText: (_query, limit, filter) => search(world.text, limit, filter),
    searchPhrases: (_query, limit, filter) => search(world.phrases, limit, filter),
    searchVector: (_vector, limit, filter) => search(world.vector, limit, filter),
    vectors: () => new Map(world.vectors?.map(([chunkId, vector]) => [chunkId, Float32Array.from(vector)])),
    embedQuery: async () => ({ vector: Float32Array.of(1), coverage: world.coverage ?? 1 }),
    places: (chunkIds) =>
      chunkIds
        .filter((chunkId) => chunkId < 100)
        .map((chunkId) => {
          const answer = world.answers?.find(([id]) => id === chunkId)?.[1]
          return { chunkId, documentId: documentOf(chunkId), ordinal: chunkId % 10, ...(answer ? { answer } : {}) }
        }),
  }
}
