import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../database/sqlite.ts'
import { transformersEmbedder } from '../../embedders/transformers.ts'
import type { DocumentId } from '../../shared/ids.ts'
import { sqliteIndex } from '../sqlite.ts'
import { keptBlocks } from './kept-blocks.ts'
import { createVectorCodes, isDirection, type VectorCodes } from './vector-codes.ts'

const opened: Database[] = []
afterEach(() => opened.splice(0).forEach((database) => database.close()))

describe('codes of vectors', () => {
  it('are never further from what sqlite-vec computes than they say (property)', () => {
    const number = fc.oneof(fc.float({ noNaN: true, min: -4096, max: 4096 }), fc.constantFrom(0, 1, -1, 1e-6))
    const material = fc.integer({ min: 1, max: 70 }).chain((dimensions) => {
      const vector = fc
        .array(number, { minLength: dimensions, maxLength: dimensions })
        .map((numbers) => Float32Array.from(numbers))
        .filter(isDirection)
      return fc.record({ query: vector, vectors: fc.array(vector, { minLength: 1, maxLength: 8 }) })
    })
    fc.assert(
      fc.property(material, ({ query, vectors }) => {
        const { codes, cosines } = open(vectors)
        const found = codes.candidates(query, vectors.length)!
        expect(found).toHaveLength(vectors.length)
        const exact = cosines(query)
        for (const { chunkId, cosine, error } of found)
          expect(Math.abs(cosine - exact.get(chunkId)!)).toBeLessThanOrEqual(error)
      }),
      { numRuns: 150 },
    )
  })

  it('leave few of many vectors over, the best ones among them', () => {
    const random = generator(1)
    const vectors = Array.from({ length: 5000 }, () => Float32Array.from({ length: 300 }, () => random() - 0.5))
    const { codes, cosines } = open(vectors)
    for (const limit of [1, 10, 200]) {
      const query = Float32Array.from({ length: 300 }, () => random() - 0.5)
      const found = codes.candidates(query, limit)!.map(({ chunkId }) => chunkId)
      expect(found).toEqual(expect.arrayContaining(best(cosines(query), limit)))
      expect(found.length).toBeLessThan(2 * limit + 10)
    }
    const among = [1, 63, 64, 65, 3000, 9999]
    const some = codes.candidates(vectors[64]!, 3, among)!.map(({ chunkId }) => chunkId)
    expect(some).toContain(65)
    expect(among).toEqual(expect.arrayContaining(some))
  })

  it('find by themselves nearly all of the ten best sentences, with real vectors', { timeout: 60_000 }, async () => {
    const embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({}), {
      locateModel: async (name) => join(root, 'models', name),
      threads: 1,
    })
    const sentences = sentencesOf(join(root, 'docs'), join(root, 'resources/demo/corpus'))
    expect(sentences.length).toBeGreaterThan(1500)
    const { dimensions } = embedder
    const matrix = await embedder.embed(sentences, 'passage')
    const vectors = sentences
      .map((_, row) => matrix.subarray(row * dimensions, (row + 1) * dimensions))
      .filter(isDirection)
    const { codes, cosines } = open(vectors.slice(0, 4000))
    let [found, all] = [0, 0]
    for (let at = 0; at < sentences.length; at += Math.ceil(sentences.length / 70)) {
      const query = await embedder.embed([sentences[at]!.split(' ').slice(2, 9).join(' ')], 'query')
      if (!isDirection(query)) continue
      const exact = cosines(query)
      const candidates = codes.candidates(query, 10)!
      expect(candidates.map(({ chunkId }) => chunkId)).toEqual(expect.arrayContaining(best(exact, 10)))
      const byCode = candidates.sort((a, b) => b.cosine - a.cosine).slice(0, 10)
      // One that scores as the tenth best is as good as it.
      const tenth = exact.get(best(exact, 10).at(-1)!)!
      found += byCode.filter(({ chunkId }) => exact.get(chunkId)! >= tenth).length
      all += 10
    }
    await embedder.dispose()
    expect(all).toBeGreaterThan(500)
    expect(found / all).toBeGreaterThan(0.99)
  })

  it('give up where too many are alike to be told apart, and where too many are wanted', () => {
    const { codes } = open(Array.from({ length: 10_100 }, () => Float32Array.of(1, 2)))
    expect(codes.candidates(Float32Array.of(1, 0), 5)).toBeUndefined()
    expect(codes.candidates(Float32Array.of(1, 0), 20_000)).toBeUndefined()
  })

  it('stay in memory, and no longer than they are valid', () => {
    const { codes, database } = open(Array.from({ length: 300 }, (_, at) => Float32Array.of(1, at)))
    const kept = keptBlocks(database)
    const near = (): number => Math.min(...codes.candidates(Float32Array.of(1, 0), 1)!.map(({ chunkId }) => chunkId))
    expect(near()).toBe(1)
    const [bytes, count] = [kept.bytes(), kept.of('index_3_codes').size]
    expect(bytes).toBe(300 * (16 + 12))
    expect(count).toBe(5)
    const undone = database.transaction(() => {
      database.exec('DELETE FROM index_3_vectors WHERE chunk_id = 1')
      codes.update([1])
      expect(near()).toBe(2)
      throw new Error('undone')
    })
    expect(undone).toThrow('undone')
    expect(near()).toBe(1)
    database.exec('DELETE FROM index_3_vectors WHERE chunk_id < 128')
    codes.update(Array.from({ length: 127 }, (_, at) => at + 1))
    expect(near()).toBe(128)
    expect(kept.of('index_3_codes').size).toBe(count - 2)
    codes.forget()
    expect(kept.bytes()).toBe(0)
  })
})

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Opened {
  database: Database
  codes: VectorCodes
  /** What sqlite-vec computes, of every vector. */
  cosines(query: Float32Array): Map<number, number>
}

/** Chunks 1, 2, 3 … with these vectors. */
function open(vectors: readonly Float32Array[]): Opened {
  const database = openSqlite(':memory:')
  opened.push(database)
  const dimensions = vectors[0]!.length
  const index = sqliteIndex.create({}, { database, indexId: 3, dimensions })
  index.create()
  index.add(vectors.map((vector, at) => ({ chunkId: at + 1, documentId: 'd' as DocumentId, text: '', vector })))
  const codes = createVectorCodes({
    database,
    statement: (sql) => database.prepare(sql),
    dimensions,
    tables: { members: 'index_3_members', vectors: 'index_3_vectors', codes: 'index_3_codes' },
  })
  const read = database
    .prepare('SELECT chunk_id, 1 - vec_distance_cosine(embedding, ?) FROM index_3_vectors ORDER BY chunk_id')
    .raw()
  return {
    database,
    codes,
    cosines: (query) => new Map(read.all(new Uint8Array(query.buffer, query.byteOffset, query.byteLength)) as [number, number][]), // prettier-ignore
  }
}

function best(scores: ReadonlyMap<number, number>, limit: number): number[] {
  const order = [...scores].sort(([a, one], [b, other]) => other - one || a - b)
  return order.slice(0, limit).map(([chunkId]) => chunkId)
}

function sentencesOf(...folders: string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(md|txt|html)$/.test(file))
      .sort()
      .map((file) => join(folder, file)),
  )
  const sentences = files.flatMap((file) => readFileSync(file, 'utf8').match(/[^.!?\n]+[.!?]*/g) ?? [])
  return [...new Set(sentences.map((sentence) => sentence.trim()).filter((sentence) => sentence.length > 30))]
}

/** A linear congruential generator (Numerical Recipes): the same vectors in every run. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
