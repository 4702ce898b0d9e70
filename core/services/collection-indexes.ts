import type { Database } from 'better-sqlite3'
import type { Choice, Pipeline } from '../contract/pipeline.ts'
import { chunkerDefinitions } from '../chunkers/list.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import type { IndexStore } from '../indexes/index-store.ts'
import { indexDefinitions } from '../indexes/list.ts'
import type { IndexLibrary, IndexRow } from '../library/indexes.ts'
import { findDefinition } from '../shared/family.ts'
import { canonicalJson, fingerprint } from '../shared/hash.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'

/** The searchable indexes of a workspace's collections. */
export interface CollectionIndexes {
  /** The index that questions are answered from, or undefined before the first document. */
  active(collectionId: CollectionId): OpenIndex | undefined
  /** The index under the pipeline's fingerprint, with its tables. */
  ensure(collectionId: CollectionId, pipeline: Pipeline, model: { modelId: string; dimensions: number }): OpenIndex
  /**
   * The index under the pipeline's fingerprint for evaluation: whichever there is, else a new one that stands beside
   * the others. Who answers questions from what is not touched by it.
   */
  ensureBeside(
    collectionId: CollectionId,
    pipeline: Pipeline,
    model: { modelId: string; dimensions: number },
    /** Of texts that are not the documents' own: see services/readings.ts. */
    reading?: string | null,
  ): OpenIndex
  /** Any index of the workspace. */
  open(row: IndexRow): OpenIndex
  /** Drops one that stands beside. */
  drop(row: IndexRow): void
  /** Drops what has not been measured for long and nobody asks. Gives how many. */
  dropUnused(): number
  /** Switches questions to this index; the one before is kept for a while, so that one can go back to it. */
  activate(index: OpenIndex): void
  /** A new index that is not wanted any more, or could not be completed: it is dropped. */
  giveUp(collectionId: CollectionId): void
  /** Drops what has been kept long enough, or every retired index of one collection. Gives how many. */
  dropRetired(collectionId?: CollectionId): number
  /** Takes documents out of every index of their collection. The caller holds the transaction. */
  removeDocuments(collectionId: CollectionId, documentIds: readonly DocumentId[]): void
  /** After many were taken out. */
  optimize(collectionId: CollectionId): void
  dropAll(collectionId: CollectionId): void
}

export interface OpenIndex {
  row: IndexRow
  store: IndexStore
}

/** `isKept`: those who ask with a release are answered from this index, so it stays. */
export function createCollectionIndexes(
  database: Database,
  indexes: IndexLibrary,
  isKept: (indexId: number) => boolean = () => false,
): CollectionIndexes {
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

  const dropAllOf = (rows: readonly IndexRow[]): number => {
    const droppable = rows.filter(({ id }) => !isKept(id))
    droppable.forEach(drop)
    return droppable.length
  }

  return {
    open: openOnce,
    drop,
    active(collectionId) {
      const row = indexes.active(collectionId)
      return row && openOnce(row)
    },
    ensure(collectionId, pipeline, model) {
      return database.transaction(() => {
        const row = indexes.ensure(collectionId, indexFingerprint(pipeline, model.modelId), model.dimensions, pipeline)
        const index = openOnce(row)
        index.store.create()
        return index
      })()
    },
    ensureBeside(collectionId, pipeline, model, reading = null) {
      return database.transaction(() => {
        const key = indexFingerprint(pipeline, model.modelId, reading)
        const index = openOnce(indexes.ensureBeside(collectionId, key, model.dimensions, pipeline))
        index.store.create()
        return index
      })()
    },
    dropUnused() {
      return dropAllOf(indexes.unusedBeside(Date.now() - keepUnusedMs))
    },
    activate({ row }) {
      indexes.activate(row.collectionId, row.id)
      dropAllOf(indexes.droppable(0))
    },
    giveUp(collectionId) {
      const row = indexes.building(collectionId)
      if (row && isKept(row.id)) indexes.setBeside(row.id)
      else if (row) drop(row)
    },
    dropRetired(collectionId) {
      const rows = collectionId
        ? indexes.all(collectionId).filter((row) => row.state === 'retired')
        : indexes.droppable(Date.now() - keepRetiredMs)
      return dropAllOf(rows)
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
    optimize(collectionId) {
      for (const row of indexes.all(collectionId)) openOnce(row).store.optimize()
    },
    dropAll(collectionId) {
      for (const row of indexes.all(collectionId)) drop(row)
    },
  }
}

/** A week: long enough to notice that answers have become worse. */
const keepRetiredMs = 7 * 24 * 3600 * 1000
/** Two weeks: as long as somebody may come back to what was measured. */
export const keepUnusedMs = 14 * 24 * 3600 * 1000

/** Whether both pipelines make the same index of the same texts, as far as that is known without opening a model. */
export function sameIndex(a: Pipeline, b: Pipeline): boolean {
  const key = ({ embedder, ...rest }: Pipeline): string => {
    const { id, options } = findDefinition('embedder', embedderDefinitions, embedder.id)
    return indexFingerprint({ embedder, ...rest }, canonicalJson({ id, options: options.parse(embedder.options) }))
  }
  try {
    return key(a) === key(b)
  } catch {
    // What this version does not know is like nothing.
    return false
  }
}

/**
 * Hash of the ingest half of a pipeline, with the versions of its implementations: same fingerprint, same index.
 * `reading`: key of the reading whose texts are in it, where these are not the documents' own.
 */
export function indexFingerprint(pipeline: Pipeline, modelId: string, reading: string | null = null): string {
  const index = findDefinition('index', indexDefinitions, pipeline.index.id)
  return fingerprint({
    chunker: withVersion(pipeline.chunker),
    // Rules that name no chunker decide how files are read, which is a matter of each document.
    rules: pipeline.rules.flatMap(({ paths, types, chunker }) =>
      chunker ? [{ paths, types, chunker: withVersion(chunker) }] : [],
    ),
    embedder: { modelId },
    index: { id: index.id, version: index.version, options: index.options.parse(pipeline.index.options) },
    ...(reading === null ? {} : { reading }),
  })
}

function withVersion(choice: Choice) {
  const { id, version, options } = findDefinition('chunker', chunkerDefinitions, choice.id)
  return { id, version, options: options.parse(choice.options) }
}
