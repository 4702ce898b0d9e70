import { describe, expect, it } from 'vitest'
import { quantise, restore } from './quantise.ts'

describe('quantise', () => {
  const table = Float32Array.from([0.5, -1, 0.25, 0, 0, 0, 1e-6, 2e-6, -4e-6])

  it('scales each row by its own largest number', () => {
    const { rows, columns, values, scales } = quantise(table, 3)
    expect([rows, columns]).toEqual([3, 3])
    expect([...values]).toEqual([64, -127, 32, 0, 0, 0, 32, 64, -127])
    expect([...scales]).toEqual([Math.fround(1 / 127), 0, Math.fround(Math.fround(4e-6) / 127)])
  })

  it('loses at most half a step of a row', () => {
    const quantised = quantise(table, 3)
    restore(quantised).forEach((value, index) => {
      const step = quantised.scales[Math.floor(index / 3)]!
      expect(Math.abs(value - table[index]!), `number ${index}`).toBeLessThanOrEqual(step * 0.5001)
    })
  })
})
