import { arch, availableParallelism, cpus } from 'node:os'
import type { ComputePool } from '../compute/pool.ts'
import { AppError } from '../contract/errors.ts'
import type { ModelManifest, ModelSpeed } from '../contract/models.ts'
import type { Choice } from '../contract/pipeline.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import { textGeneratorDefinitions } from '../generators/text/list.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import type { EmbeddingCache } from '../library/embedding-cache.ts'
import type { ModelSpeedLibrary } from '../library/model-speeds.ts'
import type { LocateModel } from '../model-files/locator.ts'
import { takesModel } from '../model-files/model-option.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { fingerprint } from '../shared/hash.ts'
import type { Progress } from '../shared/progress.ts'
import { openEmbedding } from './embedding.ts'
import { openReranking } from './reranking.ts'
import { openTextGenerator } from './text-generation.ts'

/** How fast models are on this machine, by a self-test of some seconds. */
export interface ModelSpeeds {
  /** What the last self-test found; null where this model was not tested on this machine. */
  of(manifest: ModelManifest): ModelSpeed | null
  /** One at a time. Errors: model-missing, model-invalid, memory-exceeded, cancelled. */
  measure(manifest: ModelManifest, watch: MeasureWatch): Promise<ModelSpeed>
}

export interface MeasureWatch {
  signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface ModelSpeedParts {
  library: ModelSpeedLibrary
  locateModel: LocateModel
  cache: EmbeddingCache
  /** A worker of its own: it begins without a model, and nobody's question waits for the test. */
  openWorker(): ComputePool
  threads: { inference: number; generation: number }
  now(): number
  /** How long a model is kept busy, once it is warm. Default: 5 seconds. */
  measuredMs?: number
}

/** Texts in one call; slow models are given fewer. */
const mostTexts = 64

export function createModelSpeeds(parts: ModelSpeedParts): ModelSpeeds {
  const machine = machineName()
  let last: Promise<unknown> = Promise.resolve()
  return {
    of: (manifest) => parts.library.find(manifest.id, machine, contentsOf(manifest)) ?? null,
    measure(manifest, watch) {
      // Two at once would measure each other.
      const measured = last.then(async () => {
        throwIfAborted(watch.signal)
        const speed = { ...(await measure(manifest, parts, watch)), machine, measuredAt: parts.now() }
        parts.library.save(manifest.id, contentsOf(manifest), speed)
        return speed
      })
      last = measured.catch(() => {})
      return measured
    },
  }
}

type Measured = Omit<ModelSpeed, 'machine' | 'measuredAt'>

async function measure(
  { id, kind, format }: ModelManifest,
  { locateModel, cache, openWorker, threads, measuredMs = 5000 }: ModelSpeedParts,
  { signal, onProgress }: MeasureWatch,
): Promise<Measured> {
  const definitions = {
    embedder: embedderDefinitions,
    reranker: rerankerDefinitions,
    generator: textGeneratorDefinitions,
  }
  const definition = definitions[kind].find(({ options }) => takesModel(options, { kind, format }))
  if (!definition) {
    throw new AppError(
      'model-invalid',
      `Nothing here runs ${kind}s in ${format.toUpperCase()} format. Choose another model.`,
    )
  }
  const choice: Choice = { id: definition.id, options: { model: id } }
  const compute = openWorker()
  // Whatever it is doing: who does not wait for the figure does not want the model either.
  const stop = (): void => void compute.dispose(0)
  signal.addEventListener('abort', stop, { once: true })
  const watch = { signal, measuredMs, tick: ticker(`measuring ${id}`, measuredMs, onProgress) }
  try {
    const begunMs = performance.now()
    const loaded = { loadMs: 0, firstTokenMs: null, promptTokens: null }
    if (kind === 'embedder') {
      const embedding = await openEmbedding(choice, { locateModel, cache, compute, threads: threads.inference })
      loaded.loadMs = performance.now() - begunMs
      const perSecond = await rateOf((count) => embedding.embedNow(sampleTexts(count), 'passage', signal), watch)
      return { ...loaded, unit: 'texts', perSecond, memoryMb: compute.residentMb }
    }
    if (kind === 'reranker') {
      const reranking = await openReranking(choice, { locateModel, compute, threads: threads.inference })
      loaded.loadMs = performance.now() - begunMs
      const perSecond = await rateOf((count) => reranking.score(sampleQuestion, sampleTexts(count), signal), watch)
      return { ...loaded, unit: 'pairs', perSecond, memoryMb: compute.residentMb }
    }
    const model = await openTextGenerator(choice, { locateModel, compute, threads: threads.generation })
    loaded.loadMs = performance.now() - begunMs
    const written = await writingRateOf(model, watch)
    return { ...loaded, ...written, unit: 'tokens', memoryMb: compute.residentMb }
  } finally {
    signal.removeEventListener('abort', stop)
    await compute.dispose(0)
  }
}

interface Watch {
  signal: AbortSignal
  measuredMs: number
  /** Told after each call how long the test has been going on. */
  tick(elapsedMs: number): void
}

/** Texts (or pairs) a second. Calls grow until one takes a noticeable time, which warms the model up; then time counts. */
async function rateOf(work: (count: number) => Promise<unknown>, { signal, measuredMs, tick }: Watch): Promise<number> {
  const timed = async (count: number): Promise<number> => {
    throwIfAborted(signal)
    const begunMs = performance.now()
    await work(count)
    return performance.now() - begunMs
  }
  let count = 1
  while ((await timed(count)) < 250 && count < mostTexts) count *= 2
  let done = 0
  let elapsedMs = 0
  while (elapsedMs < measuredMs) {
    elapsedMs += await timed(count)
    done += count
    tick(elapsedMs)
  }
  return (1000 * done) / elapsedMs
}

/** Tokens a second, the first one apart: until it comes the model reads. */
async function writingRateOf(
  model: TextGenerator,
  { signal, measuredMs, tick }: Watch,
): Promise<Pick<Measured, 'perSecond' | 'firstTokenMs' | 'promptTokens'>> {
  let firstTokenMs: number | null = null
  let promptTokens: number | null = null
  let tokens = 0
  let writingMs = 0
  const begunMs = performance.now()
  let maxTokens = 8
  for (let elapsedMs = 0; elapsedMs < measuredMs; elapsedMs = performance.now() - begunMs) {
    throwIfAborted(signal)
    const askedMs = performance.now()
    let firstMs: number | undefined
    for await (const part of model.stream(sampleMessages, { maxTokens }, signal)) {
      const nowMs = performance.now()
      firstMs ??= nowMs
      firstTokenMs ??= nowMs - askedMs
      if (part.type === 'end') {
        promptTokens = part.promptTokens
        tokens += Math.max(0, part.outputTokens - 1)
        writingMs += nowMs - firstMs
      }
    }
    // As many as it will have written by the end, so that a slow model is not asked for an hour of text.
    const perMs = tokens / Math.max(1, writingMs)
    maxTokens = Math.max(8, Math.min(256, Math.floor(perMs * (measuredMs - (performance.now() - begunMs)))))
    tick(performance.now() - begunMs)
  }
  if (tokens === 0) throw new AppError('model-invalid', 'The model wrote nothing at all. Choose another model.')
  return { perSecond: (1000 * tokens) / writingMs, firstTokenMs, promptTokens }
}

function ticker(label: string, measuredMs: number, onProgress: MeasureWatch['onProgress']) {
  return (elapsedMs: number): void =>
    onProgress({ done: Math.min(measuredMs, elapsedMs) / 1000, total: measuredMs / 1000, unit: 'seconds', label })
}

/** The same machine has the same name next time; nothing in it tells whose it is. */
function machineName(): string {
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} threads, ${arch()}`
}

/** Other files under the same name are another model. */
function contentsOf({ files }: ModelManifest): string {
  return fingerprint(files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })))
}

const sampleParagraph =
  'The station keeps a log of every boat that leaves the pontoon: who is on board, when it left and when it is ' +
  'expected back. A boat that is an hour late is called by radio, and the coastguard is told after two. In winter the ' +
  'small boats stay ashore, for the swell comes over the outer wall and nobody can board safely. The engines are ' +
  'looked after twice a year, in March and in October, and the fuel is stored in the shed behind the boat house.'

const sampleQuestion = 'What happens when a boat is an hour late?'

/** About a hundred tokens each, no two alike. */
function sampleTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Page ${index + 1}. ${sampleParagraph}`)
}

const sampleMessages = [
  { role: 'system' as const, content: 'Answer at length, in many sentences.' },
  { role: 'user' as const, content: `${sampleParagraph}\n\n${sampleQuestion} Tell the whole story.` },
]
