import { describe, expect, it } from 'vitest'
import { drawText, encodeBitmap, encodePng, encodeTiff } from '../picture.suite.ts'
import { decodeBitmap } from './bitmap-file.ts'
import { readPictureHeader } from './picture-header.ts'
import { selectTiffPage } from './tiff-pages.ts'

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)))

const drawing = drawText(30, 20, [{ text: 'A', x: 2, y: 2, dot: 2 }])

/** A JPEG header of 300 × 200 pixels at 200 dots an inch whose Exif states this orientation. */
function jpeg(orientation: number, littleEndian: boolean): Uint8Array {
  const short = (value: number): number[] => (littleEndian ? [value, 0] : [0, value])
  const long = (value: number): number[] => (littleEndian ? [value, 0, 0, 0] : [0, 0, 0, value])
  const tag = littleEndian ? [0x12, 0x01] : [0x01, 0x12]
  const entry = [...tag, ...short(3), ...long(1), ...short(orientation), 0, 0]
  const directory = bytes(littleEndian ? 'II' : 'MM', short(42), long(8), short(1), entry, long(0))
  return bytes(
    [0xff, 0xd8, 0xff, 0xe0, 0, 16],
    'JFIF\0',
    [1, 1, 1, 0, 200, 0, 200, 0, 0, 0xff, 0xe1, 0, 8 + directory.length],
    'Exif\0\0',
    [...directory],
    [0xff, 0xc0, 0, 17, 8, 0, 200, 1, 44, 3],
    Array.from({ length: 10 }, () => 0),
  )
}

describe('readPictureHeader', () => {
  it.each([true, false])('reads size, density and orientation of a JPEG (little endian: %s)', (littleEndian) => {
    expect(readPictureHeader(jpeg(6, littleEndian))).toEqual({
      format: 'jpeg',
      width: 300,
      height: 200,
      orientation: 6,
      dotsPerInch: 200,
      pages: [0],
    })
  })

  it('reads PNG, GIF, WebP and Windows bitmaps', () => {
    expect(readPictureHeader(encodePng(drawing))).toMatchObject({ format: 'png', width: 30, height: 20 })
    expect(readPictureHeader(encodePng(drawing, 300)).dotsPerInch).toBeCloseTo(300, 0)
    expect(readPictureHeader(bytes('GIF89a', [30, 0, 20, 0]))).toMatchObject({ format: 'gif', width: 30, height: 20 })
    const webp = bytes('RIFF\0\0\0\0WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 29, 0, 0, 19, 0, 0])
    expect(readPictureHeader(webp)).toMatchObject({ format: 'webp', width: 30, height: 20 })
    expect(readPictureHeader(encodeBitmap(drawing))).toMatchObject({ format: 'bmp', width: 30, height: 20 })
  })

  it('finds the pages of a TIFF, and puts any of them first', () => {
    const tiff = encodeTiff([drawing, drawText(50, 40, [])])
    expect(readPictureHeader(tiff)).toMatchObject({ width: 30, height: 20, pages: [8, expect.any(Number)] })
    expect(readPictureHeader(tiff, 1)).toMatchObject({ width: 50, height: 40 })
    expect(readPictureHeader(selectTiffPage(tiff, 1))).toMatchObject({ width: 50, height: 40 })
    expect(() => readPictureHeader(tiff, 2)).toThrow(expect.objectContaining({ code: 'file-corrupt' }) as Error)
  })

  it('ends where the pages of a TIFF run in a circle', () => {
    const tiff = encodeTiff([drawing])
    new DataView(tiff.buffer).setUint32(8 + 2 + 9 * 12, 8, true)
    expect(readPictureHeader(tiff).pages).toEqual([8])
  })

  it('says what a compression is called that cannot be read', () => {
    const tiff = encodeTiff([drawing])
    new DataView(tiff.buffer).setUint32(8 + 2 + 3 * 12 + 8, 8, true)
    expect(() => readPictureHeader(tiff)).toThrow(/compressed with Deflate/)
  })

  it('calls every beginning of a picture damaged that does not state its size', () => {
    for (const file of [encodePng(drawing), jpeg(1, true), encodeTiff([drawing]), encodeBitmap(drawing)]) {
      for (const length of [12, 16, 20]) {
        expect(() => readPictureHeader(file.slice(0, length))).toThrow(
          expect.objectContaining({ code: 'file-corrupt' }) as Error,
        )
      }
    }
  })
})

describe('decodeBitmap', () => {
  it('gives the pixels from the top', () => {
    const { width, height, rgba } = decodeBitmap(encodeBitmap(drawing))
    expect([width, height]).toEqual([30, 20])
    expect([...drawing.gray.keys()].map((pixel) => rgba[pixel * 4])).toEqual([...drawing.gray])
  })

  it('reads palettes of one, four and eight bits', () => {
    for (const bits of [1, 4, 8]) {
      const file = Buffer.alloc(54 + 8 + 8)
      file.write('BM', 'latin1')
      file.writeUInt32LE(62, 10)
      file.writeUInt32LE(40, 14)
      file.writeInt32LE(2, 18)
      file.writeInt32LE(-2, 22)
      file.writeUInt16LE(bits, 28)
      // Colour 0 is black, colour 1 is orange; rows are 0 1 and 1 0.
      file.set([0, 0, 0, 0, 0x20, 0x80, 0xff, 0], 54)
      const row = (left: number, right: number): number[] =>
        bits === 8 ? [left, right] : [(left << (8 - bits)) | (right << (8 - 2 * bits))]
      file.set(row(0, 1), 62)
      file.set(row(1, 0), 66)
      const orange = [0xff, 0x80, 0x20, 255]
      const black = [0, 0, 0, 255]
      expect([...decodeBitmap(file).rgba]).toEqual([...black, ...orange, ...orange, ...black])
    }
  })

  it('calls a bitmap damaged that is too short for its pixels', () => {
    expect(() => decodeBitmap(encodeBitmap(drawing).slice(0, 900))).toThrow(/damaged/)
  })
})
