import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice } from '../contract/pipeline.ts'
import { AppError } from '../contract/errors.ts'
import type { EmbedPurpose } from '../embedders/embedder.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import type { ComputePool } from '../compute/pool.ts'
import type { EmbeddingCache } from '../library/embedding-cache.ts'
import type { EmbeddingProbes } from '../library/embedding-probes.ts'
import { bundledEmbedder } from '../model-files/bundled.ts'
import type { LocateModel } from '../model-files/locator.ts'
import type { Connect } from '../runtimes/remote/connection.ts'
import { countingModel } from '../runtimes/remote/estimate-tokens.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { coverage } from '../tokenizers/coverage.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import { embedInDocument, type SpanEmbedding } from './late-chunking.ts'

/** One embedding model at work for one workspace: batches, the cache, and which thread does what. */
export interface Embedding {
  readonly modelId: string
  /** The folder of the tokenizer by which chunks are measured: the model's own, or the bundled one's for a server. */
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
  /** Ways to servers, and what they gave before. Absent: no server is asked. */
  connect?: Connect | undefined
  probes?: EmbeddingProbes | undefined
}

/** Texts in one call at most; models that take long for that many are given fewer, so that a question need not wait. */
const largestBatch = 256
const smallestBatch = 8
/** What a call should take. */
const batchMs = 1000

/**
 * The embedding model that a choice names: weights in a worker process, or a server that is asked from here. Errors:
 * implementation-unknown, model-missing, model-invalid, input-invalid (no model is chosen), item-missing (no such
 * provider), network-refused, provider-…
 */
export async function openEmbedding(choice: Choice, parts: EmbeddingParts): Promise<Embedding> {
  const definition = findDefinition('embedder', embedderDefinitions, choice.id)
  const engine = definition.runsIn === 'worker' ? await openInWorker(choice, parts) : await openInHost(choice, parts)
  const { modelId, dimensions, tokenizer } = engine
  let batchSize = 32
  const timed = async <Result>(texts: number, work: Promise<Result>): Promise<Result> => {
    const before = performance.now()
    const result = await work
    const tookMs = performance.now() - before
    if (tookMs > 2 * batchMs) batchSize = Math.max(smallestBatch, Math.floor(texts / 2))
    else if (tookMs < batchMs / 2 && texts >= batchSize) batchSize = Math.min(largestBatch, 2 * batchSize)
    return result
  }
  const embedBatch = async (texts: string[], signal: AbortSignal | undefined): Promise<Float32Array> => {
    const vectors = await timed(texts.length, engine.embed(texts, 'passage', { urgent: false, signal }))
    checkShape(vectors, texts.length, dimensions)
    return vectors
  }

  const embedding: Embedding = {
    modelId,
    modelFolder: engine.modelFolder,
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
        const made = await embedBatch(fresh, signal)
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
        vectors.set(await embedBatch(texts.slice(from, from + size), signal), from * dimensions)
      }
      return vectors
    },
    async embedNow(texts, purpose, signal) {
      throwIfAborted(signal)
      const result = await engine.embed([...texts], purpose, { urgent: true, signal })
      checkShape(result, texts.length, dimensions)
      return result
    },
    async embedQuery(text, signal) {
      const vector = await embedding.embedNow([text], 'query', signal)
      return { vector, coverage: engine.coverage(text) }
    },
  }
  if (engine.inDocuments) {
    const { maxTokens, run } = engine.inDocuments
    const runChecked: SpanEmbedding['run'] = async (text, spans) => {
      const vectors = await run(text, spans)
      checkShape(vectors, spans.length, dimensions)
      return vectors
    }
    const how = { modelId, dimensions, maxTokens, cache: parts.cache, run: runChecked }
    embedding.embedInDocument = (document, spans, signal) => embedInDocument(document, spans, how, signal)
  }
  return embedding
}

/** What makes vectors, wherever it does. */
interface Engine extends Pick<Embedding, 'modelId' | 'modelFolder' | 'dimensions' | 'tokenizer'> {
  embed(
    texts: string[],
    purpose: EmbedPurpose,
    options: { urgent: boolean; signal: AbortSignal | undefined },
  ): Promise<Float32Array>
  /** Which part of a text the model knows the words of. */
  coverage(text: string): number
  /** Where the model reads a document as a whole and gives vectors of parts of it. */
  inDocuments?: Pick<SpanEmbedding, 'maxTokens' | 'run'>
}

async function openInWorker(choice: Choice, { locateModel, compute, threads = 1 }: EmbeddingParts): Promise<Engine> {
  const modelFolder = await locateModel(modelName(choice))
  const tokenizer = await loadTokenizer(modelFolder)
  const model = { embedderId: choice.id, options: choice.options, modelFolder, threads }
  const run = (texts: string[], purpose: EmbedPurpose, urgent: boolean) =>
    compute.run('embed', { ...model, texts, purpose }, { urgent })
  const { modelId, dimensions, maxTokens, readsDocuments } = await run([], 'query', true)
  const inDocuments: Engine['inDocuments'] = {
    maxTokens,
    run: (text, spans) => compute.run('embed-spans', { ...model, text, spans }),
  }
  return {
    modelId,
    modelFolder,
    dimensions,
    tokenizer,
    // Without the signal: ending the worker to save a fraction of a second would cost loading the model again.
    embed: async (texts, purpose, { urgent }) => (await run(texts, purpose, urgent)).vectors,
    coverage: (text) => coverage(tokenizer, text),
    ...(readsDocuments ? { inDocuments } : {}),
  }
}

async function openInHost(choice: Choice, parts: EmbeddingParts): Promise<Engine> {
  const { locateModel, threads = 1, connect, probes } = parts
  const definition = findDefinition('embedder', embedderDefinitions, choice.id)
  const dependencies = { locateModel, threads, connect, probes }
  const embedder = await definition.create(definition.options.parse(choice.options), dependencies)
  const { modelId, dimensions, tokenizer } = embedder
  return {
    modelId,
    // Its tokenizer measures chunks for the server's, which cannot be asked.
    modelFolder: await locateModel(countingModel),
    dimensions,
    tokenizer,
    embed: (texts, purpose, { signal }) => embedder.embed(texts, purpose, signal ? { signal } : {}),
    // The server's vocabulary is not known; models of servers have parts for every word.
    coverage: () => 1,
  }
}

/** Which model folder an embedder choice names. */
export function modelName(choice: Choice): string {
  if (typeof choice.options.model === 'string') return choice.options.model
  return choice.id === 'transformers' ? bundledEmbedder : ''
}

function checkShape(vectors: Float32Array, rows: number, dimensions: number): void {
  if (vectors.length === rows * dimensions) return
  throw new AppError(
    'model-invalid',
    `The model gave ${vectors.length} numbers where ${rows} × ${dimensions} were expected. Its files may be damaged: copy them again.`,
  )
}
