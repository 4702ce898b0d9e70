import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { openSqlite } from '../core/database/sqlite.ts'
import type { Embedder } from '../core/embedders/embedder.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { readBeir } from '../core/flows/read-beir.ts'
import type { IndexHit } from '../core/indexes/index-store.ts'
import { keptBlocks } from '../core/indexes/parts/kept-blocks.ts'
import { createVectorCodes } from '../core/indexes/parts/vector-codes.ts'
import { sqliteIndex } from '../core/indexes/sqlite.ts'
import { createModelLocator } from '../core/model-files/locator.ts'
import { hybridRetriever } from '../core/retrievers/hybrid.ts'
import type { SearchMode } from '../core/retrievers/retriever.ts'
import type { DocumentId } from '../core/shared/ids.ts'
import { coverage } from '../core/tokenizers/coverage.ts'

/**
 * Time of one search, as a user's question makes it: `retrieve` with k = 10 and the default options, from the question's
 * text (its embedding included) to the list of candidates; the look-up of their texts is not in it. One connection, one
 * thread, a database file whose pages are in the system's cache. Chunks are made of real sentences of the shared test
 * sets in random order, about 800 characters each, 20 to a document; questions are real. "Every vector compared" is what
 * the product did before it had codes, asked in turn with it: first the one, then the other, question by question.
 *
 *   npm run bench -- search [CHUNKS…]      (default: 10000 100000)
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`search: skipped, there is no ${dataFolder}`)
    return
  }
  const sizes = args.length > 0 ? args.map(Number) : [10_000, 100_000]
  const locateModel = createModelLocator([modelsFolder])
  const embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({}), {
    locateModel,
    threads: 1,
  })
  const material = await readMaterial(embedder)
  const results = []
  for (const size of sizes) results.push(await measure(size, material, embedder))
  await embedder.dispose()
  for (const { timings, ...rest } of results) {
    console.log(JSON.stringify(rest, null, 2))
    console.table(timings)
  }
  mkdirSync(resultsFolder, { recursive: true })
  const report = { command: 'npm run bench -- search', cores: 'one thread', results }
  writeFileSync(join(resultsFolder, 'search.json'), `${JSON.stringify(report, null, 2)}\n`)
}

const dataFolder = fileURLToPath(new URL('../../shared/data/retrieval/', import.meta.url))
const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url))
const modelsFolder = fileURLToPath(new URL('../models/', import.meta.url))
const setNames = ['covidqa', 'cranfield', 'xquad-en'] as const
const questionsPerSet = 34
const chunkLength = 800
const chunksPerDocument = 20

export interface Material {
  sentences: { text: string; vector: Float32Array }[]
  questions: string[]
}

/** Real sentences with their vectors, and real questions. */
export async function readMaterial(embedder: Pick<Embedder, 'embed' | 'dimensions'>): Promise<Material> {
  const sentences: string[] = []
  const questions: string[] = []
  for (const name of setNames) {
    const { corpus, cases } = await readBeir(join(dataFolder, name))
    for (const { text } of corpus) {
      sentences.push(
        ...(text.match(/[^.!?\n]+[.!?]*/g) ?? []).map((one) => one.trim()).filter((one) => one.length > 20),
      )
    }
    const step = Math.max(1, Math.floor(cases.length / questionsPerSet))
    questions.push(...cases.filter((_, index) => index % step === 0).map(({ question }) => question))
  }
  const vectors = await embedder.embed(sentences, 'passage')
  const { dimensions } = embedder
  return {
    sentences: sentences.map((text, row) => ({
      text,
      vector: vectors.subarray(row * dimensions, (row + 1) * dimensions),
    })),
    questions,
  }
}

async function measure(size: number, { sentences, questions }: Material, embedder: Embedder) {
  const folder = mkdtempSync(join(tmpdir(), 'quarry-bench-search-'))
  const path = join(folder, 'search.db')
  const database = openSqlite(path)
  const store = sqliteIndex.create({}, { database, indexId: 1, dimensions: embedder.dimensions })
  store.create()
  const random = generator(42)
  const place = (chunkId: number) => ({
    chunkId,
    documentId: `doc-${Math.floor(chunkId / chunksPerDocument)}` as DocumentId,
    ordinal: chunkId % chunksPerDocument,
  })
  const before = performance.now()
  for (let from = 0; from < size; from += 1000) {
    const entries = Array.from({ length: Math.min(1000, size - from) }, (_, row) => {
      const parts: Material['sentences'] = []
      for (let length = 0; length < chunkLength; length += parts.at(-1)!.text.length) {
        parts.push(sentences[Math.floor(random() * sentences.length)]!)
      }
      const vector = vectorOf(parts, embedder.dimensions)
      return { ...place(from + row + 1), text: parts.map(({ text }) => text).join(' '), vector }
    })
    store.add(entries)
  }
  store.optimize()
  const buildSeconds = (performance.now() - before) / 1000

  const retrieverWith = (searchVector: typeof store.searchVector) =>
    hybridRetriever.create(hybridRetriever.options.parse({}), {
      searchText: store.searchText,
      searchPhrases: store.searchPhrases,
      searchVector,
      vectors: store.vectors,
      embedQuery: async (text) => ({
        vector: await embedder.embed([text], 'query'),
        coverage: coverage(embedder.tokenizer, text),
      }),
      places: (ids) => ids.map(place),
    })
  const compareAll: typeof store.searchVector = (vector, limit) => everyVector(database, 1, vector, limit)
  const [retriever, retrieverBefore] = [retrieverWith(store.searchVector), retrieverWith(compareAll)]
  const timings: Record<string, { p50: number; p95: number }> = {}
  /** In turn, so that other work on the machine slows all of them alike. */
  const time = async (works: Record<string, (question: string) => unknown>): Promise<void> => {
    const values = Object.entries(works).map(([name, work]) => ({ name, work, times: [] as number[] }))
    for (const question of questions.slice(0, 5)) for (const { work } of values) await work(question)
    for (const question of questions) {
      for (const { work, times } of values) {
        const start = performance.now()
        await work(question)
        times.push(performance.now() - start)
      }
    }
    for (const { name, times } of values) timings[name] = { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }
  }
  const vectors = new Map<string, Float32Array>()
  for (const question of questions) vectors.set(question, await embedder.embed([question], 'query'))
  const opening = await measureOpening(database, path, embedder.dimensions, vectors.get(questions[0]!)!)
  for (const mode of ['hybrid', 'vector'] satisfies SearchMode[]) {
    await time({
      [`${mode}, ms`]: (text) => retriever.retrieve({ text, k: 10, mode }),
      [`${mode}, every vector compared`]: (text) => retrieverBefore.retrieve({ text, k: 10, mode }),
    })
  }
  await time({ 'text, ms': (text) => retriever.retrieve({ text, k: 10, mode: 'text' }) })
  const ids = Array.from({ length: 200 }, (_, n) => 1 + n * Math.floor(size / 200))
  const half = Array.from({ length: size / chunksPerDocument / 2 }, (_, at) => `doc-${2 * at}` as DocumentId)
  await time({
    '  of it: searchVector(200)': (text) => store.searchVector(vectors.get(text)!, 200),
    '  of it: searchVector(200), every vector compared': (text) => compareAll(vectors.get(text)!, 200),
    '  of it: searchVector(200) in half of the documents': (text) =>
      store.searchVector(vectors.get(text)!, 200, { documentIds: half }),
    '  of it: searchText(200)': (text) => store.searchText(text, 200),
    '  of it: searchPhrases(200)': (text) => store.searchPhrases(text, 200),
    '  of it: vectors(200)': () => store.vectors(ids),
    '  of it: query embedding': (text) => embedder.embed([text], 'query'),
  })
  const agreement = compareVectorSearch(database, 1, embedder.dimensions, [...vectors.values()])
  const keptMegabytes = Math.round(keptBlocks(database).bytes() / 1e5) / 10
  database.close()
  const megabytes = Math.round(statSync(path).size / 1e6)
  rmSync(folder, { recursive: true })
  return {
    chunks: size,
    questions: questions.length,
    buildSeconds: Math.round(buildSeconds * 10) / 10,
    megabytes,
    keptMegabytes,
    ...opening,
    adding: size <= 10_000 ? measureAdding(sentences, embedder.dimensions) : undefined,
    agreement,
    load: loadavg(),
    timings,
  }
}

/** The reference: sqlite-vec's distance of every vector there is. */
export function everyVector(database: Database, indexId: number, vector: Float32Array, limit: number): IndexHit[] {
  return database
    .prepare(
      `SELECT rowid AS chunkId, 1 - vec_distance_cosine(embedding, ?) AS score FROM index_${indexId}_vectors
       ORDER BY score DESC, rowid LIMIT ?`,
    )
    .all(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), BigInt(limit)) as IndexHit[]
}

/** How searches compare with comparing every vector, and how good the codes would be by themselves. */
export function compareVectorSearch(
  database: Database,
  indexId: number,
  dimensions: number,
  queries: readonly Float32Array[],
) {
  const store = sqliteIndex.create({}, { database, indexId, dimensions })
  const codes = createVectorCodes({
    database,
    statement: (sql) => database.prepare(sql),
    dimensions,
    tables: {
      members: `index_${indexId}_members`,
      vectors: `index_${indexId}_vectors`,
      codes: `index_${indexId}_codes`,
    },
  })
  let [equal, found, left, all] = [0, 0, 0, 0]
  const counts: number[] = []
  for (const query of queries) {
    const exact = everyVector(database, indexId, query, 200)
    if (isDeepStrictEqual(store.searchVector(query, 200), exact)) equal++
    const ten = exact.slice(0, 10)
    const byCode = codes.candidates(query, 10)?.sort((a, b) => b.cosine - a.cosine || a.chunkId - b.chunkId) ?? []
    const candidateIds = new Set(byCode.map(({ chunkId }) => chunkId))
    left += ten.filter(({ chunkId }) => candidateIds.has(chunkId)).length
    const first = new Set(byCode.slice(0, 10).map(({ chunkId }) => chunkId))
    found += ten.filter(({ chunkId }) => first.has(chunkId)).length
    all += ten.length
    const candidates = codes.candidates(query, 200)
    if (candidates) counts.push(candidates.length)
  }
  return {
    searches: queries.length,
    /** The same chunks in the same order with the same scores, bit for bit. */
    equal,
    /** Of the ten best, those that are among what codes leave over to be compared. */
    recallOfFirstPassAt10: all === 0 ? 1 : Math.round((10_000 * left) / all) / 10_000,
    /** Of the ten best, those that the codes alone put among the first ten. */
    recallOfCodesAt10: all === 0 ? 1 : Math.round((10_000 * found) / all) / 10_000,
    comparedFor200: { p50: percentile(counts, 0.5), p95: percentile(counts, 0.95) },
  }
}

/** The first search through a new connection, and the first one of an index that has no codes yet. */
async function measureOpening(database: Database, path: string, dimensions: number, vector: Float32Array) {
  const first = (): number => {
    const own = openSqlite(path)
    const store = sqliteIndex.create({}, { database: own, indexId: 1, dimensions })
    const start = performance.now()
    store.searchVector(vector, 200)
    const taken = Math.round(performance.now() - start)
    own.close()
    return taken
  }
  const codesMegabytes = (database.prepare(`SELECT sum(pgsize) FROM dbstat WHERE name = 'index_1_codes'`).pluck().get() as number) / 1e6 // prettier-ignore
  const firstSearchMs = first()
  database.exec('DROP TABLE index_1_codes')
  return { codesMegabytes: Math.round(codesMegabytes * 10) / 10, firstSearchMs, firstSearchMakingCodesMs: first() }
}

/** Documents of twenty chunks, each in its transaction, in turn into an index with codes and into one without. */
function measureAdding(sentences: Material['sentences'], dimensions: number) {
  const folder = mkdtempSync(join(tmpdir(), 'quarry-bench-adding-'))
  const targets = ['withCodes', 'without'].map((name) => {
    const database = openSqlite(join(folder, `${name}.db`))
    const store = sqliteIndex.create({}, { database, indexId: 1, dimensions })
    store.create()
    if (name === 'without') database.exec('DROP TABLE index_1_codes')
    return { name, database, store, times: [] as number[] }
  })
  for (let document = 0; document < 500; document++) {
    const entries = Array.from({ length: chunksPerDocument }, (_, at) => {
      const chunkId = 1 + document * chunksPerDocument + at
      const parts = Array.from({ length: 8 }, (_, part) => sentences[(chunkId * 8 + part) % sentences.length]!)
      const text = parts.map(({ text }) => text).join(' ')
      return { chunkId, documentId: `doc-${document}` as DocumentId, text, vector: vectorOf(parts, dimensions) }
    })
    for (const { database, store, times } of targets) {
      const start = performance.now()
      database.transaction(() => store.add(entries))()
      times.push(performance.now() - start)
    }
  }
  for (const { database } of targets) database.close()
  rmSync(folder, { recursive: true })
  return Object.fromEntries(targets.map(({ name, times }) => [`${name}, ms a document of 20 chunks`, { p50: percentile(times, 0.5), p95: percentile(times, 0.95), mean: Math.round((times.reduce((sum, time) => sum + time, 0) / times.length) * 100) / 100 }])) // prettier-ignore
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN) * 100) / 100
}

/** As if the sentences were embedded as one text: their mean by length, of length 1. */
export function vectorOf(sentences: Material['sentences'], dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const { text, vector: own } of sentences) own.forEach((value, index) => (vector[index]! += value * text.length))
  const norm = Math.hypot(...vector) || 1
  return vector.map((value) => value / norm)
}

/** A linear congruential generator (Numerical Recipes): the same chunks in every run. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
