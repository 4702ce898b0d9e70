import { describe, expect, it } from 'vitest'
import { countPassages, weighByRarity } from './rarity.ts'

// Queries [0], [1, 1]; passages [2, 2, 3], [3].
const corpus = { ids: Uint16Array.from([0, 2, 2, 3, 1, 1, 3]), starts: Uint32Array.from([0, 1, 4, 6, 7]) }

describe('countPassages', () => {
  it('counts a passage once, and no queries', () => {
    expect([...countPassages(corpus, 5)]).toEqual([0, 0, 1, 2, 0])
  })
})

describe('weighByRarity', () => {
  const table = Float32Array.from({ length: 10 }, (_, index) => index)

  it('lengthens rows of rare tokens more', () => {
    const weighed = weighByRarity(table, corpus, 2, 1)
    expect(weighed[4]).toBeCloseTo(4 * Math.log(2), 5)
    expect(weighed[7]).toBeCloseTo(7 * Math.log(1.2), 5)
    expect(weighed[9]).toBeCloseTo(9 * Math.log(6), 5)
  })

  it('changes nothing with power 0', () => {
    expect(weighByRarity(table, corpus, 2, 0)).toEqual(table)
  })
})
