import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { AppError, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

/** A file in an archive. Folders and links are left out. */
export interface ZipEntry {
  /** With '/', without '..', drive or leading '/'. */
  name: string
  /** Unpacked, as the archive states it. */
  bytes: number
}

/** An archive whose directory has been read and checked; nothing has been unpacked. */
export interface ZipReader extends AsyncDisposable {
  readonly entries: readonly ZipEntry[]
  /** Checks length and CRC-32. Errors: file-missing, file-corrupt, file-encrypted, type-unsupported, cancelled. */
  read(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array>
}

/** A model has a handful of files. */
const maxEntries = 10_000
/** Weights hardly pack; what unpacks to more than this many times its size is a trap. */
const maxRatio = 200

/**
 * Opens a ZIP archive of a model, whose files may be gigabytes and are streamed (`containers/zip` reads documents,
 * whole). Names that lead out of the archive refuse it. Errors: file-missing, file-corrupt, file-too-large.
 */
export async function openZipReader(path: string): Promise<ZipReader> {
  const { openPromise } = await import('yauzl')
  let zip: ZipFile
  try {
    zip = await openPromise(path, { autoClose: false, strictFileNames: true, validateEntrySizes: true })
  } catch (error) {
    throw damaged(error)
  }
  // Problems of one read are thrown where it was called; a late one must not end the process.
  zip.on('error', () => {})
  try {
    const entries = await readDirectory(zip)
    return {
      entries: [...entries].map(([name, entry]) => ({ name, bytes: entry.uncompressedSize })),
      read: (name, signal) => readEntry(zip, entries.get(name), name, signal),
      async [Symbol.asyncDispose]() {
        zip.close()
      },
    }
  } catch (error) {
    zip.close()
    throw damaged(error)
  }
}

async function readDirectory(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxEntries) throw trap(`holds ${zip.entryCount.toLocaleString('en')} files`)
  const entries = new Map<string, Entry>()
  const seen = new Set<string>()
  let bytes = 0
  for await (const entry of zip.eachEntry()) {
    bytes += entry.uncompressedSize
    const { fileName } = entry
    if (fileName.endsWith('/') || isLink(entry)) continue
    const key = fileName.toLowerCase()
    if (seen.has(key)) throw new AppError('file-corrupt', `This archive holds "${fileName}" twice. Pack it again.`)
    seen.add(key)
    entries.set(fileName, entry)
  }
  // Held against the whole file, so that entries which share packed bytes gain nothing.
  if (bytes > zip.fileSize * maxRatio) throw trap('unpacks to far more than it should')
  return entries
}

async function* readEntry(
  zip: ZipFile,
  entry: Entry | undefined,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal)
  if (!entry) throw new AppError('file-missing', `There is no "${name}" in this archive. Get it again.`)
  if (entry.isEncrypted()) {
    throw new AppError(
      'file-encrypted',
      'This archive is protected with a password. Unpack it, then import the folder.',
    )
  }
  if (!entry.canDecodeFileData()) {
    throw new AppError(
      'type-unsupported',
      'This archive is packed in a way that is not supported. Unpack it, then import the folder.',
      { details: { compressionMethod: entry.compressionMethod } },
    )
  }
  let stream: Readable | undefined
  let crc = 0
  try {
    stream = await zip.openReadStreamPromise(entry)
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      throwIfAborted(signal)
      crc = crc32(piece, crc)
      yield piece
    }
  } catch (error) {
    throw damaged(error)
  } finally {
    stream?.destroy()
  }
  if (crc !== entry.crc32) throw damaged(new Error(`The checksum of ${name} is wrong.`))
}

function isLink(entry: Entry): boolean {
  const madeOnUnix = entry.versionMadeBy >>> 8 === 3
  return madeOnUnix && ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

function trap(what: string): AppError {
  return new AppError('file-too-large', `This archive ${what}. If you trust it, unpack it and import the folder.`)
}

function damaged(cause: unknown): AppError {
  const known = toAppError(cause)
  if (known.code !== 'internal') return known
  return new AppError('file-corrupt', 'This archive is damaged or no ZIP archive at all. Get it again.', { cause })
}
