import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { findDefinition } from '../shared/family.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import type { Embedder, EmbedPurpose } from '../embedders/embedder.ts'
import { chooseParser } from '../parsers/choose-parser.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { type OcrInput, ocrInUse } from './ocr-in-use.ts'

export interface ParseInput {
  /** Absolute path; or `bytes`. */
  path?: string
  bytes?: Uint8Array
  /** File name as the user knows it; the path's own if absent. */
  name?: string
  /** Without it the file's type is detected and decides. */
  parserId?: string
  /** Options by parser id, as in a pipeline. */
  parsers?: Record<string, Record<string, unknown>>
  maxBytes: number
  /** How text is read from pictures; by default in English. False: not at all. */
  ocr?: OcrInput | false
  /** SHA-256 of the bytes that were read last time: where it is the same, nothing is parsed. */
  knownHash?: string
}

export type ParseOutput =
  | { unchanged: true; sha256: string; size: number }
  | { unchanged: false; sha256: string; size: number; type: string; parserId: string; document: ParsedDocument }

export interface ChunkInput {
  document: ParsedDocument
  chunkerId: string
  options: Record<string, unknown>
  /** Folder of the embedder's model: chunks are measured with its tokenizer. */
  modelFolder: string
}

export interface EmbedInput {
  modelFolder: string
  /** Passed to the embedder's factory as its options; the folder answers for every model name. */
  embedderId?: string
  options?: Record<string, unknown>
  texts: string[]
  purpose: EmbedPurpose
  threads?: number
}

export interface EmbedOutput {
  modelId: string
  dimensions: number
  /** Shape [texts.length × dimensions], row-major. */
  vectors: Float32Array
}

/** What a compute worker may be asked to do: name -> input and output. Both are plain data that crosses threads. */
export interface Tasks {
  /** Reads and parses one file. Errors: file-…, type-unsupported; `details.type` says what the file is. */
  parse: { input: ParseInput; output: ParseOutput }
  chunk: { input: ChunkInput; output: { chunks: Chunk[] } }
  embed: { input: EmbedInput; output: EmbedOutput }
}
export type TaskName = keyof Tasks

export interface TaskContext {
  signal: AbortSignal
  log: Log
  onProgress(progress: Progress): void
}

export type TaskHandlers = {
  [Name in TaskName]: (input: Tasks[Name]['input'], context: TaskContext) => Promise<Tasks[Name]['output']>
}

/** The explicit list of tasks. */
export const taskHandlers: TaskHandlers = {
  parse,
  chunk: async ({ document, chunkerId, options, modelFolder }) => ({
    chunks: await chunk(document, chunkerId, options, modelFolder),
  }),
  embed,
}

async function parse(input: ParseInput, { signal, log, onProgress }: TaskContext): Promise<ParseOutput> {
  const name = input.name ?? basename(input.path ?? 'file')
  const bytes = input.bytes ?? (await readBytes(input.path ?? '', input.maxBytes))
  if (bytes.length > input.maxBytes) throw tooLarge(bytes.length, input.maxBytes)
  const size = bytes.length
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (input.knownHash === sha256) return { unchanged: true, sha256, size }
  throwIfAborted(signal)
  const detected = chooseParser(name, bytes, size)
  try {
    const parserId = input.parserId ?? detected.parserId
    if (parserId === null || detected.reason?.code === 'file-empty' || detected.reason?.code === 'file-encrypted') {
      const reason = detected.reason
      throw new AppError(reason?.code ?? 'type-unsupported', reason?.message ?? 'This type of file is not supported.')
    }
    const definition = findDefinition('parser', parserDefinitions, parserId)
    const options = definition.options.parse(input.parsers?.[parserId] ?? {})
    const ocr = await ocrInUse(input.ocr, log)
    const parser = definition.create(options, { log, ...(ocr ? { ocr } : {}) })
    const document = await parser.parse({ name, bytes }, { signal, onProgress })
    return { unchanged: false, sha256, size, type: detected.type, parserId, document }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const details = { type: detected.type, size, sha256, ...error.details }
    throw new AppError(error.code, error.message, { retryable: error.retryable, details, cause: error.cause })
  }
}

/** Opens once, so that what is measured is what is read even if the name meanwhile stands for another file. */
async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  // Not blocking: opening a pipe would wait for its writer for ever. Windows has neither the flag nor such pipes.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const stats = await file.stat()
  if (stats.isDirectory()) throw new AppError('file-unreadable', 'This is a folder, not a file.')
  if (!stats.isFile()) throw new AppError('file-unreadable', 'This is a device or a pipe, not a file with an end.')
  if (stats.size > maxBytes) throw tooLarge(stats.size, maxBytes)
  let bytes = new Uint8Array(stats.size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
    if (length > maxBytes) throw tooLarge(length, maxBytes)
    if (length === bytes.length) {
      // It grows while it is read.
      const larger = new Uint8Array(Math.min(bytes.length * 2, maxBytes + 1))
      larger.set(bytes)
      bytes = larger
    }
  }
  return bytes.subarray(0, length)
}

function tooLarge(sizeBytes: number, maxBytes: number): AppError {
  return new AppError(
    'file-too-large',
    `This file has ${megabytes(sizeBytes)}; the limit is ${megabytes(maxBytes)}. Split it into parts, then add those.`,
    { details: { size: sizeBytes, limit: maxBytes } },
  )
}

function megabytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`
  const value = bytes / 1_000_000
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
}

const tokenizers = new Map<string, Promise<Tokenizer>>()

async function chunk(
  document: ParsedDocument,
  chunkerId: string,
  options: Record<string, unknown>,
  modelFolder: string,
): Promise<Chunk[]> {
  // Loaded on first use: a worker that only parses or embeds needs none of it.
  const { chunkerDefinitions } = await import('../chunkers/list.ts')
  const tokenizer = await remember(tokenizers, modelFolder, async () => {
    const { loadTokenizer } = await import('../tokenizers/load-tokenizer.ts')
    return loadTokenizer(modelFolder)
  })
  const definition = findDefinition('chunker', chunkerDefinitions, chunkerId)
  return definition.create(definition.options.parse(options), { tokenizer }).chunk(document)
}

const embedders = new Map<string, Promise<Embedder>>()

async function embed(input: EmbedInput, { signal }: TaskContext): Promise<EmbedOutput> {
  const embedderId = input.embedderId ?? 'transformers'
  const key = JSON.stringify([embedderId, input.modelFolder, input.options ?? {}, input.threads ?? 1])
  const embedder = await remember(embedders, key, async () => {
    const { embedderDefinitions } = await import('../embedders/list.ts')
    const definition = findDefinition('embedder', embedderDefinitions, embedderId)
    return definition.create(definition.options.parse(input.options ?? {}), {
      locateModel: async () => input.modelFolder,
      threads: input.threads ?? 1,
    })
  })
  const vectors = await embedder.embed(input.texts, input.purpose, { signal })
  return { modelId: embedder.modelId, dimensions: embedder.dimensions, vectors }
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
