import { ingest, type IndexedChunks } from '../flows/ingest.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { DocumentId } from '../shared/ids.ts'
import type { Progress } from '../shared/progress.ts'
import type { OpenIndex } from './collection-indexes.ts'
import type { Embedding } from './embedding.ts'
import { addToIndex, createRebuildSteps, type IngestStepParts } from './ingest-work.ts'

/**
 * Puts in what is not in the index yet: all of it where it is new, the rest where an earlier process was stopped, nothing
 * otherwise. Documents go in one after the other, in the order of their paths, however many are worked on at a time: equal
 * scores are in the order of the chunks, and the same index built again must give the same results. Gives the milliseconds
 * that it took, null where there was nothing to do.
 */
export async function fillIndex(
  collection: CollectionCore,
  index: OpenIndex,
  embedding: Embedding,
  parts: IngestStepParts & {
    lanes: number
    /** A document goes in: called in the same transaction, so that what counts them is right whenever a process ends. */
    documentPut?: () => void
  },
  report: (progress: Progress) => void,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const { documents, database, indexLibrary } = parts
  const items = indexLibrary.documentsWithout(collection.id, index.row.id)
  if (items.length === 0) {
    indexLibrary.setComplete(index.row.id)
    return null
  }
  const startedMs = performance.now()
  const put = (id: DocumentId, { indexed, version }: Cut): void => {
    database.transaction(() => {
      // Removed meanwhile, put there by another job that builds the same index, or read anew since it was cut.
      if (!documents.exists(id) || indexLibrary.has(index.row.id, id) || documents.get(id).version !== version) return
      addToIndex(index, id, version, indexed, parts)
      parts.documentPut?.()
    })()
  }
  const line = inOrder<Cut>(
    items.map(({ id }) => id),
    put,
  )
  const steps = createRebuildSteps(collection, embedding, parts, (id, indexed, version) =>
    line.ready(id, { indexed, version }),
  )
  let done = 0
  for await (const outcome of ingest(items, steps, { lanes: parts.lanes, ...(signal ? { signal } : {}) })) {
    if (outcome.outcome === 'failed') {
      // Where reading or cutting leaves nothing of a document, nothing of it can be found: that is no failure.
      if (outcome.error.code !== 'file-empty' && documents.exists(outcome.item.id)) throw outcome.error
      line.skip(outcome.item.id)
    }
    done += 1
    report({ done, total: items.length, unit: 'documents', label: 'indexing' })
  }
  index.store.optimize()
  indexLibrary.setComplete(index.row.id)
  return performance.now() - startedMs
}

/** A document's chunks with the version that they are of. */
interface Cut {
  indexed: IndexedChunks
  version: number
}

/** Hands values on in the given order of their ids, each as soon as those before it are through. */
function inOrder<Value>(
  ids: readonly DocumentId[],
  hand: (id: DocumentId, value: Value) => void,
): { ready(id: DocumentId, value: Value): void; skip(id: DocumentId): void } {
  const waiting = new Map<DocumentId, Value | null>()
  let next = 0
  const drain = (): void => {
    for (;;) {
      const id = ids[next]
      if (id === undefined) return
      const value = waiting.get(id)
      if (value === undefined) return
      waiting.delete(id)
      next += 1
      if (value !== null) hand(id, value)
    }
  }
  return {
    ready(id, value) {
      waiting.set(id, value)
      drain()
    },
    skip(id) {
      waiting.set(id, null)
      drain()
    },
  }
}
