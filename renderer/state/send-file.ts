import type { UploadId } from '../../core/shared/ids.ts'
import { toFailure } from './failure.ts'
import { planPieces } from './upload-plan.ts'

/** A piece of a file as the core takes it: `ingest.upload` and `models.upload`. */
export interface SentPiece {
  uploadId?: UploadId
  path: string
  offset: number
  data: Blob
  last: boolean
}

/** Sends a file in pieces, in order. A lost connection is tried once more from the file's beginning. */
export async function sendFile(
  path: string,
  file: File,
  send: (piece: SentPiece) => Promise<{ uploadId: UploadId }>,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<UploadId> {
  for (let attempt = 0; ; attempt++) {
    let sent = 0
    try {
      let uploadId: UploadId | undefined
      for (const piece of planPieces(file.size)) {
        signal.throwIfAborted()
        const data = file.slice(piece.offset, piece.end)
        const input = { path, offset: piece.offset, data, last: piece.last }
        const answer = await send(uploadId ? { ...input, uploadId } : input)
        uploadId = answer.uploadId
        sent += piece.end - piece.offset
        onBytes(piece.end - piece.offset)
      }
      return uploadId as UploadId
    } catch (error) {
      onBytes(-sent)
      signal.throwIfAborted()
      if (attempt > 0 || !toFailure(error)?.retryable) throw error
    }
  }
}
