import { oc } from '@orpc/contract'
import { z } from 'zod'
import { elementSchema, metadataSchema, pageSchema } from './parsed-document.ts'
import { ingestSettingsSchema } from './pipeline.ts'
import { id } from './values.ts'

/** A chunk as people see it: beside the source, also where it is switched off. */
export const shownChunkSchema = z.object({
  /** 0-based position in the document. */
  ordinal: z.int(),
  start: z.int(),
  end: z.int(),
  /** The slice of the document. */
  text: z.string(),
  tokens: z.int(),
  headings: z.array(z.string()),
  pageFirst: z.int().nullable(),
  pageLast: z.int().nullable(),
  place: z.string().nullable(),
  context: z.string(),
  /** What is indexed instead of `text`; null where nobody changed it. */
  edited: z.string().nullable(),
  disabled: z.boolean(),
  /** The edit that made it what it is. */
  editId: id<'chunkEdit'>().nullable(),
  /** What is given to the generator where it is found, as a span of the document; null: the chunk itself. */
  answerStart: z.int().nullable().default(null),
  answerEnd: z.int().nullable().default(null),
})
export type ShownChunk = z.infer<typeof shownChunkSchema>

export const chunkEditSchema = z.object({
  id: id<'chunkEdit'>(),
  documentId: id<'document'>(),
  kind: z.enum(['disable', 'edit', 'add']),
  /** The text of the document that it is about. */
  anchor: z.string(),
  start: z.int(),
  /** What is indexed instead; null for 'disable'. */
  text: z.string().nullable(),
  /** The anchor is not in the document any more: the edit waits for it to come back, or to be removed. */
  lost: z.boolean(),
  createdAt: z.number(),
})
export type ChunkEdit = z.infer<typeof chunkEditSchema>

export const previewSchema = z.object({
  /** Type as detected, and the parser and settings that its path and type choose. */
  type: z.string(),
  parserId: z.string(),
  chunkerId: z.string(),
  cleaning: z.array(z.string()),
  title: z.string().nullable(),
  /** The first part of the text where it is long; chunks and elements are those that touch it. */
  text: z.string(),
  textLength: z.int(),
  elements: z.array(elementSchema),
  pages: z.array(pageSchema),
  chunks: z.array(shownChunkSchema),
  /** Of the whole document. */
  totals: z.object({ elements: z.int(), chunks: z.int(), tokens: z.int(), leastTokens: z.int(), mostTokens: z.int() }),
  metadata: metadataSchema,
  warnings: z.array(z.string()),
  timesMs: z.object({ parse: z.number(), chunk: z.number() }),
})
export type Preview = z.infer<typeof previewSchema>

export const chunksContract = {
  /** Chunks of a document in the index that questions are answered from, in order. Errors: item-missing. */
  list: oc
    .route({ method: 'GET', path: '/documents/{documentId}/chunks' })
    .input(
      z.object({
        documentId: id<'document'>(),
        limit: z.coerce.number().int().min(1).max(5000).default(500),
        offset: z.coerce.number().int().min(0).default(0),
      }),
    )
    .output(z.object({ chunks: z.array(shownChunkSchema), total: z.int(), edits: z.array(chunkEditSchema) })),
  /**
   * What a file would become under these settings, without embedding or storing anything: a document of the workspace
   * by its id, or a file on this machine by its path. Errors: item-missing, input-invalid, and those of parsers.
   */
  preview: oc
    .route({ method: 'POST', path: '/preview' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        documentId: id<'document'>().optional(),
        path: z.string().optional(),
        uploadId: id<'upload'>().optional(),
        /** Instead of the collection's own. */
        settings: ingestSettingsSchema.optional(),
        maxCharacters: z.coerce.number().int().min(1000).max(2_000_000).default(200_000),
      }),
    )
    .output(previewSchema),
  /**
   * Switches the chunk at this position off, or on again. The edit holds on to the chunk's text and is applied again
   * whenever the document is chunked anew. Errors: item-missing.
   */
  setDisabled: oc
    .route({ method: 'POST', path: '/documents/{documentId}/chunks/disabled' })
    .input(z.object({ documentId: id<'document'>(), ordinal: z.int().min(0), disabled: z.boolean() }))
    .output(shownChunkSchema),
  /** What is indexed instead of the chunk's text; null takes the change back. Errors: item-missing. */
  setText: oc
    .route({ method: 'POST', path: '/documents/{documentId}/chunks/text' })
    .input(
      z.object({
        documentId: id<'document'>(),
        ordinal: z.int().min(0),
        text: z.string().trim().min(1).max(100_000).nullable(),
      }),
    )
    .output(shownChunkSchema),
  /** A chunk by hand over [start, end) of the document, indexed with `text` or as it stands. Errors: item-missing, input-invalid. */
  add: oc
    .route({ method: 'POST', path: '/documents/{documentId}/chunks' })
    .input(
      z.object({
        documentId: id<'document'>(),
        start: z.int().min(0),
        end: z.int().min(1),
        text: z.string().trim().min(1).max(100_000).optional(),
      }),
    )
    .output(shownChunkSchema),
  /** Takes an edit back, lost ones too. Errors: item-missing. */
  removeEdit: oc
    .route({ method: 'DELETE', path: '/chunk-edits/{editId}' })
    .input(z.object({ editId: id<'chunkEdit'>() }))
    .output(z.object({ removed: z.boolean() })),
}
