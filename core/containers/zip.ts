import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Entry, RandomAccessReader, ZipFile } from 'yauzl'
import { AppError, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

/** A file in an archive. Folders, links and what Macs add for themselves are no members. */
export interface ZipMember {
  /** What `read` finds it by: its path in the archive with '/', without '..', drive or leading '/'. Unique. */
  member: string
  /** File name with extension: the last part of the path. */
  name: string
  /** Unpacked bytes, as the archive's directory states them. */
  size: number
  /** Milliseconds since 1970. The format has no time zone, so its times are taken as UTC; 0 where it has none. */
  modifiedMs: number
}

export interface ZipOptions {
  signal?: AbortSignal
}

export interface ZipReadOptions extends ZipOptions {
  /** The most that the member may unpack to. */
  maxBytes: number
}

/** An archive whose directory has been read and checked. Dispose it when its members have been read. */
export interface ZipArchive extends AsyncDisposable {
  readonly members: readonly ZipMember[]
  readonly total: ZipTotal
  /** Errors: file-missing, file-encrypted, file-too-large, file-corrupt, type-unsupported (packed in a rare way). */
  read(member: string, options: ZipReadOptions): Promise<Uint8Array>
}

/** Limits against archives that are built to exhaust a machine. */
export const zipLimits = {
  /** More members than this are refused. */
  members: 100_000,
  /** All members unpacked. Nothing is unpacked to disk, so this bounds work, not space. */
  totalBytes: 64 * 1024 ** 3,
  /** Real documents pack to a fiftieth at best; only what is larger than `ratioFromBytes` is held to it. */
  ratio: 200,
  ratioFromBytes: 10 * 1024 * 1024,
}

/**
 * Opens a ZIP archive (APPNOTE 6.3; Zip64, data descriptors, names in UTF-8 or code page 437) by path or in memory and
 * reads its directory; nothing is unpacked. Refused as a whole are archives with too many members, that unpack to too
 * much in sum or by ratio, or whose members overlap. A single member that is out of proportion is refused by `read`.
 * Errors: file-missing, file-unreadable, file-corrupt, file-encrypted (names too), file-too-large.
 */
export async function openZip(source: string | Uint8Array, { signal }: ZipOptions = {}): Promise<ZipArchive> {
  throwIfAborted(signal)
  const zip = await openFile(source)
  // Problems of one read are thrown where it was called; a late one must not end the process.
  zip.on('error', () => {})
  try {
    const { entries, total } = await readDirectory(zip, signal)
    return {
      total,
      members: [...entries].map(([member, entry]) => describeMember(member, entry)),
      async read(member, options) {
        const entry = entries.get(member)
        if (!entry) throw new AppError('file-missing', `There is no "${member}" in this archive any more. Sync again.`)
        return readEntry(zip, entry, options)
      },
      async [Symbol.asyncDispose]() {
        zip.close()
      },
    }
  } catch (error) {
    zip.close()
    throw error instanceof AppError ? error : damagedArchive(error)
  }
}

/** One member of an archive in memory. */
export async function readZipMemberBytes(
  bytes: Uint8Array,
  member: string,
  options: ZipReadOptions,
): Promise<Uint8Array> {
  await using archive = await openZip(bytes, options)
  return await archive.read(member, options)
}

/** What archives hold, in sum. */
export interface ZipTotal {
  /** Files and folders. */
  entries: number
  unpackedBytes: number
  packedBytes: number
}

/** Refuses what is beyond the limits. Errors: file-too-large. */
export function checkZipTotal({ entries, unpackedBytes, packedBytes }: ZipTotal): void {
  if (entries > zipLimits.members) throw tooMany(entries)
  if (unpackedBytes > zipLimits.totalBytes || isBomb(unpackedBytes, packedBytes)) throw bomb('archive', unpackedBytes)
}

async function openFile(source: string | Uint8Array): Promise<ZipFile> {
  // Loaded with the first archive: most processes never see one.
  const { fromBufferPromise, fromRandomAccessReaderPromise } = await import('yauzl')
  // Names are decoded here, so that a strange one costs its member and not the archive. Sizes are checked in `read`.
  const options = { decodeStrings: false, validateEntrySizes: false, autoClose: false }
  try {
    if (typeof source !== 'string') {
      return await fromBufferPromise(Buffer.from(source.buffer, source.byteOffset, source.byteLength), options)
    }
    const { reader, size } = await openReader(source)
    try {
      return await fromRandomAccessReaderPromise(reader, size, options)
    } catch (error) {
      reader.close(() => {})
      throw error
    }
  } catch (error) {
    const known = toAppError(error)
    throw known.code === 'internal' ? damagedArchive(error) : known
  }
}

/** Reads a file in large pieces: asking the disk twice for each of 100,000 members takes ten times as long. */
async function openReader(path: string): Promise<{ reader: RandomAccessReader; size: number }> {
  const { RandomAccessReader } = await import('yauzl')
  const file = await open(path)
  const windowLength = 256 * 1024
  let window = Buffer.alloc(0)
  let windowStart = 0
  const fill = async (position: number, length: number): Promise<Buffer> => {
    const at = position - windowStart
    if (at >= 0 && at + length <= window.length) return window.subarray(at, at + length)
    const buffer = Buffer.alloc(Math.max(windowLength, length))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    window = buffer.subarray(0, bytesRead)
    windowStart = position
    if (bytesRead < length) throw new Error('The file ends too early.')
    return window.subarray(0, length)
  }
  class FileReader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(pieces(file, start, end), { objectMode: false })
    }
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      fill(position, length).then(
        (bytes) => {
          bytes.copy(buffer, offset)
          callback(null)
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      )
    }
    override close(callback: (error: Error | null) => void): void {
      file.close().then(
        () => callback(null),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      )
    }
  }
  const { size } = await file.stat()
  return { reader: new FileReader(), size }
}

async function* pieces(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const buffer = Buffer.alloc(Math.min(64 * 1024, end - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw new Error('The file ends too early.')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

interface Directory {
  entries: Map<string, Entry>
  total: ZipTotal
}

async function readDirectory(zip: ZipFile, signal: AbortSignal | undefined): Promise<Directory> {
  const total: ZipTotal = { entries: zip.entryCount, unpackedBytes: 0, packedBytes: 0 }
  checkZipTotal(total)
  const { getFileNameLowLevel } = await import('yauzl')
  const entries = new Map<string, Entry>()
  const spans: { start: number; end: number }[] = []
  for await (const entry of zip.eachEntry()) {
    throwIfAborted(signal)
    total.unpackedBytes += entry.uncompressedSize
    total.packedBytes += entry.compressedSize
    const start = entry.relativeOffsetOfLocalHeader
    spans.push({ start, end: start + localHeaderLength + entry.fileNameLength + entry.compressedSize })
    const member = memberPath(
      isUtf8(entry.fileNameRaw)
        ? entry.fileNameRaw.toString('utf8')
        : getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true),
    )
    if (member !== undefined && !isLink(entry) && !entries.has(member)) entries.set(member, entry)
  }
  checkZipTotal(total)
  refuseOverlaps(spans, zip.fileSize)
  return { entries, total }
}

/** Bytes before the name in a member's local header (APPNOTE 4.3.7). */
const localHeaderLength = 30

/** Members that share packed bytes let a small archive unpack to a huge one without any single high ratio. */
function refuseOverlaps(spans: { start: number; end: number }[], fileSize: number): void {
  spans.sort((a, b) => a.start - b.start)
  spans.forEach((span, index) => {
    const limit = spans[index + 1]?.start ?? fileSize
    if (span.end > limit) throw damagedArchive(new Error(`A member at ${span.start} reaches over ${limit}.`))
  })
}

/**
 * A member's path that is safe to show and to join to a folder's; undefined for what is no file, or leads out of the
 * archive.
 */
function memberPath(name: string): string | undefined {
  const clean = name
    .toWellFormed()
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD')
  if (clean.endsWith('/')) return undefined
  const parts = clean
    .replace(/^[a-z]:/i, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  if (parts.length === 0 || parts.includes('..')) return undefined
  // Macs keep their own notes on files in this folder.
  if (parts[0] === '__MACOSX' || parts.at(-1) === '.DS_Store') return undefined
  const path = parts.join('/')
  return path.length > longestPath ? undefined : path
}

/** As in most file systems. */
const longestPath = 4096

function isUtf8(name: Buffer): boolean {
  // Many archivers write UTF-8 without saying so; bytes that are valid UTF-8 by accident are as good as none.
  return Buffer.from(name.toString('utf8'), 'utf8').equals(name)
}

function isLink(entry: Entry): boolean {
  const madeOnUnix = entry.versionMadeBy >>> 8 === 3
  return madeOnUnix && ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

function describeMember(member: string, entry: Entry): ZipMember {
  const modifiedMs = entry.getLastModDate({ timezone: 'UTC' }).getTime()
  return {
    member,
    name: member.slice(member.lastIndexOf('/') + 1),
    size: entry.uncompressedSize,
    modifiedMs: Number.isFinite(modifiedMs) ? Math.max(0, modifiedMs) : 0,
  }
}

async function readEntry(zip: ZipFile, entry: Entry, { maxBytes, signal }: ZipReadOptions): Promise<Uint8Array> {
  throwIfAborted(signal)
  if (entry.isEncrypted()) {
    throw new AppError(
      'file-encrypted',
      'This file in the archive is protected with a password. Unpack the archive with the password, then add the file.',
    )
  }
  if (!entry.canDecodeFileData()) {
    throw new AppError(
      'type-unsupported',
      'This file in the archive is packed in a way that is not supported. Unpack it, then add the file.',
      { details: { compressionMethod: entry.compressionMethod } },
    )
  }
  if (isBomb(entry.uncompressedSize, entry.compressedSize)) throw bomb('file in the archive', entry.uncompressedSize)
  if (entry.uncompressedSize > maxBytes) throw tooLarge(entry.uncompressedSize, maxBytes)
  let stream: Readable | undefined
  try {
    stream = await zip.openReadStreamPromise(entry)
    const bytes = await collect(stream, entry, maxBytes, signal)
    if (crc32(bytes) !== entry.crc32) throw damagedMember(undefined)
    return bytes
  } catch (error) {
    if (error instanceof AppError) throw error
    const known = toAppError(error)
    throw known.code === 'internal' ? damagedMember(error) : known
  } finally {
    stream?.destroy()
  }
}

/** Whatever the directory says, no more is kept than it says, so a lie costs at most one piece of the stream. */
async function collect(
  stream: Readable,
  entry: Entry,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    throwIfAborted(signal)
    length += piece.length
    if (length > maxBytes) throw tooLarge(length, maxBytes)
    if (length > entry.uncompressedSize) throw damagedMember(undefined)
    pieces.push(piece)
  }
  if (length !== entry.uncompressedSize) throw damagedMember(undefined)
  return new Uint8Array(Buffer.concat(pieces, length))
}

function isBomb(unpackedBytes: number, packedBytes: number): boolean {
  return unpackedBytes > zipLimits.ratioFromBytes && unpackedBytes > packedBytes * zipLimits.ratio
}

function bomb(what: string, unpackedBytes: number): AppError {
  return new AppError(
    'file-too-large',
    `This ${what} unpacks to far more than it should. If you trust it, unpack the archive and add the folder.`,
    { details: { unpackedBytes } },
  )
}

function tooMany(members: number): AppError {
  return new AppError(
    'file-too-large',
    `This archive holds more than ${zipLimits.members.toLocaleString('en')} files. Unpack it and add the folder.`,
    { details: { members } },
  )
}

function tooLarge(unpackedBytes: number, limitBytes: number): AppError {
  const limit = Math.max(1, Math.round(limitBytes / 1024 / 1024))
  return new AppError(
    'file-too-large',
    `This file in the archive is larger than ${limit} MB, which is too much to read at once. Split it into parts.`,
    { details: { unpackedBytes, limitBytes } },
  )
}

function damagedArchive(cause: unknown): AppError {
  if (cause instanceof Error && cause.message.includes('strong encryption')) {
    return new AppError('file-encrypted', 'This archive is protected with a password. Unpack it, then add the folder.')
  }
  return new AppError('file-corrupt', 'This archive is damaged or incomplete. Get a fresh copy, or pack it again.', {
    cause,
  })
}

function damagedMember(cause: unknown): AppError {
  return new AppError('file-corrupt', 'This file in the archive is damaged. Get a fresh copy of the archive.', {
    cause,
  })
}
