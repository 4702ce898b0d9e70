import { describe, expect, it } from 'vitest'
import { formatDifference, formatInterval, formatMetric } from './metric-figures.ts'

describe('figures', () => {
  it('are written with three places, and differences with a sign', () => {
    expect([0.8123, 1, 0, -0.02, Number.NaN].map(formatMetric)).toEqual(['.812', '1.000', '.000', '-.020', '–'])
    expect([0.0132, -0.02, 0.0001, -1.5].map(formatDifference)).toEqual(['+.013', '−.020', '±.000', '−1.500'])
    expect(formatInterval({ mean: 0.5, low: 0.4, high: 0.6 })).toBe('.500 [.400, .600]')
  })
})
