import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import { type CollectionId, createId, type SourceId, type UploadId } from '../shared/ids.ts'

/** Where documents come from: folders and files on this machine, and uploads that the workspace keeps itself. */
export interface SourceLibrary {
  ensure(collectionId: CollectionId, kind: 'folder' | 'file' | 'upload', location: string): SourceId
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
  const selectSource = database
    .prepare<[string, string, string], string>(
      'SELECT id FROM sources WHERE collection_id = ? AND kind = ? AND location = ?',
    )
    .pluck()
  const insertSource = database.prepare(
    'INSERT INTO sources (id, collection_id, kind, location, created_at) VALUES (?, ?, ?, ?, ?)',
  )
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
    ensure(collectionId, kind, location) {
      const known = selectSource.get(collectionId, kind, location)
      if (known) return known as SourceId
      const id = createId('source')
      insertSource.run(id, collectionId, kind, location, Date.now())
      return id
    },
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
