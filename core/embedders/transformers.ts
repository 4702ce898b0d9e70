import { createReadStream } from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { pipeline as pipeStream } from 'node:stream/promises'
import { readFile } from 'node:fs/promises'
import { AutoModel, Tensor, env } from '@xenova/transformers'
import type { PreTrainedModel } from '@xenova/transformers'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { loadTokenizer } from '../tokenizers/load-tokenizer.ts'
import type { Embedder, EmbedderDefinition } from './embedder.ts'

const optionsSchema = z.object({
  model: z
    .string()
    .default('static-256')
    .describe('Name of the model’s folder: config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx.'),
  maxTokens: z
    .int()
    .min(8)
    .max(8192)
    .optional()
    .describe('Texts are cut after this many tokens. Empty: as many as the model was made for.'),
  queryPrefix: z.string().default('').describe('Put before every question, where the model wants that.'),
  passagePrefix: z.string().default('').describe('Put before every passage, where the model wants that.'),
})
type Options = z.infer<typeof optionsSchema>

/**
 * An ONNX sentence-embedding model on this machine's processor, through Transformers.js and ONNX Runtime. The vector of
 * a text is the mean of its tokens' last hidden states, scaled to length 1. Nothing is downloaded, ever.
 */
export const transformersEmbedder: EmbedderDefinition<Options> = {
  id: 'transformers',
  label: 'Local model (ONNX)',
  summary: 'Embeds on this machine with a model folder in ONNX format; the bundled small model needs no download.',
  version: 1,
  options: optionsSchema,
  async create(options, { locateModel, threads }) {
    const folder = await locateModel(options.model)
    const limits = await readLimits(folder)
    const modelId = `${options.model}-${(await hashFile(join(folder, 'onnx/model.onnx'))).slice(0, 16)}`
    const tokenizer = await loadTokenizer(folder)
    const model = await loadModel(folder, threads)
    const create = limits.contextFree ? createContextFreeEmbedder : createEmbedder
    return create({
      model,
      tokenizer,
      // Other texts go in where a prefix is set: such vectors are not interchangeable with the model's plain ones.
      modelId: options.passagePrefix === '' ? modelId : `${modelId}-${hashText(options.passagePrefix)}`,
      dimensions: limits.dimensions,
      maxTokens: Math.min(options.maxTokens ?? limits.maxTokens, limits.maxTokens),
      startId: limits.startId,
      endId: limits.endId,
      prefixes: { query: options.queryPrefix, passage: options.passagePrefix },
    })
  },
}

interface EmbedderParts {
  model: PreTrainedModel
  tokenizer: Tokenizer
  modelId: string
  dimensions: number
  maxTokens: number
  /** Special tokens that the model expects around a text; none for static models. */
  startId: number | undefined
  endId: number | undefined
  prefixes: { query: string; passage: string }
}

/** Tokens in one call of the model, padding included: bounds the memory of its answer to 16 MiB at 256 dimensions. */
const maxTokensPerCall = 16_384

function createEmbedder(parts: EmbedderParts): Embedder {
  const { model, tokenizer, dimensions, maxTokens } = parts
  let disposed: Promise<void> | undefined
  return {
    modelId: parts.modelId,
    dimensions,
    maxTokens,
    tokenizer,
    async embed(texts, purpose, { signal } = {}) {
      throwIfAborted(signal)
      if (disposed) throw new AppError('internal', 'The model was closed while it was in use. Try again.')
      const result = new Float32Array(texts.length * dimensions)
      const rows = texts
        .map((text, row) => ({ row, ids: tokenIds(parts.prefixes[purpose] + text, parts) }))
        .filter(({ ids }) => ids.length > 0)
        // Texts of one length share a call, so that little of it is padding.
        .sort((a, b) => a.ids.length - b.ids.length)
      for (const batch of batches(rows)) {
        throwIfAborted(signal)
        const states = await lastHiddenState(
          model,
          batch.map(({ ids }) => ids),
        )
        batch.forEach(({ row, ids }, position) => {
          const from = position * states.width * dimensions
          const own = states.data.subarray(from, from + ids.length * dimensions)
          result.set(unitMean(own, dimensions), row * dimensions)
        })
      }
      return result
    },
    dispose() {
      disposed ??= Promise.resolve(model.dispose()).then(() => undefined)
      return disposed
    },
  }
}

/**
 * For a model without layers a token's state does not depend on its neighbours. So the model is asked once for each
 * token, its state is remembered, and a text's vector is the mean of remembered states: the same numbers (a test
 * compares them), several times faster, without the memory that a batch of states takes.
 */
function createContextFreeEmbedder(parts: EmbedderParts): Embedder {
  const { model, dimensions } = parts
  const embedder = createEmbedder(parts)
  /** Token id -> row in `table`. At most as many rows as the vocabulary has. */
  const rows = new Map<number, number>()
  let table = new Float32Array(1024 * dimensions)
  let disposed = false

  async function learn(ids: readonly number[]): Promise<void> {
    for (let from = 0; from < ids.length; from += maxTokensPerCall / 4) {
      const part = ids.slice(from, from + maxTokensPerCall / 4)
      const { data } = await lastHiddenState(model, [part])
      const needed = (rows.size + part.length) * dimensions
      if (needed > table.length) {
        const larger = new Float32Array(Math.max(needed, table.length * 2))
        larger.set(table)
        table = larger
      }
      part.forEach((id, position) => {
        const row = rows.size
        table.set(data.subarray(position * dimensions, (position + 1) * dimensions), row * dimensions)
        rows.set(id, row)
      })
    }
  }

  return {
    ...embedder,
    async embed(texts, purpose, { signal } = {}) {
      throwIfAborted(signal)
      if (disposed) throw new AppError('internal', 'The model was closed while it was in use. Try again.')
      const tokens = texts.map((text) => tokenIds(parts.prefixes[purpose] + text, parts))
      const unknown = new Set<number>()
      for (const ids of tokens) for (const id of ids) if (!rows.has(id)) unknown.add(id)
      if (unknown.size > 0) await learn([...unknown])
      throwIfAborted(signal)
      const result = new Float32Array(texts.length * dimensions)
      const sum = new Float64Array(dimensions)
      tokens.forEach((ids, index) => {
        if (ids.length === 0) return
        sum.fill(0)
        for (let position = 0; position < ids.length; position++) {
          const from = rows.get(ids[position]!)! * dimensions
          for (let column = 0; column < dimensions; column++) sum[column]! += table[from + column]!
        }
        result.set(unit(sum), index * dimensions)
      })
      return result
    },
    dispose() {
      disposed = true
      return embedder.dispose()
    },
  }
}

/** Nothing at all for a text of which the model knows no token: its vector says nothing. */
function tokenIds(
  text: string,
  { tokenizer, maxTokens, startId, endId }: EmbedderParts,
): readonly number[] | Int32Array {
  const { ids, unknownId } = tokenizer.encode(text)
  const special = (startId === undefined ? 0 : 1) + (endId === undefined ? 0 : 1)
  if (special === 0 && !ids.includes(unknownId)) return ids.subarray(0, maxTokens)
  const kept = [...ids.subarray(0, maxTokens - special)]
  if (!kept.some((id) => id !== unknownId)) return []
  // Unknown tokens mean nothing to a model of single tokens; a model that reads context keeps them in their places.
  const known = special === 0 ? kept.filter((id) => id !== unknownId) : kept
  return [...(startId === undefined ? [] : [startId]), ...known, ...(endId === undefined ? [] : [endId])]
}

interface TokenRow {
  row: number
  ids: ArrayLike<number>
}

/** Cuts rows sorted by length into calls of at most `maxTokensPerCall` tokens. */
function* batches(rows: readonly TokenRow[]): Generator<TokenRow[]> {
  let batch: TokenRow[] = []
  for (const row of rows) {
    if (batch.length > 0 && (batch.length + 1) * row.ids.length > maxTokensPerCall) {
      yield batch
      batch = []
    }
    batch.push(row)
  }
  if (batch.length > 0) yield batch
}

/** Shape [rows.length × width × dimensions]; states behind the end of a row belong to padding. */
async function lastHiddenState(
  model: PreTrainedModel,
  rows: readonly ArrayLike<number>[],
): Promise<{ data: Float32Array; width: number }> {
  const width = Math.max(...rows.map((ids) => ids.length))
  const ids = new BigInt64Array(rows.length * width)
  const mask = new BigInt64Array(rows.length * width)
  rows.forEach((row, index) => {
    for (let position = 0; position < row.length; position++) {
      ids[index * width + position] = BigInt(row[position]!)
      mask[index * width + position] = 1n
    }
  })
  const shape = [rows.length, width]
  const output = (await model({
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor('int64', mask, shape),
  })) as { last_hidden_state?: { data: unknown } }
  const data = output.last_hidden_state?.data
  if (!(data instanceof Float32Array)) {
    throw new AppError(
      'model-invalid',
      'The model gives no "last_hidden_state" of 32-bit numbers. Choose an embedding model exported to ONNX as fp32.',
    )
  }
  return { data, width }
}

function unitMean(states: Float32Array, dimensions: number): Float64Array {
  const sum = new Float64Array(dimensions)
  for (let from = 0; from < states.length; from += dimensions) {
    for (let index = 0; index < dimensions; index++) sum[index]! += states[from + index]!
  }
  return unit(sum)
}

function unit(sum: Float64Array): Float64Array {
  let squares = 0
  for (const value of sum) squares += value * value
  // The mean points where the sum points; only its direction is kept.
  const length = Math.sqrt(squares)
  return Number.isFinite(length) && length > 0 ? sum.map((value) => value / length) : sum.fill(0)
}

let loading: Promise<unknown> = Promise.resolve()

/** One load at a time: the library finds a model's folder through a setting that is one for the whole process. */
function loadModel(folder: string, threads: number): Promise<PreTrainedModel> {
  const load = loading
    .catch(() => undefined)
    .then(async () => {
      env.allowRemoteModels = false
      env.allowLocalModels = true
      env.localModelPath = dirname(folder)
      try {
        return await AutoModel.from_pretrained(basename(folder), {
          dtype: 'fp32',
          device: 'cpu',
          local_files_only: true,
          session_options: { intraOpNumThreads: Math.max(1, Math.trunc(threads)), interOpNumThreads: 1 },
        })
      } catch (cause) {
        throw new AppError(
          'model-invalid',
          `The model in ${folder} cannot be loaded. Copy the whole model folder again, or choose another model.`,
          { cause, details: { folder, text: cause instanceof Error ? cause.message : String(cause) } },
        )
      }
    })
  loading = load
  return load
}

interface Limits {
  dimensions: number
  maxTokens: number
  startId: number | undefined
  endId: number | undefined
  /** A model without layers: each token's state is its own. */
  contextFree: boolean
}

async function readLimits(folder: string): Promise<Limits> {
  const config = await readJson(join(folder, 'config.json'), configSchema)
  const tokenizerConfig = await readJson(join(folder, 'tokenizer_config.json'), tokenizerConfigSchema)
  const tokenizer = await readJson(join(folder, 'tokenizer.json'), tokenizerSchema)
  const special = specialTokens(tokenizer)
  return {
    dimensions: config.hidden_size,
    // Some models write a huge number for "no limit"; a text's states still have to fit into memory.
    maxTokens: Math.min(tokenizerConfig.model_max_length ?? 512, config.max_position_embeddings ?? 8192, 8192),
    contextFree: config.num_hidden_layers === 0 && special.startId === undefined && special.endId === undefined,
    ...special,
  }
}

const configSchema = z.object({
  hidden_size: z.int().min(1),
  max_position_embeddings: z.int().min(1).optional(),
  num_hidden_layers: z.int().min(0).optional(),
})
const tokenizerConfigSchema = z.object({ model_max_length: z.number().min(1).optional() })
const pieceSchema = z.object({
  SpecialToken: z.object({ id: z.string() }).optional(),
  Sequence: z.unknown().optional(),
})
const tokenizerSchema = z.object({
  post_processor: z
    .object({
      type: z.string(),
      single: z.array(pieceSchema).optional(),
      special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int()) })).optional(),
      cls: z.tuple([z.string(), z.int()]).optional(),
      sep: z.tuple([z.string(), z.int()]).optional(),
    })
    .nullish(),
})

/** What the file's post-processor puts before and after a single text: [CLS] … [SEP] with most models. */
function specialTokens({
  post_processor: processor,
}: z.infer<typeof tokenizerSchema>): Pick<Limits, 'startId' | 'endId'> {
  if (!processor) return { startId: undefined, endId: undefined }
  if (processor.cls && processor.sep) return { startId: processor.cls[1], endId: processor.sep[1] }
  const single = processor.single ?? []
  const text = single.findIndex((piece) => piece.Sequence !== undefined)
  const idOf = (index: number): number | undefined => {
    const name = single[index]?.SpecialToken?.id
    return name === undefined ? undefined : processor.special_tokens?.[name]?.ids[0]
  }
  return { startId: text > 0 ? idOf(text - 1) : undefined, endId: idOf(text + 1) }
}

async function readJson<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new AppError('model-invalid', `The model file ${path} cannot be read. Copy the whole model folder again.`, {
      cause,
      details: { path },
    })
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeStream(createReadStream(path), hash)
  return hash.digest('hex')
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
