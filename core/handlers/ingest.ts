import { createReadStream } from 'node:fs'
import { isAbsolute } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { pieceBytes } from '../contract/file-events.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function ingestHandlers(services: Services) {
  return {
    upload: os.ingest.upload.handler(({ input }) => services.uploads.take({ ...input, uploadId: input.uploadId })),
    uploaded: os.ingest.uploaded.handler(async function* ({ input, signal }) {
      services.uploads.requireComplete([input.uploadId])
      const stream = createReadStream(services.uploads.path(input.uploadId), { highWaterMark: pieceBytes })
      for await (const piece of stream as AsyncIterable<Buffer>) {
        throwIfAborted(signal)
        yield { base64: piece.toString('base64') }
      }
    }),
    discard: os.ingest.discard.handler(async ({ input }) => {
      const unused = input.uploadIds.filter((id) => !services.documents.usesUpload(services.uploads.get(id).id))
      await services.uploads.remove(unused)
      return { discarded: unused.length }
    }),
    start: os.ingest.start.handler(({ input }) => {
      const { collectionId, paths, uploadIds } = input
      if (paths.length + uploadIds.length === 0) {
        throw new AppError('input-invalid', 'Nothing to add. Name at least one file or folder.')
      }
      const relative = paths.find((path) => !isAbsolute(path))
      if (relative !== undefined) {
        throw new AppError('input-invalid', `"${relative}" is not an absolute path. Give the whole path.`)
      }
      services.uploads.requireComplete(uploadIds)
      return { jobId: services.startIngest(collectionId, 'ingest', { paths, uploadIds }) }
    }),
  }
}
