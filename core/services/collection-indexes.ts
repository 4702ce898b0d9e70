import type { Database } from 'better-sqlite3'
import type { Pipeline } from '../contract/pipeline.ts'
import { chunkerDefinitions } from '../chunkers/list.ts'
import type { IndexStore } from '../indexes/index-store.ts'
import { indexDefinitions } from '../indexes/list.ts'
import type { IndexLibrary, IndexRow } from '../library/indexes.ts'
import { findDefinition } from '../shared/family.ts'
import { fingerprint } from '../shared/hash.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'

/** The searchable indexes of a workspace's collections. */
export interface CollectionIndexes {
  /** The index that questions are answered from, or undefined before the first document. */
  active(collectionId: CollectionId): OpenIndex | undefined
  /** The index under the pipeline's fingerprint, with its tables. */
  ensure(collectionId: CollectionId, pipeline: Pipeline, model: { modelId: string; dimensions: number }): OpenIndex
  /** Switches questions to this index and drops the others. */
  activate(index: OpenIndex): void
  /** Takes documents out of every index of their collection. The caller holds the transaction. */
  removeDocuments(collectionId: CollectionId, documentIds: readonly DocumentId[]): void
  dropAll(collectionId: CollectionId): void
}

export interface OpenIndex {
  row: IndexRow
  store: IndexStore
}

export function createCollectionIndexes(database: Database, indexes: IndexLibrary): CollectionIndexes {
  const open = (row: IndexRow, choice = { id: 'sqlite', options: {} as Record<string, unknown> }): OpenIndex => {
    const definition = findDefinition('index', indexDefinitions, choice.id)
    const options = definition.options.parse(choice.options)
    return { row, store: definition.create(options, { database, indexId: row.id, dimensions: row.dimensions }) }
  }
  // Prepared statements are worth keeping: an index is opened once.
  const opened = new Map<number, OpenIndex>()
  const openOnce = (row: IndexRow): OpenIndex => {
    const known = opened.get(row.id)
    if (known) return { row, store: known.store }
    const index = open(row)
    opened.set(row.id, index)
    return index
  }
  const drop = (row: IndexRow): void => {
    const { store } = openOnce(row)
    database.transaction(() => {
      store.drop()
      indexes.removeRow(row.id)
    })()
    opened.delete(row.id)
  }

  return {
    active(collectionId) {
      const row = indexes.active(collectionId)
      return row && openOnce(row)
    },
    ensure(collectionId, pipeline, model) {
      return database.transaction(() => {
        const row = indexes.ensure(collectionId, indexFingerprint(pipeline, model.modelId), model.dimensions)
        const index = openOnce(row)
        index.store.create()
        return index
      })()
    },
    activate({ row }) {
      indexes.activate(row.collectionId, row.id)
      for (const retired of indexes.retired()) drop(retired)
    },
    removeDocuments(collectionId, documentIds) {
      for (const row of indexes.all(collectionId)) {
        const { store } = openOnce(row)
        for (const documentId of documentIds) {
          store.remove(indexes.chunkIds(row.id, documentId))
          indexes.removeChunks(row.id, documentId)
        }
      }
    },
    dropAll(collectionId) {
      for (const row of indexes.all(collectionId)) drop(row)
    },
  }
}

/** Hash of the ingest half of a pipeline, with the versions of its implementations: same fingerprint, same index. */
export function indexFingerprint(pipeline: Pipeline, modelId: string): string {
  const chunker = findDefinition('chunker', chunkerDefinitions, pipeline.chunker.id)
  const index = findDefinition('index', indexDefinitions, pipeline.index.id)
  return fingerprint({
    chunker: { id: chunker.id, version: chunker.version, options: chunker.options.parse(pipeline.chunker.options) },
    embedder: { modelId },
    index: { id: index.id, version: index.version, options: index.options.parse(pipeline.index.options) },
  })
}
