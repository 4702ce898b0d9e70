import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Element } from '../contract/parsed-document.ts'
import { stretchStarts } from './text-stretches.ts'

it('divides between elements', () => {
  const text = 'x'.repeat(1000)
  const elements: Element[] = [0, 200, 420, 900].map((start, index, all) => ({
    kind: 'paragraph',
    start,
    end: all[index + 1] ?? 1000,
  }))
  expect(stretchStarts({ text, elements }, 150)).toEqual([0, 200, 420, 900])
})

it('divides a long element at its rows, at line ends, or anywhere but in a character', () => {
  const rows = [0, 100, 200, 300, 400].map((start) => ({ start, end: start + 99 }))
  expect(
    stretchStarts({ text: 'x'.repeat(500), elements: [{ kind: 'table', start: 0, end: 500, rows }] }, 100),
  ).toEqual(rows.map(({ start }) => start))
  expect(stretchStarts({ text: `${'x'.repeat(30)}\n${'y'.repeat(50)}`, elements: [] }, 10)).toEqual([0, 31, 71])
  expect(stretchStarts({ text: 'x' + '😀'.repeat(30), elements: [] }, 10)).toEqual([0, 39])
})

it('gives places in order, none too far from the next, whatever the elements', () => {
  const text = 'word '.repeat(2000)
  fc.assert(
    fc.property(fc.array(fc.nat(12_000), { maxLength: 40 }), (places) => {
      const sorted = places.sort((a, b) => a - b)
      const elements = sorted.map((start, index): Element => ({
        kind: 'quote',
        start,
        end: sorted[index + 1] ?? 12_000,
      }))
      const starts = stretchStarts({ text, elements }, 200)
      expect(starts[0]).toBe(0)
      for (const [index, start] of starts.entries()) {
        const end = starts[index + 1] ?? text.length
        expect(end).toBeGreaterThan(start)
        expect(end - start).toBeLessThanOrEqual(800 + 200)
      }
    }),
  )
  expect(stretchStarts({ text: '', elements: [] })).toEqual([0])
})
