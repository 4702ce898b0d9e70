import { expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import type { DocumentId } from '../shared/ids.ts'
import { sqliteIndex } from './sqlite.ts'

it('takes over the vectors of an index of before, which answers as it is until then', () => {
  const database = openSqlite(':memory:')
  const dependencies = { database, indexId: 3, dimensions: 2 }
  const index = sqliteIndex.create({}, dependencies)
  index.create()
  database.exec(`DROP TABLE index_3_vectors;
    CREATE VIRTUAL TABLE index_3_vectors USING vec0(embedding float[2] distance_metric=cosine)`)
  const entry = (chunkId: number, x: number, y: number) => ({
    chunkId,
    documentId: 'd' as DocumentId,
    text: 'words',
    vector: Float32Array.of(x, y),
  })
  index.add([entry(1, 1, 0), entry(2, 0, 1), entry(3, 1, 1)])
  index.remove([2])
  const search = () => index.searchVector(Float32Array.of(1, 0), 10)
  const before = search()
  expect(before.map((hit) => hit.chunkId)).toEqual([1, 3])

  index.create()
  expect(database.prepare(`SELECT sql FROM sqlite_master WHERE name = 'index_3_vectors'`).pluck().get()).not.toMatch(
    /VIRTUAL/,
  )
  expect(search()).toEqual(before)
  expect(index.vectors([3]).get(3)).toEqual(Float32Array.of(1, 1))
  index.add([entry(2, 0, 1)])
  expect(search()).toHaveLength(3)
  database.close()
})
