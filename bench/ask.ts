import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp } from '../core/app.ts'
import { nodeWorkers } from '../core/compute/worker-process.ts'
import type { Client } from '../core/contract/client.ts'
import { createJobLibrary } from '../core/library/jobs.ts'
import { addToIndex } from '../core/services/ingest-work.ts'
import { defaultPipeline } from '../core/services/default-pipeline.ts'
import type { CollectionId } from '../core/shared/ids.ts'
import { silentLog } from '../core/shared/log.ts'
import { connectInProcess } from '../core/wire/wire-in-process.ts'
import { type Material, generator, percentile, readMaterial, vectorOf } from './search.ts'

/**
 * Time of one question as somebody asks it of the product, through the contract and in one process: to the first words of
 * the answer (or of the refusal) and to its end, the trace stored. Chunks are those of `npm run bench -- search`, as
 * documents of 20 chunks; extractive answers, default pipeline, one question at a time. Then the memory of the host over
 * many questions, one after the other, of a collection of 200 chunks.
 *
 *   npm run bench -- ask [CHUNKS…] [--memory QUESTIONS]      (default: 10000 100000 --memory 10000)
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`ask: skipped, there is no ${dataFolder}`)
    return
  }
  const at = args.indexOf('--memory')
  const questions = at === -1 ? 10_000 : Number(args[at + 1])
  const given = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1)).map(Number)
  const sizes = given.length > 0 ? given : at === -1 ? [10_000, 100_000] : []
  const results: Record<string, unknown>[] = []
  for (const size of sizes) results.push(await inProduct(size, (product) => times(size, product)))
  if (questions > 0) results.push(await inProduct(memoryChunks, (product) => memory(questions, product)))
  for (const each of results) console.log(JSON.stringify(each))
  mkdirSync(resultsFolder, { recursive: true })
  const report = { command: 'npm run bench -- ask', results }
  writeFileSync(join(resultsFolder, 'ask.json'), `${JSON.stringify(report, null, 2)}\n`)
}

const dataFolder = fileURLToPath(new URL('../../shared/data/retrieval/', import.meta.url))
const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url))
const chunksPerDocument = 20
const chunkLength = 800
/** Few: what is left behind by a question does not depend on how much was searched. */
const memoryChunks = 200

interface Product {
  client: Client
  collectionId: CollectionId
  questions: string[]
}

async function inProduct<Result>(chunks: number, measure: (product: Product) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'quarry-bench-ask-'))
  try {
    await using app = await createApp({
      dataFolder: folder,
      program: 'bench',
      modelFolders: [fileURLToPath(new URL('../models/', import.meta.url))],
      demoFolder: '',
      startWorker: nodeWorkers({ compute: new URL('../core/compute/worker.ts', import.meta.url) }),
      log: silentLog,
    })
    await using connection = connectInProcess<Client>(app.router, { log: silentLog })
    const { client } = connection
    const collectionId = (await client.collections.create({ name: 'bench' })).id as CollectionId
    const questions = await fill(app, collectionId, chunks)
    return await measure({ client, collectionId, questions })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As an ingest leaves it. Gives real questions. */
async function fill({ services }: App, collectionId: CollectionId, size: number): Promise<string[]> {
  const { documents, collectionIndexes, workspace } = services
  const embedding = await services.openEmbedding({ pipeline: defaultPipeline })
  const material: Material = await readMaterial({
    dimensions: embedding.dimensions,
    embed: (texts, purpose) => embedding.embedNow(texts, purpose),
  })
  const index = collectionIndexes.ensure(collectionId, defaultPipeline, embedding)
  const job = createJobLibrary(workspace.database).create('ingest', 'bench', collectionId, {})
  const count = Math.ceil(size / chunksPerDocument)
  const from = { sourceId: null, uploadId: null, parentId: null, member: null, modifiedMs: null, size: 0 }
  const nameOf = (number: number): string => `document-${number}.txt`
  documents.queue(
    Array.from({ length: count }, (_, number) => {
      const name = nameOf(number)
      return { collectionId, location: name, identity: name, path: name, name, ...from }
    }),
    job.id,
  )
  const random = generator(42)
  for (const { id } of documents.pending(job.id)) {
    let text = ''
    const vectors = new Float32Array(chunksPerDocument * embedding.dimensions)
    const chunks = Array.from({ length: chunksPerDocument }, (_, row) => {
      const sentences: Material['sentences'] = []
      for (let length = 0; length < chunkLength; length += sentences.at(-1)!.text.length) {
        sentences.push(material.sentences[Math.floor(random() * material.sentences.length)]!)
      }
      vectors.set(vectorOf(sentences, embedding.dimensions), row * embedding.dimensions)
      const own = sentences.map((sentence) => sentence.text).join(' ')
      const start = text === '' ? 0 : text.length + 2
      text = text === '' ? own : `${text}\n\n${own}`
      return {
        start,
        end: text.length,
        text: own,
        context: '',
        headings: [],
        tokens: Math.round(own.length / 4),
      }
    })
    workspace.database.transaction(() => {
      const parsed = { text, elements: [], pages: [], metadata: {}, warnings: [] }
      const facts = { contentHash: id, type: 'txt', size: text.length, parser: 'bench@1' }
      const version = documents.saveVersion(id, { ...facts, parsed })
      addToIndex(index, id, version, { chunks, textAt: (row) => chunks[row]!.text, vectors }, services)
    })()
  }
  index.store.optimize()
  return material.questions
}

async function askOnce({ client, collectionId }: Product, question: string) {
  const startedMs = performance.now()
  let firstMs = 0
  let refused = false
  for await (const event of await client.ask.run({ collectionIds: [collectionId], question })) {
    if (event.type === 'answer-delta') firstMs ||= performance.now() - startedMs
    if (event.type === 'ask-end') refused = event.refused
  }
  return { firstMs, wholeMs: performance.now() - startedMs, refused }
}

async function times(chunks: number, product: Product) {
  for (const question of product.questions.slice(0, 5)) await askOnce(product, question)
  const asked = []
  for (const question of product.questions) asked.push(await askOnce(product, question))
  const shares = (values: number[]) => ({ p50: percentile(values, 0.5), p95: percentile(values, 0.95) })
  return {
    chunks,
    questions: asked.length,
    refused: asked.filter(({ refused }) => refused).length,
    firstWordsMs: shares(asked.map(({ firstMs }) => firstMs)),
    wholeAnswerMs: shares(asked.map(({ wholeMs }) => wholeMs)),
    load: loadavg(),
  }
}

async function memory(most: number, product: Product) {
  const marks = new Set([100, 0.1 * most, 0.25 * most, 0.5 * most, 0.75 * most, most])
  const residentMb: Record<string, number> = {}
  const startedMs = performance.now()
  for (let asked = 1; asked <= most; asked += 1) {
    await askOnce(product, product.questions[asked % product.questions.length]!)
    if (!marks.has(asked)) continue
    residentMb[asked] = Math.round(process.memoryUsage().rss / 1e6)
    console.log(`after ${asked} questions: ${residentMb[asked]} MB`)
  }
  return { residentMb, seconds: Math.round((performance.now() - startedMs) / 1000), load: loadavg() }
}
