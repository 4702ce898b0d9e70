import type { ComputePool } from '../compute/pool.ts'
import type { Collection } from '../contract/collections.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { SearchMode } from '../contract/values.ts'
import { openWorkspace } from '../database/open-workspace.ts'
import { evaluatorDefinitions } from '../evaluators/list.ts'
import type { Evaluator } from '../evaluators/evaluator.ts'
import { type EvaluationEvent, evaluateRetrieval } from '../flows/evaluate-retrieval.ts'
import { ingest } from '../flows/ingest.ts'
import { type BeirDocument, readBeir } from '../flows/read-beir.ts'
import { createChunkEditLibrary } from '../library/chunk-edits.ts'
import { createCollectionLibrary } from '../library/collections.ts'
import { createDocumentLibrary, type NewDocument } from '../library/documents.ts'
import { createIndexLibrary } from '../library/indexes.ts'
import { createJobLibrary } from '../library/jobs.ts'
import { findDefinition } from '../shared/family.ts'
import type { DocumentId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createCollectionIndexes } from './collection-indexes.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { createDocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import { chunkParsed, createIngestSteps } from './ingest-work.ts'
import { createRetrieval } from './retrieval.ts'

/** Evaluation on a public test set: the product's own ingest and retrieval, in a workspace that is thrown away. */
export interface EvaluationWork {
  /** Errors: file-missing, file-corrupt. */
  retrieval(folder: string, mode: SearchMode, signal?: AbortSignal): AsyncGenerator<EvaluationEvent>
}

export interface EvaluationParts {
  compute: ComputePool
  openEmbedding(owner: Pick<Collection, 'pipeline'>): Promise<Embedding>
  lanes: number
}

/** Documents are ranked by their best chunk; this many chunks make sure that 100 documents are among them. */
const chunksPerQuestion = 400
const rankedDocuments = 100

export function createEvaluationWork({ compute, openEmbedding, lanes }: EvaluationParts): EvaluationWork {
  return {
    async *retrieval(folder, mode, signal) {
      const set = await readBeir(folder, signal ? { signal } : {})
      using temporary = temporaryFolder()
      using workspace = openWorkspace(temporary.path, 'quarry eval')
      const { database } = workspace
      const documents = createDocumentLibrary(database)
      const indexLibrary = createIndexLibrary(database)
      const collectionIndexes = createCollectionIndexes(database, indexLibrary)
      const texts = createDocumentTexts(documents)
      const collection = createCollectionLibrary(database).create('evaluation', '', defaultPipeline)
      const embedding = await openEmbedding(collection)

      // The set's documents go through the very steps that a user's documents go through, from 'parsed' on.
      const byIdentity = new Map(set.corpus.map((document) => [document.id, document]))
      const job = createJobLibrary(database).create('ingest', 'evaluation', collection.id, {})
      documents.queue(
        set.corpus
          .filter((document) => document.text.trim() + (document.title ?? '').trim() !== '')
          .map((document) => newDocument(collection, document)),
        job.id,
      )
      const index = collectionIndexes.ensure(collection.id, collection.pipeline, embedding)
      const pending = documents.pending(job.id)
      const silent = { documentStage: () => {}, documentEnd: () => {}, label: () => {}, moreItems: () => {} }
      const parts = {
        database,
        documents,
        chunkEdits: createChunkEditLibrary(database),
        indexLibrary,
        collectionIndexes,
        texts,
        compute,
        isCurrent: () => false,
        maximumFileBytes: Infinity,
        ocr: {},
      }
      const steps = {
        ...createIngestSteps(collection, index, embedding, silent, parts),
        stage: () => {},
        read: async ({ location, path }: { location: string; path: string }, given?: AbortSignal) => {
          const parsed = toParsed(byIdentity.get(location))
          const file = { path, type: 'text', settings: collection.pipeline, modelFolder: embedding.modelFolder }
          const chunked = await chunkParsed(parsed, file, compute, given)
          const facts = { contentHash: location, type: 'text', size: 0, parser: 'beir@1' }
          return { outcome: 'read' as const, parsed, ...chunked, ...facts }
        },
      }
      let done = 0
      for await (const outcome of ingest(pending, steps, { lanes, ...(signal ? { signal } : {}) })) {
        if (outcome.outcome === 'failed') throw outcome.error
        done += 1
        if (done % 50 === 0)
          yield { type: 'progress', done, total: pending.length, unit: 'documents', label: 'indexing' }
      }
      index.store.optimize()

      const identities = new Map(pending.map(({ id, location }) => [id, location]))
      const retrieval = createRetrieval({ documents, indexLibrary, collectionIndexes, texts, openEmbedding })
      const rank = async (question: string): Promise<string[]> => {
        const request = {
          text: question,
          k: chunksPerQuestion,
          mode,
          options: { mergeNeighbours: false, perDocument: 0 },
        }
        const passages = await retrieval.retrieve(collection, request, signal)
        return distinct(
          passages.map(({ documentId }) => documentId),
          identities,
        )
      }
      yield* evaluateRetrieval(set.cases, { rank, clock: () => performance.now(), metrics: metrics() }, signal)
    },
  }
}

function newDocument(collection: Collection, document: BeirDocument): NewDocument {
  const { id } = document
  return {
    collectionId: collection.id,
    sourceId: null,
    uploadId: null,
    parentId: null,
    location: id,
    member: null,
    identity: id,
    path: id,
    name: id,
    size: 0,
    modifiedMs: null,
  }
}

function toParsed(document: BeirDocument | undefined): ParsedDocument {
  const text = document?.text.trim() ? document.text : (document?.title ?? '')
  const title = document?.title ? { title: document.title } : {}
  const elements = [{ kind: 'paragraph' as const, start: 0, end: text.length }]
  return { text, elements, pages: [], warnings: [], ...title }
}

function distinct(ids: readonly DocumentId[], identities: ReadonlyMap<DocumentId, string>): string[] {
  return [...new Set(ids)].slice(0, rankedDocuments).flatMap((id) => identities.get(id) ?? [])
}

function metrics() {
  const evaluator = (id: string, k: number): Evaluator => {
    const definition = findDefinition('evaluator', evaluatorDefinitions, id)
    return definition.create(definition.options.parse({ k }))
  }
  return {
    'ndcg@10': evaluator('ndcg', 10),
    'recall@10': evaluator('recall', 10),
    'recall@100': evaluator('recall', 100),
    'mrr@10': evaluator('mrr', 10),
  }
}
