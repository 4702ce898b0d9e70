import { expect, it } from 'vitest'
import { inGoodOrder } from './ingest-work.ts'

it('begins with a few small files, goes on with the largest, and keeps the order of equal ones', () => {
  const sizes = Array.from({ length: 40 }, (_, index) => ({ path: String(index), size: (index * 7) % 20 }))
  const order = inGoodOrder(sizes)
  expect(order).toHaveLength(40)
  expect(new Set(order).size).toBe(40)
  const [head, rest] = [order.slice(0, 16), order.slice(16)].map((items) => items.map(({ size }) => size))
  expect(head).toEqual(head!.toSorted((a, b) => a - b))
  expect(rest).toEqual(rest!.toSorted((a, b) => b - a))
  expect(Math.max(...head!)).toBeLessThanOrEqual(Math.min(...rest!))
  for (const size of new Set(order.map((item) => item.size))) {
    const paths = order.filter((item) => item.size === size).map(({ path }) => Number(path))
    expect(paths).toEqual(paths.toSorted((a, b) => a - b))
  }
})
