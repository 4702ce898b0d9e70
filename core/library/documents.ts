import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import type { Document, DocumentStatus } from '../contract/documents.ts'
import { AppError, type ErrorData } from '../contract/errors.ts'
import type { Element, Metadata, Page, ParsedDocument } from '../contract/parsed-document.ts'
import {
  type CollectionId,
  createId,
  type DocumentId,
  type JobId,
  type SourceId,
  type UploadId,
} from '../shared/ids.ts'
import { piecesOfText } from '../shared/pieces-of-text.ts'

/** A file that is to become a document, or to be read again. */
export interface NewDocument {
  collectionId: CollectionId
  sourceId: SourceId | null
  uploadId: UploadId | null
  /** The message or other document that it is attached to. */
  parentId: DocumentId | null
  /** Absolute path of the bytes, or of the file that holds them. */
  location: string
  /** The way into that file, outermost first; null for a file of its own. */
  member: string[] | null
  /** Same identity in the same collection = same document. */
  identity: string
  /** Shown to people. */
  path: string
  name: string
  size: number
  /** Milliseconds since 1970; null where nobody knows. */
  modifiedMs: number | null
}

/** What a sync has to know of a file that was seen before. */
export interface KnownFile {
  documentId: DocumentId
  sourceId: SourceId | null
  /** Whether the document is at home here, and not only has this path too. */
  primary: boolean
  size: number
  modifiedMs: number | null
  status: DocumentStatus
  /** 0: never ready. */
  version: number
  path: string
  type: string
  /** What made the current version. */
  parser: string | null
  /** Of a failed document. */
  reason: ErrorData | null
  triedWith: string | null
  approval: 'waiting' | 'rejected' | null
  vanished: boolean
}

/** A document as the ingest flow works on it. */
export interface PendingDocument {
  id: DocumentId
  collectionId: CollectionId
  sourceId: SourceId | null
  parentId: DocumentId | null
  location: string
  member: string[] | null
  identity: string
  path: string
  name: string
  size: number
  /** 'unknown' until it has been read. */
  type: string
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
  hasLines: boolean
}

export interface DocumentLibrary {
  /** Sorted by path. */
  list(
    collectionId: CollectionId,
    options: { status?: DocumentStatus; filter?: SqlFilter; limit: number; offset: number },
  ): Document[]
  countByStatus(collectionId: CollectionId, filter?: SqlFilter): Partial<Record<DocumentStatus, number>>
  /** Documents that can be asked and tags that have `query` in them; names that begin with it come first. */
  suggest(
    collectionIds: readonly CollectionId[],
    query: string,
    limit: number,
  ): {
    documents: Pick<Document, 'id' | 'collectionId' | 'name' | 'path' | 'title'>[]
    tags: { tag: string; documents: number }[]
  }
  /** Documents that can be asked whose file name, with its ending or without, or title stands in a text. */
  namedIn(
    collectionIds: readonly CollectionId[],
    text: string,
    limit: number,
  ): Pick<Document, 'id' | 'name' | 'title'>[]
  /** Documents that a filter lets through. */
  matching(collectionId: CollectionId, filter: SqlFilter): DocumentId[]
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
  /** Queues a file that only waits for approval: it belongs to no job. */
  queueWaiting(documents: readonly NewDocument[]): void
  /** Lets waiting documents in or turns them away; gives those that were waiting. */
  review(ids: readonly DocumentId[], approve: boolean): DocumentId[]
  waitingIn(collectionId: CollectionId): DocumentId[]
  /** Every file of the collection that a source has given, by identity. Attachments are their message's business. */
  known(collectionId: CollectionId): Map<string, KnownFile>
  /** Marks what the sync did and did not find. */
  setVanished(collectionId: CollectionId, identities: readonly string[], vanished: boolean): void
  /** Documents and further paths of these sources that the last sync did not find. */
  vanished(sourceIds: readonly SourceId[]): { id: DocumentId; path: string; sourceId: SourceId }[]
  /** Forgets further paths, and files that were turned away, that were not found: nobody sees them. */
  forgetVanished(sourceIds: readonly SourceId[]): void
  /** Moves a document whose own file is gone to its next path. False where it has none. */
  promotePath(id: DocumentId): boolean
  /** Content hashes of ready documents of this size, which are worth comparing with; none where they are very many. */
  hashesOfSize(collectionId: CollectionId, size: number): string[]
  /** A ready document with this content, other than `exceptId`. */
  withContent(
    collectionId: CollectionId,
    content: { size: number; contentHash: string },
    exceptId: DocumentId,
  ): DocumentId | undefined
  /** Makes the path of one document a further path of another that has the same content; the first one is gone then. */
  mergeInto(id: DocumentId, other: DocumentId): void
  /** Gives a path that belongs to no source to this one. */
  adopt(collectionId: CollectionId, identity: string, sourceId: SourceId): void
  removePath(collectionId: CollectionId, identity: string): void
  attachmentsOf(id: DocumentId): { id: DocumentId; identity: string }[]
  addTags(ids: readonly DocumentId[], add: readonly string[], remove: readonly string[]): number
  /** Takes the source's paths away; gives the documents that have no other path and are to be removed. */
  leaveSource(sourceId: SourceId): DocumentId[]
  /** Documents of the job that have not come to an end, in path order. */
  pending(jobId: JobId): PendingDocument[]
  failedIn(collectionId: CollectionId): DocumentId[]
  /** Every document that has been read, attachments too, in path order. */
  read(collectionId: CollectionId): PendingDocument[]
  setStatus(id: DocumentId, status: DocumentStatus): void
  /** `triedWith`: fingerprint of the parsers there were, so that a file is not read in vain again and again. */
  setFailed(id: DocumentId, reason: ErrorData, type: string | undefined, triedWith: string): void
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
  /** Where the document's bytes are. Errors: item-missing. */
  fileOf(id: DocumentId): Pick<PendingDocument, 'location' | 'member' | 'name' | 'path' | 'contentHash'>
  uploadOf(id: DocumentId): UploadId | undefined
  /** Whether any document still comes out of this upload. */
  usesUpload(id: UploadId): boolean
  /** The job that has the document in hand. Errors: item-missing. */
  jobOf(id: DocumentId): JobId
  uploadsIn(collectionId: CollectionId): UploadId[]
  idsIn(collectionId: CollectionId): DocumentId[]
  /** Every path of every document that has been read. */
  readPaths(collectionId: CollectionId): { id: DocumentId; path: string }[]
  /** A hash that is the same for the same documents, read in the same way, with the same edits of their chunks. */
  contentOf(collectionId: CollectionId): { hash: string; documents: number }
  remove(ids: readonly DocumentId[]): number
}

/** In one row; longer texts are kept in several (see 0100-text-pieces). Nearly every document is one. */
const pieceLength = 4_000_000

/** A condition over the alias `d` of documents, with its bound values. See document-filter.ts. */
export interface SqlFilter {
  where: string
  parameters: Record<string, unknown>
}

/** More than this and it is quicker to read a file again than to send all of them along. */
const mostHashes = 32

export function createDocumentLibrary(database: Database): DocumentLibrary {
  const columns = `d.*, (SELECT count(*) FROM chunks k JOIN indexes i ON i.id = k.index_id
    WHERE k.document_id = d.id AND i.state = 'active') AS chunks,
    (SELECT json_group_array(p.path) FROM document_paths p WHERE p.document_id = d.id) AS other_paths`
  const shownStatus = `CASE WHEN d.approval = 'waiting' THEN 'waiting' ELSE d.status END`
  // Those that were turned away are kept to be known again, and are not shown.
  const shown = `d.collection_id = :collectionId AND d.approval IS NOT 'rejected'`
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM documents d WHERE d.id = ?`)
  const selectKnown = database.prepare<[string, string], KnownRow>(
    `SELECT d.identity, d.id, d.source_id, 1 AS is_primary, d.size, d.modified_ms, d.status, d.version, d.path, d.type,
       v.parser, d.reason, d.tried_with, d.approval, d.vanished
     FROM documents d LEFT JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
     WHERE d.collection_id = ? AND d.parent_id IS NULL
     UNION ALL
     SELECT p.identity, d.id, p.source_id, 0, p.size, p.modified_ms, d.status, d.version, p.path, d.type,
       v.parser, d.reason, d.tried_with, d.approval, p.vanished
     FROM document_paths p JOIN documents d ON d.id = p.document_id
     LEFT JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
     WHERE p.collection_id = ?`,
  )
  const markDocument = database.prepare(
    'UPDATE documents SET vanished = ? WHERE collection_id = ? AND identity = ? AND vanished <> ?',
  )
  const markPath = database.prepare(
    'UPDATE document_paths SET vanished = ? WHERE collection_id = ? AND identity = ? AND vanished <> ?',
  )
  const selectVanished = database.prepare<[string], { id: string; path: string; source_id: string }>(
    `SELECT id, path, source_id FROM documents
     WHERE vanished = 1 AND approval IS NOT 'rejected' AND source_id IN (SELECT value FROM json_each(?)) ORDER BY path`,
  )
  const deleteVanishedPaths = database.prepare(
    'DELETE FROM document_paths WHERE vanished = 1 AND source_id IN (SELECT value FROM json_each(?))',
  )
  const adoptDocument = database.prepare('UPDATE documents SET source_id = ? WHERE collection_id = ? AND identity = ?')
  const adoptPath = database.prepare('UPDATE document_paths SET source_id = ? WHERE collection_id = ? AND identity = ?')
  const deleteRejected = database.prepare(
    `DELETE FROM documents
     WHERE vanished = 1 AND approval = 'rejected' AND source_id IN (SELECT value FROM json_each(?))`,
  )
  const selectNextPath = database.prepare<[string], PathRow>(
    'SELECT * FROM document_paths WHERE document_id = ? AND vanished = 0 ORDER BY path LIMIT 1',
  )
  const deletePath = database.prepare('DELETE FROM document_paths WHERE collection_id = ? AND identity = ?')
  const movePlace = database.prepare(
    `UPDATE documents SET identity = @identity, source_id = @sourceId, location = @location, member = @member,
       path = @path, name = @name, size = @size, modified_ms = @modifiedMs, vanished = 0 WHERE id = @id`,
  )
  const selectPlace = database.prepare<[string], PathRow & { upload_id: string | null; content_hash: string | null }>(
    `SELECT id AS document_id, collection_id, identity, source_id, location, member, path, name, size, modified_ms, upload_id,
       content_hash
     FROM documents WHERE id = ?`,
  )
  const insertPath = database.prepare(
    `INSERT OR REPLACE INTO document_paths (collection_id, identity, document_id, source_id, location, member, path, name, size, modified_ms)
     VALUES (@collectionId, @identity, @documentId, @sourceId, @location, @member, @path, @name, @size, @modifiedMs)`,
  )
  const selectChildren = database.prepare<[string], { id: string; identity: string; path: string; member: string }>(
    'SELECT id, identity, path, member FROM documents WHERE parent_id = ?',
  )
  const moveChild = database.prepare(
    'UPDATE documents SET identity = ?, path = ?, location = ?, member = ? WHERE id = ?',
  )
  const selectHashes = database
    .prepare<[string, number], string>(
      `SELECT DISTINCT content_hash FROM documents WHERE collection_id = ? AND size = ? AND content_hash IS NOT NULL AND version > 0
         AND parent_id IS NULL
       LIMIT ${mostHashes + 1}`,
    )
    .pluck()
  const selectWithContent = database
    .prepare<[string, number, string, string], string>(
      `SELECT id FROM documents WHERE collection_id = ? AND size = ? AND content_hash = ? AND id <> ? AND version > 0
       AND parent_id IS NULL AND approval IS NULL ORDER BY added_at, id LIMIT 1`,
    )
    .pluck()
  const selectNewTogether = database
    .prepare<[string, string], number>(
      `SELECT d.version = 0 AND o.version = 1 AND d.job_id = o.job_id FROM documents d JOIN documents o
       WHERE d.id = ? AND o.id = ?`,
    )
    .pluck()
  const moveEdits = database.prepare('UPDATE chunk_edits SET document_id = ? WHERE document_id = ?')
  const selectTags = database.prepare<[string], string>('SELECT tags FROM documents WHERE id = ?').pluck()
  const updateTags = database.prepare('UPDATE documents SET tags = ? WHERE id = ?')
  const selectSuggested = database.prepare<object, Pick<Document, 'id' | 'collectionId' | 'name' | 'path' | 'title'>>(
    `SELECT id, collection_id AS collectionId, name, path, title FROM documents
     WHERE collection_id IN (SELECT value FROM json_each(@collections)) AND version > 0
       AND (path LIKE @anywhere ESCAPE '\\' OR title LIKE @anywhere ESCAPE '\\')
     ORDER BY name LIKE @first ESCAPE '\\' DESC, name COLLATE NOCASE, path, id LIMIT @limit`,
  )
  const selectNamed = database.prepare<object, Pick<Document, 'id' | 'name' | 'title'>>(
    // What is left of a name when every letter after its last dot is taken from its end.
    `SELECT id, name, title FROM documents
     WHERE collection_id IN (SELECT value FROM json_each(@collections)) AND version > 0
       AND (instr(lower(@text), rtrim(rtrim(lower(name), replace(lower(name), '.', '')), '.')) > 0
         OR instr(lower(@text), lower(title)) > 0)
     ORDER BY length(name) DESC, path, id LIMIT @limit`,
  )
  const selectSuggestedTags = database.prepare<object, { tag: string; documents: number }>(
    `SELECT t.value AS tag, count(*) AS documents FROM documents d, json_each(d.tags) t
     WHERE d.collection_id IN (SELECT value FROM json_each(@collections)) AND t.value LIKE @anywhere ESCAPE '\\'
     GROUP BY t.value ORDER BY t.value LIKE @first ESCAPE '\\' DESC, count(*) DESC, t.value LIMIT @limit`,
  )
  const updateApproved = database.prepare(`UPDATE documents SET approval = ? WHERE id = ? AND approval = 'waiting'`)
  const selectWaiting = database
    .prepare<[string], string>(
      `SELECT id FROM documents WHERE collection_id = ? AND approval = 'waiting' ORDER BY path`,
    )
    .pluck()
  const selectOfSource = database
    .prepare<[string], string>('SELECT id FROM documents WHERE source_id = ? AND parent_id IS NULL')
    .pluck()
  const deletePathsOf = database.prepare('DELETE FROM document_paths WHERE source_id = ?')
  const selectTotals = database.prepare<[], { documents: number; chunks: number }>(
    `SELECT (SELECT count(*) FROM documents) AS documents,
      (SELECT count(*) FROM chunks k JOIN indexes i ON i.id = k.index_id WHERE i.state = 'active') AS chunks`,
  )
  const selectVersion = database.prepare<[string, number], VersionRow>(
    'SELECT text, elements, pages, has_lines FROM document_versions WHERE document_id = ? AND number = ?',
  )
  const selectPieces = database
    .prepare<[string, number], string>(
      'SELECT text FROM document_text_pieces WHERE document_id = ? AND number = ? ORDER BY piece',
    )
    .pluck()
  const upsert = database.prepare(
    `INSERT INTO documents (id, collection_id, source_id, parent_id, job_id, identity, location, member, upload_id, path, name,
       size, modified_ms, status, approval, added_at)
     VALUES (@id, @collectionId, @sourceId, @parentId, @jobId, @identity, @location, @member, @uploadId, @path, @name,
       @size, @modifiedMs, 'queued', @approval, @now)
     ON CONFLICT (collection_id, identity) DO UPDATE SET
       source_id = excluded.source_id, parent_id = excluded.parent_id, job_id = excluded.job_id,
       location = excluded.location, member = excluded.member, upload_id = excluded.upload_id, size = excluded.size,
       modified_ms = excluded.modified_ms, vanished = 0, approval = excluded.approval, status = 'queued', reason = NULL`,
  )
  const updateQueued = database.prepare(
    `UPDATE documents SET status = 'queued', reason = NULL, job_id = ? WHERE id = ?`,
  )
  const pendingColumns = `d.id, d.collection_id, d.source_id, d.parent_id, d.location, d.member, d.identity, d.path, d.name,
    d.size, d.type, d.version, d.content_hash, v.parser
    FROM documents d LEFT JOIN document_versions v ON v.document_id = d.id AND v.number = d.version`
  const selectPending = database.prepare<[string], PendingRow>(
    `SELECT ${pendingColumns}
     WHERE d.job_id = ? AND d.status NOT IN ('ready', 'failed') AND d.approval IS NULL ORDER BY d.path, d.id`,
  )
  const selectRead = database.prepare<[string], PendingRow>(
    `SELECT ${pendingColumns} WHERE d.collection_id = ? AND d.version > 0 ORDER BY d.path, d.id`,
  )
  const selectFailed = database
    .prepare<[string], string>(
      `SELECT id FROM documents WHERE collection_id = ? AND status = 'failed' AND approval IS NULL ORDER BY path`,
    )
    .pluck()
  const selectContent = database
    .prepare<[string], [string, string | null, string]>(
      `SELECT d.path, d.content_hash, v.parser FROM documents d
       JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
       WHERE d.collection_id = ? ORDER BY d.path, d.id`,
    )
    .raw()
  const selectEdits = database
    .prepare<[string], [string, string, string, number, string | null]>(
      `SELECT d.path, e.kind, e.anchor, e.start_offset, e.text FROM chunk_edits e JOIN documents d ON d.id = e.document_id
       WHERE d.collection_id = ? ORDER BY d.path, e.start_offset, e.id`,
    )
    .raw()
  const updateStatus = database.prepare('UPDATE documents SET status = ? WHERE id = ?')
  const updateFailed = database.prepare(
    `UPDATE documents SET status = 'failed', reason = ?, type = coalesce(?, type), tried_with = ? WHERE id = ?`,
  )
  const updatePendingFailed = database.prepare(
    `UPDATE documents SET status = 'failed', reason = ? WHERE job_id = ? AND status NOT IN ('ready', 'failed')`,
  )
  const selectExists = database.prepare<[string], number>('SELECT 1 FROM documents WHERE id = ?').pluck()
  const updateUnchanged = database.prepare(
    `UPDATE documents SET status = 'ready', reason = NULL, indexed_at = ? WHERE id = ?`,
  )
  const restoreReady = database.prepare(
    // The time of the file is forgotten: the next sync has to read it again.
    `UPDATE documents SET status = 'ready', reason = NULL, modified_ms = -1, job_id = NULL
     WHERE job_id = ? AND version > 0 AND status NOT IN ('ready', 'failed')`,
  )
  const deleteUnread = database.prepare(
    `DELETE FROM documents WHERE job_id = ? AND version = 0 AND status NOT IN ('ready', 'failed')`,
  )
  const insertVersion = database.prepare(
    `INSERT INTO document_versions (document_id, number, content_hash, parser, text, elements, pages, has_lines, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertPiece = database.prepare('INSERT INTO document_text_pieces VALUES (?, ?, ?, ?)')
  const deleteOlder = database.prepare('DELETE FROM document_versions WHERE document_id = ? AND number < ?')
  const updateReady = database.prepare(
    `UPDATE documents SET status = 'ready', reason = NULL, version = @version, content_hash = @contentHash, type = @type,
       size = @size, title = @title, pages = @pages, warnings = @warnings, metadata = @metadata, indexed_at = @now WHERE id = @id`,
  )
  const selectUpload = database
    .prepare<[string], string>('SELECT upload_id FROM documents WHERE id = ? AND upload_id IS NOT NULL')
    .pluck()
  const selectUses = database.prepare<[string], number>('SELECT 1 FROM documents WHERE upload_id = ? LIMIT 1').pluck()
  const selectReadPaths = database.prepare<[string, string], { id: DocumentId; path: string }>(
    `SELECT id, path FROM documents WHERE collection_id = ? AND version > 0 AND approval IS NULL
     UNION ALL
     SELECT p.document_id, p.path FROM document_paths p JOIN documents d ON d.id = p.document_id
     WHERE p.collection_id = ? AND d.version > 0`,
  )
  const selectJob = database.prepare<[string], string>('SELECT job_id FROM documents WHERE id = ?').pluck()
  const selectUploads = database
    .prepare<[string], string>(
      'SELECT DISTINCT upload_id FROM documents WHERE collection_id = ? AND upload_id IS NOT NULL',
    )
    .pluck()
  const selectIds = database.prepare<[string], string>('SELECT id FROM documents WHERE collection_id = ?').pluck()
  const deleteOne = database.prepare('DELETE FROM documents WHERE id = ?')

  const queueAll = database.transaction((documents: readonly NewDocument[], jobId: JobId) => {
    const now = Date.now()
    for (const document of documents) insertOrQueue(document, jobId, null, now)
  })
  const insertOrQueue = (document: NewDocument, jobId: JobId | null, approval: 'waiting' | null, now: number): void => {
    const member = document.member && JSON.stringify(document.member)
    upsert.run({ ...document, member, id: createId('document'), jobId, approval, now })
  }
  /** Statements for each filter are made when it is used: there are as many as people can think of. */
  const selectFiltered = <Result>(
    sql: (where: string) => string,
    filter: SqlFilter | undefined,
    values: object,
  ): Result[] =>
    database.prepare(sql(filter ? `(${filter.where})` : '1')).all({ ...filter?.parameters, ...values }) as Result[]
  const requeueAll = database.transaction((ids: readonly DocumentId[], jobId: JobId) => {
    for (const id of ids) updateQueued.run(jobId, id)
  })
  const removeAll = database.transaction((ids: readonly DocumentId[]) => {
    let removed = 0
    for (const id of ids) removed += deleteOne.run(id).changes
    return removed
  })

  /** The attachments of a document that moved go with it. */
  const moveChildren = (
    id: string,
    to: { identity: string; path: string; location: string; member: string | null },
  ): void => {
    for (const child of selectChildren.all(id)) {
      const way = (JSON.parse(child.member) as string[]).slice(-1)
      const member = JSON.stringify([...((JSON.parse(to.member ?? '[]') as string[]) ?? []), ...way])
      const identity = `${to.identity}!/${way.join('!/')}`
      const path = `${to.path}/${child.path.slice(child.path.lastIndexOf('/') + 1)}`
      moveChild.run(identity, path, to.location, member, child.id)
      moveChildren(child.id, { identity, path, location: to.location, member })
    }
  }

  const library: DocumentLibrary = {
    list(collectionId, { status, filter, limit, offset }) {
      const rows = selectFiltered<Row>(
        (where) =>
          `SELECT ${columns} FROM documents d WHERE ${shown} AND (:status IS NULL OR ${shownStatus} = :status) AND ${where}
           ORDER BY d.path, d.id LIMIT :limit OFFSET :offset`,
        filter,
        { collectionId, status: status ?? null, limit, offset },
      )
      return rows.map(toDocument)
    },
    suggest(collectionIds, query, limit) {
      const like = query.replace(/[\\%_]/g, '\\$&')
      const values = { collections: JSON.stringify(collectionIds), anywhere: `%${like}%`, first: `${like}%`, limit }
      return { documents: selectSuggested.all(values), tags: selectSuggestedTags.all(values) }
    },
    namedIn: (collectionIds, text, limit) =>
      selectNamed.all({ collections: JSON.stringify(collectionIds), text, limit }),
    countByStatus(collectionId, filter) {
      const rows = selectFiltered<{ status: DocumentStatus; count: number }>(
        (where) =>
          `SELECT ${shownStatus} AS status, count(*) AS count FROM documents d WHERE ${shown} AND ${where} GROUP BY 1`,
        filter,
        { collectionId },
      )
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
    },
    matching: (collectionId, filter) =>
      selectFiltered<{ id: DocumentId }>(
        (where) => `SELECT d.id FROM documents d WHERE ${shown} AND ${where}`,
        filter,
        { collectionId },
      ).map((row) => row.id),
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
        text: version.text + selectPieces.all(id, document.version).join(''),
        elements: JSON.parse(version.elements) as Element[],
        pages: JSON.parse(version.pages) as Page[],
        hasLines: version.has_lines === 1,
      }
    },
    queue: (documents, jobId) => queueAll(documents, jobId),
    requeue: (ids, jobId) => requeueAll(ids, jobId),
    queueWaiting: database.transaction((documents: readonly NewDocument[]) => {
      const now = Date.now()
      for (const document of documents) insertOrQueue(document, null, 'waiting', now)
    }),
    review: database.transaction((ids: readonly DocumentId[], approve: boolean) =>
      ids.filter((id) => updateApproved.run(approve ? null : 'rejected', id).changes > 0),
    ),
    waitingIn: (collectionId) => selectWaiting.all(collectionId) as DocumentId[],
    known(collectionId) {
      const files = new Map<string, KnownFile>()
      for (const row of selectKnown.iterate(collectionId, collectionId)) files.set(row.identity, toKnown(row))
      return files
    },
    setVanished: database.transaction(
      (collectionId: CollectionId, identities: readonly string[], vanished: boolean) => {
        const value = vanished ? 1 : 0
        for (const identity of identities) {
          if (markDocument.run(value, collectionId, identity, value).changes === 0)
            markPath.run(value, collectionId, identity, value)
        }
      },
    ),
    vanished: (sourceIds) =>
      selectVanished.all(JSON.stringify(sourceIds)).map((row) => ({
        id: row.id as DocumentId,
        path: row.path,
        sourceId: row.source_id as SourceId,
      })),
    forgetVanished(sourceIds) {
      deleteVanishedPaths.run(JSON.stringify(sourceIds))
      deleteRejected.run(JSON.stringify(sourceIds))
    },
    promotePath: database.transaction((id: DocumentId) => {
      const next = selectNextPath.get(id)
      if (!next) return false
      deletePath.run(next.collection_id, next.identity)
      movePlace.run({ ...placeValues(next), id })
      moveChildren(id, next)
      return true
    }),
    hashesOfSize(collectionId, size) {
      const hashes = selectHashes.all(collectionId, size)
      return hashes.length > mostHashes ? [] : hashes
    },
    withContent: (collectionId, { size, contentHash }, exceptId) =>
      selectWithContent.get(collectionId, size, contentHash, exceptId) as DocumentId | undefined,
    mergeInto: database.transaction((id: DocumentId, other: DocumentId) => {
      const place = selectPlace.get(id)
      const otherPlace = selectPlace.get(other)
      if (!place || !otherPlace) return
      // Of two that were new to one job, the one that was read first is chance; the name must not be.
      const goesFirst = selectNewTogether.get(id, other) === 1 && place.path < otherPlace.path
      moveEdits.run(other, id)
      library.addTags([other], JSON.parse(selectTags.get(id) ?? '[]') as string[], [])
      deleteOne.run(id)
      const further = goesFirst ? otherPlace : place
      if (goesFirst) {
        movePlace.run({ ...placeValues(place), id: other })
        moveChildren(other, place)
      }
      insertPath.run({ ...placeValues(further), collectionId: further.collection_id, documentId: other })
    }),
    adopt(collectionId, identity, sourceId) {
      adoptDocument.run(sourceId, collectionId, identity)
      adoptPath.run(sourceId, collectionId, identity)
    },
    removePath: (collectionId, identity) => void deletePath.run(collectionId, identity),
    attachmentsOf: (id) => selectChildren.all(id).map((row) => ({ id: row.id as DocumentId, identity: row.identity })),
    addTags: database.transaction((ids: readonly DocumentId[], add: readonly string[], remove: readonly string[]) => {
      let changed = 0
      for (const id of ids) {
        const before = selectTags.get(id)
        if (before === undefined) continue
        const known = JSON.parse(before) as string[]
        const kept = known.filter((tag) => !remove.some((other) => sameTag(tag, other)))
        const added = add.filter((tag) => !kept.some((other) => sameTag(tag, other)))
        const after = JSON.stringify([...kept, ...new Set(added)])
        if (after === before) continue
        updateTags.run(after, id)
        changed += 1
      }
      return changed
    }),
    leaveSource(sourceId) {
      deletePathsOf.run(sourceId)
      return (selectOfSource.all(sourceId) as DocumentId[]).filter((id) => !library.promotePath(id))
    },
    pending: (jobId) => selectPending.all(jobId).map(toPending),
    read: (collectionId) => selectRead.all(collectionId).map(toPending),
    failedIn: (collectionId) => selectFailed.all(collectionId) as DocumentId[],
    setStatus: (id, status) => void updateStatus.run(status, id),
    setFailed: (id, reason, type, triedWith) =>
      void updateFailed.run(JSON.stringify(reason), type ?? null, triedWith, id),
    setPendingFailed: (jobId, reason) => updatePendingFailed.run(JSON.stringify(reason), jobId).changes,
    setUnchanged: (id) => void updateUnchanged.run(Date.now(), id),
    restoreAfterCancel: database.transaction((jobId: JobId) => {
      restoreReady.run(jobId)
      deleteUnread.run(jobId)
    }),
    saveVersion(id, { contentHash, type, size, parser, parsed }) {
      const number = library.get(id).version + 1
      const now = Date.now()
      const [text = '', ...more] = piecesOfText(parsed.text, pieceLength)
      insertVersion.run(
        id,
        number,
        contentHash,
        parser,
        text,
        JSON.stringify(parsed.elements),
        JSON.stringify(parsed.pages),
        parsed.hasLines ? 1 : 0,
        now,
      )
      more.forEach((piece, index) => insertPiece.run(id, number, index + 1, piece))
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
        metadata: boundedMetadata(parsed.metadata),
        now,
      })
      return number
    },
    fileOf(id) {
      const place = selectPlace.get(id)
      if (!place) throw missing(id)
      const { location, name, path, content_hash: contentHash } = place
      const member = place.member === null ? null : (JSON.parse(place.member) as string[])
      return { location, name, path, member, contentHash }
    },
    usesUpload: (id) => selectUses.get(id) === 1,
    jobOf(id) {
      const job = selectJob.get(id)
      if (!job) throw missing(id)
      return job as JobId
    },
    uploadOf: (id) => selectUpload.get(id) as UploadId | undefined,
    uploadsIn: (collectionId) => selectUploads.all(collectionId) as UploadId[],
    idsIn: (collectionId) => selectIds.all(collectionId) as DocumentId[],
    contentOf(collectionId) {
      const hash = createHash('sha256')
      let count = 0
      for (const row of selectContent.iterate(collectionId)) {
        hash.update(`${JSON.stringify(row)}\n`)
        count += 1
      }
      for (const row of selectEdits.iterate(collectionId)) hash.update(`${JSON.stringify(row)}\n`)
      return { hash: hash.digest('hex'), documents: count }
    },
    readPaths: (collectionId) => selectReadPaths.all(collectionId, collectionId),
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
  source_id: string | null
  parent_id: string | null
  other_paths: string
  metadata: string
  tags: string
  modified_ms: number | null
  approval: 'waiting' | 'rejected' | null
}

interface VersionRow {
  text: string
  elements: string
  pages: string
  has_lines: number
}

interface PathRow {
  document_id: string
  collection_id: string
  identity: string
  source_id: string | null
  location: string
  member: string | null
  path: string
  name: string
  size: number
  modified_ms: number | null
}

interface KnownRow {
  identity: string
  id: string
  source_id: string | null
  is_primary: number
  size: number
  modified_ms: number | null
  status: DocumentStatus
  version: number
  path: string
  type: string
  parser: string | null
  reason: string | null
  tried_with: string | null
  approval: KnownFile['approval']
  vanished: number
}

interface PendingRow {
  id: string
  collection_id: string
  source_id: string | null
  parent_id: string | null
  location: string
  member: string | null
  identity: string
  path: string
  name: string
  size: number
  type: string
  version: number
  content_hash: string | null
  parser: string | null
}

function placeValues(row: PathRow) {
  return {
    identity: row.identity,
    sourceId: row.source_id,
    location: row.location,
    member: row.member,
    path: row.path,
    name: row.name,
    size: row.size,
    modifiedMs: row.modified_ms,
  }
}

function toDocument(row: Row): Document {
  return {
    id: row.id as DocumentId,
    collectionId: row.collection_id as CollectionId,
    name: row.name,
    path: row.path,
    type: row.type,
    size: row.size,
    status: row.approval === 'waiting' ? 'waiting' : row.status,
    reason: row.reason === null ? null : (JSON.parse(row.reason) as ErrorData),
    warnings: JSON.parse(row.warnings) as string[],
    title: row.title,
    pages: row.pages,
    chunks: row.chunks,
    indexedAt: row.indexed_at,
    version: row.version,
    sourceId: row.source_id as SourceId | null,
    parentId: row.parent_id as DocumentId | null,
    otherPaths: JSON.parse(row.other_paths) as string[],
    metadata: JSON.parse(row.metadata) as Metadata,
    tags: JSON.parse(row.tags) as string[],
    modifiedAt: row.modified_ms !== null && row.modified_ms >= 0 ? row.modified_ms : null,
    stale: row.version > 0 && (row.status !== 'ready' || row.modified_ms === -1),
  }
}

function toKnown(row: KnownRow): KnownFile {
  return {
    documentId: row.id as DocumentId,
    sourceId: row.source_id as SourceId | null,
    primary: row.is_primary === 1,
    size: row.size,
    modifiedMs: row.modified_ms,
    status: row.status,
    version: row.version,
    path: row.path,
    type: row.type,
    parser: row.parser,
    reason: row.reason === null ? null : (JSON.parse(row.reason) as ErrorData),
    triedWith: row.tried_with,
    approval: row.approval,
    vanished: row.vanished === 1,
  }
}

function sameTag(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** A file may say megabytes of itself; what is kept of it is a list of facts. */
function boundedMetadata(metadata: Metadata | undefined): string {
  const kept: Metadata = {}
  let left = 16_000
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const fact =
      typeof value === 'string'
        ? value.slice(0, 2000)
        : Array.isArray(value)
          ? value.slice(0, 50).map((item) => item.slice(0, 200))
          : value
    left -= key.length + JSON.stringify(fact).length
    if (left < 0) break
    kept[key] = fact
  }
  return JSON.stringify(kept)
}

function toPending(row: PendingRow): PendingDocument {
  return {
    id: row.id as DocumentId,
    collectionId: row.collection_id as CollectionId,
    sourceId: row.source_id as SourceId | null,
    parentId: row.parent_id as DocumentId | null,
    location: row.location,
    member: row.member === null ? null : (JSON.parse(row.member) as string[]),
    identity: row.identity,
    path: row.path,
    name: row.name,
    size: row.size,
    type: row.type,
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
