import { describe, expect, it } from 'vitest'
import { isoDate } from './iso-date.ts'

describe('isoDate', () => {
  it.each([
    ['2024-03-09', '2024-03-09'],
    ['20240309', '2024-03-09'],
    ['2024-03', '2024-03'],
    ['2024', '2024'],
    ['2024-03-09T08:30:00+01:00', '2024-03-09T07:30:00Z'],
    ['2024-03-09 08:30:00.250Z', '2024-03-09T08:30:00Z'],
    ['2024-03-09T08:30', '2024-03-09T08:30:00'],
    ['Sat, 9 Mar 2024 08:30:00 -0230', '2024-03-09T11:00:00Z'],
    ['March 9th, 2024', '2024-03-09'],
    ['9 March 2024', '2024-03-09'],
    ['2024-02-30', undefined],
    ['2024-13-01T10:00:00Z', undefined],
    ['9 Foo 2024', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ])('%j is %j', (said, expected) => {
    expect(isoDate(said)).toBe(expected)
  })
})
