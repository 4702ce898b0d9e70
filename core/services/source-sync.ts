import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData, isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { Source, SourceOptions } from '../contract/sources.ts'
import { type FoundFile, identityOf, isArchive, listFiles } from '../jobs/list-files.ts'
import type { JobReporter } from '../jobs/job-runner.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { DocumentLibrary, KnownFile, NewDocument } from '../library/documents.ts'
import type { IngestInput, JobLibrary, JobRow } from '../library/jobs.ts'
import type { SourceLibrary } from '../library/sources.ts'
import type { DocumentId, SourceId, UploadId } from '../shared/ids.ts'

export interface SourceSyncParts {
  database: Database
  documents: DocumentLibrary
  sources: SourceLibrary
  jobs: JobLibrary
  uploadPath(id: UploadId): string
  /** Whether a document that is ready would come out of its file as it is: same parser, same settings. */
  isCurrent(collection: CollectionCore, file: Pick<KnownFile, 'path' | 'type' | 'parser'>): boolean
  /** Fingerprint of all parsers: what failed under the same one fails again. */
  parsersFingerprint: string
  /** Takes them out in slices; `note` is called with what each took out, in its transaction. */
  removeDocuments(ids: readonly DocumentId[], note: (removed: readonly DocumentId[]) => void): Promise<number>
}

/** Brings sources and documents together: before the files are read, and after. */
export interface SourceSync {
  /**
   * Looks through the job's sources, queues what is to be read and marks what is gone. A restart in the middle begins
   * again; nothing is counted before everything is.
   */
  list(job: JobRow, collection: CollectionCore, reporter: JobReporter): Promise<void>
  /**
   * Takes out what is gone, after everything was read: a file that only moved has its document by then. Gives how many
   * documents went.
   */
  finish(job: JobRow, reporter: JobReporter): Promise<number>
}

export function createSourceSync(parts: SourceSyncParts): SourceSync {
  const { database, documents, sources, jobs } = parts
  return {
    async list(job, collection, reporter) {
      reporter.label('looking for files')
      const input = jobs.input(job.id)
      const known = documents.known(collection.id)
      const { roots, problems } = await findRoots(input, collection, known, parts)
      const scan = createScan(job, collection, known, input, parts, (count) =>
        reporter.label(`looking for files (${count} so far)`),
      )
      const results: RootResult[] = []
      for (const root of roots) results.push(await scan.look(root, reporter.signal))
      scan.takeUploads(input.uploadIds)
      scan.flush()
      documents.requeue(input.documentIds, job.id)

      database.transaction(() => {
        for (const result of results) {
          documents.setVanished(collection.id, result.vanished, true)
          documents.setVanished(collection.id, result.found, false)
          const { sourceId, location, unchanged, waiting, stillFailed, error } = result
          if (error) sources.setError(sourceId, error)
          const found = result.count
          reporter.event({
            type: 'source-listed',
            sourceId,
            location,
            found,
            unchanged,
            waiting,
            failed: stillFailed,
            error,
          })
          jobs.count(job.id, { unchanged, failed: stillFailed })
          problems.push(...result.problems)
        }
        for (const { path, error, sourceId } of problems) {
          const about = sourceId ? { sourceId } : {}
          const end = { documentId: null, path, outcome: 'failed', reason: error, pages: null, chunks: 0 } as const
          reporter.documentEnd({ ...end, ...about }, { failed: 1 })
        }
        jobs.setInput(job.id, { ...input, paths: [], sourceIds: roots.map((root) => root.source.id) })
        const settled = results.reduce((sum, result) => sum + result.unchanged + result.stillFailed, 0)
        reporter.listed(documents.pending(job.id).length + settled + problems.length)
      })()
    },
    async finish(job, reporter) {
      const { sourceIds } = jobs.input(job.id)
      if (sourceIds.length === 0) return 0
      documents.forgetVanished(sourceIds)
      const gone = documents.vanished(sourceIds).filter(({ id }) => !documents.promotePath(id))
      if (gone.length > 0) reporter.label('taking out what is gone')
      const byId = new Map(gone.map((document) => [document.id, document]))
      // Counted in the same transaction: a process that is killed afterwards would not meet them again.
      await parts.removeDocuments([...byId.keys()], (removed) => {
        for (const { path, sourceId } of removed.flatMap((id) => byId.get(id) ?? [])) {
          const end = { documentId: null, path, outcome: 'removed', reason: null, pages: null, chunks: 0 } as const
          reporter.documentEnd({ ...end, sourceId }, { removed: 1 })
        }
      })
      storeResults(job, sourceIds, parts)
      return gone.length
    },
  }
}

interface Root {
  source: Source
  /** Of a source of single files: those to look at. */
  files?: string[]
  /** What failed before is tried again, because a person asked for this very thing. */
  retryFailed: boolean
}

interface Problem {
  path: string
  error: ErrorData
  sourceId?: SourceId
}

interface RootResult {
  sourceId: SourceId
  location: string
  count: number
  unchanged: number
  stillFailed: number
  waiting: number
  /** Identities that were there and had been marked as gone. */
  found: string[]
  /** Identities that are not there any more. */
  vanished: string[]
  problems: Problem[]
  error: ErrorData | null
}

/** The sources of the job; what was named by path becomes one, or is a problem where nothing is there. */
async function findRoots(
  input: IngestInput,
  collection: CollectionCore,
  known: ReadonlyMap<string, KnownFile>,
  { sources }: SourceSyncParts,
): Promise<{ roots: Root[]; problems: Problem[] }> {
  const roots = new Map<SourceId, Root>()
  const problems: Problem[] = []
  const files: string[] = []
  const add = (id: SourceId): void => {
    roots.set(id, { source: sources.get(id), retryFailed: true })
  }
  for (const given of new Set(input.paths.map((path) => resolve(path)))) {
    try {
      const info = await stat(given)
      if (info.isDirectory()) add(sources.ensure(collection.id, 'folder', given))
      else if (info.isFile() && isArchive(given)) add(sources.ensure(collection.id, 'zip', given))
      else files.push(given)
    } catch (error) {
      const known = toAppError(error)
      const message = `${given}: ${known.message}`
      problems.push({ path: basename(given) || given, error: { ...toErrorData(known), message } })
    }
  }
  if (files.length > 0) {
    const id = sources.ensure(collection.id, 'files', '')
    roots.set(id, { source: sources.get(id), files, retryFailed: true })
  }
  for (const id of input.sourceIds) {
    if (roots.has(id)) continue
    const source = sources.get(id)
    const files = source.kind === 'files' ? { files: filesOf(known, id) } : {}
    roots.set(id, { source, retryFailed: false, ...files })
  }
  return { roots: [...roots.values()], problems }
}

function filesOf(known: ReadonlyMap<string, KnownFile>, sourceId: SourceId): string[] {
  return [...known].filter(([, file]) => file.sourceId === sourceId).map(([identity]) => identity)
}

function createScan(
  job: JobRow,
  collection: CollectionCore,
  known: Map<string, KnownFile>,
  input: IngestInput,
  parts: SourceSyncParts,
  onFound: (count: number) => void,
) {
  const { documents, sources } = parts
  let queue: NewDocument[] = []
  let waitingQueue: NewDocument[] = []
  let total = 0
  const folders = new Set(
    sources.list(collection.id).flatMap(({ id, kind }) => (kind === 'folder' || kind === 'zip' ? [id] : [])),
  )
  const flush = (): void => {
    documents.queue(queue, job.id)
    documents.queueWaiting(waitingQueue)
    queue = []
    waitingQueue = []
  }
  const push = (target: 'queue' | 'waiting', document: NewDocument): void => {
    if (target === 'queue') queue.push(document)
    else waitingQueue.push(document)
    if (queue.length + waitingQueue.length >= 500) flush()
  }

  /** A file that two sources hold is at home in the first, but a folder has more to say of its files than a list of single ones. */
  const homeOf = (before: KnownFile | undefined, source: Source): SourceId => {
    const owner = before?.sourceId
    return owner && (folders.has(owner) || source.kind === 'files') ? owner : source.id
  }

  /** What becomes of one file. */
  const take = (file: FoundFile, root: Root, result: RootResult): void => {
    const identity = identityOf(file)
    const before = known.get(identity)
    const document = toNewDocument(file, identity, collection, homeOf(before, root.source))
    if (before?.vanished) result.found.push(identity)
    if (before && before.sourceId !== document.sourceId)
      documents.adopt(collection.id, identity, homeOf(before, root.source))
    if (!before) {
      if (root.source.options.review) {
        result.waiting += 1
        push('waiting', document)
      } else push('queue', document)
      return
    }
    const same = before.size === file.size && before.modifiedMs === file.modifiedMs && !input.verify
    if (before.approval !== null) {
      if (before.approval === 'waiting' || !same) result.waiting += 1
      if (!same) push('waiting', document)
      return
    }
    if (same && before.status === 'ready' && parts.isCurrent(collection, before)) {
      result.unchanged += 1
      return
    }
    if (same && !root.retryFailed && before.status === 'failed' && failsAgain(before, parts)) {
      result.stillFailed += 1
      return
    }
    // Other paths keep the content that this one has no more.
    if (before.primary) documents.promotePath(before.documentId)
    else documents.removePath(collection.id, identity)
    push('queue', document)
  }

  return {
    flush,
    async look(root: Root, signal: AbortSignal): Promise<RootResult> {
      const { source } = root
      const result: RootResult = {
        sourceId: source.id,
        location: source.location,
        count: 0,
        unchanged: 0,
        stillFailed: 0,
        waiting: 0,
        found: [],
        vanished: [],
        problems: [],
        error: null,
      }
      const seen = new Set<string>()
      const unseen = new Set<string>()
      try {
        for await (const file of filesOfRoot(root, signal)) {
          if (file.kind === 'problem') {
            // A known file that cannot be read is a document that fails, and says why.
            const before = 'location' in file ? known.get(file.location) : undefined
            if (before) {
              documents.requeue([before.documentId], job.id)
              continue
            }
            unseen.add(file.path)
            result.problems.push({ path: file.path, error: toErrorData(file.error), sourceId: source.id })
            continue
          }
          const identity = identityOf(file)
          if (seen.has(identity)) continue
          seen.add(identity)
          result.count += 1
          total += 1
          if (total % 500 === 0) onFound(total)
          take(file, root, result)
        }
        if (source.kind === 'folder' || source.kind === 'zip')
          result.vanished = goneFrom(source, known, seen, unseen, input)
      } catch (error) {
        if (isCancellation(error)) throw error
        // Nothing is taken for gone where nothing could be seen.
        result.error = toErrorData(error)
        result.problems = [{ path: basename(source.location), error: result.error, sourceId: source.id }]
      }
      return result
    },
    takeUploads(ids: readonly UploadId[]): void {
      for (const id of ids) {
        const upload = sources.findUpload(id)
        // Removed with its document by an earlier job, or since this one was put in line.
        if (!upload) continue
        const identity = `upload:${upload.path}`
        const before = known.get(identity)
        if (before && !before.primary) documents.removePath(collection.id, identity)
        else if (before) documents.promotePath(before.documentId)
        push('queue', {
          collectionId: collection.id,
          sourceId: sources.ensure(collection.id, 'upload', ''),
          uploadId: id,
          parentId: null,
          location: parts.uploadPath(id),
          member: null,
          identity,
          path: upload.path,
          name: basename(upload.path),
          size: upload.received,
          modifiedMs: null,
        })
      }
    },
  }
}

async function* filesOfRoot({ source, files }: Root, signal: AbortSignal) {
  if (source.kind === 'upload') return
  if (!files) {
    yield* listFiles(source.location, { ...listOptions(source.options), signal })
    return
  }
  for (const location of files) {
    try {
      yield* listFiles(location, { signal })
    } catch (error) {
      if (isCancellation(error)) throw error
      yield { kind: 'problem' as const, path: basename(location), location, error: toAppError(error) }
    }
  }
}

function listOptions({ include, exclude, gitignore }: SourceOptions) {
  return { include, exclude, gitignore }
}

/** What came from the source and is not there any more. Below a folder that could not be read nobody knows. */
function goneFrom(
  source: Source,
  known: ReadonlyMap<string, KnownFile>,
  seen: ReadonlySet<string>,
  unseen: ReadonlySet<string>,
  input: IngestInput,
): string[] {
  const mine = [...known].filter(([, file]) => file.sourceId === source.id)
  const shown = mine.filter(([, file]) => file.approval !== 'rejected').length
  if (seen.size === 0 && shown > 0 && !input.allowEmpty) {
    throw new AppError(
      'file-missing',
      `${source.location} is empty, although ${shown} documents came from it. If its drive is not connected, connect it. If it is meant to be empty, sync it with "allow empty".`,
      { details: { location: source.location, documents: shown } },
    )
  }
  const hidden = (path: string): boolean => {
    for (const folder of unseen) if (path === folder || path.startsWith(`${folder}/`)) return true
    return false
  }
  return mine.filter(([identity, file]) => !seen.has(identity) && !hidden(file.path)).map(([identity]) => identity)
}

/** Reasons that lie in the file: reading it again with the same parsers gives the same. */
const lastingReasons = [
  'type-unsupported',
  'file-empty',
  'file-corrupt',
  'file-encrypted',
  'file-scanned',
  'file-too-large',
]

function failsAgain(file: KnownFile, parts: SourceSyncParts): boolean {
  return file.triedWith === parts.parsersFingerprint && lastingReasons.includes(file.reason?.code ?? '')
}

function toNewDocument(file: FoundFile, identity: string, collection: CollectionCore, sourceId: SourceId): NewDocument {
  const { location, member, path, name, size, modifiedMs } = file
  const home = { collectionId: collection.id, sourceId, uploadId: null, parentId: null }
  return { ...home, location, member, identity, path, name, size, modifiedMs }
}

function storeResults(job: JobRow, sourceIds: readonly SourceId[], { sources, jobs, database }: SourceSyncParts): void {
  const counts = jobs.countBySource(job.id)
  const none = { added: 0, changed: 0, removed: 0, unchanged: 0, failed: 0 }
  database.transaction(() => {
    for (const listed of jobs.listings(job.id)) {
      if (listed.error || !sourceIds.includes(listed.sourceId)) continue
      const count = counts.get(listed.sourceId) ?? none
      const { added, changed, removed } = count
      const unchanged = count.unchanged + listed.unchanged
      const failed = count.failed + listed.failed
      const { waiting } = listed
      sources.setSynced(listed.sourceId, { added, changed, removed, unchanged, failed, waiting, jobId: job.id })
    }
  })()
}
