import { basename } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { ComputePool } from '../compute/pool.ts'
import { AppError, toErrorData } from '../contract/errors.ts'
import { type IndexedChunks, ingest, type IngestOutcome, type IngestSteps, type ReadResult } from '../flows/ingest.ts'
import { listFiles } from '../jobs/list-files.ts'
import type { JobReporter, JobWork } from '../jobs/job-runner.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import type { DocumentLibrary, NewDocument, PendingDocument } from '../library/documents.ts'
import type { IndexLibrary } from '../library/indexes.ts'
import type { JobLibrary, JobRow } from '../library/jobs.ts'
import type { SourceLibrary } from '../library/sources.ts'
import { parserDefinitions } from '../parsers/list.ts'
import type { DocumentId, UploadId } from '../shared/ids.ts'
import type { CollectionIndexes, OpenIndex } from './collection-indexes.ts'
import type { DocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'

export interface IngestParts {
  database: Database
  collections: CollectionLibrary
  documents: DocumentLibrary
  sources: SourceLibrary
  jobs: JobLibrary
  indexLibrary: IndexLibrary
  collectionIndexes: CollectionIndexes
  texts: DocumentTexts
  compute: ComputePool
  openEmbedding(collection: CollectionCore): Promise<Embedding>
  uploadPath(id: UploadId): string
  /** Documents in hand at a time. */
  lanes: number
  /** Files above this are refused with 'file-too-large'. */
  maximumFileBytes: number
}

/** Large documents go one at a time: the memory that one takes is about ten times its size. */
const bytesInHand = 12_000_000

/** What an ingest job does: list the files, run the flow over them, switch to the index it filled. */
export function createIngestWork(parts: IngestParts): JobWork {
  return {
    async run(job, reporter) {
      if (job.collectionId === null) throw new AppError('item-missing', 'The collection of this job was removed.')
      const collection = parts.collections.getCore(job.collectionId)
      if (!job.listed) await list(job, collection, reporter, parts)

      reporter.label('loading the embedding model')
      const embedding = await parts.openEmbedding(collection)
      const index = parts.collectionIndexes.ensure(collection.id, collection.pipeline, embedding)
      if (index.row.state === 'building') await rebuild(collection, index, embedding, reporter, parts)

      const steps = createIngestSteps(collection, index, embedding, reporter, parts)
      const pending = parts.documents.pending(job.id)
      const load = { weigh: (document: PendingDocument) => document.size, capacity: bytesInHand }
      const options = { lanes: parts.lanes, load, signal: reporter.signal }
      for await (const outcome of ingest(pending, steps, options)) record(outcome, reporter, parts)

      reporter.label('tidying the index')
      index.store.optimize()
      if (index.row.state === 'building') parts.collectionIndexes.activate(index)
      settleTotal(job, parts)
    },
    cancelled: (job) => parts.documents.restoreAfterCancel(job.id),
    failed(job, error) {
      parts.database.transaction(() => {
        const failed = parts.documents.setPendingFailed(job.id, error)
        parts.jobs.count(job.id, { failed })
      })()
    },
  }
}

/** Makes every file of the job a queued document row, so that a restart knows what is left. */
async function list(job: JobRow, collection: CollectionCore, reporter: JobReporter, parts: IngestParts): Promise<void> {
  const { sources, documents } = parts
  const problems: { path: string; error: AppError }[] = []
  let batch: NewDocument[] = []
  let count = 0
  const add = (document: NewDocument): void => {
    batch.push(document)
    count += 1
    if (batch.length < 500) return
    documents.queue(batch, job.id)
    batch = []
    reporter.label(`looking for files (${count} so far)`)
  }

  reporter.label('looking for files')
  const input = parts.jobs.input(job.id)
  for await (const file of listFiles(input.paths, reporter.signal)) {
    if (file.kind === 'problem') {
      problems.push(file)
      continue
    }
    const { location, path, name, size } = file
    const sourceId = sources.ensure(collection.id, file.rootKind, file.root)
    add({ collectionId: collection.id, sourceId, uploadId: null, location, identity: location, path, name, size })
  }
  for (const id of input.uploadIds) {
    const upload = sources.findUpload(id)
    // Removed with its document by an earlier job, or since this one was put in line.
    if (!upload) continue
    add({
      collectionId: collection.id,
      sourceId: sources.ensure(collection.id, 'upload', ''),
      uploadId: id,
      location: parts.uploadPath(id),
      identity: `upload:${upload.path}`,
      path: upload.path,
      name: basename(upload.path),
      size: upload.received,
    })
  }
  documents.queue(batch, job.id)
  documents.requeue(input.documentIds, job.id)

  parts.database.transaction(() => {
    for (const { path, error } of problems) {
      const reason = toErrorData(error)
      const event = { documentId: null, path, outcome: 'failed', reason, pages: null, chunks: 0 } as const
      reporter.documentEnd(event, { failed: 1 })
    }
    reporter.listed(documents.pending(job.id).length + problems.length)
  })()
}

/** What the steps use; a job has more. */
export type IngestStepParts = Pick<
  IngestParts,
  'database' | 'documents' | 'indexLibrary' | 'collectionIndexes' | 'texts' | 'compute' | 'maximumFileBytes'
>

/** The ingest flow's steps for documents of one collection, into one index. */
export function createIngestSteps(
  collection: CollectionCore,
  index: OpenIndex,
  embedding: Embedding,
  reporter: Pick<JobReporter, 'documentStage' | 'documentEnd' | 'label'>,
  parts: IngestStepParts,
): IngestSteps<PendingDocument> {
  const { documents, indexLibrary, compute } = parts
  return {
    stage(item, stage) {
      documents.setStatus(item.id, stage)
      reporter.documentStage(item.id, stage)
      reporter.label(`${stage} ${item.path}`)
    },
    async read(item, signal): Promise<ReadResult> {
      const isIndexed = isCurrentParser(item.parser) && indexLibrary.has(index.row.id, item.id)
      const result = await compute.run(
        'parse',
        {
          path: item.location,
          name: item.name,
          parsers: collection.pipeline.parsers,
          maxBytes: parts.maximumFileBytes,
          ...(isIndexed && item.contentHash !== null ? { knownHash: item.contentHash } : {}),
        },
        signal ? { signal } : {},
      )
      if (result.unchanged) return { unchanged: true }
      const { document: parsed, sha256: contentHash, type, size, parserId } = result
      return { unchanged: false, parsed, contentHash, type, size, parser: parserWithVersion(parserId) }
    },
    async chunk(parsed, signal) {
      const { id: chunkerId, options } = collection.pipeline.chunker
      const { modelFolder } = embedding
      const input = { document: parsed, chunkerId, options, modelFolder }
      return (await compute.run('chunk', input, signal ? { signal } : {})).chunks
    },
    embed: (texts, signal) => embedding.embedPassages(texts, signal),
    save(item, reading, indexed, timesMs) {
      const startedMs = performance.now()
      const chunks = indexed.chunks.length
      const pages = reading.parsed.pages.length || null
      parts.database.transaction(() => {
        parts.collectionIndexes.removeDocuments(collection.id, [item.id])
        const version = documents.saveVersion(item.id, reading)
        addToIndex(index, item.id, version, indexed, parts)
        const end = { documentId: item.id, path: item.path, outcome: 'ready', reason: null, pages, chunks } as const
        const times = { ...timesMs, save: performance.now() - startedMs }
        reporter.documentEnd({ ...end, timesMs: times }, { ready: 1, chunks, bytes: reading.size })
      })()
      parts.texts.forget(item.id)
    },
  }
}

/**
 * Fills a new index from the stored texts: the pipeline changed, the documents did not. Questions are answered from
 * the old index until this one is complete.
 */
async function rebuild(
  collection: CollectionCore,
  index: OpenIndex,
  embedding: Embedding,
  reporter: JobReporter,
  parts: IngestParts,
): Promise<void> {
  const ids = parts.indexLibrary.documentsWithout(collection.id, index.row.id)
  const steps: IngestSteps<DocumentId> = {
    ...createIngestSteps(collection, index, embedding, reporter, parts),
    stage: () => {},
    async read(id) {
      const { document, text, elements, pages } = parts.documents.getText(id)
      const title = document.title === null ? {} : { title: document.title }
      const parsed = { text, elements, pages, warnings: document.warnings, ...title }
      return { unchanged: false, parsed, contentHash: '', type: document.type, size: document.size, parser: '' }
    },
    save(id, _reading, indexed) {
      const { version } = parts.documents.get(id)
      parts.database.transaction(() => addToIndex(index, id, version, indexed, parts))()
    },
  }
  let done = 0
  for await (const outcome of ingest(ids, steps, { lanes: parts.lanes, signal: reporter.signal })) {
    // A document that was removed in the meantime needs no place in the new index.
    if (outcome.outcome === 'failed' && parts.documents.exists(outcome.item)) throw outcome.error
    done += 1
    reporter.label(`building the new index: ${done} of ${ids.length} documents`)
  }
}

/** Chunks, text and vectors of one document's version. The caller holds the transaction. */
function addToIndex(
  index: OpenIndex,
  documentId: DocumentId,
  version: number,
  { chunks, texts, vectors }: IndexedChunks,
  parts: Pick<IngestParts, 'indexLibrary'>,
): void {
  const { dimensions } = index.row
  const ids = parts.indexLibrary.addChunks(index.row.id, documentId, version, chunks)
  const entries = ids.map((chunkId, row) => ({
    chunkId,
    documentId,
    text: texts[row] ?? '',
    vector: vectors.subarray(row * dimensions, (row + 1) * dimensions),
  }))
  index.store.add(entries)
}

/** The end of a document that was not saved: its row, the job's counts and the event, together. */
function record(outcome: IngestOutcome<PendingDocument>, reporter: JobReporter, parts: IngestParts): void {
  if (outcome.outcome === 'ready') return
  const { id: documentId, path } = outcome.item
  const end = { documentId, path, outcome: outcome.outcome, reason: null, pages: null, chunks: 0 }
  parts.database.transaction(() => {
    // A document that a person removed in the meantime has not failed. It is nobody's any more.
    if (!parts.documents.exists(documentId)) return
    if (outcome.outcome === 'unchanged') {
      parts.documents.setUnchanged(documentId)
      reporter.documentEnd(end, { unchanged: 1 })
    } else {
      const reason = toErrorData(outcome.error)
      const type = outcome.error.details.type
      parts.documents.setFailed(documentId, reason, typeof type === 'string' ? type : undefined)
      reporter.documentEnd({ ...end, reason }, { failed: 1 })
    }
  })()
}

/** A document that was removed, or that another job took over, in the meantime is not this job's to finish: the total says so at the end. */
function settleTotal(job: JobRow, parts: IngestParts): void {
  const { ready, failed, unchanged, total } = parts.jobs.get(job.id)
  const done = ready + failed + unchanged
  if (total !== done) parts.jobs.setListed(job.id, done)
}

/** 'pdf@1': a document is parsed again when its parser's version was raised. */
function parserWithVersion(parserId: string): string {
  const definition = parserDefinitions.find((parser) => parser.id === parserId)
  return `${parserId}@${definition?.version ?? 0}`
}

function isCurrentParser(parser: string | null): boolean {
  return parser !== null && parserDefinitions.some((definition) => parserWithVersion(definition.id) === parser)
}
