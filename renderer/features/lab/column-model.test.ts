import { expect, it } from 'vitest'
import type { CutText, LabHit } from '../../../core/contract/lab.ts'
import { chunkFor, chunksAt, faultsByChunk, nextFault, nextHit, overviewOf, spansOf } from './column-model.ts'

const cut: CutText = {
  starts: [0, 8, 20, 31],
  ends: [10, 20, 30, 40],
  tokens: [3, 3, 3, 3],
  pathOf: [0, 0, 0, 0],
  paths: [[]],
  contexts: [],
  faults: [
    { kind: 'table', ordinal: 2, start: 10, end: 35 },
    { kind: 'sentence', ordinal: 2, start: 18, end: 25 },
    { kind: 'sentence', ordinal: 3, start: 28, end: 33 },
  ],
  statistics: {
    chunks: 4,
    tokens: 12,
    leastTokens: 3,
    medianTokens: 3,
    meanTokens: 3,
    mostTokens: 3,
    characters: 41,
    overlap: 0.05,
    faults: { sentence: 2, row: 0, table: 1, code: 0 },
  },
  chunkMs: 1,
}
const hit = (ordinal: number, rank: number): LabHit => ({
  ordinal,
  rank,
  start: cut.starts[ordinal]!,
  end: cut.ends[ordinal]!,
  score: 1 / rank,
  scoreKind: 'fusion',
  foundBy: 'both',
  textScore: null,
  textRank: null,
  vectorScore: null,
  vectorRank: null,
})

it('says where chunks begin what they cut, and what a question finds', () => {
  const plain = spansOf(cut, null)
  expect(plain.map(({ label }) => label)).toEqual(['1', '2', '3 · cuts a sentence', '4 · cuts a sentence'])
  expect(plain.map(({ tone }) => tone)).toEqual(['chunk-0', 'chunk-1', 'chunk-2', 'chunk-3'])
  expect(faultsByChunk(cut).get(2)).toEqual(['sentence', 'table'])
  const asked = spansOf(cut, [hit(3, 1), hit(0, 2)])
  expect(asked.map(({ lifted = false }) => lifted)).toEqual([true, false, false, true])
  expect(asked[3]!.label).toBe('4 · rank 1 · 1.000 · cuts a sentence')
  expect(asked[1]!.tone).toBe('rest-1')
})

it('finds the chunks of a place, the one that was found before others', () => {
  expect([0, 9, 15, 30, 39, 99].map((place) => chunksAt(cut, place))).toEqual([[0], [0, 1], [1], [2], [3], [3]])
  expect(chunksAt({ starts: [5], ends: [9] }, 2)).toEqual([])
  expect(chunkFor(cut, null, 9)).toBe(0)
  expect(chunkFor(cut, [hit(1, 1)], 9)).toBe(1)
  expect(chunkFor({ ...cut, starts: [], ends: [] }, null, 9)).toBeNull()
})

it('steps through faults and hits, and goes round', () => {
  expect(nextFault(cut, 0, 1)?.ordinal).toBe(2)
  expect(nextFault(cut, 2, 1)?.ordinal).toBe(3)
  expect(nextFault(cut, 3, 1)?.ordinal).toBe(2)
  expect(nextFault(cut, 2, -1)?.ordinal).toBe(3)
  expect(nextFault(cut, 3, 1, 'table')?.ordinal).toBe(2)
  expect(nextFault(cut, 0, 1, 'code')).toBeUndefined()
  const hits = [hit(3, 1), hit(0, 2)]
  expect(nextHit(hits, null, 1)?.rank).toBe(1)
  expect(nextHit(hits, 3, 1)?.rank).toBe(2)
  expect(nextHit(hits, 0, 1)?.rank).toBe(1)
  expect(nextHit(hits, 3, -1)?.rank).toBe(2)
  expect(nextHit([], null, 1)).toBeUndefined()
})

it('draws the whole text: chunks apart where they are wide, together where they are not', () => {
  const wide = overviewOf(cut, [hit(1, 1)], 40, 80)
  expect(wide.chunks.map(({ tone }) => tone)).toEqual(['chunk-0', 'chunk-1', 'chunk-2', 'chunk-3'])
  expect(wide.hits).toEqual([{ from: 16, to: 40, tone: 'rank-1' }])
  expect(wide.faults).toEqual([40, 62])
  const narrow = overviewOf(cut, [hit(1, 1)], 40, 4)
  expect(narrow.chunks).toEqual([{ from: 0, to: 4, tone: 'many' }])
  expect(narrow.hits[0]!.to - narrow.hits[0]!.from).toBeCloseTo(2)
  expect(overviewOf({ ...cut, starts: [], ends: [], faults: [] }, null, 0, 80)).toEqual({
    chunks: [],
    hits: [],
    faults: [],
  })
})
