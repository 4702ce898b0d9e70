import { AppError } from '../../contract/errors.ts'
import type { Picture } from '../ocr.ts'
import { decodeBitmap } from './bitmap-file.ts'
import { readPictureHeader } from './picture-header.ts'

/** Decoding takes four bytes a pixel and reading as much again. */
const maximumPicturePixels = 50_000_000

/** A file that Tesseract's picture library reads. */
export interface ReadablePicture {
  file: Uint8Array
  /** Pixels that the engine's boxes refer to: as a person sees the picture. */
  width: number
  height: number
  /** The library shows this one upside down. */
  upsideDown: boolean
}

/** Errors: file-corrupt, file-too-large (before anything is decoded), type-unsupported. */
export function toReadable(picture: Picture): ReadablePicture {
  if (!('file' in picture)) {
    const { width, height } = picture
    checkSize(width, height)
    return { file: toGraymap(picture), width, height, upsideDown: false }
  }
  const { format, width, height, orientation } = readPictureHeader(picture.file)
  checkSize(width, height)
  // The library's own way with bitmaps copies each byte into an object of its own.
  if (format === 'bmp') return { file: toGraymap(decodeBitmap(picture.file)), width, height, upsideDown: false }
  const lies = orientation >= 5
  const size = { width: lies ? height : width, height: lies ? width : height }
  if (orientation === 1) return { file: picture.file, ...size, upsideDown: false }
  if (format === 'tiff') return { ...turnedTiff(picture.file, orientation), ...size }
  return { file: withOrientation(picture.file, orientation), ...size, upsideDown: false }
}

function checkSize(width: number, height: number): void {
  if (width * height <= maximumPicturePixels) return
  const millions = (count: number): number => Math.round(count / 1_000_000)
  throw new AppError(
    'file-too-large',
    `This picture has ${millions(width * height)} million pixels; the limit is ${millions(maximumPicturePixels)} ` +
      'million. Scale it down, then add that.',
    { details: { width, height } },
  )
}

/** Portable graymap (Netpbm): a line of text, then one byte a pixel. Transparent pixels are white. */
function toGraymap(picture: Exclude<Picture, { file: Uint8Array }>): Uint8Array {
  const { width, height } = picture
  const head = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`)
  const file = new Uint8Array(head.length + width * height)
  file.set(head)
  if ('gray' in picture) {
    file.set(picture.gray.subarray(0, width * height), head.length)
    return file
  }
  const { rgba } = picture
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 255] = [rgba[at], rgba[at + 1], rgba[at + 2], rgba[at + 3]]
    const light = 0.299 * red + 0.587 * green + 0.114 * blue
    file[head.length + pixel] = Math.round(255 + ((light - 255) * alpha) / 255)
  }
  return file
}

/**
 * The same JPEG with its orientation stated first and in the one byte order that the library looks for; half of all
 * cameras write the other.
 */
function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8]
  const entry = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const segment = [0xff, 0xe1, 0, 2 + exif.length + entry.length, ...exif, ...entry]
  const file = new Uint8Array(jpeg.length + segment.length)
  file.set(jpeg.subarray(0, 2))
  file.set(segment, 2)
  file.set(jpeg.subarray(2), 2 + segment.length)
  return file
}

const orientationTag = 274
const samplesTag = 277
const shortType = 3
const longType = 4

/**
 * TIFF pictures are turned by the library itself, but for two faults. It turns files in one of the byte orders once
 * more, for an orientation that it takes for that of a photograph; it does not where the number is a long one. And
 * pictures in colour with the orientation 8 (TIFF 6.0, section 8) come out upside down.
 */
function turnedTiff(tiff: Uint8Array, orientation: number): { file: Uint8Array; upsideDown: boolean } {
  const file = tiff.slice()
  const view = new DataView(file.buffer)
  const little = file[0] === 0x49
  const directory = view.getUint32(4, little)
  let samples = 1
  for (let index = 0; index < view.getUint16(directory, little); index++) {
    const at = directory + 2 + index * 12
    if (at + 12 > file.length) break
    const isShort = view.getUint16(at + 2, little) === shortType
    const tag = view.getUint16(at, little)
    if (tag === samplesTag) samples = isShort ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little)
    if (tag !== orientationTag || !isShort) continue
    view.setUint16(at + 2, longType, little)
    view.setUint32(at + 8, orientation, little)
  }
  return { file, upsideDown: orientation === 8 && samples >= 3 }
}
