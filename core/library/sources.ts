import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData } from '../contract/errors.ts'
import { type Source, type SourceOptions, sourceOptionsSchema, type SyncResult } from '../contract/sources.ts'
import { type CollectionId, createId, type SourceId, type UploadId } from '../shared/ids.ts'

export type SourceKind = Source['kind']

/** Where documents come from: folders, archives and files on this machine, and uploads that the workspace keeps itself. */
export interface SourceLibrary {
  /** Sorted by creation; of one collection or of all. */
  list(collectionId?: CollectionId): Source[]
  /** Errors: item-missing. */
  get(id: SourceId): Source
  find(collectionId: CollectionId, kind: SourceKind, location: string): Source | undefined
  /** The source at this place: found, or made with the usual options. */
  ensure(collectionId: CollectionId, kind: SourceKind, location: string): SourceId
  /** What is not given stays. Errors: item-missing. */
  setOptions(id: SourceId, options: Partial<SourceOptions>): Source
  /** How the last sync ended. */
  setSynced(id: SourceId, result: SyncResult): void
  setError(id: SourceId, error: ErrorData): void
  remove(id: SourceId): void
  beginUpload(path: string): Upload
  findUpload(id: UploadId): Upload | undefined
  /** Errors: item-missing. */
  getUpload(id: UploadId): Upload
  setUpload(id: UploadId, received: number, complete: boolean): void
  /** Uploads that no document uses and that were begun before the given time. */
  orphanedUploads(beforeMs: number): UploadId[]
  removeUpload(id: UploadId): void
}

export interface Upload {
  id: UploadId
  path: string
  /** Bytes. */
  received: number
  complete: boolean
}

export function createSourceLibrary(database: Database): SourceLibrary {
  const columns = `s.*, (SELECT count(*) FROM documents d WHERE d.source_id = s.id AND d.approval IS NOT 'rejected') AS documents`
  const selectAll = database.prepare<[], Row>(`SELECT ${columns} FROM sources s ORDER BY s.created_at, s.id`)
  const selectOf = database.prepare<[string], Row>(
    `SELECT ${columns} FROM sources s WHERE s.collection_id = ? ORDER BY s.created_at, s.id`,
  )
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM sources s WHERE s.id = ?`)
  const selectAt = database.prepare<[string, string, string], Row>(
    `SELECT ${columns} FROM sources s WHERE s.collection_id = ? AND s.kind = ? AND s.location = ?`,
  )
  const insertSource = database.prepare(
    'INSERT INTO sources (id, collection_id, kind, location, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const updateOptions = database.prepare('UPDATE sources SET options = ? WHERE id = ?')
  const updateSynced = database.prepare('UPDATE sources SET synced_at = ?, result = ?, error = NULL WHERE id = ?')
  const updateError = database.prepare('UPDATE sources SET error = ? WHERE id = ?')
  const deleteSource = database.prepare('DELETE FROM sources WHERE id = ?')
  const insertUpload = database.prepare('INSERT INTO uploads (id, path, created_at) VALUES (?, ?, ?)')
  const selectUpload = database.prepare<[string], { id: string; path: string; received: number; complete: number }>(
    'SELECT id, path, received, complete FROM uploads WHERE id = ?',
  )
  const updateUpload = database.prepare('UPDATE uploads SET received = ?, complete = ? WHERE id = ?')
  const selectOrphans = database
    .prepare<[number], string>(
      `SELECT id FROM uploads u WHERE created_at < ? AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.upload_id = u.id)
       AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.status IN ('queued', 'running') AND instr(j.input, u.id) > 0)`,
    )
    .pluck()
  const deleteUpload = database.prepare('DELETE FROM uploads WHERE id = ?')

  const library: SourceLibrary = {
    list: (collectionId) => (collectionId ? selectOf.all(collectionId) : selectAll.all()).map(toSource),
    get(id) {
      const row = select.get(id)
      if (row) return toSource(row)
      throw new AppError('item-missing', `There is no source ${id}. It may have been removed.`, { details: { id } })
    },
    find(collectionId, kind, location) {
      const row = selectAt.get(collectionId, kind, location)
      return row && toSource(row)
    },
    ensure(collectionId, kind, location) {
      const known = selectAt.get(collectionId, kind, location)
      if (known) return known.id as SourceId
      const id = createId('source')
      insertSource.run(id, collectionId, kind, location, Date.now())
      return id
    },
    setOptions(id, options) {
      const next = sourceOptionsSchema.parse({ ...library.get(id).options, ...options })
      updateOptions.run(JSON.stringify(next), id)
      return library.get(id)
    },
    setSynced: (id, result) => void updateSynced.run(Date.now(), JSON.stringify(result), id),
    setError: (id, error) => void updateError.run(JSON.stringify(error), id),
    remove: (id) => void deleteSource.run(id),
    beginUpload(path) {
      const id = createId('upload')
      insertUpload.run(id, path, Date.now())
      return { id, path, received: 0, complete: false }
    },
    findUpload(id) {
      const row = selectUpload.get(id)
      return row && { id, path: row.path, received: row.received, complete: row.complete === 1 }
    },
    getUpload(id) {
      const upload = library.findUpload(id)
      if (upload) return upload
      throw new AppError('item-missing', `There is no upload ${id}. Add the file again.`, { details: { id } })
    },
    setUpload: (id, received, complete) => void updateUpload.run(received, complete ? 1 : 0, id),
    orphanedUploads: (beforeMs) => selectOrphans.all(beforeMs) as UploadId[],
    removeUpload: (id) => void deleteUpload.run(id),
  }
  return library
}

interface Row {
  id: string
  collection_id: string
  kind: SourceKind
  location: string
  options: string
  documents: number
  synced_at: number | null
  result: string | null
  error: string | null
  created_at: number
}

function toSource(row: Row): Source {
  const options = sourceOptionsSchema.parse(JSON.parse(row.options))
  const { schedule } = options
  const everyMs = schedule.kind === 'every' ? schedule.hours * 3_600_000 : null
  return {
    id: row.id as SourceId,
    collectionId: row.collection_id as CollectionId,
    kind: row.kind,
    location: row.location,
    options,
    documents: row.documents,
    syncedAt: row.synced_at,
    result: row.result === null ? null : (JSON.parse(row.result) as SyncResult),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    dueAt: everyMs === null ? null : (row.synced_at ?? row.created_at) + everyMs,
    createdAt: row.created_at,
  }
}
