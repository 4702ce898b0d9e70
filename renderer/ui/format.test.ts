import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatNumberOf,
  formatPages,
  formatRate,
  formatScore,
  formatTimeLeft,
  formatWhen,
  shareOf,
  formatAgo,
} from './format.ts'

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1536, '1.5 kB'],
    [99_949, '99.9 kB'],
    [999_600, '1.0 MB'],
    [209_715_200, '210 MB'],
  ])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0.42, '0.4 ms'],
    [38.4, '38 ms'],
    [999.7, '1.0 s'],
    [1234, '1.2 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_600, '1 h'],
    [11_040_000, '3 h 4 min'],
  ])('%d milliseconds read %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

  it('counts nouns', () => {
    expect(formatNumberOf(1, 'document')).toBe('1 document')
    expect(formatNumberOf(12_345, 'document')).toBe('12,345 documents')
    expect(formatNumberOf(2, 'copy', 'copies')).toBe('2 copies')
  })

  it('never promises no time left', () => {
    expect(formatTimeLeft(10)).toBe('about 1 s left')
    expect(formatTimeLeft(130_000)).toBe('about 2 min left')
    expect(formatTimeLeft(5_400_000)).toBe('about 1.5 h left')
  })

  it('gives scores the digits that tell them apart', () => {
    expect(formatScore(0.81234)).toBe('0.812')
    expect(formatScore(23.456)).toBe('23.5')
  })

  it('writes rates, pages and dates', () => {
    expect(formatRate(0.84, 'files')).toBe('0.8 files/s')
    expect(formatRate(1234.4, 'files')).toBe('1,234 files/s')
    expect(formatPages(null)).toBe('')
    expect(formatPages(3, 3)).toBe('page 3')
    expect(formatPages(3, 4)).toBe('pages 3–4')
    const noon = new Date(2025, 4, 12, 12, 0).getTime()
    expect(formatWhen(noon, noon + 60_000)).toBe('today 12:00')
    expect(formatWhen(noon, noon + 86_400_000)).toContain('12 May 2025')
  })

  it('knows no share without a total', () => {
    expect(shareOf(3, undefined)).toBeNull()
    expect(shareOf(0, 0)).toBe(1)
    expect(shareOf(3, 4)).toBe(0.75)
  })
})

describe('times past', () => {
  const minute = 60_000
  it.each([
    [0, 'just now'],
    [-5 * minute, 'just now'],
    [minute, '1 minute ago'],
    [5 * minute, '5 minutes ago'],
    [31 * minute, '31 minutes ago'],
    [59.6 * minute, '1 hour ago'],
    [26 * 60 * minute, 'yesterday'],
    [10 * 24 * 60 * minute, '10 days ago'],
    [400 * 24 * 60 * minute, 'last year'],
  ])('%s ms are %s', (past, text) => expect(formatAgo(1e12 - past, 1e12)).toBe(text))
})
