import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import type { ProviderKind } from '../../contract/providers.ts'
import { connectTo, type RemoteOptions, remoteOptions } from '../../runtimes/remote/options.ts'
import type { AskedProvider, ProviderConnection } from '../../runtimes/remote/connection.ts'
import { countingModel } from '../../runtimes/remote/estimate-tokens.ts'
import { answerWrong, remoteError } from '../../runtimes/remote/provider-errors.ts'
import { unit } from '../../runtimes/vectors.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import { fingerprint } from '../../shared/hash.ts'
import type { Tokenizer } from '../../shared/tokenizer.ts'
import { loadTokenizer } from '../../tokenizers/load-tokenizer.ts'
import { closedError, type Embedder, type EmbedderDependencies, type EmbedPurpose } from '../embedder.ts'

/** Options of every embedder that asks a server. */
export const remoteEmbedderOptions = (kind: ProviderKind) => ({
  ...remoteOptions(kind, 'embeddings'),
  maxTokens: z
    .int()
    .min(8)
    .max(32_768)
    .default(defaultMaxTokens)
    .describe(
      'Texts are cut after this many tokens. They are counted by the bundled tokenizer, which counts fewer than others ' +
        'do: at most three quarters of what the model reads (384 for one that reads 512).',
    ),
  queryPrefix: z.string().max(500).default('').describe('Put before every question, where the model wants one.'),
  passagePrefix: z.string().max(500).default('').describe('Put before every passage, where the model wants one.'),
  dimensions: z
    .int()
    .min(8)
    .max(8192)
    .optional()
    .describe('Vectors are cut to this length, for models that were trained for that (Matryoshka). Empty: not cut.'),
  batchSize: z.int().min(1).max(96).default(32).describe('Texts in one request at most.'),
  revision: z
    .string()
    .trim()
    .max(100)
    .default('')
    .describe('Anything of yours. Change it when another model answers under the same name: all is embedded anew.'),
})

export interface RemoteEmbedderOptions extends RemoteOptions {
  maxTokens: number
  queryPrefix: string
  passagePrefix: string
  dimensions?: number | undefined
  batchSize: number
  revision: string
}

/** One request: the vectors of some texts, in their order. */
export type AskForVectors = (
  texts: readonly string[],
  purpose: EmbedPurpose,
  signal: AbortSignal | undefined,
) => Promise<readonly (readonly number[])[]>

const defaultMaxTokens = 1500
const probeText = 'The quick brown fox jumps over the lazy dog.'
/** A model's own vectors of one text differ less than this from one machine to the next; another model's differ more. */
const leastCosine = 0.97

/**
 * An embedder over a server. It is asked for one vector at once: how long it is says how long all are, and where it is
 * another than the first time, another model answers under the same name, whose vectors must not be mixed with what is
 * in the index.
 */
export async function createRemoteEmbedder(
  kind: ProviderKind,
  options: RemoteEmbedderOptions,
  dependencies: EmbedderDependencies,
  open: (connection: ProviderConnection) => Promise<AskForVectors>,
): Promise<Embedder> {
  const connection = connectTo(options, { kind, use: 'embeddings', connect: dependencies.connect })
  const { provider } = connection
  const tokenizer = await loadTokenizer(await dependencies.locateModel(countingModel))
  const ask = guarded(await open(connection), provider)
  const weights = identify(kind, provider, options)

  const [probe] = await ask([probeText], 'passage', undefined)
  if (!probe) throw answerWrong(provider, 'it gave no vector')
  checkProbe(weights, probe, provider, options.model, dependencies)
  const modelDimensions = probe.length
  const dimensions = options.dimensions ?? modelDimensions
  if (dimensions > modelDimensions) {
    throw new AppError(
      'input-invalid',
      `This model's vectors have ${modelDimensions} dimensions; ${dimensions} were asked for. Choose fewer.`,
    )
  }
  const prefixes = { query: options.queryPrefix, passage: options.passagePrefix }
  let disposed = false

  return {
    modelId: `${weights}${suffix(options)}`,
    dimensions,
    maxTokens: options.maxTokens,
    tokenizer,
    async embed(texts, purpose, { signal } = {}) {
      const result = new Float32Array(texts.length * dimensions)
      const rows = texts.flatMap((text, row) =>
        isBlank(text)
          ? []
          : [{ row, text: prefixes[purpose] + cut(text, options.maxTokens, tokenizer).toWellFormed() }],
      )
      for (let from = 0; from < rows.length || from === 0; from += options.batchSize) {
        throwIfAborted(signal)
        if (disposed) throw closedError()
        const batch = rows.slice(from, from + options.batchSize)
        if (batch.length === 0) break
        const vectors = await ask(
          batch.map(({ text }) => text),
          purpose,
          signal,
        )
        batch.forEach(({ row }, index) => {
          const vector = vectors[index]
          if (vector?.length !== modelDimensions) throw anotherLength(provider, vector?.length ?? 0, modelDimensions)
          result.set(unit(Float64Array.from(vector), dimensions), row * dimensions)
        })
      }
      return result
    },
    async dispose() {
      disposed = true
    },
  }
}

/** Whatever a client library throws, and whatever a server gives that is no list of vectors, as an AppError. */
function guarded(ask: AskForVectors, provider: AskedProvider): AskForVectors {
  return async (texts, purpose, signal) => {
    let vectors: readonly (readonly number[])[] | undefined
    try {
      vectors = await ask(texts, purpose, signal)
    } catch (error) {
      throw remoteError(error, provider, signal)
    }
    throwIfAborted(signal)
    // Not every library looks at what it hands on.
    if (vectors?.length !== texts.length) {
      throw answerWrong(provider, `it did not give one vector for each of ${texts.length} texts`)
    }
    if (vectors.some((vector) => vector.length === 0 || !vector.every(Number.isFinite))) {
      throw answerWrong(provider, 'a vector of it is empty, or has something in it that is no number')
    }
    return vectors
  }
}

/** Server, model and revision: vectors of different ones are never in one index, nor taken from the cache. */
function identify(kind: ProviderKind, { baseUrl }: AskedProvider, { model, revision }: RemoteEmbedderOptions): string {
  const name = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60)
  return `${kind}-${name}-${fingerprint({ kind, baseUrl, model, revision }).slice(0, 16)}`
}

/** Whatever makes other vectors of the same passage. */
function suffix({ passagePrefix, dimensions, maxTokens }: RemoteEmbedderOptions): string {
  const differences = {
    ...(passagePrefix === '' ? {} : { passagePrefix }),
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(maxTokens === defaultMaxTokens ? {} : { maxTokens }),
  }
  return Object.keys(differences).length === 0 ? '' : `-${fingerprint(differences).slice(0, 8)}`
}

function checkProbe(
  weights: string,
  given: readonly number[],
  { label }: AskedProvider,
  model: string,
  { probes }: EmbedderDependencies,
): void {
  const probe = Float32Array.from(unit(Float64Array.from(given)))
  const before = probes?.find(weights)
  if (!before) return probes?.store(weights, probe)
  const cosine = before.reduce((sum, value, index) => sum + value * (probe[index] ?? 0), 0)
  if (before.length === probe.length && cosine >= leastCosine) return
  throw new AppError(
    'model-invalid',
    `Another model answers at ${label} under the name "${model}" than the one that made the index. Load that one ` +
      'again, or change the option "revision" of the embedder: then everything is embedded anew.',
    { details: { model, dimensions: probe.length, dimensionsBefore: before.length, cosine } },
  )
}

/** As the bundled tokenizer counts; a word that it does not know counts for as many as it has letters. */
function cut(text: string, maxTokens: number, tokenizer: Tokenizer): string {
  const { ids, starts, ends, unknownId } = tokenizer.encode(text)
  let tokens = 0
  for (let index = 0; index < ids.length; index += 1) {
    tokens += ids[index] === unknownId ? ends[index]! - starts[index]! : 1
    if (tokens > maxTokens) return text.slice(0, starts[index])
  }
  return text
}

/** Servers refuse texts without anything in them, and there is nothing to find in one. */
function isBlank(text: string): boolean {
  return !/[^\s\p{Cc}]/u.test(text)
}

function anotherLength({ label }: AskedProvider, length: number, expected: number): AppError {
  return new AppError(
    'model-invalid',
    `${label} gave a vector of ${length} numbers where ${expected} were expected: another model answers now. Try again ` +
      'when the server has the model that the pipeline names.',
  )
}
