import type { ComputePool } from '../compute/pool.ts'
import { isCancellation } from '../contract/errors.ts'
import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice, Pipeline } from '../contract/pipeline.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { SearchMode } from '../contract/values.ts'
import { openWorkspace } from '../database/open-workspace.ts'
import { ingest } from '../flows/ingest.ts'
import { createChunkEditLibrary } from '../library/chunk-edits.ts'
import { createCollectionLibrary } from '../library/collections.ts'
import { createDocumentLibrary } from '../library/documents.ts'
import { createEmbeddingCache, type EmbeddingCache } from '../library/embedding-cache.ts'
import { createIndexLibrary } from '../library/indexes.ts'
import { createJobLibrary } from '../library/jobs.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { canonicalJson } from '../shared/hash.ts'
import type { CollectionId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createCollectionIndexes } from './collection-indexes.ts'
import { createDocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import { createIngestSteps } from './ingest-work.ts'
import { createRetrieval } from './retrieval.ts'

/** Indexes of single texts in a workspace of their own that is thrown away: the product's own ingest and retrieval. */
export interface LabIndexes extends Disposable {
  /** The index with this key, made if it is not there any more. `ms` is what making it took. Errors: model-missing. */
  ensure(key: string, text: TextToIndex, signal?: AbortSignal): Promise<{ index: LabIndex; ms: number }>
  /** Models may have been replaced: none that is loaded is used again. */
  forgetModels(): void
}

export interface TextToIndex {
  name: string
  type: string
  document: ParsedDocument
  pipeline: Pipeline
  chunks(signal?: AbortSignal): Promise<Chunk[]>
}

export interface LabIndex {
  /** Best first; each chunk by itself, with its position. */
  search(query: { text: string; k: number; mode: SearchMode }, signal?: AbortSignal): Promise<FoundChunk[]>
}

export type FoundChunk = RetrievedPassage & { ordinal: number }

export interface LabIndexesParts {
  compute: ComputePool
  openEmbedding(choice: Choice, cache: EmbeddingCache): Promise<Embedding>
}

/** Four columns, and as many that one may go back to. */
const mostIndexes = 12

export function createLabIndexes(parts: LabIndexesParts): LabIndexes {
  let room: Room | undefined
  const kept = new Map<string, Promise<KeptIndex>>()
  const forget = (key: string, index: Promise<KeptIndex>): void => {
    if (kept.get(key) === index) kept.delete(key)
    index.then((made) => made.drop()).catch(() => {})
  }
  return {
    async ensure(key, text, signal) {
      const before = performance.now()
      const known = kept.get(key)
      if (known) {
        kept.delete(key)
        kept.set(key, known)
        const index = await unlessLeft(known)
        throwIfAborted(signal)
        if (index) return { index, ms: 0 }
      }
      room ??= openRoom(parts)
      const made = room.build(text, signal)
      kept.set(key, made)
      made.catch(() => forget(key, made))
      for (const [oldest, index] of kept) {
        if (kept.size <= mostIndexes || index === made) break
        forget(oldest, index)
      }
      return { index: await made, ms: performance.now() - before }
    },
    forgetModels: () => room?.forgetModels(),
    [Symbol.dispose]() {
      kept.clear()
      room?.[Symbol.dispose]()
      room = undefined
    },
  }
}

/** Undefined where the one who asked for it has gone before it was made. */
async function unlessLeft<Value>(made: Promise<Value>): Promise<Value | undefined> {
  try {
    return await made
  } catch (error) {
    if (isCancellation(error)) return undefined
    throw error
  }
}

interface KeptIndex extends LabIndex {
  drop(): void
}

interface Room extends Disposable {
  build(text: TextToIndex, signal?: AbortSignal): Promise<KeptIndex>
  forgetModels(): void
}

/** A workspace that lasts as long as the lab, with one collection an index. */
function openRoom({ compute, openEmbedding }: LabIndexesParts): Room {
  using cleanup = new DisposableStack()
  const temporary = cleanup.use(temporaryFolder())
  const { database } = cleanup.use(openWorkspace(temporary.path, 'quarry lab'))
  const collections = createCollectionLibrary(database)
  const documents = createDocumentLibrary(database)
  const indexLibrary = createIndexLibrary(database)
  const collectionIndexes = createCollectionIndexes(database, indexLibrary)
  const texts = createDocumentTexts(documents)
  const jobs = createJobLibrary(database)
  const cache = createEmbeddingCache(database)
  const embeddings = new Map<string, Promise<Embedding>>()
  const embeddingOf = ({ pipeline: { embedder } }: { pipeline: Pipeline }): Promise<Embedding> => {
    const key = canonicalJson(embedder)
    const known = embeddings.get(key)
    if (known) return known
    const opening = openEmbedding(embedder, cache)
    embeddings.set(key, opening)
    opening.catch(() => embeddings.delete(key))
    return opening
  }
  const retrieval = createRetrieval({ documents, indexLibrary, collectionIndexes, texts, openEmbedding: embeddingOf })
  const stepParts = {
    database,
    documents,
    chunkEdits: createChunkEditLibrary(database),
    indexLibrary,
    collectionIndexes,
    texts,
    compute,
    isCurrent: () => false,
    maximumFileBytes: Infinity,
    ocr: {},
  }
  const drop = (id: CollectionId): void => {
    collectionIndexes.dropAll(id)
    collections.remove(id)
  }
  let closed = false
  let number = 0
  cleanup.defer(() => (closed = true))
  const owned = cleanup.move()

  return {
    async build(text, signal) {
      const embedding = await embeddingOf(text)
      const chunks = await text.chunks(signal)
      const collection = collections.create(`lab ${++number}`, '', text.pipeline)
      try {
        const index = collectionIndexes.ensure(collection.id, collection.pipeline, embedding)
        const job = jobs.create('ingest', 'lab', collection.id, {})
        const place = { location: text.name, identity: text.name, path: text.name, name: text.name, size: 0 }
        const from = { sourceId: null, uploadId: null, parentId: null, member: null, modifiedMs: null }
        documents.queue([{ collectionId: collection.id, ...place, ...from }], job.id)
        const { document: parsed, type } = text
        const facts = { contentHash: collection.id, type, size: parsed.text.length, parser: 'lab@1', chunkMs: 0 }
        const steps = {
          ...createIngestSteps(collection, index, embedding, silent, stepParts),
          stage: () => {},
          read: () => Promise.resolve({ outcome: 'read' as const, parsed, chunks, ...facts }),
        }
        for await (const outcome of ingest(documents.pending(job.id), steps, {
          lanes: 1,
          ...(signal ? { signal } : {}),
        })) {
          if (outcome.outcome === 'failed') throw outcome.error
        }
      } catch (error) {
        if (!closed) drop(collection.id)
        throw error
      }
      return {
        async search(query, given) {
          const options = { mergeNeighbours: false, perDocument: 0 }
          const passages = await retrieval.retrieve(collection, { ...query, options }, given)
          const places = indexLibrary.places(passages.map(({ chunkId }) => chunkId))
          const ordinals = new Map(places.map(({ chunkId, ordinal }) => [chunkId, ordinal]))
          return passages.flatMap((passage) => {
            const ordinal = ordinals.get(passage.chunkId)
            return ordinal === undefined ? [] : [{ ...passage, ordinal }]
          })
        },
        drop() {
          if (!closed) drop(collection.id)
        },
      }
    },
    forgetModels: () => embeddings.clear(),
    [Symbol.dispose]: () => owned.dispose(),
  }
}

const silent = { documentStage: () => {}, documentEnd: () => {}, label: () => {}, moreItems: () => {} }
