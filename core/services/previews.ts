import { withTexts } from '../compute/chunk-texts.ts'
import type { OcrInput } from '../compute/ocr-in-use.ts'
import type { ComputePool } from '../compute/pool.ts'
import type { Preview, ShownChunk } from '../contract/chunks.ts'
import { AppError } from '../contract/errors.ts'
import type { Chunk, ParsedDocument } from '../contract/parsed-document.ts'
import type { IngestSettings } from '../contract/pipeline.ts'
import type { CollectionCore } from '../library/collections.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { settingsFor } from '../shared/ingest-settings.ts'
import type { DocumentId } from '../shared/ids.ts'
import type { Embedding } from './embedding.ts'

/** What a file would become, without storing or embedding anything. */
export interface Previews {
  /** Errors: item-missing, and those of parsers. */
  make(collection: CollectionCore, request: PreviewRequest, signal?: AbortSignal): Promise<Preview>
}

export interface PreviewRequest {
  file: PreviewFile
  settings: IngestSettings
  maxCharacters: number
}

/** A document of the workspace, or a file anywhere. */
export type PreviewFile = { documentId: DocumentId } | { location: string; path: string; name: string }

export interface PreviewParts {
  documents: DocumentLibrary
  compute: ComputePool
  openEmbedding(owner: Pick<CollectionCore, 'pipeline'>): Promise<Embedding>
  maximumFileBytes: number
  ocr: OcrInput
}

export function createPreviews({ documents, compute, openEmbedding, maximumFileBytes, ocr }: PreviewParts): Previews {
  return {
    async make(collection, { file, settings, maxCharacters }, signal) {
      const options = { urgent: true, ...(signal ? { signal } : {}) }
      const { modelFolder, choice: embedder } = await openEmbedding(collection)
      const place = 'documentId' in file ? documents.fileOf(file.documentId) : { ...file, member: null }
      const startedMs = performance.now()
      const parse = { ...place, settings, modelFolder, embedder, maxBytes: maximumFileBytes, ocr, knownHashes: [] }
      const parsed = await compute.run('parse', parse, options)
      if (parsed.known) throw new AppError('internal', 'A preview was answered without a document.')
      const { document, type, parserId, chunkerId, chunkMs } = parsed
      const { path } = place
      const chunks = withTexts(document, parsed.chunks)
      const totalMs = performance.now() - startedMs
      const tokens = chunks.map((chunk) => chunk.tokens)
      const end = Math.min(document.text.length, maxCharacters)
      const touches = (span: { start: number }): boolean => span.start < end
      return {
        type,
        parserId,
        chunkerId,
        cleaning: settingsFor(settings, { path, type }).cleaning.map((step) => step.id),
        title: document.title ?? null,
        text: document.text.slice(0, end),
        textLength: document.text.length,
        elements: document.elements.filter(touches),
        pages: document.pages.filter(touches),
        chunks: chunks.filter(touches).map((chunk, ordinal) => shown(document, chunk, ordinal)),
        totals: {
          elements: document.elements.length,
          chunks: tokens.length,
          tokens: tokens.reduce((sum, count) => sum + count, 0),
          leastTokens: tokens.reduce((least, count) => Math.min(least, count), tokens[0] ?? 0),
          mostTokens: tokens.reduce((most, count) => Math.max(most, count), 0),
        },
        metadata: document.metadata ?? {},
        warnings: document.warnings,
        timesMs: { parse: totalMs - chunkMs, chunk: chunkMs },
      }
    },
  }
}

function shown(document: ParsedDocument, chunk: Chunk, ordinal: number): ShownChunk {
  return {
    ordinal,
    start: chunk.start,
    end: chunk.end,
    text: document.text.slice(chunk.start, chunk.end),
    tokens: chunk.tokens,
    headings: chunk.headings,
    pageFirst: chunk.pageFirst ?? null,
    pageLast: chunk.pageLast ?? null,
    place: chunk.place ?? null,
    context: chunk.context,
    edited: null,
    disabled: false,
    editId: null,
    answerStart: chunk.answerStart ?? null,
    answerEnd: chunk.answerEnd ?? null,
  }
}
