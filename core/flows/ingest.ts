import { AppError, isCancellation, toAppError } from '../contract/errors.ts'
import type { Chunk, ParsedDocument, RevisedChunk } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { inLanes, type LaneLoad } from '../shared/in-lanes.ts'
import type { ChunkEditId } from '../shared/ids.ts'
import { indexedText } from './indexed-text.ts'

/** What reading and parsing one file gives. 'moved': a document with this content is there, under another path. */
export type ReadResult = { outcome: 'unchanged' } | { outcome: 'moved' } | Reading

export interface Reading {
  outcome: 'read'
  parsed: ParsedDocument
  chunks: Chunk[]
  /** Milliseconds that cutting it into them took. */
  chunkMs: number
  contentHash: string
  type: string
  size: number
  /** Parser and settings that made it, such as 'pdf@2'. */
  parser: string
}

/**
 * The steps of the flow. `Item` is whatever names one document to the steps. Everything outside the flow (files,
 * workers, the model, the database) is behind them.
 */
export interface IngestSteps<Item> {
  /** Shows how far a document is. */
  stage(item: Item, stage: 'reading' | 'embedding'): void
  /** Reads, parses and chunks, or says that the content is what is indexed already. */
  read(item: Item, signal?: AbortSignal): Promise<ReadResult>
  /** What people changed of the document's chunks, applied to the new ones. */
  revise(item: Item, reading: Reading): Revision
  /** Shape [texts.length × dimensions], row-major. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>
  /**
   * Vectors of chunks as the model reads them within their document; what a person put in place of a chunk's words is read
   * by itself. Absent: every text is.
   */
  embedInDocument?(
    document: ParsedDocument,
    chunks: readonly RevisedChunk[],
    signal?: AbortSignal,
  ): Promise<Float32Array>
  /**
   * The new version, its chunks, text and vectors, and the note that this document is done: one transaction or nothing,
   * so that a process that is killed here leaves a document that is whole and counted, or neither. 'moved': another
   * file with the same content came first.
   */
  save(item: Item, reading: Reading, indexed: IndexedChunks, timesMs: Omit<StageTimes, 'save'>): 'ready' | 'moved'
}

export interface Revision {
  chunks: RevisedChunk[]
  /** Edits whose place is not in the document any more. */
  lost: ReadonlySet<ChunkEditId>
  /** Where the others are now. */
  moved: ReadonlyMap<ChunkEditId, number>
}

/** What one document becomes in the index: `textAt` and the rows of `vectors` go with the chunks that are not disabled. */
export interface IndexedChunks extends Revision {
  /** What is indexed in place `row`. Made when asked for: of a large document all at once are as much as itself. */
  textAt(row: number): string
  /** Shape [number of chunks that are not disabled × dimensions], row-major. */
  vectors: Float32Array
}

/** Milliseconds that each stage of one document took; `read` with the time it waited for a free worker. */
export interface StageTimes {
  read: number
  chunk: number
  embed: number
  save: number
}

export type IngestOutcome<Item> =
  | { item: Item; outcome: 'ready' }
  | { item: Item; outcome: 'unchanged' }
  | { item: Item; outcome: 'moved' }
  | { item: Item; outcome: 'failed'; error: AppError }

export interface IngestOptions<Item> {
  /** Documents in hand at a time. */
  lanes: number
  /** Bounds the sum of their sizes, and with it the memory. */
  load?: LaneLoad<Item>
  signal?: AbortSignal
}

/**
 * Documents in, searchable chunks out: read -> unchanged? -> parse -> chunk -> revise -> embed -> one transaction
 * per document. The first four are one step, done in one place: so the text of a large file moves only once.
 * One bad file is a failed outcome and the loop goes on. A cancellation or a full disk ends it; what was saved stays
 * saved and no document is half there.
 */
export async function* ingest<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  steps: IngestSteps<Item>,
  options: IngestOptions<Item>,
): AsyncGenerator<IngestOutcome<Item>> {
  yield* inLanes(items, options.lanes, options.signal, (item) => ingestOne(item, steps, options.signal), options.load)
}

async function ingestOne<Item>(
  item: Item,
  steps: IngestSteps<Item>,
  signal?: AbortSignal,
): Promise<IngestOutcome<Item>> {
  const lap = createStopwatch()
  try {
    steps.stage(item, 'reading')
    const reading = await steps.read(item, signal)
    if (reading.outcome !== 'read') return { item, outcome: reading.outcome }
    const revision = steps.revise(item, reading)
    if (revision.chunks.length === 0) throw new AppError('file-empty', 'There is no text in this file.')
    const chunk = reading.chunkMs
    const read = lap() - chunk

    steps.stage(item, 'embedding')
    const indexed = revision.chunks.filter((chunk) => !chunk.disabled)
    const textAt = (row: number): string => {
      const chunk = indexed[row]
      return chunk ? indexedText(reading.parsed.title, chunk) : ''
    }
    const vectors = steps.embedInDocument
      ? await steps.embedInDocument(reading.parsed, indexed, signal)
      : await embedAll(indexed.length, textAt, steps, signal)
    const embed = lap()

    throwIfAborted(signal)
    return { item, outcome: steps.save(item, reading, { ...revision, textAt, vectors }, { read, chunk, embed }) }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (isCancellation(error) || stopsEverything(error)) throw error
    return { item, outcome: 'failed', error }
  }
}

const textsAtATime = 4096

async function embedAll(
  count: number,
  textAt: (row: number) => string,
  steps: Pick<IngestSteps<never>, 'embed'>,
  signal?: AbortSignal,
): Promise<Float32Array> {
  let vectors = new Float32Array()
  for (let from = 0; from < count; from += textsAtATime) {
    const texts = Array.from({ length: Math.min(textsAtATime, count - from) }, (_, row) => textAt(from + row))
    const part = await steps.embed(texts, signal)
    if (texts.length === count) return part
    const dimensions = part.length / texts.length
    if (from === 0) vectors = new Float32Array(count * dimensions)
    vectors.set(part, from * dimensions)
  }
  return vectors
}

/** Errors that are about the workspace, not about one document: the next document would meet them too. */
function stopsEverything(error: AppError): boolean {
  return (
    error.code === 'disk-full' ||
    error.code === 'workspace-corrupt' ||
    error.code === 'workspace-unwritable' ||
    error.code === 'model-missing' ||
    error.code === 'model-invalid'
  )
}

/** Gives the milliseconds since it was last asked. */
function createStopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const elapsed = now - last
    last = now
    return elapsed
  }
}
