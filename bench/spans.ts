import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import papaparse from 'papaparse'
import { chunkerDefinitions } from '../core/chunkers/list.ts'
import type { Chunk, Element } from '../core/contract/parsed-document.ts'
import { openSqlite } from '../core/database/sqlite.ts'
import type { Embedder } from '../core/embedders/embedder.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import type { SpanCase, TextSpan } from '../core/evaluators/evaluator.ts'
import { overlaps } from '../core/evaluators/parts/spans.ts'
import { spanIou } from '../core/evaluators/span-iou.ts'
import { spanPrecisionOmega } from '../core/evaluators/span-precision-omega.ts'
import { spanPrecision } from '../core/evaluators/span-precision.ts'
import { spanRecall } from '../core/evaluators/span-recall.ts'
import { indexedText } from '../core/flows/indexed-text.ts'
import { sqliteIndex } from '../core/indexes/sqlite.ts'
import { hybridRetriever } from '../core/retrievers/hybrid.ts'
import type { ChunkPlace, SearchMode } from '../core/retrievers/retriever.ts'
import { findDefinition } from '../core/shared/family.ts'
import type { DocumentId } from '../core/shared/ids.ts'
import { coverage } from '../core/tokenizers/coverage.ts'

/**
 * How much of what is wanted, and how little else, the first five results are: recall, precision and IoU over spans
 * (Chroma 2024) for our chunkers, over the 472 questions and five texts of `../shared/data/chunking/chroma`, with the
 * product's index and retriever and the bundled model. Texts go in as they are, with paragraphs as elements; five texts are
 * all there is, so that there is no limit on results from one.
 *
 *   npm run bench -- spans
 */
export async function run(): Promise<void> {
  if (!existsSync(folder)) {
    console.log(`spans: skipped, there is no ${folder}`)
    return
  }
  const embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({}), {
    locateModel: async () => join(import.meta.dirname, '../models/static-256'),
    threads: 1,
  })
  const cases = readCases()
  const texts = new Map(
    [...new Set(cases.map(({ corpus }) => corpus))].map((corpus) => [
      corpus,
      readFileSync(join(folder, 'corpora', `${corpus}.md`), 'utf8'),
    ]),
  )
  const rows: Record<string, unknown>[] = []
  for (const { id, options } of contestants) {
    const index = await createIndex(id, options, texts, embedder)
    for (const way of ways) {
      const scored: SpanCase[] = []
      for (const { question, corpus, references } of cases) {
        const expected = references.map((reference) => ({ documentId: corpus, ...reference }))
        const covering = index.chunks.filter((chunk) => expected.some((span) => overlaps(chunk, span)))
        scored.push({ expected, covering, retrieved: await index.retrieve(question, way) })
      }
      const mean = (evaluator: { score(scoredCase: SpanCase): number | null }): number =>
        round((100 / scored.length) * scored.reduce((sum, one) => sum + (evaluator.score(one) ?? 0), 0))
      const characters = index.chunks.reduce((sum, { start, end }) => sum + end - start, 0)
      const row = {
        chunker: id,
        options: JSON.stringify(options),
        way: way.name,
        chunks: index.chunks.length,
        characters: Math.round(characters / index.chunks.length),
        recall: mean(spanRecall.create({ k: 5 })),
        precision: mean(spanPrecision.create({ k: 5 })),
        precisionOmega: mean(spanPrecisionOmega.create({})),
        iou: mean(spanIou.create({ k: 5 })),
      }
      rows.push(row)
      console.error(Object.values(row).join('  '))
    }
    index.close()
  }
  console.table(rows)
  await embedder.dispose()
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  const result = { command: 'npm run bench -- spans', questions: cases.length, rows }
  writeFileSync(join(results, 'spans.json'), `${JSON.stringify(result, null, 2)}\n`)
}

const folder = join(import.meta.dirname, '../../shared/data/chunking/chroma/general_evaluation_data')

const contestants: { id: string; options: Record<string, unknown> }[] = [
  { id: 'recursive', options: { maxTokens: 400 } },
  { id: 'recursive', options: { maxTokens: 256 } },
  { id: 'sentence', options: { maxTokens: 256, overlapTokens: 0 } },
  { id: 'fixed', options: {} },
  { id: 'semantic', options: {} },
  { id: 'cluster-semantic', options: {} },
  { id: 'cluster-semantic', options: { maxTokens: 400 } },
  { id: 'sentence-window', options: {} },
  { id: 'parent-child', options: {} },
  { id: 'separators', options: {} },
]

interface Way {
  name: string
  mode: SearchMode
  options: Record<string, unknown>
}

const ways: Way[] = [
  { name: 'text', mode: 'text', options: { mergeNeighbours: false } },
  { name: 'text, neighbours merged, from 0.5 of the best', mode: 'text', options: { leastShare: 0.5 } },
  { name: 'text, neighbours merged, from 0.6 of the best', mode: 'text', options: { leastShare: 0.6 } },
  { name: 'text, neighbours merged, from 0.7 of the best', mode: 'text', options: { leastShare: 0.7 } },
  { name: 'hybrid', mode: 'hybrid', options: { mergeNeighbours: false } },
  { name: 'hybrid, neighbours merged', mode: 'hybrid', options: {} },
  { name: 'hybrid, neighbours merged, from 0.5 of the best', mode: 'hybrid', options: { leastShare: 0.5 } },
]

interface PublishedCase {
  question: string
  corpus: string
  references: { start: number; end: number }[]
}

function readCases(): PublishedCase[] {
  const file = readFileSync(join(folder, 'questions_df.csv'), 'utf8')
  const { data } = papaparse.parse<Record<string, string>>(file, { header: true, skipEmptyLines: true })
  return data.map((row) => ({
    question: row.question!,
    corpus: row.corpus_id!,
    references: (JSON.parse(row.references!) as { start_index: number; end_index: number }[]).map(
      ({ start_index: start, end_index: end }) => ({ start, end }),
    ),
  }))
}

async function createIndex(
  id: string,
  options: Record<string, unknown>,
  texts: ReadonlyMap<string, string>,
  embedder: Embedder,
) {
  const { dimensions, tokenizer } = embedder
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  const embed = async (parts: readonly string[]) => ({ vectors: await embedder.embed(parts, 'passage'), dimensions })
  const chunker = definition.create(definition.options.parse(options), { tokenizer, embed })
  const database = openSqlite(':memory:')
  const store = sqliteIndex.create({}, { database, indexId: 1, dimensions })
  store.create()
  const places = new Map<number, ChunkPlace>()
  const chunks: (Chunk & TextSpan)[] = []
  for (const [corpus, text] of texts) {
    const documentId = corpus as DocumentId
    const own = await chunker.chunk({ text, elements: paragraphsOf(text), pages: [], warnings: [] })
    const bodies = own.map((chunk) => indexedText(undefined, chunk))
    const vectors = await embedder.embed(bodies, 'passage')
    store.add(
      own.map((chunk, ordinal) => {
        const chunkId = chunks.push({ ...chunk, documentId: corpus })
        const { answerStart, answerEnd } = chunk
        const answer =
          answerStart === undefined || answerEnd === undefined ? undefined : { start: answerStart, end: answerEnd }
        places.set(chunkId, { chunkId, documentId, ordinal, ...(answer ? { answer } : {}) })
        const vector = vectors.subarray(ordinal * dimensions, (ordinal + 1) * dimensions)
        return { chunkId, documentId, text: bodies[ordinal]!, vector }
      }),
    )
  }
  store.optimize()
  return {
    chunks,
    async retrieve(question: string, { mode, options: own }: Way): Promise<TextSpan[]> {
      const retriever = hybridRetriever.create(hybridRetriever.options.parse({ perDocument: 0, ...own }), {
        searchText: (query, limit) => store.searchText(query, limit),
        searchVector: (vector, limit) => store.searchVector(vector, limit),
        searchPhrases: (query, limit) => store.searchPhrases(query, limit),
        vectors: (ids) => store.vectors(ids),
        embedQuery: async (text) => ({
          vector: await embedder.embed([text], 'query'),
          coverage: coverage(tokenizer, text),
        }),
        places: (ids) => ids.flatMap((chunkId) => places.get(chunkId) ?? []),
      })
      const found = await retriever.retrieve({ text: question, k: 5, mode })
      return found.map(({ documentId, chunkIds }) => {
        const members = chunkIds.map((chunkId) => chunks[chunkId - 1]!)
        const start = Math.min(...members.map((chunk) => chunk.answerStart ?? chunk.start))
        const end = Math.max(...members.map((chunk) => chunk.answerEnd ?? chunk.end))
        return { documentId, start, end }
      })
    },
    close: () => database.close(),
  }
}

/** Paragraphs, and single lines that Markdown or MediaWiki mark as headings. */
function paragraphsOf(text: string): Element[] {
  return [...text.matchAll(/\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*/g)].map((match) => ({
    kind: /^(?:#{1,6} .*|=+ [^\n]* =+ ?)$/.test(match[0]) ? 'heading' : 'paragraph',
    level: 1,
    start: match.index,
    end: match.index + match[0].length,
  }))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
