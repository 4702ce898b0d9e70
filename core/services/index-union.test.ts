import type { Database } from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import { sqliteIndex } from '../indexes/sqlite.ts'
import type { IndexRow } from '../library/indexes.ts'
import { hybridRetriever } from '../retrievers/hybrid.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import type { OpenIndex } from './collection-indexes.ts'
import { defaultPipeline } from './default-pipeline.ts'
import type { Embedding } from './embedding.ts'
import { openIndexUnion } from './index-union.ts'

let database: Database
beforeEach(() => void (database = openSqlite(':memory:')))
afterEach(() => void database.close())

/** An index with these chunks: number, text, vector. */
function indexOf(id: number, dimensions: number, chunks: [number, string, number[]][], model = 'one'): OpenIndex {
  const store = sqliteIndex.create({}, { database, indexId: id, dimensions })
  store.create()
  store.add(
    chunks.map(([chunkId, text, vector]) => ({
      chunkId,
      documentId: `doc_${Math.floor(chunkId / 10)}` as DocumentId,
      text,
      vector: Float32Array.from(vector),
    })),
  )
  const embedder = { id: 'transformers', options: { model } }
  const row: IndexRow = {
    id,
    collectionId: `col_${id}` as CollectionId,
    fingerprint: String(id),
    dimensions,
    state: 'active',
    purpose: 'answers',
    completeAt: null,
    pipeline: { ...defaultPipeline, embedder },
    createdAt: 0,
    retiredAt: null,
  }
  return { row, store }
}

/** Models that read every question as the same direction. */
const queries: Record<string, number[]> = { one: [1, 0], two: [0, 1, 0] }

async function union(indexes: OpenIndex[], allowed?: Record<string, string[]>) {
  const opened = await openIndexUnion(
    { pipeline: defaultPipeline, indexes: indexes.map((index) => ({ ...index, filter: '' })) },
    allowed && { where: '', parameters: {} },
    {
      documents: { matching: (id) => (allowed?.[id] ?? []) as DocumentId[] },
      async openEmbedding({ pipeline }) {
        const modelId = String(pipeline.embedder.options.model)
        const vector = Float32Array.from(queries[modelId] ?? [])
        const coverage = modelId === 'one' ? 1 : 0.5
        return {
          modelId,
          dimensions: vector.length,
          embedQuery: async () => ({ vector, coverage }),
        } as Partial<Embedding> as Embedding
      },
    },
  )
  if (!opened) throw new Error('Nothing is left.')
  return opened
}

const fill = (from: number, count: number): [number, string, number[]][] =>
  Array.from({ length: count }, (_, index) => [from + index, `the tide was measured on day ${index}`, [0.1, 1]])

describe('indexes that are searched as one', () => {
  it('score words as one index with all of their chunks does', async () => {
    const [left, right]: [number, string, number[]][][] = [
      [...fill(100, 8), [10, 'the pump house is by the tide gauge', [1, 0]], [11, 'a pump pumps', [1, 0]]],
      [...fill(200, 8), [20, 'the gauge was measured by the pump', [1, 0]], [21, 'otters by the gauge', [1, 0]]],
    ]
    const apart = await union([indexOf(1, 2, left!), indexOf(2, 2, right!)])
    const together = await union([indexOf(3, 2, [...left!, ...right!])])
    for (const query of ['Where is the pump?', 'the tide gauge', 'otters', 'pump house by the gauge']) {
      for (const search of ['searchText', 'searchPhrases'] as const) {
        const [a, b] = [await apart[search]!(query, 50), await together[search]!(query, 50)]
        expect(new Set(a.map(({ chunkId }) => chunkId)), query).toEqual(new Set(b.map(({ chunkId }) => chunkId)))
        expect(a[0]?.chunkId, query).toBe(b[0]?.chunkId)
        // Texts are long or short beside those of their own index: that much may differ.
        const scores = new Map(b.map(({ chunkId, score }) => [chunkId, score]))
        for (const { chunkId, score } of a) expect(score).toBeCloseTo(scores.get(chunkId)!, 0)
      }
    }
    expect(await apart.searchText('pump', 1)).toHaveLength(1)
    expect(await apart.searchVector(Float32Array.of(1, 0), 50)).toEqual(
      await together.searchVector(Float32Array.of(1, 0), 50),
    )
    expect((await apart.vectors?.([10, 20]))?.size).toBe(2)
  })

  it('let a page of a small one win over many that say less', async () => {
    const small = indexOf(1, 2, [[10, 'kites fly in May', [1, 0]], [11, 'parking for kites', [0.9, 0.1]]]) // prettier-ignore
    const large = indexOf(2, 2, [...fill(100, 40), [20, 'the festival of kites was mentioned once', [0.2, 1]]])
    const found = await (await union([large, small])).searchText('When do kites fly?', 5)
    expect(found[0]?.chunkId).toBe(10)
    // By itself each word of two pages is a common one there.
    expect(small.store.searchText('When do kites fly?', 5)[0]!.score).toBeLessThan(0.01)
    expect(found[0]!.score).toBeGreaterThan(1)
  })

  it('compare cosines of one model as they are, and those of different models by what is best in each', async () => {
    const one = indexOf(1, 2, [[10, 'a', [1, 0]], [11, 'b', [1, 1]]]) // prettier-ignore
    const other = indexOf(2, 2, [[20, 'c', [0.5, 1]]]) // prettier-ignore
    const same = await (await union([one, other])).searchVector(Float32Array.of(1, 0), 5)
    expect(same.map(({ chunkId }) => chunkId)).toEqual([10, 11, 20])
    expect(same[2]!.score).toBeCloseTo(0.447, 3)

    const foreign = indexOf(3, 3, [[30, 'd', [0, 1, 0]], [31, 'e', [0, 1, 2]]], 'two') // prettier-ignore
    const mixed = await union([one, foreign])
    const { vector, coverage } = await mixed.embedQuery('question')
    expect(coverage).toBe(0.5)
    const hits = await mixed.searchVector(vector, 5)
    expect(hits.map(({ chunkId, score }) => [chunkId, score])).toEqual([[10, 1], [30, 1], [11, 0], [31, 0]]) // prettier-ignore
    expect(mixed.vectors).toBeUndefined()
    const retriever = hybridRetriever.create(hybridRetriever.options.parse({}), {
      ...mixed,
      places: (ids) => ids.map((chunkId) => ({ chunkId, documentId: `doc_${chunkId}` as DocumentId, ordinal: 0 })),
    })
    const found = await retriever.retrieve({ text: 'a d', k: 4, mode: 'hybrid' })
    expect(found.map(({ chunkId }) => chunkId).sort()).toEqual([10, 11, 30, 31])
  })

  it('leave out those without a document that the filter lets through', async () => {
    const [one, two] = [indexOf(1, 2, [[10, 'pump', [1, 0]]]), indexOf(2, 2, [[20, 'pump', [1, 0]]])] // prettier-ignore
    const left = await union([one, two], { col_1: [], col_2: ['doc_2'] })
    expect((await left.searchText('pump', 5)).map(({ chunkId }) => chunkId)).toEqual([20])
    await expect(union([one, two], { col_1: [], col_2: [] })).rejects.toThrow('Nothing is left')
    await expect(union([])).rejects.toThrow('Nothing is left')
  })
})
