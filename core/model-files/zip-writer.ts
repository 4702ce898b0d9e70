import { crc32 } from 'node:zlib'
import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

/** A ZIP archive that is being written. Entries are stored, not packed: weights do not pack. */
export interface ZipWriter extends AsyncDisposable {
  /**
   * Appends a file. `bytes` is its size, known beforehand; one that turns out otherwise is refused.
   * Errors: file-unreadable (changed meanwhile), disk-full, cancelled, and those of the source.
   */
  add(name: string, bytes: number, pieces: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>
  /** Writes the directory and makes sure that all of it is on the disk. Gives the archive's size in bytes. */
  end(): Promise<number>
}

export interface ZipWriterOptions {
  /** Sizes, places and counts from here on are written as Zip64 does; the formats' own limit by default. */
  zip64From?: number
}

/**
 * Writes a new ZIP archive (APPNOTE 6.3.10: stored entries, names in UTF-8, Zip64 where needed) piece by piece. The
 * same entries give the same bytes: times are left at the format's zero.
 */
export async function createZip(path: string, { zip64From = 0xffff_ffff }: ZipWriterOptions = {}): Promise<ZipWriter> {
  const file = await open(path, 'wx')
  const entries: Entry[] = []
  let position = 0
  const append = async (bytes: Uint8Array): Promise<void> => {
    await writeAt(file, bytes, position)
    position += bytes.length
  }
  return {
    async add(name, bytes, pieces, signal) {
      const entry: Entry = { name: Buffer.from(name, 'utf8'), bytes, crc: 0, offset: position }
      await append(localHeader(entry, zip64From))
      const end = position + bytes
      for await (const piece of pieces) {
        throwIfAborted(signal)
        if (position + piece.length > end) throw changedMeanwhile(name)
        entry.crc = crc32(piece, entry.crc)
        await append(piece)
      }
      if (position !== end) throw changedMeanwhile(name)
      // The sum stands before the bytes it is of.
      await writeAt(file, localHeader(entry, zip64From), entry.offset)
      entries.push(entry)
    },
    async end() {
      const start = position
      for (const entry of entries) await append(directoryHeader(entry, zip64From))
      await append(endOfDirectory(entries.length, start, position - start, zip64From))
      await file.sync()
      return position
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

interface Entry {
  name: Buffer
  bytes: number
  crc: number
  offset: number
}

const none32 = 0xffff_ffff
const none16 = 0xffff
const utf8Names = 0x0800
/** 1 January 1980, the earliest there is. */
const date = 0x0021
const regularFile = (0o100644 << 16) >>> 0
const madeOnUnix = 3 << 8

function localHeader({ name, bytes, crc }: Entry, zip64From: number): Buffer {
  const large = bytes >= zip64From
  const extra = large ? zip64Extra([bytes, bytes]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  header.writeUInt16LE(large ? 45 : 20, 4)
  header.writeUInt16LE(utf8Names, 6)
  header.writeUInt16LE(date, 12)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(large ? none32 : bytes, 18)
  header.writeUInt32LE(large ? none32 : bytes, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

function directoryHeader({ name, bytes, crc, offset }: Entry, zip64From: number): Buffer {
  const large = bytes >= zip64From
  const far = offset >= zip64From
  const extra =
    large || far ? zip64Extra([...(large ? [bytes, bytes] : []), ...(far ? [offset] : [])]) : Buffer.alloc(0)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x0201_4b50, 0)
  header.writeUInt16LE(madeOnUnix | 45, 4)
  header.writeUInt16LE(large || far ? 45 : 20, 6)
  header.writeUInt16LE(utf8Names, 8)
  header.writeUInt16LE(date, 14)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(large ? none32 : bytes, 20)
  header.writeUInt32LE(large ? none32 : bytes, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE(regularFile, 38)
  header.writeUInt32LE(far ? none32 : offset, 42)
  return Buffer.concat([header, name, extra])
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(values.length * 8, 2)
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + index * 8))
  return extra
}

function endOfDirectory(count: number, start: number, length: number, zip64From: number): Buffer {
  const large = start >= zip64From || length >= zip64From || count >= Math.min(none16, zip64From)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(large ? none16 : count, 8)
  end.writeUInt16LE(large ? none16 : count, 10)
  end.writeUInt32LE(large ? none32 : length, 12)
  end.writeUInt32LE(large ? none32 : start, 16)
  if (!large) return end
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x0606_4b50, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(madeOnUnix | 45, 12)
  end64.writeUInt16LE(45, 14)
  end64.writeBigUInt64LE(BigInt(count), 24)
  end64.writeBigUInt64LE(BigInt(count), 32)
  end64.writeBigUInt64LE(BigInt(length), 40)
  end64.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x0706_4b50, 0)
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([end64, locator, end])
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function changedMeanwhile(name: string): AppError {
  return new AppError('file-unreadable', `"${name}" changed while it was packed. Try again.`, { retryable: true })
}
