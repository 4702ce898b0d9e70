import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inGoodOrder } from './ingest-work.ts'

it('puts small files before large ones, and goes on in the same order after any of them is done', () => {
  const files = fc.uniqueArray(fc.record({ path: fc.string(), size: fc.nat(2_000_000) }), {
    selector: ({ path }) => path,
    maxLength: 40,
  })
  fc.assert(
    fc.property(files, fc.infiniteStream(fc.boolean()), (pending, done) => {
      const order = inGoodOrder(pending)
      expect(order).toHaveLength(pending.length)
      expect(new Set(order)).toEqual(new Set(pending))
      const firstLarge = order.findIndex(({ size }) => size > 1_000_000)
      if (firstLarge >= 0) expect(order.slice(firstLarge).every(({ size }) => size > 1_000_000)).toBe(true)
      const left = pending.filter(() => done.next().value)
      expect(inGoodOrder(left)).toEqual(order.filter((file) => left.includes(file)))
    }),
  )
})
