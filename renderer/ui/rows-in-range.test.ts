import { describe, expect, it } from 'vitest'
import { rowsInRange } from './rows-in-range.ts'

describe('rows in range', () => {
  const range = { startIndex: 10, endIndex: 12, overscan: 2, count: 20 }

  it.each([
    ['is among those in sight', 11, [8, 9, 10, 11, 12, 13, 14]],
    ['is the first of those beyond', 8, [8, 9, 10, 11, 12, 13, 14]],
    ['is the last of those beyond', 14, [8, 9, 10, 11, 12, 13, 14]],
    ['lies before them', 3, [3, 8, 9, 10, 11, 12, 13, 14]],
    ['lies after them', 19, [8, 9, 10, 11, 12, 13, 14, 19]],
    ['is no longer in the list', 20, [8, 9, 10, 11, 12, 13, 14]],
  ])('has the active row once where it %s', (_, activeIndex, expected) => {
    expect(rowsInRange(range, activeIndex)).toEqual(expected)
  })

  it('stays inside of the list', () => {
    expect(rowsInRange({ startIndex: 0, endIndex: 3, overscan: 6, count: 4 }, 0)).toEqual([0, 1, 2, 3])
  })

  it('is empty where the list is', () => {
    expect(rowsInRange({ startIndex: 0, endIndex: 0, overscan: 4, count: 0 }, 0)).toEqual([])
  })
})
