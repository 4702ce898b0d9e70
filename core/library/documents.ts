import type { Database } from 'better-sqlite3'
import type { Document, DocumentStatus } from '../contract/documents.ts'
import { AppError, type ErrorData } from '../contract/errors.ts'
import type { Element, Page, ParsedDocument } from '../contract/parsed-document.ts'
import {
  type CollectionId,
  createId,
  type DocumentId,
  type JobId,
  type SourceId,
  type UploadId,
} from '../shared/ids.ts'

/** A file that is to become a document, or to be read again. */
export interface NewDocument {
  collectionId: CollectionId
  sourceId: SourceId | null
  uploadId: UploadId | null
  /** Absolute path of the bytes. */
  location: string
  /** Same identity in the same collection = same document. */
  identity: string
  /** Shown to people. */
  path: string
  name: string
  size: number
}

/** A document as the ingest flow works on it. */
export interface PendingDocument {
  id: DocumentId
  collectionId: CollectionId
  location: string
  path: string
  name: string
  size: number
  version: number
  contentHash: string | null
  /** 'pdf@1': what made the current version. */
  parser: string | null
}

export interface StoredText {
  document: Document
  text: string
  elements: Element[]
  pages: Page[]
}

export interface DocumentLibrary {
  /** Sorted by path. */
  list(collectionId: CollectionId, options: { status?: DocumentStatus; limit: number; offset: number }): Document[]
  countByStatus(collectionId: CollectionId): Partial<Record<DocumentStatus, number>>
  countAll(): { documents: number; chunks: number }
  /** Errors: item-missing. */
  get(id: DocumentId): Document
  exists(id: DocumentId): boolean
  /** The current version's text. Errors: item-missing, also for a document that never was ready. */
  getText(id: DocumentId): StoredText
  /** One transaction. New ones are added, known ones queued again; both belong to the job from now on. */
  queue(documents: readonly NewDocument[], jobId: JobId): void
  /** Queues known documents again. */
  requeue(ids: readonly DocumentId[], jobId: JobId): void
  /** Documents of the job that have not come to an end, in path order. */
  pending(jobId: JobId): PendingDocument[]
  failedIn(collectionId: CollectionId): DocumentId[]
  setStatus(id: DocumentId, status: DocumentStatus): void
  setFailed(id: DocumentId, reason: ErrorData, type: string | undefined): void
  /** The same reason for every document of the job that has not come to an end. Gives how many. */
  setPendingFailed(jobId: JobId, reason: ErrorData): number
  /** The content is what it was: ready again. */
  setUnchanged(id: DocumentId): void
  /** A queued document goes back to what it was before the job: ready if it has a version, else it is removed. */
  restoreAfterCancel(jobId: JobId): void
  /** Stores a new version and makes it current. The caller holds the transaction. Gives the version's number. */
  saveVersion(
    id: DocumentId,
    version: { contentHash: string; type: string; size: number; parser: string; parsed: ParsedDocument },
  ): number
  uploadOf(id: DocumentId): UploadId | undefined
  uploadsIn(collectionId: CollectionId): UploadId[]
  idsIn(collectionId: CollectionId): DocumentId[]
  remove(ids: readonly DocumentId[]): number
}

export function createDocumentLibrary(database: Database): DocumentLibrary {
  const columns = `d.*, (SELECT count(*) FROM chunks k JOIN indexes i ON i.id = k.index_id
    WHERE k.document_id = d.id AND i.state = 'active') AS chunks`
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM documents d WHERE d.id = ?`)
  const selectList = database.prepare<[string, number, number], Row>(
    `SELECT ${columns} FROM documents d WHERE d.collection_id = ? ORDER BY d.path, d.id LIMIT ? OFFSET ?`,
  )
  const selectListByStatus = database.prepare<[string, string, number, number], Row>(
    `SELECT ${columns} FROM documents d WHERE d.collection_id = ? AND d.status = ? ORDER BY d.path, d.id LIMIT ? OFFSET ?`,
  )
  const selectCounts = database.prepare<[string], { status: DocumentStatus; count: number }>(
    'SELECT status, count(*) AS count FROM documents WHERE collection_id = ? GROUP BY status',
  )
  const selectTotals = database.prepare<[], { documents: number; chunks: number }>(
    `SELECT (SELECT count(*) FROM documents) AS documents,
      (SELECT count(*) FROM chunks k JOIN indexes i ON i.id = k.index_id WHERE i.state = 'active') AS chunks`,
  )
  const selectVersion = database.prepare<[string, number], VersionRow>(
    'SELECT text, elements, pages FROM document_versions WHERE document_id = ? AND number = ?',
  )
  const upsert = database.prepare(
    `INSERT INTO documents (id, collection_id, source_id, job_id, identity, location, upload_id, path, name, size, status, added_at)
     VALUES (@id, @collectionId, @sourceId, @jobId, @identity, @location, @uploadId, @path, @name, @size, 'queued', @now)
     ON CONFLICT (collection_id, identity) DO UPDATE SET
       source_id = excluded.source_id, job_id = excluded.job_id, location = excluded.location,
       upload_id = excluded.upload_id, size = excluded.size, status = 'queued', reason = NULL`,
  )
  const updateQueued = database.prepare(
    `UPDATE documents SET status = 'queued', reason = NULL, job_id = ? WHERE id = ?`,
  )
  const selectPending = database.prepare<[string], PendingRow>(
    `SELECT d.id, d.collection_id, d.location, d.path, d.name, d.size, d.version, d.content_hash, v.parser
     FROM documents d LEFT JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
     WHERE d.job_id = ? AND d.status NOT IN ('ready', 'failed') ORDER BY d.path, d.id`,
  )
  const selectFailed = database
    .prepare<[string], string>(`SELECT id FROM documents WHERE collection_id = ? AND status = 'failed' ORDER BY path`)
    .pluck()
  const updateStatus = database.prepare('UPDATE documents SET status = ? WHERE id = ?')
  const updateFailed = database.prepare(
    `UPDATE documents SET status = 'failed', reason = ?, type = coalesce(?, type) WHERE id = ?`,
  )
  const updatePendingFailed = database.prepare(
    `UPDATE documents SET status = 'failed', reason = ? WHERE job_id = ? AND status NOT IN ('ready', 'failed')`,
  )
  const selectExists = database.prepare<[string], number>('SELECT 1 FROM documents WHERE id = ?').pluck()
  const updateUnchanged = database.prepare(
    `UPDATE documents SET status = 'ready', reason = NULL, indexed_at = ? WHERE id = ?`,
  )
  const restoreReady = database.prepare(
    `UPDATE documents SET status = 'ready', reason = NULL WHERE job_id = ? AND version > 0 AND status NOT IN ('ready', 'failed')`,
  )
  const deleteUnread = database.prepare(
    `DELETE FROM documents WHERE job_id = ? AND version = 0 AND status NOT IN ('ready', 'failed')`,
  )
  const insertVersion = database.prepare(
    `INSERT INTO document_versions (document_id, number, content_hash, parser, text, elements, pages, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const deleteOlder = database.prepare('DELETE FROM document_versions WHERE document_id = ? AND number < ?')
  const updateReady = database.prepare(
    `UPDATE documents SET status = 'ready', reason = NULL, version = @version, content_hash = @contentHash, type = @type,
       size = @size, title = @title, pages = @pages, warnings = @warnings, indexed_at = @now WHERE id = @id`,
  )
  const selectUpload = database
    .prepare<[string], string>('SELECT upload_id FROM documents WHERE id = ? AND upload_id IS NOT NULL')
    .pluck()
  const selectUploads = database
    .prepare<[string], string>('SELECT upload_id FROM documents WHERE collection_id = ? AND upload_id IS NOT NULL')
    .pluck()
  const selectIds = database.prepare<[string], string>('SELECT id FROM documents WHERE collection_id = ?').pluck()
  const deleteOne = database.prepare('DELETE FROM documents WHERE id = ?')

  const queueAll = database.transaction((documents: readonly NewDocument[], jobId: JobId) => {
    const now = Date.now()
    for (const document of documents) upsert.run({ ...document, id: createId('document'), jobId, now })
  })
  const requeueAll = database.transaction((ids: readonly DocumentId[], jobId: JobId) => {
    for (const id of ids) updateQueued.run(jobId, id)
  })
  const removeAll = database.transaction((ids: readonly DocumentId[]) => {
    let removed = 0
    for (const id of ids) removed += deleteOne.run(id).changes
    return removed
  })

  const library: DocumentLibrary = {
    list(collectionId, { status, limit, offset }) {
      const rows = status
        ? selectListByStatus.all(collectionId, status, limit, offset)
        : selectList.all(collectionId, limit, offset)
      return rows.map(toDocument)
    },
    countByStatus: (collectionId) =>
      Object.fromEntries(selectCounts.all(collectionId).map(({ status, count }) => [status, count])),
    countAll: () => selectTotals.get() ?? { documents: 0, chunks: 0 },
    get(id) {
      const row = select.get(id)
      if (!row) throw missing(id)
      return toDocument(row)
    },
    exists: (id) => selectExists.get(id) === 1,
    getText(id) {
      const document = library.get(id)
      const version = selectVersion.get(id, document.version)
      if (!version) throw unread(document)
      return {
        document,
        text: version.text,
        elements: JSON.parse(version.elements) as Element[],
        pages: JSON.parse(version.pages) as Page[],
      }
    },
    queue: (documents, jobId) => queueAll(documents, jobId),
    requeue: (ids, jobId) => requeueAll(ids, jobId),
    pending: (jobId) => selectPending.all(jobId).map(toPending),
    failedIn: (collectionId) => selectFailed.all(collectionId) as DocumentId[],
    setStatus: (id, status) => void updateStatus.run(status, id),
    setFailed: (id, reason, type) => void updateFailed.run(JSON.stringify(reason), type ?? null, id),
    setPendingFailed: (jobId, reason) => updatePendingFailed.run(JSON.stringify(reason), jobId).changes,
    setUnchanged: (id) => void updateUnchanged.run(Date.now(), id),
    restoreAfterCancel: database.transaction((jobId: JobId) => {
      restoreReady.run(jobId)
      deleteUnread.run(jobId)
    }),
    saveVersion(id, { contentHash, type, size, parser, parsed }) {
      const number = library.get(id).version + 1
      const now = Date.now()
      insertVersion.run(
        id,
        number,
        contentHash,
        parser,
        parsed.text,
        JSON.stringify(parsed.elements),
        JSON.stringify(parsed.pages),
        now,
      )
      deleteOlder.run(id, number)
      updateReady.run({
        id,
        version: number,
        contentHash,
        type,
        size,
        title: parsed.title ?? null,
        pages: parsed.pages.length === 0 ? null : parsed.pages.length,
        warnings: JSON.stringify(parsed.warnings),
        now,
      })
      return number
    },
    uploadOf: (id) => selectUpload.get(id) as UploadId | undefined,
    uploadsIn: (collectionId) => selectUploads.all(collectionId) as UploadId[],
    idsIn: (collectionId) => selectIds.all(collectionId) as DocumentId[],
    remove: (ids) => removeAll(ids),
  }
  return library
}

interface Row {
  id: string
  collection_id: string
  path: string
  name: string
  type: string
  size: number
  status: DocumentStatus
  reason: string | null
  warnings: string
  title: string | null
  pages: number | null
  chunks: number
  indexed_at: number | null
  version: number
}

interface VersionRow {
  text: string
  elements: string
  pages: string
}

interface PendingRow {
  id: string
  collection_id: string
  location: string
  path: string
  name: string
  size: number
  version: number
  content_hash: string | null
  parser: string | null
}

function toDocument(row: Row): Document {
  return {
    id: row.id as DocumentId,
    collectionId: row.collection_id as CollectionId,
    name: row.name,
    path: row.path,
    type: row.type,
    size: row.size,
    status: row.status,
    reason: row.reason === null ? null : (JSON.parse(row.reason) as ErrorData),
    warnings: JSON.parse(row.warnings) as string[],
    title: row.title,
    pages: row.pages,
    chunks: row.chunks,
    indexedAt: row.indexed_at,
    version: row.version,
  }
}

function toPending(row: PendingRow): PendingDocument {
  return {
    id: row.id as DocumentId,
    collectionId: row.collection_id as CollectionId,
    location: row.location,
    path: row.path,
    name: row.name,
    size: row.size,
    version: row.version,
    contentHash: row.content_hash,
    parser: row.parser,
  }
}

function missing(id: string): AppError {
  return new AppError('item-missing', `There is no document ${id}. It may have been removed.`, { details: { id } })
}

function unread(document: Document): AppError {
  const why =
    document.status === 'failed' ? `could not be read: ${document.reason?.message ?? ''}` : 'has not been read yet.'
  return new AppError('item-missing', `"${document.name}" ${why}`, { details: { id: document.id } })
}
