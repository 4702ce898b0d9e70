import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice } from '../contract/pipeline.ts'
import { AppError } from '../contract/errors.ts'
import type { ComputePool } from '../compute/pool.ts'
import type { EmbeddingCache } from '../library/embedding-cache.ts'
import type { LocateModel } from '../model-files/locator.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { coverage } from '../tokenizers/coverage.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import { embedInDocument, type SpanEmbedding } from './late-chunking.ts'

/** One embedding model at work for one workspace: batches, the cache, and which thread does what. */
export interface Embedding {
  readonly modelId: string
  readonly modelFolder: string
  /** The embedder with its options, as a pipeline names it. */
  readonly choice: Choice
  readonly dimensions: number
  readonly tokenizer: Tokenizer
  /** Passages for the index, through the cache. Shape [texts.length × dimensions], row-major. */
  embedPassages(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>
  /** Parts of passages, for a chunker that compares them; not cached: they are many, and asked for seldom. */
  embedParts(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>
  /**
   * Chunks of a document as they are read within it (late chunking), through the cache. Absent where the embedder reads each
   * text by itself.
   */
  embedInDocument?(
    document: Pick<ParsedDocument, 'text' | 'title'>,
    spans: readonly { start: number; end: number }[],
    signal?: AbortSignal,
  ): Promise<Float32Array>
  /** A few texts at once, now, beside whatever is being ingested; not cached. */
  embedNow(texts: readonly string[], purpose: 'query' | 'passage', signal?: AbortSignal): Promise<Float32Array>
  /** See RetrieverDependencies.embedQuery. */
  embedQuery(text: string, signal?: AbortSignal): Promise<{ vector: Float32Array; coverage: number }>
}

export interface EmbeddingParts {
  locateModel: LocateModel
  cache: EmbeddingCache
  /** The model lives in one worker: questions go before passages. */
  compute: ComputePool
  /** Threads that one call of the model may use. Default 1. */
  threads?: number
}

/** Texts in one call at most; models that take long for that many are given fewer, so that a question need not wait. */
const largestBatch = 256
const smallestBatch = 8
/** What a call should take. */
const batchMs = 1000

/** Errors: model-missing, model-invalid. */
export async function openEmbedding(choice: Choice, parts: EmbeddingParts): Promise<Embedding> {
  const modelFolder = await parts.locateModel(modelName(choice))
  const tokenizer = await loadTokenizer(modelFolder)
  const request = (texts: string[], purpose: 'query' | 'passage') => ({
    embedderId: choice.id,
    options: choice.options,
    modelFolder,
    texts,
    purpose,
    threads: parts.threads ?? 1,
  })
  let batchSize = 32
  const timed = async <Result>(texts: number, work: Promise<Result>): Promise<Result> => {
    const before = performance.now()
    const result = await work
    const tookMs = performance.now() - before
    if (tookMs > 2 * batchMs) batchSize = Math.max(smallestBatch, Math.floor(texts / 2))
    else if (tookMs < batchMs / 2 && texts >= batchSize) batchSize = Math.min(largestBatch, 2 * batchSize)
    return result
  }
  const facts = await parts.compute.run('embed', request([], 'query'), { urgent: true })
  const { modelId, dimensions, maxTokens, readsDocuments } = facts

  // Without a signal: ending the worker to save a fraction of a second would cost loading the model again.
  const embedBatch = async (texts: string[]): Promise<Float32Array> => {
    const { vectors } = await timed(texts.length, parts.compute.run('embed', request(texts, 'passage')))
    checkShape(vectors, texts.length, dimensions)
    return vectors
  }

  const embedding: Embedding = {
    modelId,
    modelFolder,
    choice,
    dimensions,
    tokenizer,
    async embedPassages(texts, signal) {
      const vectors = new Float32Array(texts.length * dimensions)
      for (let from = 0, size = batchSize; from < texts.length; from += size, size = batchSize) {
        throwIfAborted(signal)
        const batch = texts.slice(from, from + size)
        const known = parts.cache.find(modelId, batch)
        const unknown = batch.flatMap((text, row) => (known[row] ? [] : [{ text, row }]))
        known.forEach((vector, row) => vector && vectors.set(vector, (from + row) * dimensions))
        if (unknown.length === 0) continue
        const fresh = unknown.map(({ text }) => text)
        const made = await embedBatch(fresh)
        parts.cache.store(modelId, fresh, made, dimensions)
        unknown.forEach(({ row }, index) =>
          vectors.set(made.subarray(index * dimensions, (index + 1) * dimensions), (from + row) * dimensions),
        )
      }
      return vectors
    },
    async embedParts(texts, signal) {
      const vectors = new Float32Array(texts.length * dimensions)
      for (let from = 0, size = batchSize; from < texts.length; from += size, size = batchSize) {
        throwIfAborted(signal)
        vectors.set(await embedBatch(texts.slice(from, from + size)), from * dimensions)
      }
      return vectors
    },
    async embedNow(texts, purpose, signal) {
      throwIfAborted(signal)
      const result = await parts.compute.run('embed', request([...texts], purpose), { urgent: true })
      checkShape(result.vectors, texts.length, dimensions)
      return result.vectors
    },
    async embedQuery(text, signal) {
      const vector = await embedding.embedNow([text], 'query', signal)
      return { vector, coverage: coverage(tokenizer, text) }
    },
  }
  if (readsDocuments) {
    const { embedderId, options, threads } = request([], 'passage')
    const run: SpanEmbedding['run'] = async (text, spans) => {
      const input = { embedderId, options, threads, modelFolder, text, spans }
      const vectors = await parts.compute.run('embed-spans', input)
      checkShape(vectors, spans.length, dimensions)
      return vectors
    }
    const how = { modelId, dimensions, maxTokens, cache: parts.cache, run }
    embedding.embedInDocument = (document, spans, signal) => embedInDocument(document, spans, how, signal)
  }
  return embedding
}

/** Which model folder an embedder choice names. */
export function modelName(choice: Choice): string {
  if (typeof choice.options.model === 'string') return choice.options.model
  return choice.id === 'transformers' ? 'static-256' : ''
}

function checkShape(vectors: Float32Array, rows: number, dimensions: number): void {
  if (vectors.length === rows * dimensions) return
  throw new AppError(
    'model-invalid',
    `The model gave ${vectors.length} numbers where ${rows} × ${dimensions} were expected. Its files may be damaged: copy them again.`,
  )
}
