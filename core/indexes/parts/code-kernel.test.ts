import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createCodeKernel } from './code-kernel.ts'

it('gives the products that adding up one by one gives, for vectors of any length (property)', () => {
  const material = fc.integer({ min: 1, max: 200 }).chain((dimensions) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      query: fc.array(fc.integer({ min: -32_767, max: 32_767 }), { minLength: dimensions, maxLength: dimensions }),
      codes: fc.array(fc.array(fc.integer({ min: -127, max: 127 }), { minLength: dimensions, maxLength: dimensions }), {
        maxLength: 9,
      }),
    }),
  )
  fc.assert(
    fc.property(material, ({ dimensions, query, codes }) => {
      const kernel = createCodeKernel(dimensions, 9)
      expect(kernel.stride % 16).toBe(0)
      kernel.query.set(query)
      codes.forEach((code, row) => kernel.codes.set(new Uint8Array(Int8Array.from(code).buffer), row * kernel.stride))
      const expected = codes.map((code) => code.reduce((sum, value, at) => sum + value * query[at]!, 0))
      expect([...kernel.multiply(codes.length)]).toEqual(expected)
    }),
  )
})

it('has room for the largest sums that its callers allow', () => {
  const kernel = createCodeKernel(16, 2)
  // 16 × 127 × 1,056,832 would be the limit of 31 bits; sixteen bits end far below it.
  kernel.query.fill(32_767)
  kernel.codes.set(new Uint8Array(new Int8Array(16).fill(127).buffer), 0)
  kernel.codes.set(new Uint8Array(new Int8Array(16).fill(-127).buffer), 16)
  expect([...kernel.multiply(2)]).toEqual([16 * 127 * 32_767, -16 * 127 * 32_767])
})
