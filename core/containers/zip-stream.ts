import { crc32 } from 'node:zlib'
import { AppError } from '../contract/errors.ts'
import { dataDescriptor, directoryHeader, endOfDirectory, localHeader, type ZipEntry } from '../shared/zip-format.ts'

export interface StreamedFile {
  /** Its path in the archive. */
  name: string
  pieces: AsyncIterable<Uint8Array>
}

/** From here on sizes need another form, which entries of an unknown size have not. */
const mostBytes = 0xffff_ffff

/**
 * A ZIP archive as it comes: files of sizes that are not known beforehand, stored, and the directory after them. Nothing
 * is kept but what the directory needs. Errors: file-too-large (a file of 4 GiB), and those of the pieces.
 * @param zip64From See `createZip`; for tests.
 */
export async function* streamZip(
  files: AsyncIterable<StreamedFile>,
  zip64From = mostBytes,
): AsyncGenerator<Uint8Array> {
  const entries: ZipEntry[] = []
  let position = 0
  const placed = (bytes: Uint8Array): Uint8Array => {
    position += bytes.length
    return bytes
  }
  for await (const { name, pieces } of files) {
    const entry: ZipEntry = { name: Buffer.from(name, 'utf8'), bytes: 0, crc: 0, offset: position, isStreamed: true }
    yield placed(localHeader(entry, mostBytes))
    for await (const piece of pieces) {
      entry.bytes += piece.length
      if (entry.bytes >= mostBytes) throw new AppError('file-too-large', `"${name}" is too large to be packed.`)
      entry.crc = crc32(piece, entry.crc)
      yield placed(piece)
    }
    yield placed(dataDescriptor(entry))
    entries.push(entry)
  }
  const start = position
  for (const entry of entries) yield placed(directoryHeader(entry, zip64From))
  yield endOfDirectory(entries.length, start, position - start, zip64From)
}
