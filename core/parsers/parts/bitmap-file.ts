import { corruptPicture } from './picture-header.ts'

/**
 * The pixels of a Windows bitmap (BMP), four bytes each from the top: 1, 4, 8, 16, 24 or 32 bits a pixel without
 * compression, which is what programs write. Errors: file-corrupt.
 */
export function decodeBitmap(bytes: Uint8Array): { width: number; height: number; rgba: Uint8Array } {
  try {
    return decode(bytes)
  } catch (error) {
    throw corruptPicture(error)
  }
}

function decode(bytes: Uint8Array): { width: number; height: number; rgba: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pixelsAt = view.getUint32(10, true)
  const headerSize = view.getUint32(14, true)
  const old = headerSize < 40
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true)
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true)
  const height = Math.abs(signedHeight)
  const bits = view.getUint16(old ? 24 : 28, true)
  const compression = old ? 0 : view.getUint32(30, true)
  // 3 and 6: uncompressed with masks for the colours.
  if (![0, 3, 6].includes(compression)) throw new RangeError('A compressed bitmap.')
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  if (pixelsAt + rowBytes * height > bytes.length) throw new RangeError('Too short for its pixels.')
  const colour = colourReader(view, { bits, compression, headerSize, pixelsAt, old })
  const rgba = new Uint8Array(width * height * 4)
  for (let row = 0; row < height; row++) {
    const rowAt = pixelsAt + (signedHeight < 0 ? row : height - 1 - row) * rowBytes
    for (let column = 0; column < width; column++) {
      const value = colour(rowAt, column)
      const at = (row * width + column) * 4
      rgba[at] = value >>> 16
      rgba[at + 1] = (value >>> 8) & 0xff
      rgba[at + 2] = value & 0xff
      rgba[at + 3] = 255
    }
  }
  return { width, height, rgba }
}

interface Layout {
  bits: number
  compression: number
  headerSize: number
  pixelsAt: number
  old: boolean
}

/** Gives the colour of a pixel as 0xRRGGBB. */
function colourReader(view: DataView, layout: Layout): (rowAt: number, column: number) => number {
  const { bits, compression, headerSize, pixelsAt, old } = layout
  if (bits === 1 || bits === 4 || bits === 8) {
    const paletteAt = 14 + headerSize
    const entryBytes = old ? 3 : 4
    const known = Math.floor((pixelsAt - paletteAt) / entryBytes)
    const palette = Array.from({ length: 2 ** bits }, (_, index) => {
      const at = paletteAt + index * entryBytes
      if (index >= known) return 0
      return (view.getUint8(at + 2) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at)
    })
    const perByte = 8 / bits
    return (rowAt, column) => {
      const byte = view.getUint8(rowAt + Math.floor(column / perByte))
      const shift = (perByte - 1 - (column % perByte)) * bits
      return palette[(byte >>> shift) & (2 ** bits - 1)] ?? 0
    }
  }
  if (bits === 24 || (bits === 32 && compression === 0)) {
    return (rowAt, column) => {
      const at = rowAt + column * (bits / 8)
      return (view.getUint8(at + 2) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at)
    }
  }
  if (bits !== 16 && bits !== 32) throw new RangeError(`${bits} bits a pixel.`)
  const masks = compression === 0 ? [0x7c00, 0x3e0, 0x1f] : [54, 58, 62].map((at) => view.getUint32(at, true))
  const channels = masks.map(channelReader)
  return (rowAt, column) => {
    const value = bits === 16 ? view.getUint16(rowAt + column * 2, true) : view.getUint32(rowAt + column * 4, true)
    const [red = 0, green = 0, blue = 0] = channels.map((channel) => channel(value))
    return (red << 16) | (green << 8) | blue
  }
}

/** Takes the bits under a mask out of a pixel, as 0 to 255. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const highest = mask >>> shift
  return (pixel) => Math.round((((pixel & mask) >>> shift) / highest) * 255)
}
