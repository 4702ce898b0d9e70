import type { Database } from 'better-sqlite3'
import type { ChunkEdit } from '../contract/chunks.ts'
import { AppError } from '../contract/errors.ts'
import { type ChunkEditId, createId, type DocumentId } from '../shared/ids.ts'

/** What people changed of chunks: precious, and applied again whenever a document is chunked anew. */
export interface ChunkEditLibrary {
  /** In the order in which they were made. */
  of(documentId: DocumentId): ChunkEdit[]
  /** Errors: item-missing. */
  get(id: ChunkEditId): ChunkEdit
  add(edit: Pick<ChunkEdit, 'documentId' | 'kind' | 'anchor' | 'start' | 'text'>): ChunkEdit
  remove(id: ChunkEditId): boolean
  /** Where the edits of a document are now, and which have lost their place. The caller holds the transaction. */
  place(documentId: DocumentId, lost: ReadonlySet<ChunkEditId>, moved: ReadonlyMap<ChunkEditId, number>): void
}

export function createChunkEditLibrary(database: Database): ChunkEditLibrary {
  const selectOf = database.prepare<[string], Row>(
    'SELECT * FROM chunk_edits WHERE document_id = ? ORDER BY created_at, id',
  )
  const select = database.prepare<[string], Row>('SELECT * FROM chunk_edits WHERE id = ?')
  const insert = database.prepare(
    'INSERT INTO chunk_edits (id, document_id, kind, anchor, start_offset, text, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const deleteOne = database.prepare('DELETE FROM chunk_edits WHERE id = ?')
  const updatePlace = database.prepare(
    'UPDATE chunk_edits SET lost = ?, start_offset = coalesce(?, start_offset) WHERE id = ?',
  )

  const library: ChunkEditLibrary = {
    of: (documentId) => selectOf.all(documentId).map(toEdit),
    get(id) {
      const row = select.get(id)
      if (row) return toEdit(row)
      throw new AppError('item-missing', `There is no edit ${id}. It may have been taken back.`, { details: { id } })
    },
    add({ documentId, kind, anchor, start, text }) {
      const id = createId('chunkEdit')
      insert.run(id, documentId, kind, anchor, start, text, Date.now())
      return library.get(id)
    },
    remove: (id) => deleteOne.run(id).changes > 0,
    place(documentId, lost, moved) {
      for (const { id } of library.of(documentId)) updatePlace.run(lost.has(id) ? 1 : 0, moved.get(id) ?? null, id)
    },
  }
  return library
}

interface Row {
  id: string
  document_id: string
  kind: ChunkEdit['kind']
  anchor: string
  start_offset: number
  text: string | null
  lost: number
  created_at: number
}

function toEdit(row: Row): ChunkEdit {
  return {
    id: row.id as ChunkEditId,
    documentId: row.document_id as DocumentId,
    kind: row.kind,
    anchor: row.anchor,
    start: row.start_offset,
    text: row.text,
    lost: row.lost === 1,
    createdAt: row.created_at,
  }
}
