import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { ComputePool } from '../compute/pool.ts'
import { AppError, toAppError } from '../contract/errors.ts'
import { type FileEvent, pieceBytes } from '../contract/file-events.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import { throwIfAborted } from '../shared/abort.ts'
import type { DocumentId } from '../shared/ids.ts'

/** The files that documents were read from, for people who want to see the original. */
export interface DocumentFiles {
  /**
   * The bytes of a document's file, in pieces. They are compared with what was read before the first of them leaves, so a
   * file that was changed, or whose path leads elsewhere by now, gives nothing away.
   * Errors: see `documents.file` in the contract.
   */
  read(id: DocumentId, signal?: AbortSignal): AsyncGenerator<FileEvent>
  /** Absolute path of the document's own file; null where it has none. Errors: item-missing. */
  place(id: DocumentId): string | null
}

export interface DocumentFilesParts {
  documents: DocumentLibrary
  compute: ComputePool
  maximumFileBytes: number
}

export function createDocumentFiles({ documents, compute, maximumFileBytes }: DocumentFilesParts): DocumentFiles {
  return {
    async *read(id, signal) {
      const { name, type, version } = documents.get(id)
      const { location, member, contentHash } = documents.fileOf(id)
      if (version === 0 || contentHash === null) throw notRead(name)
      await using source = member?.length
        ? await openMember({ location, member, maxBytes: maximumFileBytes }, compute, signal)
        : await openFile(location, maximumFileBytes)
      if ((await hashOf(source, signal)) !== contentHash) throw changed(name)
      yield {
        type: 'file-start',
        name,
        mediaType: mediaTypes[type] ?? plainBytes,
        bytes: source.size,
        sha256: contentHash,
      }
      const hash = createHash('sha256')
      for await (const piece of piecesOf(source, signal)) {
        if (!documents.exists(id)) throw removed(name)
        hash.update(piece)
        yield { type: 'file-piece', base64: piece.toString('base64') }
      }
      // Written over in the meantime: what was given is neither the old file nor the new one.
      if (hash.digest('hex') !== contentHash) throw changed(name)
      yield { type: 'file-end' }
    },
    place(id) {
      const { location, member } = documents.fileOf(id)
      return member?.length || documents.uploadOf(id) !== undefined ? null : location
    },
  }
}

/** What a browser may take a document for. Whatever could run in a page is text or plain bytes. */
const mediaTypes: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  epub: 'application/epub+zip',
  rtf: 'application/rtf',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  text: 'text/plain',
  markdown: 'text/plain',
}
const plainBytes = 'application/octet-stream'

/** Something with bytes that stays the same thing while it is read, whatever happens to its name. */
interface ByteSource extends AsyncDisposable {
  size: number
  /** Fills `buffer` from `position`; gives how much there was. */
  read(buffer: Buffer, position: number): Promise<number>
}

async function openFile(path: string, maximumBytes: number): Promise<ByteSource> {
  // Not blocking: opening a pipe would wait for its writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw toAppError(error)
  })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new AppError('file-changed', 'There is no file any more where this document was read.')
    if (stats.size > maximumBytes) throw tooLarge(stats.size, maximumBytes)
    return fileSource(file, stats.size)
  } catch (error) {
    await file.close()
    throw error
  }
}

function fileSource(file: FileHandle, size: number): ByteSource {
  return {
    size,
    read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** Archives and messages are opened where they were when they were read: in a worker, with its limits. */
async function openMember(
  file: { location: string; member: string[]; maxBytes: number },
  compute: ComputePool,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  const bytes = await compute.run('read-member', file, { urgent: true, ...(signal ? { signal } : {}) })
  return {
    size: bytes.length,
    read: async (buffer, position) => {
      const part = bytes.subarray(position, position + buffer.length)
      buffer.set(part)
      return part.length
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** At most `size` bytes: a file that grows is not followed. */
async function* piecesOf(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (let position = 0; position < source.size;) {
    throwIfAborted(signal)
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, source.size - position))
    const read = await source.read(buffer, position)
    if (read === 0) return
    position += read
    yield buffer.subarray(0, read)
  }
}

async function hashOf(source: ByteSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of piecesOf(source, signal)) hash.update(piece)
  return hash.digest('hex')
}

function notRead(name: string): AppError {
  return new AppError('item-missing', `"${name}" has not been read, so there is nothing to compare its file with.`)
}

function removed(name: string): AppError {
  return new AppError('item-missing', `"${name}" was removed while its file was being read.`)
}

function changed(name: string): AppError {
  return new AppError(
    'file-changed',
    `The file "${name}" is not what was read when it was indexed. Sync its source, or add the file again.`,
  )
}

function tooLarge(size: number, limit: number): AppError {
  return new AppError('file-too-large', `This file is larger than ${Math.round(limit / 1e6)} MB, which is the limit.`, {
    details: { size, limit },
  })
}
