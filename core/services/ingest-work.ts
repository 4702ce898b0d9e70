import type { Database } from 'better-sqlite3'
import { withTexts } from '../compute/chunk-texts.ts'
import type { ComputePool } from '../compute/pool.ts'
import type { OcrInput } from '../compute/ocr-in-use.ts'
import type { ChunkInput } from '../compute/tasks.ts'
import { AppError, toErrorData } from '../contract/errors.ts'
import type { Attachment, Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import { applyEdits } from '../flows/chunk-edits.ts'
import { indexedText } from '../flows/indexed-text.ts'
import { type IndexedChunks, ingest, type IngestOutcome, type IngestSteps, type ReadResult } from '../flows/ingest.ts'
import type { JobReporter, JobWork } from '../jobs/job-runner.ts'
import type { ChunkEditLibrary } from '../library/chunk-edits.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import type { DocumentLibrary, PendingDocument } from '../library/documents.ts'
import type { IndexLibrary } from '../library/indexes.ts'
import type { JobLibrary, JobRow } from '../library/jobs.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import type { CollectionIndexes, OpenIndex } from './collection-indexes.ts'
import type { DocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import { withIngestHalf } from './pipelines.ts'
import type { SourceSync } from './source-sync.ts'

export interface IngestParts {
  database: Database
  collections: CollectionLibrary
  documents: DocumentLibrary
  chunkEdits: ChunkEditLibrary
  jobs: JobLibrary
  indexLibrary: IndexLibrary
  collectionIndexes: CollectionIndexes
  texts: DocumentTexts
  compute: ComputePool
  sourceSync: SourceSync
  openEmbedding(collection: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
  /** Whether a document would come out of its file as it is: same parser, same settings. */
  isCurrent(collection: CollectionCore, document: { path: string; type: string; parser: string | null }): boolean
  /** Fingerprint of all parsers. */
  parsersFingerprint: string
  /** Documents in hand at a time. */
  lanes: number
  /** Files above this are refused with 'file-too-large'. */
  maximumFileBytes: number
  /** Where people put languages for reading pictures. */
  ocr: OcrInput
}

const jobVerbs = {
  ingest: { now: 'Adding to', done: 'Added to' },
  sync: { now: 'Syncing', done: 'Synced' },
  reindex: { now: 'Building a new index of', done: 'Built a new index of' },
} as const

export type IngestKind = keyof typeof jobVerbs
export const ingestKinds = Object.keys(jobVerbs) as IngestKind[]

/** What a person reads of a job. */
export function jobLabel(kind: IngestKind, { name }: Pick<CollectionCore, 'name'>, when: 'now' | 'done'): string {
  return `${jobVerbs[kind][when]} "${name}"`
}

/** Large documents go one at a time: the memory that one takes is about ten times its size. */
const bytesInHand = 12_000_000

/**
 * What a job on a collection does: look through its sources, bring the index up to the pipeline, run the flow over what
 * is to be read, take out what is gone.
 */
export function createIngestWork(parts: IngestParts): JobWork {
  const { documents } = parts
  return {
    async run(job, reporter) {
      if (job.collectionId === null) throw new AppError('item-missing', 'The collection of this job was removed.')
      const collection = parts.collections.getCore(job.collectionId)
      // Loaded while files are looked for.
      const loading = parts.openEmbedding(collection)
      loading.catch(() => {})
      parts.compute.prepare()
      if (!job.listed) await parts.sourceSync.list(job, collection, reporter)

      reporter.label('loading the embedding model')
      const embedding = await loading
      const index = parts.collectionIndexes.ensure(collection.id, collection.pipeline, embedding)
      if (index.row.state === 'building') {
        await rebuild(collection, index, embedding, reporter, parts)
        parts.collectionIndexes.activate(index)
      }

      const steps = createIngestSteps(collection, index, embedding, reporter, parts)
      const load = { weigh: (document: PendingDocument) => document.size, capacity: bytesInHand }
      const options = { lanes: parts.lanes, load, signal: reporter.signal }
      // Messages bring attachments, which wait for the next round.
      let changed = false
      for (let pending = documents.pending(job.id); pending.length > 0; pending = documents.pending(job.id)) {
        for await (const outcome of ingest(inGoodOrder(pending), steps, options)) record(outcome, reporter, parts)
        changed = true
      }

      changed = (await parts.sourceSync.finish(job, reporter)) > 0 || changed
      if (changed) {
        reporter.label('tidying the index')
        index.store.optimize()
      }
      settleTotal(job, parts)
    },
    done(job) {
      if (job.collectionId === null) return
      parts.jobs.setLabel(job.id, jobLabel(job.kind as IngestKind, parts.collections.getCore(job.collectionId), 'done'))
    },
    cancelled(job) {
      documents.restoreAfterCancel(job.id)
      if (job.kind === 'reindex' && job.collectionId !== null) takeBackPipeline(job.collectionId, parts)
    },
    failed(job, error) {
      parts.database.transaction(() => {
        const failed = documents.setPendingFailed(job.id, error)
        parts.jobs.count(job.id, { failed })
      })()
    },
  }
}

/** Above this a file takes seconds. */
const smallBytes = 1_000_000

/**
 * Small files before large ones, so that there is something to search at once; otherwise as they come. Where a file
 * stands depends on itself alone: a job that was broken off goes on in the order in which it would have gone on, and
 * equal scores, which stand in the order of storing, come out the same.
 */
export function inGoodOrder<Item extends { size: number }>(pending: readonly Item[]): Item[] {
  return [...pending.filter(({ size }) => size <= smallBytes), ...pending.filter(({ size }) => size > smallBytes)]
}

/** What the steps use; a job has more. */
export type IngestStepParts = Pick<
  IngestParts,
  | 'database'
  | 'documents'
  | 'chunkEdits'
  | 'indexLibrary'
  | 'collectionIndexes'
  | 'texts'
  | 'compute'
  | 'isCurrent'
  | 'maximumFileBytes'
  | 'ocr'
> & {
  /** Chunks are measured in characters, so many a token, instead of the model's tokens. */
  charactersPerToken?: number
}

/** The ingest flow's steps for documents of one collection, into one index. */
export function createIngestSteps(
  collection: CollectionCore,
  index: OpenIndex,
  embedding: Embedding,
  reporter: Pick<JobReporter, 'documentStage' | 'documentEnd' | 'label' | 'moreItems'>,
  parts: IngestStepParts,
): IngestSteps<PendingDocument> {
  const { documents, indexLibrary, compute, chunkEdits } = parts
  return {
    ...indexSteps(embedding, parts),
    stage(item, stage) {
      documents.setStatus(item.id, stage)
      reporter.documentStage(item.id, stage)
      reporter.label(`${stage} ${item.path}`)
    },
    async read(item, signal): Promise<ReadResult> {
      const isIndexed = parts.isCurrent(collection, item) && indexLibrary.has(index.row.id, item.id)
      const own = isIndexed && item.contentHash !== null ? [item.contentHash] : []
      const others = item.parentId === null ? documents.hashesOfSize(collection.id, item.size) : []
      const result = await compute.run(
        'parse',
        {
          location: item.location,
          member: item.member,
          name: item.name,
          path: item.path,
          settings: collection.pipeline,
          modelFolder: embedding.modelFolder,
          embedder: embedding.choice,
          maxBytes: parts.maximumFileBytes,
          ocr: parts.ocr,
          knownHashes: [...own, ...others.filter((hash) => hash !== item.contentHash)],
        },
        {
          ...(signal ? { signal } : {}),
          onProgress: ({ done, total, unit }) =>
            reporter.label(`reading ${item.path}: ${done}${total === undefined ? '' : ` of ${total}`} ${unit}`),
        },
      )
      if (!result.known) {
        const { document: parsed, sha256: contentHash, type, size, parser, chunkMs } = result
        const chunks = withTexts(parsed, result.chunks)
        return { outcome: 'read', parsed, chunks, chunkMs, contentHash, type, size, parser }
      }
      if (own.includes(result.sha256)) return { outcome: 'unchanged' }
      const other = documents.withContent(collection.id, { size: result.size, contentHash: result.sha256 }, item.id)
      if (!other) {
        // The other one was removed or changed in the meantime; the next look finds that out.
        throw new AppError('file-unreadable', 'The file changed while it was read. Sync again.', { retryable: true })
      }
      merge(item, other, reporter, parts)
      return { outcome: 'moved' }
    },
    save(item, reading, indexed, timesMs) {
      const startedMs = performance.now()
      const chunks = indexed.chunks.length
      const pages = reading.parsed.pages.length || null
      const outcome = parts.database.transaction(() => {
        // Removed by a person while it was read: there is nothing to be saved.
        if (!documents.exists(item.id)) throw new AppError('item-missing', 'The document was removed.')
        const other = item.parentId === null && documents.withContent(collection.id, reading, item.id)
        if (other) {
          merge(item, other, reporter, parts)
          return 'moved'
        }
        parts.collectionIndexes.removeDocuments(collection.id, [item.id])
        const version = documents.saveVersion(item.id, reading)
        chunkEdits.place(item.id, indexed.lost, indexed.moved)
        addToIndex(index, item.id, version, indexed, parts)
        reporter.moreItems(queueAttachments(item, reading.parsed.attachments ?? [], parts))
        const end = { documentId: item.id, path: item.path, outcome: 'ready', reason: null, pages, chunks } as const
        const times = { ...timesMs, save: performance.now() - startedMs }
        const change = changeOf(item)
        const count = { ready: 1, [change]: 1, chunks, bytes: reading.size }
        reporter.documentEnd({ ...end, ...sourceOf(item), change, timesMs: times }, count)
        return 'ready'
      })()
      parts.texts.forget(item.id)
      return outcome
    },
  }
}

/** A new index that a person cancelled: the collection is what its present index says. */
function takeBackPipeline(id: CollectionId, { collections, collectionIndexes }: IngestParts): void {
  const inUse = collectionIndexes.active(id)?.row.pipeline
  collectionIndexes.giveUp(id)
  if (inUse) collections.setPipeline(id, withIngestHalf(collections.getCore(id).pipeline, inUse))
}

/**
 * One document with two paths: what the second one had of its own goes over to the first. The row goes away with this,
 * so it is counted here: a process that is killed afterwards would not meet it again.
 */
function merge(
  item: PendingDocument,
  other: DocumentId,
  reporter: Pick<JobReporter, 'documentEnd'>,
  { database, documents, collectionIndexes }: Pick<IngestStepParts, 'database' | 'documents' | 'collectionIndexes'>,
): void {
  const end = { documentId: null, path: item.path, outcome: 'moved', reason: null, pages: null, chunks: 0 } as const
  database.transaction(() => {
    collectionIndexes.removeDocuments(item.collectionId, [item.id, ...attachmentsBelow(item.id, documents)])
    documents.mergeInto(item.id, other)
    reporter.documentEnd({ ...end, ...sourceOf(item) }, { unchanged: 1 })
  })()
}

/** Attachments of attachments, too. */
export function attachmentsBelow(id: DocumentId, documents: Pick<DocumentLibrary, 'attachmentsOf'>): DocumentId[] {
  return documents.attachmentsOf(id).flatMap((child) => [child.id, ...attachmentsBelow(child.id, documents)])
}

/** A message in a message in a message … ends here. */
const deepestAttachment = 4

/** The files in a file become documents of the same job; those that are not in it any more go. Gives how many are new to the job. */
function queueAttachments(
  item: PendingDocument,
  attachments: readonly Attachment[],
  { documents, collectionIndexes }: IngestStepParts,
): number {
  const wanted = (item.member?.length ?? 0) < deepestAttachment ? attachments : []
  const children = wanted.map((attachment) => ({
    collectionId: item.collectionId,
    sourceId: item.sourceId,
    uploadId: documents.uploadOf(item.id) ?? null,
    parentId: item.id,
    location: item.location,
    member: [...(item.member ?? []), attachment.member],
    identity: `${item.identity}!/${attachment.member}`,
    path: `${item.path}/${attachment.name.replaceAll(/[/\\]/g, '_')}`,
    name: attachment.name,
    size: attachment.size,
    modifiedMs: null,
  }))
  const identities = new Set(children.map((child) => child.identity))
  const gone = documents.attachmentsOf(item.id).filter((child) => !identities.has(child.identity))
  for (const { id } of gone) {
    const ids = [id, ...attachmentsBelow(id, documents)]
    collectionIndexes.removeDocuments(item.collectionId, ids)
    documents.remove(ids)
  }
  documents.queue(children, documents.jobOf(item.id))
  return children.length
}

/** The flow's steps from the stored text on; `save` is the caller's, and learns of which version the chunks are. */
export function createRebuildSteps(
  { pipeline }: Pick<CollectionCore, 'pipeline'>,
  embedding: Embedding,
  parts: IngestStepParts,
  save: (id: DocumentId, indexed: IndexedChunks, version: number) => void,
): IngestSteps<{ id: DocumentId; path: string }> {
  const versions = new Map<DocumentId, number>()
  return {
    ...indexSteps(embedding, parts),
    stage: () => {},
    async read({ id, path }, signal) {
      const { document, text, elements, pages, hasLines } = parts.documents.getText(id)
      versions.set(id, document.version)
      const title = document.title === null ? {} : { title: document.title }
      const parsed = { text, elements, pages, hasLines, warnings: document.warnings, ...title }
      const { type, size } = document
      const { modelFolder, choice: embedder } = embedding
      const { charactersPerToken } = parts
      const unit = charactersPerToken === undefined ? {} : { charactersPerToken }
      const file = { path, type, settings: pipeline, modelFolder, embedder, ...unit }
      const chunked = await chunkParsed(parsed, file, parts.compute, signal)
      return { outcome: 'read', parsed, ...chunked, contentHash: '', type, size, parser: '' }
    },
    save({ id }, _reading, indexed) {
      save(id, indexed, versions.get(id) ?? 0)
      return 'ready'
    },
  }
}

/** Cuts what is parsed already. */
export async function chunkParsed(
  document: ParsedDocument,
  file: Omit<ChunkInput, 'document'>,
  compute: ComputePool,
  signal?: AbortSignal,
): Promise<{ chunks: Chunk[]; chunkMs: number }> {
  const { chunks, chunkMs } = await compute.run('chunk', { document, ...file }, signal ? { signal } : {})
  return { chunks: withTexts(document, chunks), chunkMs }
}

/** The steps between the chunks and the index, the same for files and for stored texts. */
function indexSteps(
  embedding: Embedding,
  { chunkEdits }: Pick<IngestStepParts, 'chunkEdits'>,
): Pick<IngestSteps<{ id: DocumentId }>, 'revise' | 'embed' | 'embedInDocument'> {
  const { embedInDocument: embedSpans } = embedding
  return {
    revise: ({ id }, { parsed, chunks }) =>
      applyEdits(parsed, chunks, chunkEdits.of(id), (text) => embedding.tokenizer.count(text)),
    embed: (texts, signal) => embedding.embedPassages(texts, signal),
    ...(embedSpans ? { embedInDocument: withEdited(embedSpans, embedding) } : {}),
  }
}

/** Words of a person's own are not in the document: they are read by themselves. */
function withEdited(
  embedSpans: NonNullable<Embedding['embedInDocument']>,
  { dimensions, embedPassages }: Pick<Embedding, 'dimensions' | 'embedPassages'>,
): NonNullable<IngestSteps<never>['embedInDocument']> {
  return async (document, chunks, signal) => {
    const vectors = await embedSpans(document, chunks, signal)
    const edited = chunks.flatMap((chunk, row) => (chunk.edited === undefined ? [] : [{ chunk, row }]))
    const texts = edited.map(({ chunk }) => indexedText(document.title, chunk))
    const own = texts.length === 0 ? new Float32Array() : await embedPassages(texts, signal)
    edited.forEach(({ row }, index) =>
      vectors.set(own.subarray(index * dimensions, (index + 1) * dimensions), row * dimensions),
    )
    return vectors
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
  const { documents, database, indexLibrary, chunkEdits } = parts
  const items = indexLibrary.documentsWithout(collection.id, index.row.id)
  const steps = createRebuildSteps(collection, embedding, parts, (id, indexed) => {
    database.transaction(() => {
      if (!documents.exists(id)) return
      // A measurement of the same pipeline may have put it there meanwhile.
      if (indexLibrary.has(index.row.id, id)) return
      chunkEdits.place(id, indexed.lost, indexed.moved)
      addToIndex(index, id, documents.get(id).version, indexed, parts)
    })()
  })
  let done = 0
  const report = (): void => reporter.label(`building the new index: ${done} of ${items.length} documents`)
  report()
  for await (const outcome of ingest(items, steps, { lanes: parts.lanes, signal: reporter.signal })) {
    // A document that was removed in the meantime needs no place in the new index.
    if (outcome.outcome === 'failed' && documents.exists(outcome.item.id)) throw outcome.error
    done += 1
    report()
  }
}

/** Chunks, text and vectors of one document's version. The caller holds the transaction. */
export function addToIndex(
  index: OpenIndex,
  documentId: DocumentId,
  version: number,
  { chunks, textAt, vectors }: Pick<IndexedChunks, 'chunks' | 'textAt' | 'vectors'>,
  parts: Pick<IngestParts, 'indexLibrary'>,
): void {
  const { dimensions } = index.row
  const ids = parts.indexLibrary.addChunks(index.row.id, documentId, version, chunks)
  const indexed = ids.filter((_, ordinal) => !chunks[ordinal]?.disabled)
  // In slices: the texts of all chunks at once are as much as the document.
  for (let from = 0; from < indexed.length; from += entriesAtATime) {
    const entries = indexed.slice(from, from + entriesAtATime).map((chunkId, place) => {
      const row = from + place
      return {
        chunkId,
        documentId,
        text: textAt(row),
        vector: vectors.subarray(row * dimensions, (row + 1) * dimensions),
      }
    })
    index.store.add(entries)
  }
}

const entriesAtATime = 1000

/** The end of a document that was neither saved nor merged: its row, the job's counts and the event, together. */
function record(outcome: IngestOutcome<PendingDocument>, reporter: JobReporter, parts: IngestParts): void {
  if (outcome.outcome === 'ready' || outcome.outcome === 'moved') return
  const { item } = outcome
  const { id: documentId, path } = item
  const end = { documentId, path, ...sourceOf(item), outcome: outcome.outcome, reason: null, pages: null, chunks: 0 }
  parts.database.transaction(() => {
    // A document that a person removed in the meantime has not failed. It is nobody's any more.
    if (!parts.documents.exists(documentId)) return
    if (outcome.outcome === 'unchanged') {
      parts.documents.setUnchanged(documentId)
      reporter.documentEnd(end, { unchanged: 1 })
    } else {
      const reason = toErrorData(outcome.error)
      const type = outcome.error.details.type
      const known = typeof type === 'string' ? type : undefined
      parts.documents.setFailed(documentId, reason, known, parts.parsersFingerprint)
      reporter.documentEnd({ ...end, reason }, { failed: 1 })
    }
  })()
}

function changeOf(item: PendingDocument): 'added' | 'changed' {
  return item.version === 0 ? 'added' : 'changed'
}

function sourceOf({ sourceId, parentId }: PendingDocument) {
  // Attachments are their message's: a source counts files.
  return sourceId === null || parentId !== null ? {} : { sourceId }
}

/** A document that was removed, or that another job took over, in the meantime is not this job's to finish: the total says so at the end. */
function settleTotal(job: JobRow, parts: IngestParts): void {
  const { ready, failed, unchanged, total } = parts.jobs.get(job.id)
  const done = ready + failed + unchanged
  if (total !== done) parts.jobs.setListed(job.id, done)
}
