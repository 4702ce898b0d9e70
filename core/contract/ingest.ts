import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './values.ts'

export const ingestContract = {
  /**
   * One piece of a file that the page holds (a browser has no paths). Small files go in one call (`last: true`,
   * no `uploadId`); large ones in pieces, in order: the first answer's `uploadId` is sent with the next pieces.
   * Errors: input-invalid (offset is not what was received so far), disk-full, file-too-large.
   */
  upload: oc
    .route({ method: 'POST', path: '/uploads' })
    .input(
      z.object({
        uploadId: id<'upload'>().optional(),
        /** Relative path with '/' between folders, as dropped. */
        path: z.string().min(1).max(4096),
        offset: z.coerce.number().int().min(0).default(0),
        data: z.instanceof(Blob),
        last: z.boolean(),
      }),
    )
    .output(z.object({ uploadId: id<'upload'>(), received: z.number() })),
  /** The bytes of what was uploaded completely, in order. Errors: item-missing, input-invalid (pieces are still to come). */
  uploaded: oc
    .route({ method: 'GET', path: '/uploads/{uploadId}' })
    .input(z.object({ uploadId: id<'upload'>() }))
    .output(eventIterator(z.object({ base64: z.base64() }))),
  /** Uploads that no document is made of; others stay. Errors: item-missing. */
  discard: oc
    .route({ method: 'POST', path: '/uploads/discard' })
    .input(z.object({ uploadIds: z.array(id<'upload'>()).min(1).max(100_000) }))
    .output(z.object({ discarded: z.int() })),
  /**
   * Adds files to a collection and starts a job that reads, chunks and embeds them. `paths` are absolute files or
   * folders on this machine; folders are walked. Files with unchanged content are skipped.
   * Errors: item-missing, input-invalid (nothing given), file-missing.
   */
  start: oc
    .route({ method: 'POST', path: '/ingest' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        paths: z.array(z.string().min(1)).max(100_000).default([]),
        uploadIds: z.array(id<'upload'>()).max(100_000).default([]),
      }),
    )
    .output(z.object({ jobId: id<'job'>() })),
}
