import type { ShownChunk } from '../contract/chunks.ts'
import { AppError } from '../contract/errors.ts'
import { ingest } from '../flows/ingest.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { ChunkEditId, CollectionId, DocumentId } from '../shared/ids.ts'
import type { OpenIndex } from './collection-indexes.ts'
import type { Embedding } from './embedding.ts'
import { addToIndex, createRebuildSteps, type IngestStepParts } from './ingest-work.ts'

/** What people do to single chunks. Each change chunks the one document anew, so that what is shown is what is indexed. */
export interface ChunkRevisions {
  /** Errors: item-missing. */
  setDisabled(documentId: DocumentId, ordinal: number, disabled: boolean): Promise<ShownChunk>
  /** Null takes the change back. Errors: item-missing. */
  setText(documentId: DocumentId, ordinal: number, text: string | null): Promise<ShownChunk>
  /** Errors: item-missing, input-invalid. */
  add(documentId: DocumentId, start: number, end: number, text: string | undefined): Promise<ShownChunk>
  /** Errors: item-missing. */
  removeEdit(id: ChunkEditId): Promise<boolean>
}

export interface ChunkRevisionParts extends IngestStepParts {
  collections: CollectionLibrary
  openEmbedding(owner: Parameters<typeof createRebuildSteps>[0]): Promise<Embedding>
  /** Only the index that answers has the document now: others may want it, too. */
  changed(collectionId: CollectionId): void
}

export function createChunkRevisions(parts: ChunkRevisionParts): ChunkRevisions {
  const { chunkEdits, documents, indexLibrary } = parts

  const indexOf = (documentId: DocumentId): OpenIndex => {
    const { collectionId } = documents.get(documentId)
    const index = parts.collectionIndexes.active(collectionId)
    if (index && indexLibrary.countOf(index.row.id, documentId) > 0) return index
    throw new AppError('item-missing', 'This document has no chunks yet. Wait until it has been read.')
  }
  const chunkAt = (documentId: DocumentId, ordinal: number): ShownChunk => {
    const [chunk] = indexLibrary.shown(indexOf(documentId).row.id, documentId, 1, ordinal)
    if (chunk) return chunk
    throw new AppError('item-missing', `This document has no chunk ${ordinal + 1} any more. Look at it again.`)
  }
  const chunkNear = (documentId: DocumentId, start: number): ShownChunk => {
    const { id } = indexOf(documentId).row
    const chunks = indexLibrary.shown(id, documentId, 1_000_000, 0)
    const nearest = chunks.toSorted((a, b) => Math.abs(a.start - start) - Math.abs(b.start - start))[0]
    if (nearest) return nearest
    throw new AppError('item-missing', 'This document has no chunks any more.')
  }

  /** Cuts the stored text again, applies the edits, and puts the result in place of what was there. */
  const refresh = async (documentId: DocumentId): Promise<void> => {
    const { collectionId, version, path } = documents.get(documentId)
    const collection = parts.collections.getCore(collectionId)
    const index = indexOf(documentId)
    const pipeline = index.row.pipeline ?? collection.pipeline
    const owner = { ...collection, pipeline }
    const steps = createRebuildSteps(owner, await parts.openEmbedding(owner), parts, (id, indexed) => {
      parts.database.transaction(() => {
        // Other indexes take the document up again when questions go back to them.
        parts.collectionIndexes.removeDocuments(collectionId, [id])
        chunkEdits.place(id, indexed.lost, indexed.moved)
        addToIndex(index, id, version, indexed, parts)
      })()
    })
    for await (const outcome of ingest([{ id: documentId, path }], steps, { lanes: 1 })) {
      if (outcome.outcome === 'failed') throw outcome.error
    }
    parts.changed(collectionId)
  }

  return {
    async setDisabled(documentId, ordinal, disabled) {
      const chunk = chunkAt(documentId, ordinal)
      if (chunk.disabled === disabled) return chunk
      if (disabled) chunkEdits.add({ documentId, kind: 'disable', anchor: chunk.text, start: chunk.start, text: null })
      else if (chunk.editId) chunkEdits.remove(chunk.editId)
      await refresh(documentId)
      return chunkNear(documentId, chunk.start)
    },
    async setText(documentId, ordinal, text) {
      const chunk = chunkAt(documentId, ordinal)
      const own = chunk.editId ? chunkEdits.of(documentId).find((edit) => edit.id === chunk.editId) : undefined
      if (own && own.kind !== 'disable') chunkEdits.remove(own.id)
      if (text !== null) {
        const kind = own?.kind === 'add' ? 'add' : 'edit'
        chunkEdits.add({ documentId, kind, anchor: chunk.text, start: chunk.start, text })
      }
      await refresh(documentId)
      return chunkNear(documentId, chunk.start)
    },
    async add(documentId, start, end, text) {
      const stored = documents.getText(documentId)
      const anchor = stored.text.slice(start, end)
      if (end <= start || end > stored.text.length || anchor.trim() === '') {
        throw new AppError('input-invalid', 'Choose some text of the document for the new chunk.')
      }
      indexOf(documentId)
      chunkEdits.add({ documentId, kind: 'add', anchor, start, text: text ?? null })
      await refresh(documentId)
      return chunkNear(documentId, start)
    },
    async removeEdit(id) {
      const { documentId } = chunkEdits.get(id)
      const removed = chunkEdits.remove(id)
      await refresh(documentId)
      return removed
    },
  }
}
