import { createHash } from 'node:crypto'
import { AppError } from '../contract/errors.ts'
import type { CutText } from '../contract/lab.ts'
import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice, IngestSettings } from '../contract/pipeline.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import { settingsFor } from '../shared/ingest-settings.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import type { Embedder, EmbedPurpose, TextSpan } from '../embedders/embedder.ts'
import type { ChatMessage, TextGenerator, TextOptions, TextPart } from '../generators/text-generator.ts'
import type { AskModel, EmbedTexts, ModelQuestion } from '../chunkers/chunker.ts'
import { chooseParser } from '../parsers/choose-parser.ts'
import type { Reranker } from '../rerankers/reranker.ts'
import { chooseSettings } from './choose-settings.ts'
import { type ChunkSpan, withoutTexts } from './chunk-texts.ts'
import { freeNow } from './long-texts.ts'
import { type OcrInput, ocrInUse } from './ocr-in-use.ts'
import { type FileToRead, readFileOrMember } from './read-file.ts'

/** A file, and what it is read with. */
export interface ReadInput {
  /** Absolute path of the file, or of the one that holds it. */
  location: string
  /** The way into that file, outermost first; null for the file itself. */
  member: string[] | null
  /** File name as the user knows it. */
  name: string
  /** The document's path, by which rules choose settings. */
  path: string
  settings: IngestSettings
  maxBytes: number
  /** Where data for reading text from pictures is looked for, too. False: pictures are not read. */
  ocr?: OcrInput | false
  /** SHA-256 in hexadecimal of contents that are indexed already: where the bytes are one of these, nothing is parsed. */
  knownHashes: string[]
}

export interface ParseInput extends ReadInput {
  /** Folder of the embedder's model: chunks are measured with its tokenizer. */
  modelFolder: string
  /** The embedder itself, for chunkers that compare sentences; the host is asked for its vectors. */
  embedder?: Choice
}

/** The content is indexed already: nothing was parsed. */
export interface KnownContent {
  known: true
  sha256: string
  size: number
}

export interface ParsedContent {
  known: false
  sha256: string
  size: number
  type: string
  parserId: string
  /** Parser and settings that made it, such as 'pdf@2'. */
  parser: string
  document: ParsedDocument
}

export type ParseOutput = KnownContent | (ParsedContent & ChunkOutput)

export interface ChunkInput {
  document: ParsedDocument
  settings: IngestSettings
  /** Path and type of the document, by which rules choose the chunker. */
  path: string
  type: string
  /** Folder of the embedder's model: chunks are measured with its tokenizer. */
  modelFolder: string
  /** See ParseInput. */
  embedder?: Choice
  /** Sizes count characters instead, so many a token. */
  charactersPerToken?: number
}

export interface ChunkOutput {
  chunks: ChunkSpan[]
  chunkerId: string
  /** Milliseconds that cutting took, loading the tokenizer included. */
  chunkMs: number
}

/** A document that a worker keeps, so that it can be cut again and again. */
export interface HoldInput {
  key: string
  document: ParsedDocument
}

export interface CutInput {
  /** Of the document. */
  key: string
  chunker: Choice
  modelFolder: string
  /** See ParseInput. */
  embedder?: Choice
}

/** `held` is false where the worker does not have the document: a new process, or one that had too much to keep. */
export type CutOutput = { held: false } | { held: true; cut: CutText }
export type CutChunksOutput = { held: false } | { held: true; chunks: ChunkSpan[]; chunkMs: number }

export interface EmbedInput {
  modelFolder: string
  /** Passed to the embedder's factory as its options; the folder answers for every model name. */
  embedderId?: string
  options?: Record<string, unknown>
  texts: string[]
  purpose: EmbedPurpose
  threads?: number
}

export interface EmbedSpansInput extends Omit<EmbedInput, 'texts' | 'purpose'> {
  text: string
  spans: TextSpan[]
}

export interface RerankInput {
  modelFolder: string
  rerankerId: string
  options: Record<string, unknown>
  question: string
  /** None: the model is loaded, and says which one it is. */
  passages: string[]
  threads?: number
}

export interface RerankOutput {
  modelId: string
  /** One a passage, higher is better. */
  scores: Float32Array
}

/** A text generator that a worker keeps loaded. */
export interface GeneratorChoice {
  modelFolder: string
  generatorId: string
  options: Record<string, unknown>
  threads?: number
  gpu?: boolean
}

export interface CountTokensInput extends GeneratorChoice {
  /** None: the model is loaded, and says which one it is. */
  texts: string[]
}

export interface CountTokensOutput {
  modelId: string
  contextTokens: number
  counts: number[]
}

export interface GenerateInput extends GeneratorChoice {
  messages: ChatMessage[]
  request: TextOptions
}

export interface EmbedOutput {
  modelId: string
  dimensions: number
  maxTokens: number
  /** Whether it has `embedSpans`. */
  readsDocuments: boolean
  /** Shape [texts.length × dimensions], row-major. */
  vectors: Float32Array
}

/** What a compute worker may be asked to do: name -> input and output. Both are plain data that crosses threads. */
export interface Tasks {
  /** Reads, parses and chunks one file. Errors: file-…, type-unsupported; `details.type` says what the file is. */
  parse: { input: ParseInput; output: ParseOutput }
  /** The same without chunks. */
  read: { input: ReadInput; output: KnownContent | ParsedContent }
  chunk: { input: ChunkInput; output: ChunkOutput }
  /** The bytes of a file inside a file. Errors: file-…. */
  'read-member': { input: FileToRead; output: Uint8Array }
  hold: { input: HoldInput; output: null }
  /** Chunks of a held document in numbers, with what they cut apart. */
  cut: { input: CutInput; output: CutOutput }
  /** The chunks themselves. */
  'cut-chunks': { input: CutInput; output: CutChunksOutput }
  embed: { input: EmbedInput; output: EmbedOutput }
  /** See Embedder.embedSpans. Shape [spans.length × dimensions], row-major. */
  'embed-spans': { input: EmbedSpansInput; output: Float32Array }
  rerank: { input: RerankInput; output: RerankOutput }
  /** Errors as those of `generate`. */
  'count-tokens': { input: CountTokensInput; output: CountTokensOutput }
  /** Streams deltas and the end as parts. Errors: model-…, input-invalid, memory-exceeded. */
  generate: { input: GenerateInput; output: null; part: TextPart }
}
export type TaskName = keyof Tasks

/** What a task may ask of the host that runs it: models live in workers of their own. */
export type HostQuestion =
  /** Vectors of parts of a document, as passages. */
  | { type: 'embed'; embedder: Choice; texts: string[] }
  /** JSON from a language model. */
  | ({ type: 'ask-model' } & ModelQuestion)

/** What the answer to an 'embed' is. */
export type EmbedAnswer = Pick<EmbedOutput, 'dimensions' | 'vectors'>

export interface TaskContext {
  signal: AbortSignal
  log: Log
  onProgress(progress: Progress): void
  onPart(part: unknown): void
  ask(question: HostQuestion): Promise<unknown>
}

export type TaskHandlers = {
  [Name in TaskName]: (input: Tasks[Name]['input'], context: TaskContext) => Promise<Tasks[Name]['output']>
}

/** The explicit list of tasks. */
export const taskHandlers: TaskHandlers = {
  parse,
  read: readAndParse,
  chunk,
  'read-member': (input, context) => readFileOrMember(input, context),
  hold,
  cut,
  'cut-chunks': cutChunks,
  embed,
  'embed-spans': embedSpans,
  rerank,
  'count-tokens': countTokens,
  generate,
}

async function parse(input: ParseInput, context: TaskContext): Promise<ParseOutput> {
  const parsed = await readAndParse(input, context)
  if (parsed.known) return parsed
  const { document, type } = parsed
  return { ...parsed, ...(await chunk({ ...input, document, type }, context)) }
}

async function readAndParse(
  input: ReadInput,
  { signal, log, onProgress }: TaskContext,
): Promise<KnownContent | ParsedContent> {
  const { name, settings } = input
  const bytes = await readFileOrMember(input, { signal, log })
  const size = bytes.length
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (input.knownHashes.includes(sha256)) return { known: true, sha256, size }
  throwIfAborted(signal)
  const chosen = chooseParser(name, bytes, size)
  const { type, parserId, reason } = chosen
  try {
    if (parserId === null) {
      throw new AppError(reason?.code ?? 'type-unsupported', reason?.message ?? 'This type of file is not supported.')
    }
    const { definition, options, cleaning, key } = chooseSettings(settings, { path: input.path, type }, parserId)
    const ocr = await ocrInUse(input.ocr, log)
    const parser = definition.create(options, { log, ...(ocr ? { ocr } : {}) })
    let document = await parser.parse({ name, bytes }, { signal, onProgress })
    for (const step of cleaning) document = step.definition.create(step.options).clean(document)
    // A member may be a part of what is kept open.
    if (input.member === null) freeNow(bytes)
    return { known: false, sha256, size, type, parserId, parser: key, document }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const details = { type, size, sha256, ...error.details }
    throw new AppError(error.code, error.message, { retryable: error.retryable, details, cause: error.cause })
  }
}

const tokenizers = new Map<string, Promise<Tokenizer>>()

async function chunk(input: ChunkInput, { ask }: TaskContext): Promise<ChunkOutput> {
  const { document, settings, path, type } = input
  const { chunker } = settingsFor(settings, { path, type })
  const { chunks, chunkMs } = await cutDocument(document, chunker, input, ask)
  return { chunks: await withPlaces(document, chunks), chunkerId: chunker.id, chunkMs }
}

/** `chunkMs` includes loading the tokenizer. */
async function cutDocument(
  document: ParsedDocument,
  { id, options }: Choice,
  { modelFolder, embedder, charactersPerToken }: Pick<ChunkInput, 'modelFolder' | 'embedder' | 'charactersPerToken'>,
  ask: TaskContext['ask'],
): Promise<{ chunks: Chunk[]; chunkMs: number }> {
  const startedMs = performance.now()
  // Loaded on first use: a worker that only parses or embeds needs none of it.
  const { chunkerDefinitions } = await import('../chunkers/list.ts')
  const tokenizer = await remember(tokenizers, `${modelFolder} ${charactersPerToken ?? ''}`, async () => {
    if (charactersPerToken !== undefined)
      return (await import('../tokenizers/characters.ts')).characterTokenizer(charactersPerToken)
    const { loadTokenizer } = await import('../tokenizers/load-tokenizer.ts')
    return loadTokenizer(modelFolder)
  })
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  const embed = embedder && askForVectors(embedder, modelFolder, ask)
  const askModel: AskModel = (question) => ask({ type: 'ask-model', ...question })
  const models = { askModel, ...(embed ? { embed } : {}) }
  const chunker = definition.create(definition.options.parse(options), { tokenizer, ...models })
  const chunks = await chunker.chunk(document)
  return { chunks, chunkMs: performance.now() - startedMs }
}

async function withPlaces(document: ParsedDocument, chunks: Chunk[]): Promise<ChunkSpan[]> {
  const { placeOf } = await import('../chunkers/parts/place.ts')
  for (const chunk of chunks) {
    const place = placeOf(document, chunk.start, chunk.end)
    if (place !== undefined) chunk.place = place
  }
  return withoutTexts(chunks)
}

/** The last ones that were handed in, by key; what was used last comes last. */
const heldDocuments = new Map<string, ParsedDocument>()
/** Characters. The measures of a document are about as large as its text. */
const mostHeld = 30_000_000

async function hold({ key, document }: HoldInput): Promise<null> {
  heldDocuments.set(key, document)
  let characters = 0
  for (const [held, { text }] of [...heldDocuments].reverse()) {
    characters += text.length
    if (characters > mostHeld && held !== key) heldDocuments.delete(held)
  }
  return null
}

function heldDocument(key: string): ParsedDocument | undefined {
  const document = heldDocuments.get(key)
  if (!document) return undefined
  heldDocuments.delete(key)
  heldDocuments.set(key, document)
  return document
}

async function cut({ key, chunker, ...model }: CutInput, { ask }: TaskContext): Promise<CutOutput> {
  const document = heldDocument(key)
  if (!document) return { held: false }
  const { chunks, chunkMs } = await cutDocument(document, chunker, model, ask)
  const { describeCut } = await import('../chunkers/parts/describe-cut.ts')
  return { held: true, cut: describeCut(document, chunks, chunkMs) }
}

async function cutChunks({ key, chunker, ...model }: CutInput, { ask }: TaskContext): Promise<CutChunksOutput> {
  const document = heldDocument(key)
  if (!document) return { held: false }
  const { chunks, chunkMs } = await cutDocument(document, chunker, model, ask)
  return { held: true, chunks: await withPlaces(document, chunks), chunkMs }
}

function askForVectors(embedder: Choice, modelFolder: string, ask: TaskContext['ask']): EmbedTexts {
  const embed = async (texts: readonly string[]): Promise<EmbedAnswer> =>
    // The host's side of this is `answerTasks`.
    (await ask({ type: 'embed', embedder, texts: [...texts] })) as EmbedAnswer
  return Object.assign(embed, { model: JSON.stringify([modelFolder, embedder]) })
}

const embedders = new Map<string, Promise<Embedder>>()

async function embed(input: EmbedInput, { signal }: TaskContext): Promise<EmbedOutput> {
  const embedder = await openEmbedder(input)
  const vectors = await embedder.embed(input.texts, input.purpose, { signal })
  const { modelId, dimensions, maxTokens } = embedder
  return { modelId, dimensions, maxTokens, readsDocuments: embedder.embedSpans !== undefined, vectors }
}

async function embedSpans(input: EmbedSpansInput, { signal }: TaskContext): Promise<Float32Array> {
  const embedder = await openEmbedder(input)
  if (!embedder.embedSpans) throw new AppError('internal', 'This embedder reads no documents as a whole.')
  return embedder.embedSpans(input.text, input.spans, { signal })
}

function openEmbedder(input: Omit<EmbedInput, 'texts' | 'purpose'>): Promise<Embedder> {
  const embedderId = input.embedderId ?? 'transformers'
  const key = JSON.stringify([embedderId, input.modelFolder, input.options ?? {}, input.threads ?? 1])
  return remember(embedders, key, async () => {
    const { embedderDefinitions } = await import('../embedders/list.ts')
    const definition = findDefinition('embedder', embedderDefinitions, embedderId)
    return definition.create(definition.options.parse(input.options ?? {}), {
      locateModel: async () => input.modelFolder,
      threads: input.threads ?? 1,
    })
  })
}

const rerankers = new Map<string, Promise<Reranker>>()

async function rerank(input: RerankInput, { signal }: TaskContext): Promise<RerankOutput> {
  const { rerankerId, modelFolder, options, threads = 1 } = input
  const key = JSON.stringify([rerankerId, modelFolder, options, threads])
  const reranker = await remember(rerankers, key, async () => {
    const { rerankerDefinitions } = await import('../rerankers/list.ts')
    const definition = findDefinition('reranker', rerankerDefinitions, rerankerId)
    return definition.create(definition.options.parse(options), { locateModel: async () => modelFolder, threads })
  })
  const scores = await reranker.score(input.question, input.passages, { signal })
  return { modelId: reranker.modelId, scores }
}

async function countTokens(input: CountTokensInput): Promise<CountTokensOutput> {
  const generator = await openGenerator(input)
  const counts: number[] = []
  for (const text of input.texts) counts.push(await generator.countTokens(text))
  return { modelId: generator.modelId, contextTokens: generator.contextTokens, counts }
}

async function generate(input: GenerateInput, { signal, onPart }: TaskContext): Promise<null> {
  const generator = await openGenerator(input)
  throwIfAborted(signal)
  for await (const part of generator.stream(input.messages, input.request, signal)) onPart(part)
  return null
}

let generator: { key: string; opening: Promise<TextGenerator> } | undefined

/** One language model at a time: two seldom fit into memory. */
async function openGenerator({ generatorId, modelFolder, options, threads = 1, gpu = true }: GeneratorChoice) {
  const key = JSON.stringify([generatorId, modelFolder, options, threads, gpu])
  if (generator?.key === key) return generator.opening
  const before = generator
  const opening = (async () => {
    await before?.opening.then((loaded) => loaded.dispose()).catch(() => {})
    const { textGeneratorDefinitions } = await import('../generators/text/list.ts')
    const definition = findDefinition('text generator', textGeneratorDefinitions, generatorId)
    return definition.create(definition.options.parse(options), {
      locateModel: async () => modelFolder,
      threads,
      gpu,
    })
  })()
  generator = { key, opening }
  opening.catch(() => {
    if (generator?.opening === opening) generator = undefined
  })
  return opening
}

/** One value a key for the life of the worker; a failed attempt is not remembered. */
function remember<T>(memory: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = memory.get(key)
  if (known) return known
  const made = make()
  memory.set(key, made)
  made.catch(() => memory.delete(key))
  return made
}
