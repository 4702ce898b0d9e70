import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Dataset, ImportFormat } from '../contract/datasets.ts'
import { AppError, fromErrorData, toAppError } from '../contract/errors.ts'
import type { JobEvent } from '../contract/jobs.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import { collectProblems } from '../flows/case-problems.ts'
import { type BeirCase, type BeirDocument, readBeir } from '../flows/read-beir.ts'
import {
  importedCaseSchema,
  type ImportedSpan,
  readCaseText,
  type ReadCase,
  readCsvCases,
  readJsonlCases,
} from '../flows/read-cases.ts'
import { readChunkingSet, type SetDocument } from '../flows/read-chunking-set.ts'
import { startInUnits } from '../flows/place-passage.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import { type DatasetLibrary, type Judgement, type StoredCase, unplacedJudgement } from '../library/datasets.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { CollectionId, DatasetId, JobId, UploadId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import type { Datasets, Places } from './datasets.ts'
import type { Uploads } from './uploads.ts'

export interface ImportRequest {
  path?: string | undefined
  uploadId?: UploadId | undefined
  format?: ImportFormat | undefined
  datasetId?: DatasetId | undefined
  name?: string | undefined
  collectionId?: CollectionId | undefined
  onDuplicate: 'refuse' | 'skip' | 'replace'
  allowStale: boolean
  splits?: string[] | undefined
}

export interface ImportResult {
  dataset: Dataset
  added: number
  replaced: number
  skipped: number
  stale: number
  warnings: string[]
}

export interface ImportWatch {
  signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface DatasetImportParts {
  library: DatasetLibrary
  datasets: Datasets
  collections: CollectionLibrary
  uploads: Uploads
  maximumFileBytes: number
  /** What a new collection starts with. */
  standardPipeline(): Pipeline
  together<Result>(action: () => Result): Result
  startIngest(collectionId: CollectionId, uploadIds: UploadId[]): JobId
  watchJob(id: JobId, signal: AbortSignal): AsyncIterable<JobEvent>
  cancelJob(id: JobId): Promise<unknown>
  removeCollection(id: CollectionId): Promise<unknown>
}

/** What a file or folder holds, before any of it is looked for in documents. */
interface ReadSet {
  cases: ReadCase[]
  documents: SetDocument[]
  warnings: string[]
  /** For messages about single cases. */
  file: string
  skipped: number
}

/**
 * Reads a set, adds the documents that come with it, looks for every passage, and stores the cases in one transaction.
 * What is wrong with any case is told before anything of the dataset is stored.
 */
export async function importDataset(
  request: ImportRequest,
  parts: DatasetImportParts,
  { signal, onProgress }: ImportWatch,
): Promise<ImportResult> {
  const place = await placeOf(request, parts)
  const target = targetOf(request, place.name, parts)
  onProgress({ done: 0, unit: 'cases', label: `reading ${place.name}` })
  const set = await readSet(place, request, signal)

  const { collectionId, isNew } = collectionFor(target, set, parts)
  try {
    if (collectionId !== null && set.documents.length > 0) {
      await addDocuments(collectionId, set.documents, parts, { signal, onProgress })
    }
    const placed = await placeCases(set, parts.datasets.placesIn(collectionId), request, { signal, onProgress })
    // The last moment: what follows is one step.
    await new Promise((resolve) => setImmediate(resolve))
    throwIfAborted(signal)
    const stored = parts.together(() => store(placed, target, collectionId, request, set.file, parts))
    await parts.datasets.settle(stored.id)
    const dataset = await parts.datasets.get(stored.id)
    const { added, replaced, skipped } = stored
    if (place.uploadId) await parts.uploads.remove([place.uploadId])
    return { dataset, added, replaced, skipped: skipped + set.skipped, stale: placed.stale, warnings: set.warnings }
  } catch (error) {
    // The documents of a set that could not be imported are nobody's.
    if (isNew && collectionId !== null) await parts.removeCollection(collectionId)
    throw error
  }
}

interface Place {
  location: string
  name: string
  format: ImportFormat
  uploadId?: UploadId
}

async function placeOf(request: ImportRequest, { uploads, maximumFileBytes }: DatasetImportParts): Promise<Place> {
  const { path, uploadId } = request
  if ((path === undefined) === (uploadId === undefined)) {
    throw new AppError('input-invalid', 'Name one file or folder to import, by its path or its upload.')
  }
  if (uploadId !== undefined) uploads.requireComplete([uploadId])
  const location = uploadId === undefined ? path! : uploads.path(uploadId)
  const name = basename(uploadId === undefined ? path! : uploads.get(uploadId).path)
  const facts = await stat(location).catch((error: unknown) => {
    const known = toAppError(error)
    throw new AppError(known.code, `${name}: ${known.message}`, { cause: error })
  })
  const format = request.format ?? (facts.isDirectory() ? await folderFormat(location) : fileFormat(name))
  const isFolderFormat = format === 'beir' || format === 'chunking'
  if (isFolderFormat !== facts.isDirectory()) {
    throw new AppError(
      'input-invalid',
      isFolderFormat ? `A "${format}" set is a folder; ${name} is a file.` : `${name} is a folder. Name a file in it.`,
    )
  }
  if (!facts.isDirectory() && facts.size > maximumFileBytes) {
    const limit = `${Math.round(maximumFileBytes / 1e6)} MB`
    throw new AppError('file-too-large', `${name} is larger than ${limit}, which is the limit. Split it.`)
  }
  return { location, name, format, ...(uploadId === undefined ? {} : { uploadId }) }
}

async function folderFormat(folder: string): Promise<ImportFormat> {
  const has = (name: string): Promise<boolean> =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    )
  if (await has('corpus.jsonl')) return 'beir'
  if (await has('questions_df.csv')) return 'chunking'
  throw new AppError(
    'file-missing',
    `${folder} holds no test set: neither corpus.jsonl (BEIR) nor questions_df.csv (chunking evaluation) is in it.`,
  )
}

function fileFormat(name: string): ImportFormat {
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'jsonl'
  if (/\.(csv|tsv)$/i.test(name)) return 'csv'
  throw new AppError('type-unsupported', `${name} is neither .jsonl nor .csv. Say which format it has.`)
}

/** Where the cases go: a dataset that is there, or the name of a new one. */
type Target = { dataset: Dataset } | { name: string; collectionId: CollectionId | null }

function targetOf(request: ImportRequest, fileName: string, { library, collections }: DatasetImportParts): Target {
  if (request.collectionId !== undefined) collections.getCore(request.collectionId)
  if (request.datasetId !== undefined) return { dataset: library.get(request.datasetId) }
  const name = request.name ?? fileName.replace(/\.(jsonl|ndjson|csv|tsv)$/i, '')
  if (library.findByName(name)) {
    throw new AppError('name-taken', `There is already a dataset called "${name}". Give this one another name.`)
  }
  return { name, collectionId: request.collectionId ?? null }
}

/** A set that brings documents gets a collection for them where none is named. */
function collectionFor(
  target: Target,
  set: ReadSet,
  { collections, standardPipeline }: DatasetImportParts,
): { collectionId: CollectionId | null; isNew: boolean } {
  const chosen = 'dataset' in target ? target.dataset.collectionId : target.collectionId
  if (chosen !== null || set.documents.length === 0) return { collectionId: chosen, isNew: false }
  const name = 'dataset' in target ? target.dataset.name : target.name
  const created = collections.create(name, `Documents of the test set "${name}".`, standardPipeline())
  return { collectionId: created.id, isNew: true }
}

async function readSet(
  { location, name, format }: Place,
  { splits }: ImportRequest,
  signal: AbortSignal,
): Promise<ReadSet> {
  if (format === 'beir') return beirSet(location, splits, signal)
  if (format === 'chunking') {
    const { documents, cases } = await readChunkingSet(location, signal)
    return { cases, documents, warnings: [], file: join(location, 'questions_df.csv'), skipped: 0 }
  }
  const { text, warnings } = readCaseText(await readFile(location, { signal }), name)
  const read = await (format === 'csv' ? readCsvCases : readJsonlCases)(text, name, signal)
  return { cases: read.cases, documents: [], warnings: [...warnings, ...read.warnings], file: name, skipped: 0 }
}

/** Documents become text files of the collection; what a set of ours says beside the layout is read back whole. */
async function beirSet(folder: string, splits: string[] | undefined, signal: AbortSignal): Promise<ReadSet> {
  const file = join(folder, 'queries.jsonl')
  const problems = collectProblems(file)
  const { corpus, cases, unjudged } = await readBeir(folder, { splits: splits ?? 'all', signal })
  const titles = new Map(corpus.map((document) => [document.id, document]))
  const take = (id: string, value: unknown): ReadCase[] => {
    const parsed = importedCaseSchema.safeParse(value)
    if (parsed.success) return [{ line: undefined, given: parsed.data }]
    problems.add(undefined, `the query "${id}": ${parsed.error.issues[0]?.message ?? 'is no case'}`)
    return []
  }
  const own = ({ id, question, metadata }: Pick<BeirCase, 'id' | 'question' | 'metadata'>): unknown =>
    typeof metadata.quarry === 'object' && metadata.quarry !== null ? { ...metadata.quarry, id, question } : undefined
  const judged = cases.map((query) => ({ ...query, value: own(query) ?? beirCase(query, titles) }))
  const others = unjudged.map((query) => ({ ...query, value: own(query) })).filter(({ value }) => value !== undefined)
  const kept = [...judged, ...others].sort((a, b) => a.order - b.order).flatMap(({ id, value }) => take(id, value))
  problems.throwIfAny()
  const filled = corpus.filter((document) => document.text.trim() + (document.title ?? '').trim() !== '')
  const skipped = unjudged.length - others.length
  return {
    cases: kept,
    documents: filled.map((document) => ({
      path: documentName(document.id),
      bytes: new TextEncoder().encode(contentOf(document)),
    })),
    warnings: [
      ...(skipped > 0 ? [`${skipped} queries have no relevant document and were left out.`] : []),
      ...(filled.length < corpus.length ? [`${corpus.length - filled.length} documents have no text.`] : []),
    ],
    file,
    skipped,
  }
}

function beirCase(
  { id, question, relevance, split, spans }: BeirCase,
  documents: ReadonlyMap<string, BeirDocument>,
): Record<string, unknown> {
  const seen = new Set<string>()
  const expected = spans.flatMap(({ document: documentId, text, start }) => {
    const document = documents.get(documentId)
    const key = `${documentId} ${start} ${text}`
    if (!document || seen.has(key)) return []
    seen.add(key)
    // The title stands before the text in our file.
    const place = startInUnits(document.text, text, start) + contentOf(document).length - document.text.length
    return [{ path: documentId, start: place, text }]
  })
  const relevant = [...relevance].map(([path, grade]) => ({ path, grade: Math.max(0, grade) }))
  return { id, question, expected, relevant, split }
}

function contentOf({ title, text }: BeirDocument): string {
  return title && !text.startsWith(title) ? `${title}\n\n${text}` : text
}

function documentName(id: string): string {
  return /\.txt$/i.test(id) ? id : `${id}.txt`
}

/** Adds the documents that the collection does not have yet, and waits until they can be searched. */
async function addDocuments(
  collectionId: CollectionId,
  documents: readonly SetDocument[],
  parts: DatasetImportParts,
  { signal, onProgress }: ImportWatch,
): Promise<void> {
  const places = parts.datasets.placesIn(collectionId)
  const wanted = documents.filter(({ path }) => places.find(path.replace(/\.txt$/, '')) === undefined)
  if (wanted.length === 0) return
  const uploadIds: UploadId[] = []
  try {
    for (const [index, { path, bytes }] of wanted.entries()) {
      throwIfAborted(signal)
      const { uploadId } = await parts.uploads.take({
        uploadId: undefined,
        path,
        offset: 0,
        data: new Blob([bytes]),
        last: true,
      })
      uploadIds.push(uploadId)
      onProgress({ done: index + 1, total: wanted.length, unit: 'documents', label: 'copying documents' })
    }
  } catch (error) {
    await parts.uploads.remove(uploadIds)
    throw error
  }
  const jobId = parts.startIngest(collectionId, uploadIds)
  try {
    for await (const event of parts.watchJob(jobId, signal)) {
      if (event.type === 'progress') {
        const { done, total = wanted.length } = event.job.progress
        onProgress({ done, total, unit: 'documents', label: 'reading and embedding documents' })
      }
      if (event.type === 'job-end' && event.job.error) throw fromErrorData(event.job.error)
      if (event.type === 'job-end' && event.job.status === 'cancelled') {
        throw new AppError('cancelled', 'The documents of this set were not added, because their job was cancelled.')
      }
    }
    throwIfAborted(signal)
  } catch (error) {
    await parts.cancelJob(jobId)
    throw error
  }
}

interface PlacedCases {
  cases: StoredCase[]
  stale: number
}

/** Every passage at its place, or every problem at once. */
async function placeCases(
  { cases, file }: ReadSet,
  places: Places,
  { allowStale }: ImportRequest,
  { signal, onProgress }: ImportWatch,
): Promise<PlacedCases> {
  const problems = collectProblems(file)
  const createdAt = Date.now()
  const placed: StoredCase[] = []
  let stale = 0
  for (const [index, { line, given }] of cases.entries()) {
    if (index % 200 === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      throwIfAborted(signal)
      onProgress({ done: index, total: cases.length, unit: 'cases', label: 'looking for passages' })
    }
    const { expected, relevant, tags, origin, ...rest } = given
    let isStale = false
    const judgements = expected.flatMap((span): Judgement[] => {
      try {
        return [judge(span, places)]
      } catch (error) {
        const known = toAppError(error)
        if (known.code !== 'item-missing' && known.code !== 'input-invalid') throw known
        if (!allowStale || span.text === undefined) {
          problems.add(line, line === undefined ? `the case "${given.id}": ${known.message}` : known.message)
          return []
        }
        isStale = true
        const path = span.path ?? ''
        const start = span.judgedStart ?? span.start
        return [
          unplacedJudgement({ path, grade: span.grade, text: span.text, ...(start === undefined ? {} : { start }) }),
        ]
      }
    })
    if (isStale) stale += 1
    const whole = relevant.map((document) => places.relevant(document))
    placed.push({ ...rest, tags: [...new Set(tags)], origin, createdAt, judgements: [...judgements, ...whole] })
  }
  problems.throwIfAny()
  return { cases: placed, stale }
}

function judge(span: ImportedSpan, places: Places): Judgement {
  const { judgedStart, ...given } = span
  const placed = places.place(given)
  // What was judged is kept as it was: a set that is exported and read again is the same set, white space and all.
  const judgement = given.text === undefined ? placed : { ...placed, text: given.text }
  return judgedStart === undefined ? judgement : { ...judgement, judgedStart }
}

/** The caller holds the transaction. */
function store(
  { cases }: PlacedCases,
  target: Target,
  collectionId: CollectionId | null,
  { onDuplicate }: ImportRequest,
  file: string,
  { library }: DatasetImportParts,
): { id: DatasetId; added: number; replaced: number; skipped: number } {
  const dataset = 'dataset' in target ? library.get(target.dataset.id) : library.create(target.name, '', collectionId)
  if (dataset.collectionId !== collectionId) library.update(dataset.id, { collectionId })
  const known = library.known(
    dataset.id,
    cases.map(({ id }) => id),
  )
  if (known.size > 0 && onDuplicate === 'refuse') {
    const [first] = known
    throw new AppError(
      'name-taken',
      `"${dataset.name}" has ${known.size === 1 ? 'a case' : `${known.size} cases`} of this file already, such as "${first}". Skip or replace those that are there.`,
      { details: { ids: [...known].slice(0, 100) } },
    )
  }
  const add = cases.filter(({ id }) => !known.has(id))
  const replace = onDuplicate === 'replace' ? cases.filter(({ id }) => known.has(id)) : []
  const count = add.length + replace.length
  library.commit(
    dataset.id,
    { add, replace },
    `Imported ${count === 1 ? '1 case' : `${count} cases`} from ${basename(file)}`,
  )
  return { id: dataset.id, added: add.length, replaced: replace.length, skipped: known.size - replace.length }
}
