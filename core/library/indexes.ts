import type { Database } from 'better-sqlite3'
import type { Chunk } from '../contract/parsed-document.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'

/** A row of `indexes`: one index of one collection under one fingerprint. */
export interface IndexRow {
  id: number
  collectionId: CollectionId
  fingerprint: string
  dimensions: number
  state: 'building' | 'active' | 'retired'
}

/** A stored chunk with what a result shows of its document. */
export interface StoredChunk extends Omit<Chunk, 'pageFirst' | 'pageLast'> {
  id: number
  documentId: DocumentId
  ordinal: number
  pageFirst: number | null
  pageLast: number | null
  documentName: string
  documentPath: string
  documentTitle: string | null
}

/** Index rows and their chunks. The searchable tables of an index belong to the `indexes` family. */
export interface IndexLibrary {
  /** The one that questions are answered from. */
  active(collectionId: CollectionId): IndexRow | undefined
  /** The index with this fingerprint: found, or made in state 'active' if the collection has none yet, else 'building'. */
  ensure(collectionId: CollectionId, fingerprint: string, dimensions: number): IndexRow
  /** Makes `id` the active one and retires the others. */
  activate(collectionId: CollectionId, id: number): void
  all(collectionId: CollectionId): IndexRow[]
  retired(): IndexRow[]
  removeRow(id: number): void
  /** Ready documents of the collection that have no chunks of their present version in this index. */
  documentsWithout(collectionId: CollectionId, indexId: number): DocumentId[]
  /** Gives the new chunk ids, in order. The caller holds the transaction. */
  addChunks(indexId: number, documentId: DocumentId, version: number, chunks: readonly Chunk[]): number[]
  /** Ids of a document's chunks in one index. */
  chunkIds(indexId: number, documentId: DocumentId): number[]
  removeChunks(indexId: number, documentId: DocumentId): void
  /** Whether the document's present version is in the index (a document without text has no chunks and counts as in). */
  has(indexId: number, documentId: DocumentId): boolean
  chunks(ids: readonly number[]): StoredChunk[]
  places(ids: readonly number[]): { chunkId: number; documentId: DocumentId; ordinal: number }[]
  /** Chunks of a document in an index whose span touches [start, end), in order. */
  neighbours(indexId: number, documentId: DocumentId, firstOrdinal: number, lastOrdinal: number): StoredChunk[]
}

export function createIndexLibrary(database: Database): IndexLibrary {
  const selectActive = database.prepare<[string], RawIndexRow>(
    `SELECT * FROM indexes WHERE collection_id = ? AND state = 'active'`,
  )
  const selectByFingerprint = database.prepare<[string, string], RawIndexRow>(
    'SELECT * FROM indexes WHERE collection_id = ? AND fingerprint = ?',
  )
  const selectAll = database.prepare<[string], RawIndexRow>('SELECT * FROM indexes WHERE collection_id = ?')
  const selectRetired = database.prepare<[], RawIndexRow>(`SELECT * FROM indexes WHERE state = 'retired'`)
  const insertIndex = database.prepare(
    'INSERT INTO indexes (collection_id, fingerprint, dimensions, state, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const updateState = database.prepare('UPDATE indexes SET state = ? WHERE id = ?')
  const retireOthers = database.prepare(`UPDATE indexes SET state = 'retired' WHERE collection_id = ? AND id <> ?`)
  const deleteIndex = database.prepare('DELETE FROM indexes WHERE id = ?')
  const selectWithout = database
    .prepare<[string, number], string>(
      `SELECT d.id FROM documents d WHERE d.collection_id = ? AND d.version > 0
       AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.index_id = ? AND k.version = d.version)
       ORDER BY d.path`,
    )
    .pluck()
  const insertChunk = database.prepare(
    `INSERT INTO chunks (index_id, document_id, version, ordinal, start_offset, end_offset, tokens, page_first, page_last,
       headings, context, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const selectChunkIds = database
    .prepare<[number, string], number>('SELECT id FROM chunks WHERE index_id = ? AND document_id = ? ORDER BY ordinal')
    .pluck()
  const deleteChunks = database.prepare('DELETE FROM chunks WHERE index_id = ? AND document_id = ?')
  const selectHas = database
    .prepare<[number, string], number>(
      `SELECT 1 FROM chunks k JOIN documents d ON d.id = k.document_id
       WHERE k.index_id = ? AND k.document_id = ? AND k.version = d.version LIMIT 1`,
    )
    .pluck()
  const chunkColumns = `k.id, k.document_id, k.ordinal, k.start_offset, k.end_offset, k.tokens, k.page_first, k.page_last,
    k.headings, k.context, k.text, d.name AS document_name, d.path AS document_path, d.title AS document_title`
  const selectChunks = database.prepare<[string], ChunkRow>(
    `SELECT ${chunkColumns} FROM chunks k JOIN documents d ON d.id = k.document_id
     WHERE k.id IN (SELECT value FROM json_each(?))`,
  )
  const selectPlaces = database.prepare<[string], { id: number; document_id: string; ordinal: number }>(
    'SELECT id, document_id, ordinal FROM chunks WHERE id IN (SELECT value FROM json_each(?))',
  )
  const selectNeighbours = database.prepare<[number, string, number, number], ChunkRow>(
    `SELECT ${chunkColumns} FROM chunks k JOIN documents d ON d.id = k.document_id
     WHERE k.index_id = ? AND k.document_id = ? AND k.ordinal BETWEEN ? AND ? ORDER BY k.ordinal`,
  )

  const library: IndexLibrary = {
    active(collectionId) {
      const row = selectActive.get(collectionId)
      return row && toIndexRow(row)
    },
    ensure(collectionId, fingerprint, dimensions) {
      const known = selectByFingerprint.get(collectionId, fingerprint)
      const active = selectActive.get(collectionId)
      if (known) {
        if (known.state === 'retired') updateState.run(active ? 'building' : 'active', known.id)
      } else {
        insertIndex.run(collectionId, fingerprint, dimensions, active ? 'building' : 'active', Date.now())
      }
      const row = selectByFingerprint.get(collectionId, fingerprint)
      if (!row) throw new Error('The index row that was just written is not there.')
      return toIndexRow(row)
    },
    activate: database.transaction((collectionId: CollectionId, id: number) => {
      retireOthers.run(collectionId, id)
      updateState.run('active', id)
    }),
    all: (collectionId) => selectAll.all(collectionId).map(toIndexRow),
    retired: () => selectRetired.all().map(toIndexRow),
    removeRow: (id) => void deleteIndex.run(id),
    documentsWithout: (collectionId, indexId) => selectWithout.all(collectionId, indexId) as DocumentId[],
    addChunks: (indexId, documentId, version, chunks) =>
      chunks.map((chunk, ordinal) =>
        Number(
          insertChunk.run(
            indexId,
            documentId,
            version,
            ordinal,
            chunk.start,
            chunk.end,
            chunk.tokens,
            chunk.pageFirst ?? null,
            chunk.pageLast ?? null,
            JSON.stringify(chunk.headings),
            chunk.context,
            chunk.text,
          ).lastInsertRowid,
        ),
      ),
    chunkIds: (indexId, documentId) => selectChunkIds.all(indexId, documentId),
    removeChunks: (indexId, documentId) => void deleteChunks.run(indexId, documentId),
    has: (indexId, documentId) => selectHas.get(indexId, documentId) === 1,
    chunks: (ids) => selectChunks.all(JSON.stringify(ids)).map(toStoredChunk),
    places: (ids) =>
      selectPlaces.all(JSON.stringify(ids)).map((row) => ({
        chunkId: row.id,
        documentId: row.document_id as DocumentId,
        ordinal: row.ordinal,
      })),
    neighbours: (indexId, documentId, first, last) =>
      selectNeighbours.all(indexId, documentId, first, last).map(toStoredChunk),
  }
  return library
}

interface RawIndexRow {
  id: number
  collection_id: string
  fingerprint: string
  dimensions: number
  state: IndexRow['state']
}

interface ChunkRow {
  id: number
  document_id: string
  ordinal: number
  start_offset: number
  end_offset: number
  tokens: number
  page_first: number | null
  page_last: number | null
  headings: string
  context: string
  text: string
  document_name: string
  document_path: string
  document_title: string | null
}

function toIndexRow(row: RawIndexRow): IndexRow {
  return {
    id: row.id,
    collectionId: row.collection_id as CollectionId,
    fingerprint: row.fingerprint,
    dimensions: row.dimensions,
    state: row.state,
  }
}

function toStoredChunk(row: ChunkRow): StoredChunk {
  return {
    id: row.id,
    documentId: row.document_id as DocumentId,
    ordinal: row.ordinal,
    start: row.start_offset,
    end: row.end_offset,
    text: row.text,
    tokens: row.tokens,
    headings: JSON.parse(row.headings) as string[],
    pageFirst: row.page_first,
    pageLast: row.page_last,
    context: row.context,
    documentName: row.document_name,
    documentPath: row.document_path,
    documentTitle: row.document_title,
  }
}
