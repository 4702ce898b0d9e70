import { AppError } from '../../contract/errors.ts'

export type PictureFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp' | 'tiff'

/** What the first bytes of a picture say, without decoding a pixel of it. */
export interface PictureHeader {
  format: PictureFormat
  /** Pixels as stored. */
  width: number
  height: number
  /** 1 to 8 as in Exif and TIFF: how the stored pixels have to be turned; 1 is as they are, from 5 on they lie. */
  orientation: number
  /** Where the file states it, for both directions in one. */
  dotsPerInch?: number
  /** Pages of a TIFF file by the offsets of their directories; one 0 for all other formats. */
  pages: number[]
}

/**
 * Reads the header of a PNG, JPEG, GIF, WebP, BMP or TIFF file (`page` counts from 0).
 * Errors: type-unsupported (another format), file-corrupt.
 */
export function readPictureHeader(bytes: Uint8Array, page = 0): PictureHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const format = pictureFormat(bytes)
  if (!format) throw unsupported(bytes)
  let header: PictureHeader
  try {
    header = readers[format](view, page)
  } catch (error) {
    if (error instanceof AppError) throw error
    // A read past the end.
    throw corruptPicture(error)
  }
  if (!(header.width > 0 && header.height > 0)) throw corruptPicture(undefined)
  return header
}

export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const starts = (text: string, offset = 0): boolean =>
    [...text].every((sign, index) => bytes[offset + index] === sign.charCodeAt(0))
  if (starts('\x89PNG\r\n\x1a\n')) return 'png'
  if (starts('\xff\xd8\xff')) return 'jpeg'
  if (starts('GIF87a') || starts('GIF89a')) return 'gif'
  if (starts('RIFF') && starts('WEBP', 8)) return 'webp'
  if (starts('BM')) return 'bmp'
  if (starts('II*\0') || starts('MM\0*')) return 'tiff'
  return undefined
}

export function corruptPicture(cause: unknown): AppError {
  return new AppError(
    'file-corrupt',
    'This picture is damaged or incomplete. Get a fresh copy, or open it in an image program and save it as PNG.',
    { cause },
  )
}

function unsupported(bytes: Uint8Array): AppError {
  const start = String.fromCharCode(...bytes.subarray(0, 64))
  if (bytes.length < 12 || start.trim() === '') return corruptPicture(undefined)
  const kinds: [kind: string, is: boolean][] = [
    ['HEIC and AVIF pictures', /^.{4}ftyp(?:hei|hev|mif|msf|avi)/s.test(start)],
    ['Photoshop files', start.startsWith('8BPS')],
    ['SVG drawings', /^\s*(?:\uFEFF|\xEF\xBB\xBF)?\s*<(?:\?xml|svg|!doctype svg|!--)/i.test(start)],
    ['JPEG 2000 pictures', start.includes('jP  ') || start.startsWith('\xff\x4f\xff\x51')],
    ['JPEG XL pictures', start.includes('JXL ') || start.startsWith('\xff\x0a')],
    ['BigTIFF pictures', start.startsWith('II+\0') || start.startsWith('MM\0+')],
  ]
  const kind = kinds.find(([, is]) => is)?.[0]
  if (kind === undefined) return corruptPicture(undefined)
  return new AppError('type-unsupported', `${kind} cannot be read here. Save it as PNG or PDF, then add that.`)
}

const readers: Record<PictureFormat, (view: DataView, page: number) => PictureHeader> = {
  png: readPng,
  jpeg: readJpeg,
  gif: (view) => plain('gif', view.getUint16(6, true), view.getUint16(8, true)),
  webp: readWebp,
  bmp: readBmp,
  tiff: readTiff,
}

function plain(format: PictureFormat, width: number, height: number, dotsPerInch?: number): PictureHeader {
  const stated = dotsPerInch !== undefined && dotsPerInch >= 30 && dotsPerInch <= 5000 ? { dotsPerInch } : {}
  return { format, width, height, orientation: 1, ...stated, pages: [0] }
}

const inchesPerMetre = 39.3701

function readPng(view: DataView): PictureHeader {
  let dotsPerInch: number | undefined
  for (let at = 8, chunks = 0; at + 12 <= view.byteLength && chunks < 1000; chunks++) {
    const length = view.getUint32(at)
    const type = view.getUint32(at + 4)
    if (type === 0x49444154) break // IDAT
    // pHYs: pixels per metre
    if (type === 0x70485973 && view.getUint8(at + 16) === 1) dotsPerInch = view.getUint32(at + 8) / inchesPerMetre
    at += 12 + length
  }
  return plain('png', view.getUint32(16), view.getUint32(20), dotsPerInch)
}

function readJpeg(view: DataView): PictureHeader {
  let dotsPerInch: number | undefined
  let orientation = 1
  for (let at = 2; at + 4 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) throw corruptPicture(undefined)
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const length = view.getUint16(at + 2)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) {
      const header = plain('jpeg', view.getUint16(at + 7), view.getUint16(at + 5), dotsPerInch)
      return { ...header, orientation }
    }
    // JFIF: a unit (1 inch, 2 centimetre) and the density.
    if (marker === 0xe0 && length >= 14 && view.getUint32(at + 4) === 0x4a464946) {
      const density = view.getUint16(at + 12)
      const unit = view.getUint8(at + 11)
      if (unit === 1) dotsPerInch = density
      if (unit === 2) dotsPerInch = density * 2.54
    }
    if (marker === 0xe1 && length >= 16 && view.getUint32(at + 4) === 0x45786966) {
      const exif = new DataView(view.buffer, view.byteOffset + at + 10, Math.min(length - 8, view.byteLength - at - 10))
      orientation = exifOrientation(exif)
    }
    if (marker === 0xda || marker === 0xd9) break
    at += 2 + Math.max(2, length)
  }
  throw corruptPicture(undefined)
}

/** Exif is a TIFF directory inside a JPEG file. A damaged one turns nothing. */
function exifOrientation(exif: DataView): number {
  try {
    const [first] = directoryOffsets(exif)
    return first === undefined ? 1 : turnOf(readDirectory(exif, first).get(tags.orientation))
  } catch {
    return 1
  }
}

function readWebp(view: DataView): PictureHeader {
  const kind = view.getUint32(12)
  const three = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
  // 'VP8X', 'VP8L', 'VP8 '
  if (kind === 0x56503858) return plain('webp', three(24) + 1, three(27) + 1)
  if (kind === 0x5650384c) {
    const bits = view.getUint32(21, true)
    return plain('webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
  }
  if (kind === 0x56503820) return plain('webp', view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff)
  throw corruptPicture(undefined)
}

function readBmp(view: DataView): PictureHeader {
  if (view.getUint32(14, true) < 40) return plain('bmp', view.getUint16(18, true), view.getUint16(20, true))
  const dotsPerInch = view.getInt32(38, true) / inchesPerMetre
  return plain('bmp', view.getInt32(18, true), Math.abs(view.getInt32(22, true)), dotsPerInch)
}

const tags = { width: 256, height: 257, compression: 259, orientation: 274, resolution: 282, resolutionUnit: 296 }
const maximumTiffPages = 10_000

function readTiff(view: DataView, page: number): PictureHeader {
  const pages = directoryOffsets(view)
  const offset = pages[page]
  if (offset === undefined) throw corruptPicture(undefined)
  const directory = readDirectory(view, offset)
  const compression = directory.get(tags.compression) ?? 1
  const reason = unreadableCompressions[compression]
  if (reason !== undefined) {
    throw new AppError(
      'type-unsupported',
      `This TIFF picture is compressed with ${reason}, which cannot be read here. Save it as PNG or PDF, then add that.`,
    )
  }
  const perInch = directory.get(tags.resolutionUnit) === 3 ? 2.54 : 1
  const resolution = directory.get(tags.resolution)
  const header = plain(
    'tiff',
    directory.get(tags.width) ?? 0,
    directory.get(tags.height) ?? 0,
    resolution === undefined ? undefined : resolution * perInch,
  )
  return { ...header, orientation: turnOf(directory.get(tags.orientation)), pages }
}

/** What the decoder in use was built without. */
const unreadableCompressions: Record<number, string> = {
  6: 'JPEG',
  7: 'JPEG',
  8: 'Deflate',
  32946: 'Deflate',
  34712: 'JPEG 2000',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
}

function turnOf(value: number | undefined): number {
  return value !== undefined && value >= 1 && value <= 8 ? value : 1
}

function isLittleEndian(view: DataView): boolean {
  return view.getUint8(0) === 0x49
}

/** Where the directories begin, one a page; a chain that runs in a circle ends where it closes. */
function directoryOffsets(view: DataView): number[] {
  const little = isLittleEndian(view)
  const offsets = new Set<number>()
  let at = view.getUint32(4, little)
  while (at !== 0 && at + 2 <= view.byteLength && !offsets.has(at) && offsets.size < maximumTiffPages) {
    offsets.add(at)
    const next = at + 2 + view.getUint16(at, little) * 12
    if (next + 4 > view.byteLength) break
    at = view.getUint32(next, little)
  }
  return [...offsets]
}

/** The single numbers of a directory by tag (TIFF 6.0, section 2): shorts, longs and fractions. */
function readDirectory(view: DataView, offset: number): Map<number, number> {
  const little = isLittleEndian(view)
  const entries = new Map<number, number>()
  const count = Math.min(view.getUint16(offset, little), 500)
  for (let index = 0; index < count; index++) {
    const at = offset + 2 + index * 12
    const type = view.getUint16(at + 2, little)
    if (type === 3) entries.set(view.getUint16(at, little), view.getUint16(at + 8, little))
    if (type === 4) entries.set(view.getUint16(at, little), view.getUint32(at + 8, little))
    if (type !== 5) continue
    const place = view.getUint32(at + 8, little)
    if (place + 8 > view.byteLength) continue
    const divisor = view.getUint32(place + 4, little)
    if (divisor > 0) entries.set(view.getUint16(at, little), view.getUint32(place, little) / divisor)
  }
  return entries
}
