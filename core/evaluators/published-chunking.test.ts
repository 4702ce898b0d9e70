import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import papaparse from 'papaparse'
import { describe, expect, it } from 'vitest'
import { meanOf } from '../shared/bootstrap.ts'
import type { SpanCase, TextSpan } from './evaluator.ts'
import { overlaps } from './parts/spans.ts'
import { spanIou } from './span-iou.ts'
import { spanPrecisionOmega } from './span-precision-omega.ts'
import { spanPrecision } from './span-precision.ts'
import { spanRecall } from './span-recall.ts'

/**
 * The metrics themselves, against figures that others got from the same data: the general evaluation set of "Evaluating
 * Chunking Strategies for Retrieval" (Chroma 2024), its recursive splitter, plain BM25, five results.
 */
const folder = fileURLToPath(new URL('../../../shared/data/chunking/chroma/general_evaluation_data/', import.meta.url))
const charactersPerToken = 4.4
const separators = ['\n\n', '\n', '.', '?', '!', ' ', '']

describe.skipIf(!existsSync(folder))(`published figures (needs ${folder})`, () => {
  it.each([
    { tokens: 400, recall: 93.5, precision: 3.7, omega: 18.3, iou: 3.7 },
    { tokens: 200, recall: 83.5, precision: 6.6, omega: 32.1, iou: 6.5 },
  ])('$tokens tokens without overlap: recall $recall, IoU $iou', ({ tokens, recall, precision, omega, iou }) => {
    const corpora = new Map<string, string>()
    const cases = readCases()
    for (const { corpus } of cases) {
      if (!corpora.has(corpus)) corpora.set(corpus, readFileSync(join(folder, 'corpora', `${corpus}.md`), 'utf8'))
    }
    const chunks = [...corpora].flatMap(([documentId, text]) =>
      placed(text, split(text, separators, tokens)).map((place) => ({
        documentId,
        ...place,
        text: text.slice(place.start, place.end),
      })),
    )
    const search = createSearch(chunks.map((chunk) => chunk.text))
    const scored = cases.map(({ question, corpus, references }): SpanCase => {
      const expected = references.map((reference) => ({ documentId: corpus, ...reference }))
      const covering = chunks.filter((chunk) => expected.some((span) => overlaps(chunk, span)))
      return { expected, covering, retrieved: search(question, 5).map((row) => chunks[row]!) }
    })
    const mean = (evaluator: { score(scoredCase: SpanCase): number | null }): number =>
      100 * meanOf(scored.map((one) => evaluator.score(one) ?? 0))
    expect(cases).toHaveLength(472)
    expect(Math.abs(mean(spanRecall.create({ k: 5 })) - recall)).toBeLessThanOrEqual(1)
    expect(Math.abs(mean(spanPrecision.create({ k: 5 })) - precision)).toBeLessThanOrEqual(1)
    expect(Math.abs(mean(spanPrecisionOmega.create({})) - omega)).toBeLessThanOrEqual(1)
    expect(Math.abs(mean(spanIou.create({ k: 5 })) - iou)).toBeLessThanOrEqual(1)
  })
})

interface PublishedCase {
  question: string
  corpus: string
  references: { start: number; end: number }[]
}

function readCases(): PublishedCase[] {
  const { data } = papaparse.parse<Record<string, string>>(readFileSync(join(folder, 'questions_df.csv'), 'utf8'), {
    header: true,
    skipEmptyLines: true,
  })
  return data.map((row) => ({
    question: row.question!,
    corpus: row.corpus_id!,
    references: (JSON.parse(row.references!) as { start_index: number; end_index: number }[]).map(
      ({ start_index: start, end_index: end }) => ({ start, end }),
    ),
  }))
}

/**
 * The published splitter, which is that of LangChain: split at the coarsest separator there is, which stays at the head of
 * what follows it; put pieces together as long as their tokens add up to no more than `size`; split again what is not
 * below it by itself.
 */
function split(text: string, among: readonly string[], size: number): string[] {
  const level = among.findIndex((separator) => separator === '' || text.includes(separator))
  const separator = among[level] ?? ''
  const finer = separator === '' ? [] : among.slice(level + 1)
  const chunks: string[] = []
  let chunk = ''
  let tokens = 0
  const close = (): void => {
    chunks.push(chunk)
    chunk = ''
    tokens = 0
  }
  for (const piece of pieces(text, separator)) {
    const count = Math.ceil(piece.length / charactersPerToken)
    if (count >= size) {
      close()
      chunks.push(...(finer.length > 0 ? split(piece, finer, size) : [piece]))
      continue
    }
    if (tokens + count > size) close()
    chunk += piece
    tokens += count
  }
  close()
  return chunks.map((one) => one.trim()).filter((one) => one !== '')
}

function pieces(text: string, separator: string): string[] {
  if (separator === '') return [...text]
  return text
    .split(separator)
    .map((part, index) => (index === 0 ? part : separator + part))
    .filter((part) => part !== '')
}

/** Chunks come in the order of the text and do not overlap. */
function placed(text: string, chunks: readonly string[]): Omit<TextSpan, 'documentId'>[] {
  let from = 0
  return chunks.map((chunk) => {
    const start = text.indexOf(chunk, from)
    if (start < 0) throw new Error(`A chunk is not in its text: ${chunk.slice(0, 40)}`)
    from = start + chunk.length
    return { start, end: from }
  })
}

/** Any word of the question, stemmed by Porter's algorithm; FTS5's BM25. */
function createSearch(texts: readonly string[]): (question: string, k: number) => number[] {
  const database = new Database(':memory:')
  database.exec(`CREATE VIRTUAL TABLE chunks USING fts5(body, tokenize = 'porter unicode61')`)
  const insert = database.prepare('INSERT INTO chunks (rowid, body) VALUES (?, ?)')
  database.transaction(() => texts.forEach((text, row) => insert.run(row, text)))()
  const select = database
    .prepare<[string, number], number>('SELECT rowid FROM chunks WHERE chunks MATCH ? ORDER BY rank LIMIT ?')
    .pluck()
  return (question, k) => {
    const words = new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    return select.all([...words].map((word) => `"${word}"`).join(' OR '), k)
  }
}
