import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import type { ChunkEditId, DocumentId } from '../../../core/shared/ids.ts'
import { figuresOf, figuresText, sizesOf, statesOf } from './chunk-figures.ts'
import { histogramOf } from '../../ui/histogram-bins.ts'
import { spansIn } from '../../ui/text-blocks.ts'
import { answerSpanOf, chunkAt, offsetInText, ordinalsIn, segmentAt, toSegments, toSpans } from './segments.ts'

function chunk(ordinal: number, start: number, end: number, change: Partial<ShownChunk> = {}): ShownChunk {
  return {
    ordinal,
    start,
    end,
    text: 'x'.repeat(end - start),
    tokens: end - start,
    headings: [],
    pageFirst: null,
    pageLast: null,
    place: null,
    context: '',
    edited: null,
    disabled: false,
    editId: null,
    answerStart: null,
    answerEnd: null,
    ...change,
  }
}

describe('what is answered with', () => {
  it('is told where it is more than the chunk, with the chunks that it touches', () => {
    const chunks = [chunk(0, 0, 10), chunk(1, 10, 20, { answerStart: 5, answerEnd: 30 }), chunk(2, 25, 40)]
    expect(answerSpanOf(chunks[0]!)).toBeNull()
    expect(answerSpanOf(chunk(3, 10, 20, { answerStart: 10, answerEnd: 20 }))).toBeNull()
    const span = answerSpanOf(chunks[1]!)
    expect(span).toEqual({ start: 5, end: 30 })
    expect(ordinalsIn(chunks, span)).toEqual([0, 1, 2])
    expect(ordinalsIn(chunks, { start: 10, end: 25 })).toEqual([1])
    expect(ordinalsIn(chunks, null)).toEqual([])
  })
})

describe('segments', () => {
  it('cover the text without gaps, and begin where chunks begin', () => {
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.array(fc.nat(20_000), { maxLength: 50 }),
        fc.integer({ min: 50, max: 900 }),
        (length, numbers, wanted) => {
          const starts = numbers.toSorted((a, b) => a - b)
          const segments = toSegments(length, starts, wanted)
          expect(segments.map(({ start }) => start)).toEqual(
            [0, ...segments.map(({ end }) => end)].slice(0, segments.length),
          )
          expect(segments.at(-1)?.end ?? 0).toBe(length)
          for (const { start, end } of segments) {
            expect(end - start).toBeGreaterThan(0)
            expect(end - start).toBeLessThanOrEqual(4 * wanted)
          }
        },
      ),
    )
    expect(toSegments(1000, [0, 90, 200, 420, 950], 150)).toEqual([
      { start: 0, end: 200 },
      { start: 200, end: 420 },
      { start: 420, end: 950 },
      { start: 950, end: 1000 },
    ])
  })

  it('are found by an offset', () => {
    const segments = toSegments(1000, [300, 600], 250)
    expect([0, 299, 300, 999, 5000].map((offset) => segmentAt(segments, offset))).toEqual([0, 0, 1, 2, 2])
  })

  it('know the chunks that touch them, coloured in turn', () => {
    const spans = toSpans([chunk(0, 0, 10), chunk(1, 8, 20), chunk(2, 20, 30, { disabled: true })])
    expect(spans.map(({ tone }) => tone)).toEqual(['even', 'odd', 'off'])
    expect(spansIn(spans, { start: 9, end: 20 }).map(({ id }) => id)).toEqual([0, 1])
  })
})

it('finds the chunk of an offset, or the one before it', () => {
  const chunks = [chunk(0, 5, 10), chunk(1, 12, 20)]
  expect([0, 5, 11, 12, 99].map((offset) => chunkAt(chunks, offset)?.ordinal)).toEqual([0, 0, 0, 1, 1])
  expect(chunkAt([], 3)).toBeUndefined()
})

it('counts line breaks of two signs as a text area does not', () => {
  expect(offsetInText('a\r\nb\nc', 2)).toBe(3)
  expect(offsetInText('a\r\nb\nc', 4)).toBe(5)
  expect(offsetInText('ab', 9)).toBe(2)
})

describe('figures', () => {
  it('are those of the tokens', () => {
    const chunks = [chunk(0, 0, 12), chunk(1, 12, 268), chunk(2, 268, 300)]
    expect(figuresOf(chunks)).toEqual({ chunks: 3, tokens: 300, least: 12, median: 32, most: 256, unit: 'token' })
    expect(figuresText(figuresOf(chunks))).toBe('3 chunks of 12–256 tokens')
    expect(figuresText(figuresOf([chunk(0, 0, 1)]))).toBe('1 chunk of 1 token')
    expect(figuresText(figuresOf([]))).toBe('no chunks')
  })

  it('count characters where nothing was tokenised', () => {
    const chunks = [chunk(0, 0, 12, { tokens: 0 }), chunk(1, 12, 20, { tokens: 0 })]
    expect(figuresText(figuresOf(chunks))).toBe('2 chunks of 8–12 characters')
  })

  it('put every chunk in one bin', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 80 }), (sizes) => {
        const bins = histogramOf(sizesOf(sizes.map((size, index) => chunk(index, 0, size))))
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(sizes.length)
        expect(bins.length).toBeLessThanOrEqual(16)
        for (const bin of bins) {
          expect(bin.count).toBe(sizes.filter((size) => size >= bin.from && size <= bin.to).length)
        }
      }),
    )
  })

  it('end where several are compared', () => {
    const bins = histogramOf([3, 12], { mostBins: 8, upTo: 100 })
    expect(bins.map(({ count }) => count)).toEqual([2, 0, 0, 0, 0, 0, 0])
    expect(bins.at(-1)).toEqual({ from: 96, to: 111, count: 0 })
  })
})

it('says what people made of a chunk', () => {
  const editId = 'ced_1' as ChunkEditId
  const edit = (kind: ChunkEdit['kind']): ChunkEdit => ({
    id: editId,
    documentId: 'doc_1' as DocumentId,
    kind,
    anchor: '',
    start: 0,
    text: null,
    lost: false,
    createdAt: 0,
  })
  expect(statesOf(chunk(0, 0, 3), [])).toEqual([])
  expect(statesOf(chunk(0, 0, 3, { disabled: true, editId }), [edit('disable')])).toEqual(['off'])
  expect(statesOf(chunk(0, 0, 3, { edited: 'y', editId }), [edit('edit')])).toEqual(['edited'])
  expect(statesOf(chunk(0, 0, 3, { edited: 'y', editId }), [edit('add')])).toEqual(['added', 'edited'])
})
