import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Element, ParsedDocument } from '../../contract/parsed-document.ts'
import { findFaults } from './faults.ts'

function document(text: string, elements: Element[]): ParsedDocument {
  return { text, elements, pages: [], warnings: [] }
}

/** One paragraph. */
function prose(text: string): ParsedDocument {
  return document(text, [{ kind: 'paragraph', start: 0, end: text.length }])
}

/** Chunks that end at these places, one after the other. */
function cutAt(text: string, ...places: number[]): { start: number; end: number }[] {
  const ends = [...places, text.length]
  return ends.map((end, index) => ({ start: ends[index - 1] ?? 0, end }))
}

const sentences = 'One fine day. Two fine days. Three fine days.'

describe('sentences', () => {
  it('are cut where a chunk begins inside of one, and not where it begins with one', () => {
    expect(findFaults(prose(sentences), cutAt(sentences, 14))).toEqual([])
    expect(findFaults(prose(sentences), cutAt(sentences, 18))).toEqual([
      { kind: 'sentence', ordinal: 1, start: 14, end: 28 },
    ])
    const spaceLeftOut = [
      { start: 0, end: 13 },
      { start: 14, end: 45 },
    ]
    expect(findFaults(prose(sentences), spaceLeftOut)).toEqual([])
  })

  it('are counted once, however often they are cut', () => {
    expect(findFaults(prose(sentences), cutAt(sentences, 16, 18, 22))).toHaveLength(1)
  })

  it('are not cut where an overlap holds them whole', () => {
    const overlapping = [
      { start: 0, end: 18 },
      { start: 14, end: 45 },
    ]
    expect(findFaults(prose(sentences), overlapping)).toEqual([])
    const short = [
      { start: 0, end: 18 },
      { start: 16, end: 45 },
    ]
    expect(findFaults(prose(sentences), short)).toEqual([{ kind: 'sentence', ordinal: 1, start: 14, end: 28 }])
  })

  it('end with their element, and what never ends is none', () => {
    const two = 'A title\n\nThe text.'
    const elements: Element[] = [
      { kind: 'paragraph', start: 0, end: 7 },
      { kind: 'paragraph', start: 9, end: 18 },
    ]
    expect(findFaults(document(two, elements), cutAt(two, 9))).toEqual([])
    expect(findFaults(document(two, elements), cutAt(two, 2))).toEqual([
      { kind: 'sentence', ordinal: 1, start: 0, end: 7 },
    ])
    const endless = 'word '.repeat(1000)
    expect(findFaults(prose(endless), cutAt(endless, 2500))).toEqual([])
  })
})

describe('tables', () => {
  const text = 'name | price\nbolt | 1\nnut | 2\n\nEnd.'
  const rows = [
    { start: 0, end: 12 },
    { start: 13, end: 21 },
    { start: 22, end: 29 },
  ]
  const table = document(text, [
    { kind: 'table', start: 0, end: 29, rows, headerRows: 1 },
    { kind: 'paragraph', start: 31, end: 35 },
  ])

  it('are cut between rows, rows inside of them', () => {
    expect(findFaults(table, cutAt(text, 30))).toEqual([])
    expect(findFaults(table, cutAt(text, 22))).toEqual([{ kind: 'table', ordinal: 1, start: 0, end: 29 }])
    expect(findFaults(table, cutAt(text, 16))).toEqual([
      { kind: 'table', ordinal: 1, start: 0, end: 29 },
      { kind: 'row', ordinal: 1, start: 13, end: 21 },
    ])
  })
})

describe('code', () => {
  it('is cut inside of its block', () => {
    const text = 'Before.\n\nfirst()\nsecond()\n\nAfter.'
    const code = document(text, [
      { kind: 'paragraph', start: 0, end: 7 },
      { kind: 'code', start: 9, end: 25 },
      { kind: 'paragraph', start: 27, end: 33 },
    ])
    expect(findFaults(code, cutAt(text, 8, 26))).toEqual([])
    expect(findFaults(code, cutAt(text, 17))).toEqual([{ kind: 'code', ordinal: 1, start: 9, end: 25 }])
  })

  it('is a definition where the parser found one, in however many pieces', () => {
    const text = 'function one() {\n  a()\n\n  b()\n}\n\nfunction two() {}'
    const source = document(text, [
      { kind: 'code', start: 0, end: 22, symbols: ['function one'] },
      { kind: 'code', start: 24, end: 31, symbols: ['function one'] },
      { kind: 'code', start: 33, end: 50, symbols: ['function two'] },
    ])
    expect(findFaults(source, cutAt(text, 33))).toEqual([])
    expect(findFaults(source, cutAt(text, 24))).toEqual([{ kind: 'code', ordinal: 1, start: 0, end: 31 }])
  })
})

it('says nothing of a document in one chunk, and every fault lies in no chunk, whatever the cuts', () => {
  const text = Array.from({ length: 40 }, (_, index) => `Sentence ${index} has a few words.`).join(' ')
  const whole = prose(text)
  expect(findFaults(whole, [{ start: 0, end: text.length }])).toEqual([])
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 20 }), (places) => {
      const chunks = cutAt(text, ...places.sort((a, b) => a - b))
      for (const { start, end, ordinal } of findFaults(whole, chunks)) {
        expect(chunks.some((chunk) => chunk.start <= start && chunk.end >= end)).toBe(false)
        expect(chunks[ordinal]!.start).toBeGreaterThan(start)
        expect(chunks[ordinal]!.start).toBeLessThan(end)
      }
    }),
  )
})
