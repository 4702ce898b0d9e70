import { type FileHandle, open, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { SourceLibrary, Upload } from '../library/sources.ts'
import { requireSpace } from '../model-files/file-pieces.ts'
import type { UploadId } from '../shared/ids.ts'

/** Files that a page sends in pieces because it has no paths to give. */
export interface Uploads {
  /** Where an upload's bytes are. */
  path(id: UploadId): string
  /** With `room` other bounds than a document's. Errors: input-invalid, item-missing, file-too-large, disk-full. */
  take(piece: UploadPiece, room?: UploadRoom): Promise<{ uploadId: UploadId; received: number }>
  /** Errors: item-missing. */
  get(id: UploadId): Upload
  /** Errors: item-missing; input-invalid where pieces are still to come. */
  requireComplete(ids: readonly UploadId[]): void
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

export interface UploadRoom {
  maximumBytes: number
  /** What the whole file will take on the disk, where that is known: too much is refused before it is sent. */
  neededBytes: number | undefined
}

const orphanAgeMs = 24 * 60 * 60 * 1000

export function createUploads(filesFolder: string, sources: SourceLibrary, maximumDocumentBytes: number): Uploads {
  const pathOf = (id: UploadId): string => join(filesFolder, id)
  const uploads: Uploads = {
    path: pathOf,
    get: (id) => sources.getUpload(id),
    async take({ uploadId, path, offset, data, last }, room) {
      const relative = cleanRelativePath(path)
      const maximumBytes = room?.maximumBytes ?? maximumDocumentBytes
      if (offset === 0 && room?.neededBytes !== undefined) await requireSpace(filesFolder, room.neededBytes)
      if (offset + data.size > maximumBytes) {
        // What has arrived of it is of no use to anyone.
        if (uploadId) await uploads.remove([uploadId])
        throw new AppError(
          'file-too-large',
          `"${relative}" is larger than ${maximumBytes / 1e6} MB, which is the limit. Split it, then add the parts.`,
          { details: { limit: maximumBytes } },
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
        await writeAll(file, new Uint8Array(await data.arrayBuffer()), offset)
      } finally {
        await file.close()
      }
      const received = offset + data.size
      sources.setUpload(upload.id, received, last)
      return { uploadId: upload.id, received }
    },
    requireComplete(ids) {
      for (const id of ids) {
        const { complete, path, received } = sources.getUpload(id)
        if (complete) continue
        throw new AppError(
          'input-invalid',
          `"${path}" has not arrived completely (${received} bytes so far). Send the rest, then add it.`,
          { details: { uploadId: id, received } },
        )
      }
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
  return uploads
}

/** On a disk that is nearly full a write may take a part of the bytes and say so; only the next one fails. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/**
 * The path is only a name that people see, never a place on disk; still it is kept plain: forward slashes, no drive,
 * no '..', no control characters.
 */
function cleanRelativePath(path: string): string {
  const parts = path
    .replaceAll('\\', '/')

    .replaceAll(/[\u0000-\u001f\u007f]/g, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  if (parts.length === 0) throw new AppError('input-invalid', 'The file has no name. Rename it, then add it again.')
  return parts.join('/')
}
