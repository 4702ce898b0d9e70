import type { Database } from 'better-sqlite3'
import type { ShownChunk } from '../contract/chunks.ts'
import type { Chunk, RevisedChunk } from '../contract/parsed-document.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import type { ChunkEditId, CollectionId, DocumentId } from '../shared/ids.ts'

/** A row of `indexes`: one index of one collection under one fingerprint. */
export interface IndexRow {
  id: number
  collectionId: CollectionId
  fingerprint: string
  dimensions: number
  state: 'building' | 'active' | 'retired'
  /** 'evaluation': it stands beside the collection's own, to be measured or for those who ask with a release. */
  purpose: 'answers' | 'evaluation'
  /** When it held all documents for the first time; null: nobody is answered from it yet. */
  completeAt: number | null
  /** What it was built with; null for one from before indexes remembered. */
  pipeline: Pipeline | null
  createdAt: number
  retiredAt: number | null
}

/** A stored chunk with what a result shows of its document. */
export interface StoredChunk extends Omit<Chunk, 'pageFirst' | 'pageLast' | 'place' | 'answerStart' | 'answerEnd'> {
  id: number
  documentId: DocumentId
  ordinal: number
  pageFirst: number | null
  pageLast: number | null
  place: string | null
  /** See Chunk; the chunk's own span where it has none. */
  answerStart: number
  answerEnd: number
  /** Indexed instead of `text`. */
  edited: string | null
  documentName: string
  documentPath: string
  documentTitle: string | null
}

/** Where a chunk stands. */
export interface ChunkAt {
  chunkId: number
  documentId: DocumentId
  ordinal: number
  /** See Chunk. */
  answer?: { start: number; end: number }
}

/** Index rows and their chunks. The searchable tables of an index belong to the `indexes` family. */
export interface IndexLibrary {
  /** The one that questions are answered from. */
  active(collectionId: CollectionId): IndexRow | undefined
  /** The index with this fingerprint: found, or made in state 'active' if the collection has none yet, else 'building'. */
  ensure(collectionId: CollectionId, fingerprint: string, dimensions: number, pipeline: Pipeline): IndexRow
  building(collectionId: CollectionId): IndexRow | undefined
  /** The index with this fingerprint, whatever it is for, or one for evaluation alone. Notes that it is used. */
  ensureBeside(collectionId: CollectionId, fingerprint: string, dimensions: number, pipeline: Pipeline): IndexRow
  find(id: number): IndexRow | undefined
  withFingerprint(collectionId: CollectionId, fingerprint: string): IndexRow | undefined
  /** It holds all documents now. */
  setComplete(id: number): void
  /** Makes one that was to answer questions stand beside again. */
  setBeside(id: number): void
  /** Documents with chunks of their present version in another index of the collection, and none in this one. */
  waitingFor(collectionId: CollectionId, indexId: number): number
  /** Those for evaluation alone that were not used since the given time. */
  unusedBeside(beforeMs: number): IndexRow[]
  /** The one to go back to. */
  lastRetired(collectionId: CollectionId): IndexRow | undefined
  setState(id: number, state: IndexRow['state']): void
  /** Makes `id` the active one and retires the others. */
  activate(collectionId: CollectionId, id: number): void
  all(collectionId: CollectionId): IndexRow[]
  /** Retired before the given time, or superseded by a younger retired one. */
  droppable(beforeMs: number): IndexRow[]
  countIn(id: number): { documents: number; chunks: number }
  /** Characters of a chunk, on average over all indexes of a collection; 0 without chunks. */
  meanLength(collectionId: CollectionId): number
  removeRow(id: number): void
  /** Ready documents of the collection that have no chunks of their present version in this index. */
  documentsWithout(collectionId: CollectionId, indexId: number): { id: DocumentId; path: string }[]
  /** Gives the new chunk ids, in order. The caller holds the transaction. */
  addChunks(indexId: number, documentId: DocumentId, version: number, chunks: readonly RevisedChunk[]): number[]
  /** Ids of a document's chunks in one index. */
  chunkIds(indexId: number, documentId: DocumentId): number[]
  removeChunks(indexId: number, documentId: DocumentId): void
  /** Chunks of a document as people see them, disabled ones too, in order. */
  shown(indexId: number, documentId: DocumentId, limit: number, offset: number): ShownChunk[]
  countOf(indexId: number, documentId: DocumentId): number
  /** Whether the document's present version is in the index (a document without text has no chunks and counts as in). */
  has(indexId: number, documentId: DocumentId): boolean
  chunks(ids: readonly number[]): StoredChunk[]
  /** `answer`: absent where the chunk is what is answered with. */
  places(ids: readonly number[]): ChunkAt[]
  /** What chunks of a document are answered with where that touches [start, end); disabled ones left out. */
  spansTouching(indexId: number, documentId: DocumentId, start: number, end: number): { start: number; end: number }[]
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
  const selectAll = database.prepare<[string], RawIndexRow>('SELECT * FROM indexes WHERE collection_id = ? ORDER BY id')
  const insertIndex = database.prepare(
    'INSERT INTO indexes (collection_id, fingerprint, dimensions, state, pipeline, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const updatePipeline = database.prepare(`UPDATE indexes SET pipeline = ?, purpose = 'answers' WHERE id = ?`)
  const insertBeside = database.prepare(
    `INSERT INTO indexes (collection_id, fingerprint, dimensions, state, pipeline, created_at, purpose)
     VALUES (?, ?, ?, 'building', ?, ?, 'evaluation')`,
  )
  const selectOne = database.prepare<[number], RawIndexRow>('SELECT * FROM indexes WHERE id = ?')
  const updateComplete = database.prepare('UPDATE indexes SET complete_at = coalesce(complete_at, ?) WHERE id = ?')
  const updateBeside = database.prepare(
    `UPDATE indexes SET purpose = 'evaluation', state = 'building', retired_at = NULL WHERE id = ?`,
  )
  const selectWaiting = database
    .prepare<{ collectionId: string; indexId: number }, number>(
      `SELECT count(*) FROM documents d WHERE d.collection_id = @collectionId AND d.version > 0
         AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.index_id = @indexId AND k.version = d.version)
         AND EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.version = d.version)`,
    )
    .pluck()
  const updateUsed = database.prepare('UPDATE indexes SET used_at = ? WHERE id = ?')
  const selectUnused = database.prepare<[number], RawIndexRow>(
    `SELECT * FROM indexes WHERE purpose = 'evaluation' AND coalesce(used_at, created_at) < ?`,
  )
  const selectTouching = database.prepare<[number, string, number, number], { start: number; end: number }>(
    `SELECT DISTINCT coalesce(answer_start, start_offset) AS start, coalesce(answer_end, end_offset) AS end FROM chunks
     WHERE index_id = ? AND document_id = ? AND coalesce(answer_end, end_offset) > ?
       AND coalesce(answer_start, start_offset) < ? AND disabled = 0 ORDER BY 1, 2`,
  )
  const updateState = database.prepare(
    `UPDATE indexes SET retired_at = CASE WHEN @state = 'retired' THEN coalesce(retired_at, @now) END,
       complete_at = CASE WHEN 'active' IN (@state, state) THEN coalesce(complete_at, @now) ELSE complete_at END,
       state = @state WHERE id = @id`,
  )
  const retireOthers = database.prepare(
    `UPDATE indexes SET retired_at = coalesce(retired_at, @now),
       complete_at = CASE WHEN state = 'active' THEN coalesce(complete_at, @now) ELSE complete_at END, state = 'retired'
     WHERE collection_id = @collectionId AND id <> @id AND purpose = 'answers'`,
  )
  const selectByState = database.prepare<[string, string], RawIndexRow>(
    `SELECT * FROM indexes WHERE collection_id = ? AND state = ? AND purpose = 'answers'
     ORDER BY retired_at DESC, id DESC LIMIT 1`,
  )
  const selectDroppable = database.prepare<[number], RawIndexRow>(
    `SELECT * FROM indexes i WHERE state = 'retired' AND (retired_at < ? OR EXISTS (SELECT 1 FROM indexes y
       WHERE y.collection_id = i.collection_id AND y.state = 'retired' AND (y.retired_at, y.id) > (i.retired_at, i.id)))`,
  )
  const selectCounts = database.prepare<[number], { documents: number; chunks: number }>(
    'SELECT count(DISTINCT document_id) AS documents, count(*) AS chunks FROM chunks WHERE index_id = ?',
  )
  const selectMeanLength = database
    .prepare<[string], number>(
      `SELECT coalesce(avg(k.end_offset - k.start_offset), 0) FROM chunks k JOIN indexes i ON i.id = k.index_id
       WHERE i.collection_id = ?`,
    )
    .pluck()
  const deleteIndex = database.prepare('DELETE FROM indexes WHERE id = ?')
  const selectWithout = database.prepare<[string, number], { id: string; path: string }>(
    `SELECT d.id, d.path FROM documents d WHERE d.collection_id = ? AND d.version > 0
       AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.index_id = ? AND k.version = d.version)
       ORDER BY d.path`,
  )
  const insertChunk = database.prepare(
    `INSERT INTO chunks (index_id, document_id, version, ordinal, start_offset, end_offset, tokens, page_first, page_last,
       headings, context, text, place, edited, disabled, edit_id, answer_start, answer_end)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    k.headings, k.context, k.text, k.place, k.edited, k.answer_start, k.answer_end, d.name AS document_name, d.path AS document_path, d.title AS document_title`
  const selectChunks = database.prepare<[string], ChunkRow>(
    `SELECT ${chunkColumns} FROM chunks k JOIN documents d ON d.id = k.document_id
     WHERE k.id IN (SELECT value FROM json_each(?))`,
  )
  const selectShown = database.prepare<[number, string, number, number], ShownRow>(
    'SELECT * FROM chunks WHERE index_id = ? AND document_id = ? ORDER BY ordinal LIMIT ? OFFSET ?',
  )
  const selectCountOf = database
    .prepare<[number, string], number>('SELECT count(*) FROM chunks WHERE index_id = ? AND document_id = ?')
    .pluck()
  const selectPlaces = database.prepare<[string], PlaceRow>(
    'SELECT id, document_id, ordinal, answer_start, answer_end FROM chunks WHERE id IN (SELECT value FROM json_each(?))',
  )
  const selectNeighbours = database.prepare<[number, string, number, number], ChunkRow>(
    `SELECT ${chunkColumns} FROM chunks k JOIN documents d ON d.id = k.document_id
     WHERE k.index_id = ? AND k.document_id = ? AND k.ordinal BETWEEN ? AND ? AND k.disabled = 0 ORDER BY k.ordinal`,
  )

  const library: IndexLibrary = {
    active(collectionId) {
      const row = selectActive.get(collectionId)
      return row && toIndexRow(row)
    },
    ensure(collectionId, fingerprint, dimensions, pipeline) {
      const known = selectByFingerprint.get(collectionId, fingerprint)
      const active = selectActive.get(collectionId)
      if (known) {
        if (known.state === 'retired' || known.purpose === 'evaluation')
          library.setState(known.id, active ? 'building' : 'active')
        updatePipeline.run(JSON.stringify(pipeline), known.id)
      } else {
        const state = active ? 'building' : 'active'
        insertIndex.run(collectionId, fingerprint, dimensions, state, JSON.stringify(pipeline), Date.now())
      }
      const row = selectByFingerprint.get(collectionId, fingerprint)
      if (!row) throw new Error('The index row that was just written is not there.')
      return toIndexRow(row)
    },
    activate: database.transaction((collectionId: CollectionId, id: number) => {
      retireOthers.run({ now: Date.now(), collectionId, id })
      library.setState(id, 'active')
    }),
    setState: (id, state) => void updateState.run({ id, state, now: Date.now() }),
    ensureBeside(collectionId, fingerprint, dimensions, pipeline) {
      if (!selectByFingerprint.get(collectionId, fingerprint))
        insertBeside.run(collectionId, fingerprint, dimensions, JSON.stringify(pipeline), Date.now())
      const row = selectByFingerprint.get(collectionId, fingerprint)
      if (!row) throw new Error('The index row that was just written is not there.')
      updateUsed.run(Date.now(), row.id)
      return toIndexRow(row)
    },
    find(id) {
      const row = selectOne.get(id)
      return row && toIndexRow(row)
    },
    withFingerprint(collectionId, fingerprint) {
      const row = selectByFingerprint.get(collectionId, fingerprint)
      return row && toIndexRow(row)
    },
    setComplete: (id) => void updateComplete.run(Date.now(), id),
    setBeside: (id) => void updateBeside.run(id),
    waitingFor: (collectionId, indexId) => selectWaiting.get({ collectionId, indexId }) ?? 0,
    unusedBeside: (beforeMs) => selectUnused.all(beforeMs).map(toIndexRow),
    building(collectionId) {
      const row = selectByState.get(collectionId, 'building')
      return row && toIndexRow(row)
    },
    lastRetired(collectionId) {
      const row = selectByState.get(collectionId, 'retired')
      return row && toIndexRow(row)
    },
    all: (collectionId) => selectAll.all(collectionId).map(toIndexRow),
    droppable: (beforeMs) => selectDroppable.all(beforeMs).map(toIndexRow),
    meanLength: (collectionId) => selectMeanLength.get(collectionId) ?? 0,
    countIn: (id) => selectCounts.get(id) ?? { documents: 0, chunks: 0 },
    removeRow: (id) => void deleteIndex.run(id),
    documentsWithout: (collectionId, indexId) =>
      selectWithout.all(collectionId, indexId) as { id: DocumentId; path: string }[],
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
            chunk.place ?? null,
            chunk.edited ?? null,
            chunk.disabled ? 1 : 0,
            chunk.editId ?? null,
            chunk.answerStart ?? null,
            chunk.answerEnd ?? null,
          ).lastInsertRowid,
        ),
      ),
    chunkIds: (indexId, documentId) => selectChunkIds.all(indexId, documentId),
    removeChunks: (indexId, documentId) => void deleteChunks.run(indexId, documentId),
    shown: (indexId, documentId, limit, offset) =>
      selectShown.all(indexId, documentId, limit, offset).map(toShownChunk),
    countOf: (indexId, documentId) => selectCountOf.get(indexId, documentId) ?? 0,
    has: (indexId, documentId) => selectHas.get(indexId, documentId) === 1,
    chunks: (ids) => selectChunks.all(JSON.stringify(ids)).map(toStoredChunk),
    places: (ids) =>
      selectPlaces.all(JSON.stringify(ids)).map((row) => ({
        chunkId: row.id,
        documentId: row.document_id as DocumentId,
        ordinal: row.ordinal,
        ...(row.answer_start === null || row.answer_end === null
          ? {}
          : { answer: { start: row.answer_start, end: row.answer_end } }),
      })),
    spansTouching: (indexId, documentId, start, end) => selectTouching.all(indexId, documentId, start, end),
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
  purpose: IndexRow['purpose']
  complete_at: number | null
  pipeline: string | null
  created_at: number
  retired_at: number | null
}

interface PlaceRow {
  id: number
  document_id: string
  ordinal: number
  answer_start: number | null
  answer_end: number | null
}

interface ShownRow {
  ordinal: number
  start_offset: number
  end_offset: number
  text: string
  tokens: number
  headings: string
  page_first: number | null
  page_last: number | null
  place: string | null
  context: string
  edited: string | null
  disabled: number
  edit_id: string | null
  answer_start: number | null
  answer_end: number | null
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
  place: string | null
  edited: string | null
  answer_start: number | null
  answer_end: number | null
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
    purpose: row.purpose,
    completeAt: row.complete_at,
    pipeline: row.pipeline === null ? null : pipelineSchema.parse(JSON.parse(row.pipeline)),
    createdAt: row.created_at,
    retiredAt: row.retired_at,
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
    place: row.place,
    edited: row.edited,
    answerStart: row.answer_start ?? row.start_offset,
    answerEnd: row.answer_end ?? row.end_offset,
    documentName: row.document_name,
    documentPath: row.document_path,
    documentTitle: row.document_title,
  }
}

function toShownChunk(row: ShownRow): ShownChunk {
  return {
    ordinal: row.ordinal,
    start: row.start_offset,
    end: row.end_offset,
    text: row.text,
    tokens: row.tokens,
    headings: JSON.parse(row.headings) as string[],
    pageFirst: row.page_first,
    pageLast: row.page_last,
    place: row.place,
    context: row.context,
    edited: row.edited,
    disabled: row.disabled === 1,
    editId: row.edit_id as ChunkEditId | null,
    answerStart: row.answer_start,
    answerEnd: row.answer_end,
  }
}
