import { writeFile } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { withTexts } from '../compute/chunk-texts.ts'
import type { OcrInput } from '../compute/ocr-in-use.ts'
import type { ComputePool } from '../compute/pool.ts'
import { AppError } from '../contract/errors.ts'
import type { CutText, LabHit, LabSource, LabText, LabVerdict } from '../contract/lab.ts'
import type { Chunk, Element, Page, ParsedDocument } from '../contract/parsed-document.ts'
import type { Choice, Pipeline } from '../contract/pipeline.ts'
import type { SearchMode } from '../contract/values.ts'
import { judgePassages } from '../flows/judge-passages.ts'
import { stretchStarts } from '../flows/text-stretches.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { fingerprint, sha256 } from '../shared/hash.ts'
import { settingsFor } from '../shared/ingest-settings.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import type { Embedding } from './embedding.ts'
import type { FoundChunk, LabIndexes } from './lab-indexes.ts'
import { checkSettings } from './pipelines.ts'
import type { Uploads } from './uploads.ts'

/** One text under several chunkers at once. Holds the last texts that were opened; changes nothing of the workspace. */
export interface Lab {
  /** Errors: item-missing, input-invalid, model-missing, and those of parsers. */
  open(source: LabSource, collectionId: CollectionId | undefined, signal?: AbortSignal): Promise<LabText>
  /** Errors: item-missing. */
  text(labId: string, start: number, end: number): TextStretch
  /** Errors: item-missing, implementation-unknown, input-invalid, and those of workers. */
  cut(labId: string, chunker: Choice, signal?: AbortSignal): Promise<CutText>
  /** Errors: as `cut`, and model-missing. */
  retrieve(labId: string, chunker: Choice, query: LabQuery, signal?: AbortSignal): Promise<LabAnswer>
}

export interface TextStretch {
  text: string
  textStart: number
  elements: Element[]
  pages: Page[]
}

export interface LabQuery {
  question: string
  mode: SearchMode
  k: number
  expected: { start: number; end: number }[]
}

export interface LabAnswer {
  hits: LabHit[]
  verdict: LabVerdict | null
  indexMs: number
  searchMs: number
}

export interface LabParts {
  collections: Pick<CollectionLibrary, 'getCore'>
  documents: DocumentLibrary
  uploads: Pick<Uploads, 'get' | 'path' | 'requireComplete'>
  /** Where files are read. */
  parsing: ComputePool
  /** One worker that keeps the texts and how they were measured. */
  cutting: ComputePool
  openEmbedding(owner: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
  indexes: LabIndexes
  maximumFileBytes: number
  /** How texts are read that belong to no collection. */
  standardPipeline(): Pipeline
  ocr: OcrInput
}

interface OpenText {
  document: ParsedDocument
  pipeline: Pipeline
  shown: LabText
}

/** What is kept open, in characters and in texts. */
const mostCharacters = 60_000_000
const mostTexts = 8
/** A cut that nobody waits for any more is let run to its end: its worker holds what the next one needs. */
const softCancelMs = 30_000

export function createLab(parts: LabParts): Lab {
  const opened = new Map<string, OpenText>()

  const keep = (text: OpenText): void => {
    opened.delete(text.shown.labId)
    opened.set(text.shown.labId, text)
    let characters = 0
    for (const [index, [labId, { document }]] of [...opened].reverse().entries()) {
      characters += document.text.length
      if (index > 0 && (index >= mostTexts || characters > mostCharacters)) opened.delete(labId)
    }
  }
  const find = (labId: string): OpenText => {
    const text = opened.get(labId)
    if (!text) throw new AppError('item-missing', 'This text is not open in the lab any more. Open it again.')
    keep(text)
    return text
  }

  /** Asks the worker that holds texts, and gives it this one if it is new to it. */
  async function cutHeld<Name extends 'cut' | 'cut-chunks'>(
    name: Name,
    { document, pipeline, shown }: OpenText,
    chunker: Choice,
    signal: AbortSignal | undefined,
  ) {
    checkSettings({ parsers: {}, cleaning: [], chunker, rules: [] })
    const { modelFolder, choice: embedder } = await parts.openEmbedding({ pipeline })
    const options = { softCancelMs, ...(signal ? { signal } : {}) }
    const ask = () => parts.cutting.run(name, { key: shown.labId, chunker, modelFolder, embedder }, options)
    const first = await ask()
    if (first.held) return first
    await parts.cutting.run('hold', { key: shown.labId, document })
    const second = await ask()
    if (second.held) return second
    throw new AppError('internal', 'The worker of the lab does not keep what it is given.')
  }

  const lab: Lab = {
    async open(source, collectionId, signal) {
      const text = await read(source, collectionId, parts, signal)
      keep(text)
      return text.shown
    },
    text(labId, start, end) {
      const { document } = find(labId)
      const touches = (span: { start: number; end: number }): boolean => span.start < end && span.end > start
      return {
        text: document.text.slice(start, end),
        textStart: Math.min(start, document.text.length),
        elements: document.elements.filter(touches),
        pages: document.pages.filter(touches),
      }
    },
    async cut(labId, chunker, signal) {
      const { cut } = (await cutHeld('cut', find(labId), chunker, signal)) as { cut: CutText }
      return cut
    },
    async retrieve(labId, chunker, { question, mode, k, expected }, signal) {
      const open = find(labId)
      const { document, shown } = open
      checkSettings({ parsers: {}, cleaning: [], chunker, rules: [] })
      // The one text that is open is searched, whatever documents the pipeline leaves out.
      const pipeline = { ...open.pipeline, chunker, rules: [], reranker: null, filter: '' }
      const chunks = async (given?: AbortSignal): Promise<Chunk[]> => {
        const made = (await cutHeld('cut-chunks', open, chunker, given)) as { chunks: Parameters<typeof withTexts>[1] }
        return withTexts(document, made.chunks)
      }
      const key = fingerprint([labId, chunker, pipeline.embedder, pipeline.index])
      const text = { name: shown.name, type: shown.type, document, pipeline, chunks }
      const { index, ms: indexMs } = await parts.indexes.ensure(key, text, signal)
      const before = performance.now()
      const found = await index.search({ text: question, k, mode }, signal)
      return {
        hits: found.map(toHit),
        verdict: expected.length === 0 ? null : judgePassages(document.text, expected, found),
        indexMs,
        searchMs: performance.now() - before,
      }
    },
  }
  return lab
}

function toHit(passage: FoundChunk, index: number): LabHit {
  const { ordinal, start, end, score, scoreKind, foundBy, textScore, textRank, vectorScore, vectorRank } = passage
  const scores = { score, scoreKind, foundBy, textScore, textRank, vectorScore, vectorRank }
  return { ordinal, start, end, rank: index + 1, ...scores }
}

async function read(
  source: LabSource,
  collectionId: CollectionId | undefined,
  parts: LabParts,
  signal: AbortSignal | undefined,
): Promise<OpenText> {
  if (source.kind === 'document') return readDocument(source.documentId, parts)
  const pipeline =
    collectionId === undefined ? parts.standardPipeline() : parts.collections.getCore(collectionId).pipeline
  if (source.kind === 'text') {
    const name = `Pasted text${(source.type ?? typeOf(source.text)) === 'markdown' ? '.md' : '.txt'}`
    using folder = temporaryFolder()
    const location = join(folder.path, 'text')
    await writeFile(location, source.text.toWellFormed())
    return await readFile({ location, name, path: name }, pipeline, collectionId, parts, signal)
  }
  if (source.kind === 'upload') {
    parts.uploads.requireComplete([source.uploadId])
    const { path } = parts.uploads.get(source.uploadId)
    const file = { location: parts.uploads.path(source.uploadId), name: basename(path), path }
    return readFile(file, pipeline, collectionId, parts, signal)
  }
  if (!isAbsolute(source.path)) throw new AppError('input-invalid', 'Name the file by its whole path.')
  const name = basename(source.path)
  return readFile({ location: source.path, name, path: name }, pipeline, collectionId, parts, signal)
}

/** What a person wrote by the rules of Markdown is seldom meant otherwise. */
function typeOf(text: string): 'text' | 'markdown' {
  return /^(?:#{1,6} \S|```|\|.*\|[ \t]*$|[-*+] \S|\d{1,3}\. \S)/m.test(text) ? 'markdown' : 'text'
}

async function readDocument(documentId: DocumentId, parts: LabParts): Promise<OpenText> {
  const stored = parts.documents.getText(documentId)
  const { document: row, text, elements, pages, hasLines } = stored
  const { pipeline } = parts.collections.getCore(row.collectionId)
  const document: ParsedDocument = {
    text,
    elements,
    pages,
    warnings: row.warnings,
    hasLines,
    ...(row.title === null ? {} : { title: row.title }),
  }
  const facts = { name: row.name, path: row.path, type: row.type, collectionId: row.collectionId, documentId }
  return openText(document, pipeline, facts, [documentId, row.version], parts)
}

async function readFile(
  file: { location: string; name: string; path: string },
  pipeline: Pipeline,
  collectionId: CollectionId | undefined,
  parts: LabParts,
  signal: AbortSignal | undefined,
): Promise<OpenText> {
  const { modelFolder, choice: embedder } = await parts.openEmbedding({ pipeline })
  const { maximumFileBytes: maxBytes, ocr } = parts
  const settings = { member: null, settings: pipeline, modelFolder, embedder, maxBytes, ocr, knownHashes: [] }
  const parsed = await parts.parsing.run(
    'parse',
    { ...file, ...settings },
    { urgent: true, ...(signal ? { signal } : {}) },
  )
  if (parsed.known) throw new AppError('internal', 'A file was answered without its document.')
  const { document, type, sha256: contentHash, parser } = parsed
  const { name, path } = file
  const facts = { name, path, type, collectionId: collectionId ?? null, documentId: null }
  return openText(document, pipeline, facts, [contentHash, parser, path], parts)
}

async function openText(
  document: ParsedDocument,
  pipeline: Pipeline,
  facts: Pick<LabText, 'name' | 'path' | 'type' | 'collectionId' | 'documentId'>,
  identity: unknown[],
  parts: LabParts,
): Promise<OpenText> {
  const { modelId } = await parts.openEmbedding({ pipeline })
  const { path, type } = facts
  const shown: LabText = {
    labId: sha256(fingerprint([identity, modelId, facts.collectionId])).slice(0, 32),
    ...facts,
    title: document.title ?? null,
    textLength: document.text.length,
    pages: document.pages.length,
    stretches: stretchStarts(document),
    chunker: settingsFor(pipeline, { path, type }).chunker,
    warnings: document.warnings,
  }
  return { document, pipeline, shown }
}
