import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import type { DocumentId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import type { IndexHit, IndexStore } from './index-store.ts'
import { sqliteIndex } from './sqlite.ts'

const opened: Database[] = []
afterEach(() => opened.splice(0).forEach((database) => database.close()))

describe('an index of before', () => {
  it('has its vectors taken over, and answers as it is until then', () => {
    const { database, index } = open(2)
    makeOld(database, 2)
    const entry = (chunkId: number, x: number, y: number) => entryOf(chunkId, Float32Array.of(x, y))
    index.add([entry(1, 1, 0), entry(2, 0, 1), entry(3, 1, 1)])
    index.remove([2])
    const search = () => index.searchVector(Float32Array.of(1, 0), 10)
    const before = search()
    expect(before.map((hit) => hit.chunkId)).toEqual([1, 3])

    index.create()
    expect(kindOf(database, 'index_3_vectors')).not.toMatch(/VIRTUAL/)
    expect(search()).toEqual(before)
    expect(index.vectors([3]).get(3)).toEqual(Float32Array.of(1, 1))
    index.add([entry(2, 0, 1)])
    expect(search()).toHaveLength(3)
    expect(codesOf(database)).toEqual([1, 2, 3])
  })

  it.each(['without codes', 'with vectors in vec0, too'])('gets codes with its first search, %s', (kind) => {
    const { database, index } = open(13)
    if (kind.includes('vec0')) makeOld(database, 13)
    else database.exec('DROP TABLE index_3_codes')
    fill(index, 2500, 13)
    index.remove([7, 8, 9])
    const query = vectorOf(13, generator(5))
    const expected = everyVector(database, query, 20)
    expect(kindOf(database, 'index_3_codes')).toBeUndefined()
    expect(index.searchVector(query, 20)).toEqual(expected)
    expect(kindOf(database, 'index_3_vectors')).not.toMatch(/VIRTUAL/)
    expect(codesOf(database)).toEqual(membersOf(database))
    expect(index.searchVector(query, 20)).toEqual(expected)
  })

  it('is searched all the same where it cannot be written to', () => {
    using temporary = temporaryFolder()
    const path = join(temporary.path, 'index.sqlite')
    const { database, index } = open(13, path)
    fill(index, 2500, 13)
    const query = vectorOf(13, generator(6))
    const expected = everyVector(database, query, 20)
    const reader = openSqlite(path, { readOnly: true })
    opened.push(reader)
    const readOnly = sqliteIndex.create({}, { database: reader, indexId: 3, dimensions: 13 })
    expect(readOnly.searchVector(query, 20)).toEqual(expected)
    database.exec('DROP TABLE index_3_codes')
    expect(readOnly.searchVector(query, 20)).toEqual(expected)

    const pages = database.pragma('page_count', { simple: true }) as number
    const free = database.pragma('freelist_count', { simple: true }) as number
    database.exec('CREATE TABLE filler (bytes BLOB) STRICT')
    database.prepare('INSERT INTO filler VALUES (zeroblob(?))').run(4096 * free)
    database.pragma(`max_page_count = ${pages + 1}`)
    expect(index.searchVector(query, 20)).toEqual(expected)
    expect(kindOf(database, 'index_3_codes')).toBeUndefined()
    database.pragma('max_page_count = 1000000')
    expect(index.searchVector(query, 20)).toEqual(expected)
    expect(codesOf(database)).toEqual(membersOf(database))
  })
})

describe('vectors of a large index', () => {
  it.each([1, 2, 7, 16, 17, 100])('are found as if each was compared, %i numbers long', (dimensions) => {
    const { database, index } = open(dimensions)
    fill(index, 3000, dimensions)
    const random = generator(9)
    for (const limit of [1, 2, 10, 200, 2999, 3000, 1_000_000]) {
      const query = vectorOf(dimensions, random)
      expect(index.searchVector(query, limit), `${limit}`).toEqual(everyVector(database, query, limit))
    }
  })

  it('are found among these whatever their lengths, and however many are alike', () => {
    const { database, index } = open(24)
    const random = generator(3)
    const few = Array.from({ length: 5 }, () => vectorOf(24, random))
    const shapes: ((at: number) => Float32Array)[] = [
      () => vectorOf(24, random),
      (at) => few[at % 5]!,
      (at) => few[at % 5]!.map((value) => value * 10 ** ((at % 28) - 14)),
      (at) => vectorOf(24, random).map((value, place) => (place === at % 24 ? value : 0)),
      (at) => few[at % 5]!.map((value) => value + (random() - 0.5) * 1e-4),
      () => vectorOf(24, random).map((value) => (random() < 0.2 ? -0 : value * 1e-10)),
    ]
    index.add(Array.from({ length: 3600 }, (_, at) => entryOf(at + 1, shapes[at % shapes.length]!(at))))
    for (const query of [...few, ...Array.from({ length: 10 }, (_, at) => shapes[at % 6]!(at)), vectorOf(24, random)]) {
      for (const limit of [1, 7, 100]) {
        const found = index.searchVector(query, limit)
        expect(found).toEqual(everyVector(database, query, limit))
        for (const { score } of found) expect(Number.isFinite(score)).toBe(true)
      }
    }
  })

  it('that are all equal come in the order of the chunks', () => {
    const { index } = open(5)
    const same = Float32Array.of(1, 2, 3, 4, 5)
    const ids = Array.from({ length: 12_000 }, (_, at) => at + 1)
    index.add(ids.toReversed().map((chunkId) => entryOf(chunkId, same)))
    const hits = index.searchVector(Float32Array.of(5, 4, 3, 2, 1), 50)
    expect(hits.map(({ chunkId }) => chunkId)).toEqual(ids.slice(0, 50))
    expect(new Set(hits.map(({ score }) => score)).size).toBe(1)
    index.remove(ids.slice(4000))
    expect(index.searchVector(same, 5).map(({ chunkId }) => chunkId)).toEqual([1, 2, 3, 4, 5])
  })

  it('are found within documents, many and few of them', () => {
    const { database, index } = open(16)
    fill(index, 6000, 16)
    const random = generator(11)
    for (const documents of [0, 1, 40, 400, 600]) {
      const names = Array.from({ length: documents }, (_, at) => `d${at % 2 === 0 ? at : 599 - at}`)
      const ids = new Set(membersOf(database).filter((chunkId) => names.includes(`d${Math.floor((chunkId - 1) / 10)}`)))
      const query = vectorOf(16, random)
      const found = index.searchVector(query, 30, { documentIds: names as DocumentId[] })
      expect(found, `${documents}`).toEqual(everyVector(database, query, 30, ids))
      expect(found).toHaveLength(Math.min(30, ids.size))
    }
  })

  it('follow what is added, replaced, removed and rolled back, in one index and not in another (property)', () => {
    const { database, index } = open(9)
    const other = sqliteIndex.create({}, { database, indexId: 4, dimensions: 9 })
    other.create()
    fill(index, 2400, 9)
    fill(other, 2400, 9)
    const query = vectorOf(9, generator(77))
    const untouched = other.searchVector(query, 25)
    const change = fc.record({
      kind: fc.constantFrom('add', 'remove', 'replace', 'rolled back'),
      from: fc.integer({ min: 1, max: 2600 }),
      count: fc.integer({ min: 1, max: 150 }),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        for (const { kind, from, count, seed } of changes) {
          const ids = Array.from({ length: count }, (_, at) => from + at)
          const random = generator(seed)
          const add = (): void => index.add(ids.map((chunkId) => entryOf(chunkId, vectorOf(9, random))))
          if (kind === 'remove') index.remove(ids)
          else if (kind !== 'rolled back') add()
          else {
            const half = database.transaction(() => {
              add()
              expect(index.searchVector(query, 25)).toEqual(everyVector(database, query, 25))
              throw new Error('half way')
            })
            expect(half).toThrow('half way')
          }
          expect(index.searchVector(query, 25)).toEqual(everyVector(database, query, 25))
        }
        expect(codesOf(database)).toEqual(membersOf(database))
      }),
      { numRuns: 20 },
    )
    expect(other.searchVector(query, 25)).toEqual(untouched)
  })

  it('that are no direction have no code', () => {
    const { database, index } = open(3)
    fill(index, 2200, 3)
    index.add([entryOf(5, new Float32Array(3)), entryOf(6, Float32Array.of(NaN, 1, 1))])
    index.add([entryOf(7, Float32Array.of(1e-30, 0, 0)), entryOf(8, Float32Array.of(1e30, 1, 1))])
    expect(codesOf(database)).toEqual(membersOf(database))
    expect(membersOf(database).slice(0, 6)).toEqual([1, 2, 3, 4, 9, 10])
    const query = Float32Array.of(1, 1, 1)
    expect(index.searchVector(query, 3000)).toEqual(everyVector(database, query, 3000))
    index.remove(membersOf(database))
    expect(database.prepare('SELECT count(*) FROM index_3_codes').pluck().get()).toBe(0)
    expect(index.searchVector(query, 10)).toEqual([])
  })
})

function open(dimensions: number, path = ':memory:'): { database: Database; index: IndexStore } {
  const database = openSqlite(path)
  opened.push(database)
  const index = sqliteIndex.create({}, { database, indexId: 3, dimensions })
  index.create()
  return { database, index }
}

/** Tables as they were while vectors were kept by vec0. */
function makeOld(database: Database, dimensions: number): void {
  database.exec(`DROP TABLE index_3_codes; DROP TABLE index_3_vectors;
    CREATE VIRTUAL TABLE index_3_vectors USING vec0(embedding float[${dimensions}] distance_metric=cosine)`)
}

/** The reference: sqlite-vec's distance of every vector there is. */
function everyVector(database: Database, vector: Float32Array, limit: number, ids?: ReadonlySet<number>): IndexHit[] {
  const rows = database
    .prepare('SELECT rowid AS chunkId, 1 - vec_distance_cosine(embedding, ?) AS score FROM index_3_vectors')
    .all(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)) as IndexHit[]
  return rows
    .filter(({ chunkId, score }) => Number.isFinite(score) && (!ids || ids.has(chunkId)))
    .sort((a, b) => b.score - a.score || a.chunkId - b.chunkId)
    .slice(0, limit)
}

function kindOf(database: Database, table: string): unknown {
  return database.prepare('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(table)
}

function membersOf(database: Database): number[] {
  return database
    .prepare('SELECT chunk_id FROM index_3_members WHERE has_vector = 1 ORDER BY 1')
    .pluck()
    .all() as number[]
}

/** The chunks that have a code. */
function codesOf(database: Database): number[] {
  const rows = database.prepare('SELECT block, facts FROM index_3_codes ORDER BY block').all() as {
    block: number
    facts: Buffer
  }[]
  return rows.flatMap(({ block, facts }) => {
    const numbers = new Float32Array(Uint8Array.from(facts).buffer)
    return Array.from({ length: numbers.length / 3 }, (_, row) => block * 64 + numbers[row * 3]!).sort((a, b) => a - b)
  })
}

/** Chunks 1 to `count`, ten to a document. */
function fill(index: IndexStore, count: number, dimensions: number): void {
  const random = generator(dimensions)
  index.add(Array.from({ length: count }, (_, at) => entryOf(at + 1, vectorOf(dimensions, random))))
}

function entryOf(chunkId: number, vector: Float32Array) {
  return { chunkId, documentId: `d${Math.floor((chunkId - 1) / 10)}` as DocumentId, text: '', vector }
}

function vectorOf(dimensions: number, random: () => number): Float32Array {
  return Float32Array.from({ length: dimensions }, () => random() + random() + random() - 1.5)
}

/** A linear congruential generator (Numerical Recipes): the same vectors in every run. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
