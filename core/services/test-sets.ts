import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ComputePool } from '../compute/pool.ts'
import type { ChunkingResult, EvaluationResult } from '../contract/evaluation.ts'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice, Pipeline } from '../contract/pipeline.ts'
import { type CaseResult, type RunSettings, type RunSummary, runSettingsSchema } from '../contract/runs.ts'
import type { SearchMode } from '../contract/values.ts'
import { openWorkspace } from '../database/open-workspace.ts'
import { evaluate, type EvaluationCase } from '../flows/evaluate.ts'
import { findAnchors } from '../flows/find-anchors.ts'
import { type BeirDocument, readBeir } from '../flows/read-beir.ts'
import { readChunkingSet } from '../flows/read-chunking-set.ts'
import { createChunkEditLibrary } from '../library/chunk-edits.ts'
import { createCollectionLibrary } from '../library/collections.ts'
import { createDocumentLibrary } from '../library/documents.ts'
import { createIndexLibrary } from '../library/indexes.ts'
import { createJobLibrary } from '../library/jobs.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { bootstrapMean, meanOf, percentile } from '../shared/bootstrap.ts'
import { sha256 } from '../shared/hash.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createCollectionIndexes } from './collection-indexes.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { createDocumentTexts } from './document-texts.ts'
import { createMetrics } from './evaluation-metrics.ts'
import { createEvaluationSubjects, type SubjectParts } from './evaluation-subjects.ts'
import { checkPipeline } from './pipelines.ts'

/** Evaluation on a published test set: the product's own parts, in a workspace that is thrown away. */
export interface TestSets {
  /** Errors: file-missing, file-corrupt. */
  retrieval(folder: string, mode: SearchMode, watch: Watch): Promise<EvaluationResult>
  /** Errors: file-missing, file-corrupt, implementation-unknown, input-invalid. */
  chunking(folder: string, request: ChunkingRequest, watch: Watch): Promise<ChunkingResult>
}

export interface ChunkingRequest {
  chunker: Choice
  charactersPerToken?: number | undefined
  /** Options, over those that are usual here. */
  retriever: Record<string, unknown>
  mode: SearchMode
  k: number
  seed: number
}

export interface Watch {
  signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface TestSetParts extends Pick<
  SubjectParts,
  'openEmbedding' | 'openTextGenerator' | 'openReranking' | 'lanes' | 'log' | 'ocr' | 'maximumFileBytes'
> {
  compute: ComputePool
}

export function createTestSets(parts: TestSetParts): TestSets {
  return {
    async retrieval(folder, mode, watch) {
      const set = await readBeir(folder, { signal: watch.signal })
      const settings = runSettingsSchema.parse({
        mode,
        k: 100,
        items: 'documents',
        metrics: ['ndcg@10', 'recall@10', 'recall@100', 'mrr@10'],
      })
      const documents = set.corpus
        .filter((document) => document.text.trim() + (document.title ?? '').trim() !== '')
        .map((document) => ({ name: document.id, type: 'text', parse: async () => toParsed(document) }))
      const cases = set.cases.map(({ id, question, relevance }) => ({ ...blankCase(id, question), relevance }))
      const { results } = await measure({ documents, cases, pipeline: defaultPipeline, settings }, watch, parts)
      return {
        metrics: {
          'ndcg@10': meanScore(results, 'ndcg@10'),
          'recall@10': meanScore(results, 'recall@10'),
          'recall@100': meanScore(results, 'recall@100'),
          'mrr@10': meanScore(results, 'mrr@10'),
        },
        latency_ms: latencyOf(results),
        queries: results.length,
      }
    },
    async chunking(folder, request, watch) {
      const { chunker, charactersPerToken, mode, k, seed } = request
      // As published: k results are k chunks, from wherever they come.
      const retriever = { mergeNeighbours: false, perDocument: 0, ...request.retriever }
      const pipeline = { ...defaultPipeline, chunker, rules: [], retriever: { id: 'hybrid', options: retriever } }
      checkPipeline(pipeline)
      const place = join(folder, 'general_evaluation_data')
      const layout = existsSync(join(folder, 'questions_df.csv')) || !existsSync(place) ? folder : place
      const set = await readChunkingSet(layout, watch.signal)
      const names = [`span-recall@${k}`, `span-precision@${k}`, 'span-precision-omega', `span-iou@${k}`]
      const settings = runSettingsSchema.parse({
        mode,
        k,
        seed,
        items: 'passages',
        metrics: [...names, `ndcg@${k}`, `mrr@${k}`],
      })
      const parsed = new Map<string, ParsedDocument>()
      for (const { path } of set.documents) {
        const document = await parseFile(join(layout, 'corpora', path), path, pipeline, parts, watch.signal)
        parsed.set(path, document)
      }
      const documents = [...parsed].map(([name, document]) => ({
        name,
        type: 'markdown',
        parse: () => Promise.resolve(document),
      }))
      const cases = set.cases.map(({ given }) => ({
        ...blankCase(given.id, given.question),
        tags: given.tags,
        passages: given.expected.map(({ path = '', start = 0, text = '' }) => {
          const [span] = findAnchors(parsed.get(path)?.text ?? '', [{ anchor: text, start }])
          if (span) return { name: path, ...span }
          throw new AppError('file-corrupt', `A reference of case ${given.id} is not in ${path} as it was read.`)
        }),
      }))
      const unit = charactersPerToken === undefined ? {} : { charactersPerToken }
      const { results, index, meanCharacters } = await measure({ documents, cases, pipeline, settings }, watch, {
        ...parts,
        ...unit,
      })
      const spreadOf = (name: string) => {
        const scores = results.flatMap((result) => result.scores[name] ?? [])
        const { low, high } = bootstrapMean(scores, seed)
        const mean = meanOf(scores)
        return { low, high, deviation: Math.sqrt(meanOf(scores.map((score) => (score - mean) ** 2))) }
      }
      const [recall = '', precision = '', omega = '', iou = ''] = names
      return {
        metrics: {
          recall: meanScore(results, recall),
          precision: meanScore(results, precision),
          precision_omega: meanScore(results, omega),
          iou: meanScore(results, iou),
          ndcg: meanScore(results, `ndcg@${k}`),
          mrr: meanScore(results, `mrr@${k}`),
        },
        intervals: {
          recall: spreadOf(recall),
          precision: spreadOf(precision),
          precision_omega: spreadOf(omega),
          iou: spreadOf(iou),
        },
        chunks: index.chunks,
        mean_characters: meanCharacters,
        index_bytes: index.bytes,
        latency_ms: latencyOf(results),
        queries: results.length,
        k,
      }
    },
  }
}

/** By the product's own parser for what it is. */
async function parseFile(
  location: string,
  path: string,
  pipeline: Pipeline,
  { compute, openEmbedding, maximumFileBytes, ocr }: TestSetParts,
  signal: AbortSignal,
): Promise<ParsedDocument> {
  const { modelFolder } = await openEmbedding({ pipeline })
  // It is cut again below, in the way that is measured; here the quickest will do.
  const settings = { ...pipeline, chunker: { id: 'fixed', options: {} } }
  const file = { location, member: null, name: path, path, settings, modelFolder }
  const result = await compute.run('parse', { ...file, maxBytes: maximumFileBytes, ocr, knownHashes: [] }, { signal })
  if (result.known) throw new AppError('internal', 'A file was answered without its text.')
  return result.document
}

/** A set whose documents and cases know each other by name. */
interface TestSet {
  documents: readonly { name: string; type: string; parse(): Promise<ParsedDocument> }[]
  cases: readonly TestSetCase[]
  pipeline: Pipeline
  settings: RunSettings
}

interface TestSetCase extends Pick<EvaluationCase, 'id' | 'question' | 'tags'> {
  passages: readonly { name: string; start: number; end: number }[]
  /** Gain by document. */
  relevance: ReadonlyMap<string, number>
}

function blankCase(id: string, question: string): TestSetCase {
  return { id, question, tags: [], passages: [], relevance: new Map() }
}

/** Stores the documents as if they had been read, and measures as a run does. Errors: those of the first question that could not be asked. */
async function measure(
  { documents: given, cases, pipeline, settings }: TestSet,
  { signal, onProgress }: Watch,
  parts: TestSetParts,
): Promise<{ results: CaseResult[]; index: RunSummary['index']; meanCharacters: number }> {
  using temporary = temporaryFolder()
  using workspace = openWorkspace(temporary.path, 'quarry eval')
  const { database } = workspace
  const documents = createDocumentLibrary(database)
  const indexLibrary = createIndexLibrary(database)
  const collection = createCollectionLibrary(database).create('test set', '', pipeline)
  const job = createJobLibrary(database).create('ingest', 'test set', collection.id, {})
  documents.queue(
    given.map(({ name }) => newDocument(collection.id, name)),
    job.id,
  )
  const ids = new Map(documents.pending(job.id).map(({ location, id }) => [location, id]))
  const idOf = (name: string): DocumentId => ids.get(name) ?? (`missing:${name}` as DocumentId)
  for (const { name, type, parse } of given) {
    throwIfAborted(signal)
    const parsed = await parse()
    const facts = { contentHash: sha256(name), type, size: 0, parser: 'test-set@1' }
    database.transaction(() => documents.saveVersion(idOf(name), { ...facts, parsed }))()
  }

  const subjects = createEvaluationSubjects({
    ...parts,
    database,
    documents,
    chunkEdits: createChunkEditLibrary(database),
    indexLibrary,
    collectionIndexes: createCollectionIndexes(database, indexLibrary),
    texts: createDocumentTexts(documents),
    isCurrent: () => false,
    // What is in a test set is its text.
    readings: { of: () => Promise.resolve(null) },
  })
  const steps = {
    prepare: () => subjects.open(collection, settings, onProgress, signal),
    finished: new Map<string, CaseResult>(),
    save: () => {},
    metrics: createMetrics(settings),
    items: settings.items,
    keptCharacters: 0,
    clock: () => performance.now(),
  }
  const evaluated = cases.map(({ id, question, tags, passages, relevance }) => ({
    id,
    question,
    tags,
    answer: null,
    answerable: true,
    expected: passages.map(({ name, start, end }) => ({ documentId: idOf(name), path: name, start, end, grade: 1 })),
    documents: new Map([...relevance].map(([name, grade]) => [idOf(name), grade])),
  }))
  for await (const event of evaluate(evaluated, steps, signal)) {
    if (event.type === 'case-end') {
      const { error } = event.result
      // A published figure is over every question, or there is none.
      if (error) throw new AppError(error.code, error.message, { retryable: error.retryable, details: error.details })
      if (event.done % 20 === 1)
        onProgress({ done: event.done - 1, total: event.total, unit: 'questions', label: 'asking' })
    }
    if (event.type === 'evaluation-end') {
      const { results, index } = event
      return { results, index, meanCharacters: indexLibrary.meanLength(collection.id) }
    }
  }
  throw new AppError('internal', 'An evaluation ended without a result.')
}

function newDocument(collectionId: CollectionId, name: string) {
  const nothing = { sourceId: null, uploadId: null, parentId: null, member: null, modifiedMs: null }
  return { ...nothing, collectionId, location: name, identity: name, path: name, name, size: 0 }
}

function toParsed(document: BeirDocument): ParsedDocument {
  const text = document.text.trim() ? document.text : (document.title ?? '')
  const title = document.title ? { title: document.title } : {}
  const elements = [{ kind: 'paragraph' as const, start: 0, end: text.length }]
  return { text, elements, pages: [], warnings: [], ...title }
}

function meanScore(results: readonly CaseResult[], metric: string): number {
  return meanOf(results.flatMap(({ scores }) => scores[metric] ?? []))
}

function latencyOf(results: readonly CaseResult[]): EvaluationResult['latency_ms'] {
  const times = results.map(({ latencyMs }) => latencyMs)
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }
}
