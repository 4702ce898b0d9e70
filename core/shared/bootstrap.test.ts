import { describe, expect, it } from 'vitest'
import { bootstrapMean, pairedBootstrap, percentile } from './bootstrap.ts'
import { seededRandom } from './random.ts'

describe('the interval of a mean', () => {
  it('is the same for the same values and seed, and another for another seed', () => {
    const random = seededRandom(3)
    const values = Array.from({ length: 60 }, () => random())
    expect(bootstrapMean(values, 7)).toEqual(bootstrapMean(values, 7))
    expect(bootstrapMean(values, 7)).not.toEqual(bootstrapMean(values, 8))
  })

  it('has the width that theory gives: 2 × 1.96 standard errors', () => {
    const values = Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 0 : 1))
    const { mean, low, high } = bootstrapMean(values)
    expect(mean).toBe(0.5)
    expect(high - low).toBeCloseTo((2 * 1.96 * 0.5) / 20, 1)
  })

  it('holds the true mean in about 95 of 100 samples', () => {
    const random = seededRandom(11)
    const samples = Array.from({ length: 200 }, () => Array.from({ length: 50 }, () => random()))
    const holding = samples.filter((values, seed) => {
      const { low, high } = bootstrapMean(values, seed)
      return low <= 0.5 && 0.5 <= high
    })
    expect(holding.length).toBeGreaterThanOrEqual(180)
    expect(holding.length).toBeLessThan(200)
  })

  it('is a point for equal values and zero for none', () => {
    for (const end of Object.values(bootstrapMean([0.3, 0.3, 0.3]))) expect(end).toBeCloseTo(0.3, 12)
    expect(bootstrapMean([])).toEqual({ mean: 0, low: 0, high: 0 })
  })
})

describe('two runs, case by case', () => {
  const random = seededRandom(5)
  const before = Array.from({ length: 100 }, () => random() * 0.8)

  it('sees a small gain on every case that two means alone would hide', () => {
    const after = before.map((score) => score + 0.02)
    const { verdict, mean } = pairedBootstrap(before, after)
    expect(verdict).toBe('better')
    expect(mean).toBeCloseTo(0.02, 10)
    expect(pairedBootstrap(after, before).verdict).toBe('worse')
    expect(pairedBootstrap(before, after, { better: 'lower' }).verdict).toBe('worse')
  })

  it('claims nothing for what may be chance', () => {
    const noise = before.map((score, index) => score + (index % 2 === 0 ? 0.1 : -0.098))
    expect(pairedBootstrap(before, noise).verdict).toBe('no difference shown')
    expect(pairedBootstrap(before, before).verdict).toBe('no difference shown')
  })

  it('claims nothing from four cases', () => {
    expect(pairedBootstrap([0, 0, 0, 0], [1, 1, 1, 1]).verdict).toBe('no difference shown')
    expect(pairedBootstrap([0, 0, 0, 0, 0], [1, 1, 1, 1, 1]).verdict).toBe('better')
  })

  it('refuses scores of different cases', () => {
    expect(() => pairedBootstrap([1, 2], [1])).toThrow('same cases')
  })
})

it('gives percentiles by nearest rank', () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2)
  expect(percentile([4, 1, 3, 2], 0.95)).toBe(4)
  expect(percentile([], 0.5)).toBe(0)
})
