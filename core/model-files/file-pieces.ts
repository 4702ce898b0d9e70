import { createHash } from 'node:crypto'
import { open, statfs } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

/** Weights are gigabytes: files are read, hashed and written piece by piece, and never held whole. */
export const pieceBytes = 1024 * 1024

export interface PieceOptions {
  signal?: AbortSignal | undefined
  /** Called with the bytes of each piece. */
  onBytes?: ((bytes: number) => void) | undefined
}

export interface FileSum {
  bytes: number
  /** Lower-case hexadecimal. */
  sha256: string
}

/** A piece is good until the next one is asked for: the memory is used again. Errors: file-missing, cancelled. */
export async function* readPieces(
  path: string,
  { signal, start = 0 }: { signal?: AbortSignal | undefined; start?: number } = {},
): AsyncGenerator<Uint8Array> {
  await using file = await open(path)
  const buffer = Buffer.allocUnsafe(pieceBytes)
  for (let position = start; ;) {
    throwIfAborted(signal)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Errors: file-missing, cancelled. */
export async function sumFile(path: string, { signal, onBytes }: PieceOptions = {}): Promise<FileSum> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of readPieces(path, { signal })) {
    hash.update(piece)
    bytes += piece.length
    onBytes?.(piece.length)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/**
 * Writes a new file and makes sure that it is on the disk. More than `maxBytes` is refused, whatever the source says
 * of itself. What was written stays when it fails: the caller removes the folder. Errors: disk-full, model-invalid,
 * cancelled, and those of the source.
 */
export async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal, onBytes, maxBytes }: PieceOptions & { maxBytes: number },
): Promise<FileSum> {
  const hash = createHash('sha256')
  let bytes = 0
  await using file = await open(path, 'wx')
  for await (const piece of pieces) {
    throwIfAborted(signal)
    bytes += piece.length
    if (bytes > maxBytes) throw longerThanStated(path)
    hash.update(piece)
    await file.writeFile(piece)
    onBytes?.(piece.length)
  }
  await file.sync()
  return { bytes, sha256: hash.digest('hex') }
}

/** Better said before hours of copying than after. Errors: disk-full. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (bytes + spareBytes <= free) return
  throw new AppError(
    'disk-full',
    `The disk has ${megabytes(free)} MB free, and this needs ${megabytes(bytes + spareBytes)} MB. Free some space, then try again.`,
    { details: { neededBytes: bytes, freeBytes: free } },
  )
}

/** The database goes on writing beside it. */
const spareBytes = 64 * 1024 * 1024

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString('en')
}

function longerThanStated(path: string): AppError {
  return new AppError('model-invalid', 'A file of this model is longer than it says. Get the model again.', {
    details: { path },
  })
}
