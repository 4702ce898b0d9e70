import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../core/database/sqlite.ts'
import type { Embedder } from '../core/embedders/embedder.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { readBeir } from '../core/flows/read-beir.ts'
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
 * sets in random order, about 800 characters each, 20 to a document; questions are real.
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
    console.log(JSON.stringify(rest))
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

  const retriever = hybridRetriever.create(hybridRetriever.options.parse({}), {
    searchText: store.searchText,
    searchPhrases: store.searchPhrases,
    searchVector: store.searchVector,
    vectors: store.vectors,
    embedQuery: async (text) => ({
      vector: await embedder.embed([text], 'query'),
      coverage: coverage(embedder.tokenizer, text),
    }),
    places: (ids) => ids.map(place),
  })
  const timings: Record<string, { p50: number; p95: number }> = {}
  const time = async (name: string, work: (question: string) => unknown): Promise<void> => {
    for (const question of questions.slice(0, 5)) await work(question)
    const values: number[] = []
    for (const question of questions) {
      const start = performance.now()
      await work(question)
      values.push(performance.now() - start)
    }
    timings[name] = { p50: percentile(values, 0.5), p95: percentile(values, 0.95) }
  }
  for (const mode of ['hybrid', 'text', 'vector'] satisfies SearchMode[]) {
    await time(`${mode}, ms`, (text) => retriever.retrieve({ text, k: 10, mode }))
  }
  const [vector, ids] = [await embedder.embed([questions[0]!], 'query'), Array.from({ length: 200 }, (_, n) => 1 + n * Math.floor(size / 200))] // prettier-ignore
  await time('  of it: searchText(200)', (text) => store.searchText(text, 200))
  await time('  of it: searchPhrases(200)', (text) => store.searchPhrases(text, 200))
  await time('  of it: searchVector(200)', () => store.searchVector(vector, 200))
  await time('  of it: vectors(200)', () => store.vectors(ids))
  await time('  of it: query embedding', (text) => embedder.embed([text], 'query'))
  database.close()
  const megabytes = Math.round(statSync(path).size / 1e6)
  rmSync(folder, { recursive: true })
  return {
    chunks: size,
    questions: questions.length,
    buildSeconds: Math.round(buildSeconds * 10) / 10,
    megabytes,
    load: loadavg(),
    timings,
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]! * 100) / 100
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
