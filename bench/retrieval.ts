import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Database } from 'better-sqlite3'
import { recursiveChunker } from '../core/chunkers/recursive.ts'
import { openSqlite } from '../core/database/sqlite.ts'
import type { Embedder } from '../core/embedders/embedder.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { mrr } from '../core/evaluators/mrr.ts'
import { ndcg } from '../core/evaluators/ndcg.ts'
import { recall } from '../core/evaluators/recall.ts'
import { indexedText as passageText } from '../core/flows/indexed-text.ts'
import { readBeir } from '../core/flows/read-beir.ts'
import type { BeirDocument, BeirSet } from '../core/flows/read-beir.ts'
import type { IndexEntry, IndexHit, IndexStore } from '../core/indexes/index-store.ts'
import { isDirection } from '../core/indexes/parts/vector-codes.ts'
import { sqliteIndex } from '../core/indexes/sqlite.ts'
import { analyseQuery, indexedText } from '../core/indexes/text-analysis.ts'
import { createModelLocator } from '../core/model-files/locator.ts'
import { hybridRetriever } from '../core/retrievers/hybrid.ts'
import type { ChunkPlace, SearchMode } from '../core/retrievers/retriever.ts'
import type { DocumentId } from '../core/shared/ids.ts'
import { coverage } from '../core/tokenizers/coverage.ts'
import { compareVectorSearch } from './search.ts'

/**
 * Retrieval quality on the shared test sets, documents cut and indexed as the product does it; a document's score is
 * that of its best chunk. Every variant asks the same questions of the same index. The last column pairs each with BM25.
 *
 *   npm run bench -- retrieval [--model NAME] [SET…]
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`retrieval: skipped, there is no ${dataFolder}`)
    return
  }
  const { values, positionals } = parseArgs({ args, options: { model: { type: 'string' } }, allowPositionals: true })
  const names = positionals.length > 0 ? positionals : readdirSync(dataFolder).sort()
  const embedder = await openEmbedder(values.model)
  const results: SetResult[] = []
  for (const name of names) {
    const result = await measureSet(name, await readBeir(join(dataFolder, name)), embedder)
    results.push(result)
    print(result)
  }
  const summary = summarise(results)
  console.log(JSON.stringify(summary, null, 2))
  await embedder.dispose()
  if (positionals.length > 0) return
  mkdirSync(resultsFolder, { recursive: true })
  const command = ['npm run bench -- retrieval', ...args].join(' ')
  const report = { command, model: embedder.modelId, load: loadavg(), summary, results }
  const file = values.model === undefined ? 'retrieval.json' : `retrieval-${values.model}.json`
  writeFileSync(join(resultsFolder, file), `${JSON.stringify(report, null, 2)}\n`)
}

const dataFolder = fileURLToPath(new URL('../../shared/data/retrieval/', import.meta.url))
const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url))
const modelsFolder = fileURLToPath(new URL('../models/', import.meta.url))

interface Variant {
  name: string
  mode: SearchMode
  options: Record<string, unknown>
}

/** Chunks asked for, so that a hundred documents are among them; no merging and no cap: documents are ranked. */
const chunksPerQuestion = 400
const byDocument = { mergeNeighbours: false, perDocument: 0 }
const baseline = 'text (BM25, stemmed)'
const shipped = 'hybrid (convex)'
const variants: readonly Variant[] = [
  { name: baseline, mode: 'text', options: {} },
  { name: 'vector', mode: 'vector', options: {} },
  { name: shipped, mode: 'hybrid', options: {} },
  { name: 'hybrid (RRF)', mode: 'hybrid', options: { fusion: 'rrf' } },
  { name: 'hybrid (RRF, half and half)', mode: 'hybrid', options: { fusion: 'rrf', vectorWeight: 0.5 } },
  { name: 'convex without feedback', mode: 'hybrid', options: { feedbackWeight: 0 } },
  { name: 'convex without phrases', mode: 'hybrid', options: { phraseWeight: 0 } },
  { name: 'convex, words and vectors only', mode: 'hybrid', options: { phraseWeight: 0, feedbackWeight: 0 } },
  { name: 'words and phrases only', mode: 'hybrid', options: { vectorWeight: 0, feedbackWeight: 0 } },
]
const unstemmed = 'text (BM25, not stemmed)'

const metrics = {
  'ndcg@10': ndcg.create({ k: 10 }),
  'recall@10': recall.create({ k: 10 }),
  'recall@100': recall.create({ k: 100 }),
  'mrr@10': mrr.create({ k: 10 }),
}
type MetricName = keyof typeof metrics
type Scores = Record<MetricName, number>

interface Comparison {
  /** nDCG@10 minus the baseline's. */
  mean: number
  /** 95 % interval of the mean, paired bootstrap over the questions. */
  low: number
  high: number
}

interface Row {
  variant: string
  scores: Scores
  againstBaseline: Comparison
}

interface SetResult {
  set: string
  documents: number
  chunks: number
  questions: number
  rows: Row[]
  /** Over a tenth of the questions. */
  vectorSearch: ReturnType<typeof compareVectorSearch>
}

interface Corpus {
  database: Database
  store: IndexStore
  places: Map<number, ChunkPlace>
  searchUnstemmed(query: string, limit: number): IndexHit[]
}

/** The default model unless another is named. */
async function openEmbedder(model: string | undefined): Promise<Embedder> {
  const locateModel = createModelLocator([modelsFolder])
  return transformersEmbedder.create(transformersEmbedder.options.parse(model === undefined ? {} : { model }), {
    locateModel,
    threads: 1,
  })
}

async function measureSet(name: string, set: BeirSet, embedder: Embedder): Promise<SetResult> {
  const { database, store, places, searchUnstemmed } = await index(set.corpus, embedder)
  const perCase = new Map<string, Scores[]>()
  const queries: Float32Array[] = []
  const record = (variant: string, chunkIds: readonly number[], relevance: ReadonlyMap<string, number>): void => {
    const ranking = [...new Set(chunkIds.map((id) => places.get(id)!.documentId))]
    const scores = Object.fromEntries(
      Object.entries(metrics).map(([metric, evaluator]) => [metric, evaluator.score({ ranking, relevance })]),
    ) as Scores
    const list = perCase.get(variant)
    if (list) list.push(scores)
    else perCase.set(variant, [scores])
  }
  for (const { question, relevance } of set.cases) {
    const vector = await embedder.embed([question], 'query')
    queries.push(vector)
    const known = coverage(embedder.tokenizer, question)
    // The variants ask the same things; each is asked once.
    const searches = {
      searchText: once(store.searchText),
      searchPhrases: once(store.searchPhrases),
      searchVector: once(store.searchVector),
    }
    for (const { name: variant, mode, options } of variants) {
      const retriever = hybridRetriever.create(hybridRetriever.options.parse({ ...byDocument, ...options }), {
        ...searches,
        vectors: store.vectors,
        embedQuery: async () => ({ vector, coverage: known }),
        places: (ids) => ids.flatMap((id) => places.get(id) ?? []),
      })
      const found = await retriever.retrieve({ text: question, k: chunksPerQuestion, mode })
      record(
        variant,
        found.map(({ chunkId }) => chunkId),
        relevance,
      )
    }
    record(
      unstemmed,
      searchUnstemmed(question, chunksPerQuestion).map(({ chunkId }) => chunkId),
      relevance,
    )
  }
  const reference = perCase.get(baseline)!.map((scores) => scores['ndcg@10'])
  const rows = [...perCase].map(([variant, scores]) => ({
    variant,
    scores: Object.fromEntries(
      Object.keys(metrics).map((metric) => [metric, mean(scores.map((one) => one[metric as MetricName]))]),
    ) as Scores,
    againstBaseline: compare(scores.map((one, position) => one['ndcg@10'] - reference[position]!)),
  }))
  const vectorSearch = compareVectorSearch(
    database,
    1,
    embedder.dimensions,
    queries.filter((query, at) => at % 10 === 0 && isDirection(query)),
  )
  database.close()
  return {
    set: name,
    documents: set.corpus.length,
    chunks: places.size,
    questions: set.cases.length,
    rows,
    vectorSearch,
  }
}

async function index(corpus: readonly BeirDocument[], embedder: Embedder): Promise<Corpus> {
  const database = openSqlite(':memory:')
  const store = sqliteIndex.create({}, { database, indexId: 1, dimensions: embedder.dimensions })
  store.create()
  database.exec(`CREATE VIRTUAL TABLE unstemmed USING fts5(
    body, content = '', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'")`)
  const addUnstemmed = database.prepare('INSERT INTO unstemmed (rowid, body) VALUES (?, ?)')
  const findUnstemmed = database.prepare(
    'SELECT rowid AS chunkId, -rank AS score FROM unstemmed WHERE unstemmed MATCH ? ORDER BY rank LIMIT ?',
  )
  const chunker = recursiveChunker.create(recursiveChunker.options.parse({}), { tokenizer: embedder.tokenizer })
  const places = new Map<number, ChunkPlace>()
  let pending: Omit<IndexEntry, 'vector'>[] = []
  const flush = async (): Promise<void> => {
    const vectors = await embedder.embed(
      pending.map(({ text }) => text),
      'passage',
    )
    const rowOf = (row: number): Float32Array =>
      vectors.subarray(row * embedder.dimensions, (row + 1) * embedder.dimensions)
    store.add(pending.map((entry, row) => ({ ...entry, vector: rowOf(row) })))
    database.transaction(() => {
      for (const { chunkId, text } of pending) addUnstemmed.run(chunkId, indexedText(text))
    })()
    pending = []
  }
  for (const document of corpus) {
    const text = document.text.trim() === '' ? (document.title ?? '') : document.text
    const elements = [{ kind: 'paragraph' as const, start: 0, end: text.length }]
    const chunks = text.trim() === '' ? [] : await chunker.chunk({ text, elements, pages: [], warnings: [] })
    const documentId = document.id as DocumentId
    chunks.forEach((chunk, ordinal) => {
      const chunkId = places.size + 1
      places.set(chunkId, { chunkId, documentId, ordinal })
      pending.push({ chunkId, documentId, text: passageText(document.title, chunk) })
    })
    if (pending.length >= 256) await flush()
  }
  await flush()
  store.optimize()
  return {
    database,
    store,
    places,
    searchUnstemmed(query, limit) {
      const terms = analyseQuery(query).terms.map(({ text, prefix }) => `"${text}"${prefix ? '*' : ''}`)
      return terms.length === 0 ? [] : (findUnstemmed.all(terms.join(' OR '), limit) as IndexHit[])
    },
  }
}

function once<Query>(search: (query: Query, limit: number) => IndexHit[]): (query: Query, limit: number) => IndexHit[] {
  let known: IndexHit[] | undefined
  return (query, limit) => (known ??= search(query, limit))
}

function compare(differences: readonly number[]): Comparison {
  const random = generator(20_240_501)
  const resampled = Array.from({ length: 2000 }, () => {
    let sum = 0
    for (let draw = 0; draw < differences.length; draw++) sum += differences[Math.floor(random() * differences.length)]!
    return sum / differences.length
  }).sort((a, b) => a - b)
  return { mean: mean(differences), low: resampled[50]!, high: resampled[1949]! }
}

/** Mulberry32: the same resamples in every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}

function summarise(results: readonly SetResult[]): Record<string, unknown> {
  const of = (variant: string): number[] =>
    results.map(({ rows }) => rows.find((row) => row.variant === variant)!.scores['ndcg@10'])
  const names = results[0]?.rows.map(({ variant }) => variant) ?? []
  const differences = of(shipped).map((score, position) => score - of(baseline)[position]!)
  return {
    meanNdcg: Object.fromEntries(names.map((variant) => [variant, round(mean(of(variant)))])),
    shippedMinusBm25: {
      mean: round(mean(differences)),
      sets: Object.fromEntries(results.map(({ set }, position) => [set, round(differences[position]!)])),
    },
  }
}

function print({ set, documents, chunks, questions, rows, vectorSearch }: SetResult): void {
  console.log(`\n${set}: ${documents} documents, ${chunks} chunks, ${questions} questions`)
  console.log(`vector search: ${JSON.stringify(vectorSearch)}`)
  console.table(
    Object.fromEntries(
      rows.map(({ variant, scores, againstBaseline: { mean: difference, low, high } }) => [
        variant,
        {
          ...Object.fromEntries(Object.entries(scores).map(([metric, value]) => [metric, round(value)])),
          'minus BM25': `${round(difference)} [${round(low)}, ${round(high)}]`,
        },
      ]),
    ),
  )
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
