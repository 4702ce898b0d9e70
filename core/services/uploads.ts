import { open, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { SourceLibrary } from '../library/sources.ts'
import type { UploadId } from '../shared/ids.ts'

/** Files that a page sends in pieces because it has no paths to give. */
export interface Uploads {
  /** Where an upload's bytes are. */
  path(id: UploadId): string
  /** Errors: input-invalid, item-missing, file-too-large, disk-full. */
  take(piece: UploadPiece): Promise<{ uploadId: UploadId; received: number }>
  remove(ids: readonly UploadId[]): Promise<void>
  /** Removes what was begun long ago and never used. */
  removeOrphans(): void
}

export interface UploadPiece {
  uploadId: UploadId | undefined
  path: string
  offset: number
  data: Blob
  last: boolean
}

const orphanAgeMs = 24 * 60 * 60 * 1000

export function createUploads(filesFolder: string, sources: SourceLibrary, maximumBytes: number): Uploads {
  const pathOf = (id: UploadId): string => join(filesFolder, id)
  return {
    path: pathOf,
    async take({ uploadId, path, offset, data, last }) {
      const relative = cleanRelativePath(path)
      if (offset + data.size > maximumBytes) {
        throw new AppError(
          'file-too-large',
          `"${relative}" is larger than ${maximumBytes / 1e6} MB. Split it, or add it by its path.`,
        )
      }
      const upload = uploadId ? sources.getUpload(uploadId) : sources.beginUpload(relative)
      if (upload.complete || upload.received !== offset) {
        throw new AppError(
          'input-invalid',
          `This piece begins at ${offset}, but ${upload.received} bytes of "${upload.path}" have arrived. Send the file again.`,
          { details: { received: upload.received } },
        )
      }
      const file = await open(pathOf(upload.id), offset === 0 ? 'w' : 'r+')
      try {
        await file.write(new Uint8Array(await data.arrayBuffer()), 0, data.size, offset)
      } finally {
        await file.close()
      }
      const received = offset + data.size
      sources.setUpload(upload.id, received, last)
      return { uploadId: upload.id, received }
    },
    async remove(ids) {
      for (const id of ids) {
        sources.removeUpload(id)
        await rm(pathOf(id), { force: true })
      }
    },
    removeOrphans() {
      for (const id of sources.orphanedUploads(Date.now() - orphanAgeMs)) {
        rmSync(pathOf(id), { force: true })
        sources.removeUpload(id)
      }
    },
  }
}

/**
 * The path is only a name that people see, never a place on disk; still it is kept plain: forward slashes, no drive,
 * no '..', no control characters.
 */
function cleanRelativePath(path: string): string {
  const parts = path
    .replaceAll('\\', '/')
    // eslint-disable-next-line no-control-regex -- control characters are what is removed
    .replaceAll(/[\u0000-\u001f\u007f]/g, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  if (parts.length === 0) throw new AppError('input-invalid', 'The file has no name. Rename it, then add it again.')
  return parts.join('/')
}
