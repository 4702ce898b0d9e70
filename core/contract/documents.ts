import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { fileEventSchema } from './file-events.ts'
import { elementSchema, metadataSchema, pageSchema } from './parsed-document.ts'
import { errorDataSchema, id } from './values.ts'

/** 'waiting': new in a source whose files wait for approval. */
export const documentStatuses = ['waiting', 'queued', 'reading', 'embedding', 'ready', 'failed'] as const
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
  /** Where it came from; null when its source was removed. */
  sourceId: id<'source'>().nullable(),
  /** The message or other document that it is attached to. */
  parentId: id<'document'>().nullable(),
  /** Further paths with the same content. */
  otherPaths: z.array(z.string()),
  /** What the file says of itself. */
  metadata: metadataSchema,
  /** Set by people. */
  tags: z.array(z.string()),
  /** Milliseconds since 1970: when the file was changed last, as it was when read; null where the source does not say. */
  modifiedAt: z.number().nullable(),
  /** The file has changed, or could not be read, since it was indexed: answers come from the earlier version. */
  stale: z.boolean(),
})
export type Document = z.infer<typeof documentSchema>

/** A word or a few, set by a person. */
export const tagSchema = z.string().trim().min(1).max(60)

export const documentsContract = {
  /** Sorted by path. Errors: item-missing, input-invalid (a filter). */
  list: oc
    .route({ method: 'GET', path: '/documents' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        status: documentStatusSchema.optional(),
        /** Such as `type=pdf and year>=2024`; see docs/filters.md. */
        filter: z.string().max(2000).optional(),
        /** Of those, what a question reaches that is answered by this release: its pipeline has a filter, too. */
        releaseId: id<'release'>().optional(),
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
  /** What is being typed, completed: ready documents whose path or title has it, and tags; names that begin so come first. */
  suggest: oc
    .route({ method: 'POST', path: '/documents/suggest' })
    .input(
      z.object({
        collectionIds: z.array(id<'collection'>()).min(1).max(50),
        /** A part of the path, the title or the tag; empty: whatever there is. */
        query: z.string().max(400).default(''),
        limit: z.int().min(1).max(100).default(8),
      }),
    )
    .output(
      z.object({
        documents: z.array(documentSchema.pick({ id: true, collectionId: true, name: true, path: true, title: true })),
        tags: z.array(z.object({ tag: z.string(), documents: z.int() })),
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
        /** Instead of an offset: the page, slide, sheet … with this number. Errors: item-missing. */
        page: z.coerce.number().int().min(1).optional(),
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
  /**
   * The file itself, byte for byte as it was when the document was indexed: nothing else is ever given out, wherever its
   * path leads by now. Errors: item-missing (also in mid-stream, where the document is removed), file-missing,
   * file-changed, file-too-large, file-unreadable, and what opening an archive or a message throws.
   */
  file: oc
    .route({ method: 'GET', path: '/documents/{documentId}/file' })
    .input(z.object({ documentId: id<'document'>() }))
    .output(eventIterator(fileEventSchema)),
  /**
   * Where the document's own file is on this machine, for the shell to show it. Null where it has none: uploads, members
   * of archives and attachments are kept inside of others. Errors: item-missing.
   */
  place: oc
    .route({ method: 'GET', path: '/documents/{documentId}/place' })
    .input(z.object({ documentId: id<'document'>() }))
    .output(z.object({ path: z.string().nullable() })),
  /** Reads these again: failed or ready, all failed ones of a collection if no ids are given. */
  retry: oc
    .route({ method: 'POST', path: '/documents/retry' })
    .input(
      z.object({ collectionId: id<'collection'>(), documentIds: z.array(id<'document'>()).max(50_000).optional() }),
    )
    .output(z.object({ jobId: id<'job'>() })),
  /** Lets in documents that wait for approval, or turns them away; all of the collection if none are named. */
  review: oc
    .route({ method: 'POST', path: '/documents/review' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        documentIds: z.array(id<'document'>()).max(50_000).optional(),
        approve: z.boolean(),
      }),
    )
    .output(z.object({ reviewed: z.int(), jobId: id<'job'>().nullable() })),
  /** Adds and removes tags. Errors: item-missing. */
  tag: oc
    .route({ method: 'POST', path: '/documents/tag' })
    .input(
      z.object({
        documentIds: z.array(id<'document'>()).min(1).max(50_000),
        add: z.array(tagSchema).max(50).default([]),
        remove: z.array(tagSchema).max(50).default([]),
      }),
    )
    .output(z.object({ changed: z.int() })),
  remove: oc
    .route({ method: 'POST', path: '/documents/remove' })
    .input(z.object({ documentIds: z.array(id<'document'>()).min(1).max(50_000) }))
    .output(z.object({ removed: z.int() })),
}
