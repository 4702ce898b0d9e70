import { expect, it } from 'vitest'
import { cutTextSchema } from '../../contract/lab.ts'
import type { Chunk, ParsedDocument } from '../../contract/parsed-document.ts'
import { describeCut } from './describe-cut.ts'

const text = 'One fine day. Two fine days. Three fine days.'
const document: ParsedDocument = {
  text,
  elements: [{ kind: 'paragraph', start: 0, end: text.length }],
  pages: [],
  warnings: [],
}

function chunk(start: number, end: number, tokens: number, more: Partial<Chunk> = {}): Chunk {
  return { start, end, text: text.slice(start, end), tokens, headings: [], context: '', ...more }
}

it('gives chunks as parallel arrays, paths once, and figures', () => {
  const chunks = [
    chunk(0, 20, 4, { headings: ['A', 'B'] }),
    chunk(18, 28, 2, { headings: ['A'], context: 'name | price' }),
    chunk(29, 45, 4, { headings: ['A', 'B'] }),
  ]
  const cut = cutTextSchema.parse(describeCut(document, chunks, 1.5))
  expect(cut).toEqual({
    starts: [0, 18, 29],
    ends: [20, 28, 45],
    tokens: [4, 2, 4],
    pathOf: [0, 1, 0],
    paths: [['A', 'B'], ['A']],
    contexts: [{ ordinal: 1, text: 'name | price' }],
    faults: [{ kind: 'sentence', ordinal: 1, start: 14, end: 28 }],
    statistics: {
      chunks: 3,
      tokens: 10,
      leastTokens: 2,
      medianTokens: 4,
      meanTokens: 10 / 3,
      mostTokens: 4,
      characters: 46,
      overlap: 2 / 44,
      faults: { sentence: 1, row: 0, table: 0, code: 0 },
    },
    chunkMs: 1.5,
  })
})

it('has figures for a document without chunks', () => {
  expect(describeCut({ ...document, text: '' }, [], 0).statistics).toMatchObject({
    chunks: 0,
    meanTokens: 0,
    overlap: 0,
  })
})
