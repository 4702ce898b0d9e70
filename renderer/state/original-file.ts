import type { DocumentId } from '../../core/shared/ids.ts'
import { core } from './client.ts'

export interface OriginalFile {
  name: string
  mediaType: string
  bytes: Uint8Array<ArrayBuffer>
}

/**
 * The file that a document was read from, as it was then. Errors: those of `documents.file`.
 * @param onProgress Told the share that has come, 0 to 1.
 */
export async function readOriginal(
  documentId: DocumentId,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (share: number) => void } = {},
): Promise<OriginalFile> {
  let file: OriginalFile = { name: '', mediaType: '', bytes: new Uint8Array() }
  let received = 0
  for await (const event of await core().documents.file({ documentId }, signal ? { signal } : {})) {
    if (event.type === 'file-start') {
      file = { name: event.name, mediaType: event.mediaType, bytes: new Uint8Array(event.bytes) }
    } else if (event.type === 'file-piece') {
      const piece = fromBase64(event.base64)
      file.bytes.set(piece, received)
      received += piece.length
      onProgress?.(received / file.bytes.length)
    }
  }
  return file
}

/** For what a person saves: no type under which a browser would show it as a page of ours. */
export function originalBlob({ bytes, mediaType }: OriginalFile): Blob {
  return new Blob([bytes], { type: mediaType })
}

function fromBase64(text: string): Uint8Array {
  const { fromBase64: native } = Uint8Array as { fromBase64?: (text: string) => Uint8Array }
  return native ? native.call(Uint8Array, text) : Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
