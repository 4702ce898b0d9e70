import { recursiveChunker } from '../../core/chunkers/recursive.ts'
import type { Repeats } from '../../core/contract/models.ts'
import { repeatWeight } from '../../core/embedders/parts/repeats.ts'
import { ndcg } from '../../core/evaluators/ndcg.ts'
import { indexedText } from '../../core/flows/indexed-text.ts'
import type { BeirSet } from '../../core/flows/read-beir.ts'
import type { Tokenizer } from '../../core/shared/tokenizer.ts'
import { known } from './corpus.ts'
import type { SourcedPair } from './corpus.ts'

/** The product's embedder, or a table that is not in a file yet. */
export interface TextEmbedder {
  readonly tokenizer: Tokenizer
  embed(text: string): Float32Array | Promise<Float32Array>
}

/**
 * A table of token vectors as an embedder: the mean of a text's rows, a row that is there n times counting as `repeats`
 * says, of length 1 (zeros for an unknown text).
 */
export interface TableEmbedder extends TextEmbedder {
  /** The first `size` numbers of the vectors; a prefix of the table's rows. */
  readonly dimensions: number
  embed(text: string): Float32Array
}

export function createTableEmbedder(
  table: Float32Array,
  tokenizer: Tokenizer,
  rowLength: number,
  repeats: Repeats,
  dimensions = rowLength,
): TableEmbedder {
  return {
    tokenizer,
    dimensions,
    embed(text) {
      const sum = new Float32Array(dimensions)
      const counts = new Map<number, number>()
      for (const id of known(tokenizer, text)) counts.set(id, (counts.get(id) ?? 0) + 1)
      for (const [id, count] of counts) {
        const weight = repeatWeight(repeats, count)
        const from = id * rowLength
        for (let d = 0; d < dimensions; d++) sum[d]! += weight * table[from + d]!
      }
      const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0))
      return length > 0 ? sum.map((value) => value / length) : sum
    },
  }
}

/**
 * Mean nDCG@10 of vectors alone on a test set, measured as `npm run bench -- retrieval` does: documents cut by the
 * default chunker, a document as good as its best chunk.
 */
export async function evaluateSet({ corpus, cases }: BeirSet, embedder: TextEmbedder): Promise<number> {
  const chunker = recursiveChunker.create(recursiveChunker.options.parse({}), { tokenizer: embedder.tokenizer })
  const documents: { id: string; vectors: Float32Array[] }[] = []
  for (const { id, title, text: body } of corpus) {
    const text = body.trim() === '' ? (title ?? '') : body
    const elements = [{ kind: 'paragraph' as const, start: 0, end: text.length }]
    const chunks = text.trim() === '' ? [] : await chunker.chunk({ text, elements, pages: [], warnings: [] })
    const vectors: Float32Array[] = []
    for (const chunk of chunks) vectors.push(await embedder.embed(indexedText(title, chunk)))
    documents.push({ id, vectors })
  }
  const evaluator = ndcg.create({ k: 10 })
  const scores: number[] = []
  for (const { question, relevance } of cases) {
    const query = await embedder.embed(question)
    const scored = documents.flatMap(({ id, vectors }) =>
      vectors.length === 0 ? [] : [{ id, score: Math.max(...vectors.map((vector) => dot(query, vector))) }],
    )
    scores.push(evaluator.score({ ranking: best(scored), relevance }))
  }
  return mean(scores)
}

/**
 * By source, the mean reciprocal rank (of the first ten) of each held-out query's passage among the held-out passages
 * of that source; at most 1000 pairs of each.
 */
export function evaluateHeldOut(pairs: readonly SourcedPair[], embedder: TableEmbedder): Map<string, number> {
  const bySource = Map.groupBy(pairs, ({ source }) => source)
  return new Map(
    [...bySource].map(([source, all]) => {
      const own = all.slice(0, maxHeldOut)
      const passages = [...new Set(own.map(({ passage }) => passage))].map((passage) => ({
        passage,
        vector: embedder.embed(passage),
      }))
      const ranks = own.map(({ query, passage }) => {
        const vector = embedder.embed(query)
        const scores = passages.map((other) => dot(vector, other.vector))
        const score = scores[passages.findIndex((other) => other.passage === passage)]!
        const above = scores.filter((other) => other > score).length
        return above < 10 ? 1 / (above + 1) : 0
      })
      return [source, mean(ranks)] as const
    }),
  )
}

const maxHeldOut = 1000

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function best(scored: { id: string; score: number }[]): string[] {
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, 10)
    .map(({ id }) => id)
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!
  return sum
}
