import { basename, isAbsolute } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { checkSettings } from '../services/pipelines.ts'
import type { PreviewFile } from '../services/previews.ts'
import type { Services } from '../services/services.ts'
import type { DocumentId, UploadId } from '../shared/ids.ts'
import { os } from './base.ts'

export function chunkHandlers(services: Services) {
  const { documents, chunkEdits, chunkRevisions, collectionIndexes, indexLibrary } = services
  return {
    list: os.chunks.list.handler(({ input }) => {
      const { documentId, limit, offset } = input
      const index = collectionIndexes.active(documents.get(documentId).collectionId)
      const edits = chunkEdits.of(documentId)
      if (!index) return { chunks: [], total: 0, edits }
      return {
        chunks: indexLibrary.shown(index.row.id, documentId, limit, offset),
        total: indexLibrary.countOf(index.row.id, documentId),
        edits,
      }
    }),
    preview: os.chunks.preview.handler(({ input, signal }) => {
      const collection = services.collections.getCore(input.collectionId)
      const { settings = collection.pipeline, maxCharacters } = input
      checkSettings(settings)
      const file = fileOf(input, services)
      return services.previews.make(collection, { file, settings, maxCharacters }, signal)
    }),
    setDisabled: os.chunks.setDisabled.handler(({ input }) =>
      chunkRevisions.setDisabled(input.documentId, input.ordinal, input.disabled),
    ),
    setText: os.chunks.setText.handler(({ input }) =>
      chunkRevisions.setText(input.documentId, input.ordinal, input.text),
    ),
    add: os.chunks.add.handler(({ input }) => chunkRevisions.add(input.documentId, input.start, input.end, input.text)),
    removeEdit: os.chunks.removeEdit.handler(async ({ input }) => ({
      removed: await chunkRevisions.removeEdit(input.editId),
    })),
  }
}

interface PreviewInput {
  documentId?: DocumentId | undefined
  path?: string | undefined
  uploadId?: UploadId | undefined
}

function fileOf({ documentId, path, uploadId }: PreviewInput, { uploads }: Services): PreviewFile {
  if (documentId !== undefined) return { documentId }
  if (uploadId !== undefined) {
    const upload = uploads.get(uploadId)
    return { location: uploads.path(uploadId), path: upload.path, name: basename(upload.path) }
  }
  if (path !== undefined && isAbsolute(path)) return { location: path, path: basename(path), name: basename(path) }
  throw new AppError('input-invalid', 'Name one document, one upload, or one file by its whole path.')
}
