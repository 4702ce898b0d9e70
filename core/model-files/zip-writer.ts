import { crc32 } from 'node:zlib'
import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { directoryHeader, endOfDirectory, localHeader, type ZipEntry } from '../shared/zip-format.ts'

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
  const entries: ZipEntry[] = []
  let position = 0
  const append = async (bytes: Uint8Array): Promise<void> => {
    await writeAt(file, bytes, position)
    position += bytes.length
  }
  return {
    async add(name, bytes, pieces, signal) {
      const entry: ZipEntry = { name: Buffer.from(name, 'utf8'), bytes, crc: 0, offset: position }
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

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function changedMeanwhile(name: string): AppError {
  return new AppError('file-unreadable', `"${name}" changed while it was packed. Try again.`, { retryable: true })
}
