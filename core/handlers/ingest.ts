import { isAbsolute } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function ingestHandlers(services: Services) {
  return {
    upload: os.ingest.upload.handler(({ input }) => services.uploads.take({ ...input, uploadId: input.uploadId })),
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
