import { oc } from '@orpc/contract'
import { z } from 'zod'
import { elementSchema, pageSchema } from './parsed-document.ts'
import { errorDataSchema, id } from './values.ts'

export const documentStatuses = ['queued', 'reading', 'chunking', 'embedding', 'ready', 'failed'] as const
export const documentStatusSchema = z.enum(documentStatuses)
export type DocumentStatus = z.infer<typeof documentStatusSchema>

export const documentSchema = z.object({
  id: id<'document'>(),
  collectionId: id<'collection'>(),
  /** File name. */
  name: z.string(),
  /** Relative to what was dropped or named, with '/' between folders. Unique in its collection. */
  path: z.string(),
  /** 'pdf', 'markdown' …; 'unknown' until it has been read. */
  type: z.string(),
  /** Bytes. */
  size: z.number(),
  status: documentStatusSchema,
  /** Why it failed; null unless failed. */
  reason: errorDataSchema.nullable(),
  warnings: z.array(z.string()),
  title: z.string().nullable(),
  /** Null where the format has no pages. */
  pages: z.int().nullable(),
  chunks: z.int(),
  /** Milliseconds since 1970; null until it was ready once. */
  indexedAt: z.number().nullable(),
  /** A document that failed on refresh is still searchable in this earlier version; 0 when there is none. */
  version: z.int(),
})
export type Document = z.infer<typeof documentSchema>

export const documentsContract = {
  /** Sorted by path. */
  list: oc
    .route({ method: 'GET', path: '/documents' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        status: documentStatusSchema.optional(),
        limit: z.coerce.number().int().min(1).max(50_000).default(20_000),
        offset: z.coerce.number().int().min(0).default(0),
      }),
    )
    .output(
      z.object({
        documents: z.array(documentSchema),
        total: z.int(),
        byStatus: z.partialRecord(documentStatusSchema, z.int()),
      }),
    ),
  /** The document with its text, for the passage panel. Errors: item-missing. */
  get: oc
    .route({ method: 'GET', path: '/documents/{documentId}' })
    .input(z.object({ documentId: id<'document'>() }))
    .output(documentSchema),
  /**
   * A window of the text around [start, end) with the elements and pages that touch it, so that a huge document need
   * not cross the wire. Offsets in the answer are those of the whole text. Errors: item-missing.
   */
  text: oc
    .route({ method: 'GET', path: '/documents/{documentId}/text' })
    .input(
      z.object({
        documentId: id<'document'>(),
        start: z.coerce.number().int().min(0).default(0),
        end: z.coerce.number().int().min(0).default(0),
        /** Characters on each side. */
        around: z.coerce.number().int().min(0).max(500_000).default(20_000),
      }),
    )
    .output(
      z.object({
        document: documentSchema,
        text: z.string(),
        /** Offset of the first character of `text` in the whole text. */
        textStart: z.int(),
        textLength: z.int(),
        elements: z.array(elementSchema),
        pages: z.array(pageSchema),
        /** Heading path at `start`. */
        headings: z.array(z.string()),
      }),
    ),
  /** Reads these again: failed or ready, all failed ones of a collection if no ids are given. */
  retry: oc
    .route({ method: 'POST', path: '/documents/retry' })
    .input(
      z.object({ collectionId: id<'collection'>(), documentIds: z.array(id<'document'>()).max(50_000).optional() }),
    )
    .output(z.object({ jobId: id<'job'>() })),
  remove: oc
    .route({ method: 'POST', path: '/documents/remove' })
    .input(z.object({ documentIds: z.array(id<'document'>()).min(1).max(50_000) }))
    .output(z.object({ removed: z.int() })),
}
