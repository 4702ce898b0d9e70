import fc from 'fast-check'
import { expect, it } from 'vitest'
import { positionOf, sliderScale } from './slider-scale.ts'

it('has every whole number of a short range, and a hundred steps of a share', () => {
  expect(sliderScale({ least: 1, most: 5, integer: true }).values).toEqual([1, 2, 3, 4, 5])
  const share = sliderScale({ least: 0, most: 1, integer: false }).values
  expect(share).toHaveLength(101)
  expect([share[0], share[33], share[100]]).toEqual([0, 0.33, 1])
})

it('has round numbers of a wide range, around what is usual', () => {
  const { values } = sliderScale({ least: 8, most: 100_000, integer: true, usual: 256 })
  expect(values).toEqual(expect.arrayContaining([8, 9, 64, 96, 128, 256, 384, 512, 1024, 2048]))
  expect(values.at(-1)).toBe(2048)
  expect(values.length).toBeLessThan(80)
  expect(sliderScale({ least: 0, most: 50_000, integer: true, usual: 0 }).values).toEqual(
    expect.arrayContaining([0, 1, 16, 32, 64, 512]),
  )
})

it('rises from the least value, ends within the range, and finds its own stops', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -50, max: 500 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.nat(5000),
      (least, width, usual) => {
        const scale = sliderScale({ least, most: least + width, integer: true, usual })
        expect(scale.values[0]).toBe(least)
        expect(scale.values.every((value, index) => index === 0 || value > scale.values[index - 1]!)).toBe(true)
        expect(scale.values.at(-1)).toBeLessThanOrEqual(least + width)
        for (const [position, value] of scale.values.entries()) expect(positionOf(scale, value)).toBe(position)
        expect(positionOf(scale, 1e9)).toBe(scale.values.length - 1)
      },
    ),
  )
})
