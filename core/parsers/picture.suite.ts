import { deflateSync } from 'node:zlib'

/** A picture in shades of grey, one byte a pixel from the top; 0 is black. */
export interface Drawing {
  width: number
  height: number
  gray: Uint8Array
}

/** Letters as five columns of seven dots: one byte a column, its lowest bit on top. */
const letters =
  '03E5149453E 100427F4000 24261514946 32141454B31 41814127F10 52745454539 63C4A494930 70171090503 83649494936 ' +
  '9064949291E A7E1111117E B7F49494936 C3E41414122 D7F4141221C E7F49494941 F7F09090901 G3E4149497A H7F0808087F ' +
  'I00417F4100 J2040413F01 K7F08142241 L7F40404040 M7F020C027F N7F0408107F O3E4141413E P7F09090906 Q3E4151215E ' +
  'R7F09192946 S4649494931 T01017F0101 U3F4040403F V1F2040201F W3F4038403F X6314081463 Y0708700807 Z6151494543 ' +
  'a2054545478 b7F48444438 c3844444420 d384444487F e3854545418 f087E090102 g0C5252523E h7F08040478 i00447D4000 ' +
  'j2040443D00 k7F10284400 l00417F4000 m7C04180478 n7C08040478 o3844444438 p7C14141408 q081414187C r7C08040408 ' +
  's4854545420 t043F444020 u3C4040207C v1C2040201C w3C4030403C x4428102844 y0C5050503C z4464544C44 .0060600000'

const font = new Map(
  letters.split(' ').map((entry) => {
    const columns = entry.slice(1).match(/../g) ?? []
    return [entry.slice(0, 1), columns.map((column) => Number.parseInt(column, 16))]
  }),
)

export interface DrawnLine {
  text: string
  x: number
  y: number
  /** Pixels a dot; letters are seven dots high. */
  dot: number
}

/** Draws lines of text, black on white. Its edges are softened, as a scanner would. */
export function drawText(width: number, height: number, lines: readonly DrawnLine[]): Drawing {
  const gray = new Uint8Array(width * height).fill(255)
  for (const { text, x, y, dot } of lines) {
    ;[...text].forEach((letter, index) => {
      font.get(letter)?.forEach((column, across) => {
        for (let down = 0; down < 7; down++) {
          if (!((column >> down) & 1)) continue
          const left = x + (index * 6 + across) * dot
          for (let row = y + down * dot; row < y + (down + 1) * dot; row++) {
            gray.fill(0, row * width + left, row * width + left + dot)
          }
        }
      })
    })
  }
  return { width, height, gray: soften(gray, width, height) }
}

/** Turned clockwise by so many quarters. */
export function turnDrawing({ width, height, gray }: Drawing, quarters: number): Drawing {
  if (quarters === 0) return { width, height, gray }
  const next = new Uint8Array(gray.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) next[x * height + height - 1 - y] = gray[y * width + x] ?? 0
  }
  return turnDrawing({ width: height, height: width, gray: next }, quarters - 1)
}

function soften(gray: Uint8Array, width: number, height: number): Uint8Array {
  const soft = gray.slice()
  for (let row = 1; row < height - 1; row++) {
    for (let column = 1; column < width - 1; column++) {
      let sum = 0
      for (const at of [-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1]) {
        sum += gray[row * width + column + at] ?? 255
      }
      soft[row * width + column] = Math.round(sum / 9)
    }
  }
  return soft
}

/** A PNG file (eight bits of grey) that may state its resolution. */
export function encodePng({ width, height, gray }: Drawing, dotsPerInch?: number): Uint8Array {
  const rows = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row++) rows.set(gray.subarray(row * width, (row + 1) * width), row * (width + 1) + 1)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const density = Buffer.alloc(9)
  const perMetre = Math.round((dotsPerInch ?? 0) * 39.3701)
  density.writeUInt32BE(perMetre, 0)
  density.writeUInt32BE(perMetre, 4)
  density[8] = 1
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      pngChunk('IHDR', header),
      ...(dotsPerInch === undefined ? [] : [pngChunk('pHYs', density)]),
      pngChunk('IDAT', deflateSync(rows)),
      pngChunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

function pngChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  return (sum ^ 0xffffffff) >>> 0
}

/** An uncompressed TIFF file with one directory a drawing. */
export function encodeTiff(drawings: readonly Drawing[], littleEndian = true): Uint8Array {
  const entriesPerPage = 9
  const directoryBytes = 2 + entriesPerPage * 12 + 4
  const size = drawings.reduce((sum, drawing) => sum + directoryBytes + drawing.gray.length, 8)
  const file = new Uint8Array(size)
  const view = new DataView(file.buffer)
  file.set(new TextEncoder().encode(littleEndian ? 'II' : 'MM'))
  view.setUint16(2, 42, littleEndian)
  let linkAt = 4
  let at = 8
  for (const { width, height, gray } of drawings) {
    view.setUint32(linkAt, at, littleEndian)
    view.setUint16(at, entriesPerPage, littleEndian)
    // Width, height, bits, no compression, 0 is black, where the one strip is, channels, rows in the strip, its bytes.
    const entries = [
      [256, width],
      [257, height],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, at + directoryBytes],
      [277, 1],
      [278, height],
      [279, gray.length],
    ]
    entries.forEach(([tag = 0, value = 0], index) => {
      const entryAt = at + 2 + index * 12
      view.setUint16(entryAt, tag, littleEndian)
      view.setUint16(entryAt + 2, 4, littleEndian)
      view.setUint32(entryAt + 4, 1, littleEndian)
      view.setUint32(entryAt + 8, value, littleEndian)
    })
    linkAt = at + 2 + entriesPerPage * 12
    file.set(gray, at + directoryBytes)
    at += directoryBytes + gray.length
  }
  return file
}

/** A Windows bitmap with three bytes a pixel, from the bottom up as usual. */
export function encodeBitmap({ width, height, gray }: Drawing): Uint8Array {
  const rowBytes = Math.ceil((width * 3) / 4) * 4
  const file = Buffer.alloc(54 + rowBytes * height)
  file.write('BM', 'latin1')
  file.writeUInt32LE(file.length, 2)
  file.writeUInt32LE(54, 10)
  file.writeUInt32LE(40, 14)
  file.writeInt32LE(width, 18)
  file.writeInt32LE(height, 22)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(24, 28)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = 54 + (height - 1 - row) * rowBytes + column * 3
      file.fill(gray[row * width + column] ?? 0, at, at + 3)
    }
  }
  return new Uint8Array(file)
}

export interface PdfPicture {
  drawing: Drawing
  /** Points from the bottom left of the page. */
  x: number
  y: number
  width: number
  height: number
  /** One bit a pixel, painted in black where the drawing is dark, instead of eight bits of grey. */
  mask?: boolean
}

export interface PicturePdfPage {
  pictures: readonly PdfPicture[]
  /** A line of text in Helvetica at the bottom left. */
  text?: string
  /** Degrees that a reader turns the page by. */
  rotate?: number
}

/** A PDF of 612 × 792 points a page that shows pictures. */
export function makePicturePdf(pages: readonly PicturePdfPage[]): Uint8Array {
  const objects: Buffer[] = [Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'), Buffer.alloc(0)]
  const add = (head: string, stream?: Uint8Array): number => {
    if (!stream) return objects.push(Buffer.from(head))
    const data = deflateSync(stream)
    const start = `${head.slice(0, -2)} /Filter /FlateDecode /Length ${data.length} >>\nstream\n`
    return objects.push(Buffer.concat([Buffer.from(start), data, Buffer.from('\nendstream')]))
  }
  const fontObject = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  const kids = pages.map(({ pictures, text, rotate = 0 }) => {
    const names = pictures.map((picture) => {
      const { width, height, gray } = picture.drawing
      const head = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height}`
      return picture.mask
        ? add(`<< ${head} /ImageMask true /BitsPerComponent 1 >>`, toBits(picture.drawing))
        : add(`<< ${head} /ColorSpace /DeviceGray /BitsPerComponent 8 >>`, gray)
    })
    const paints = pictures.map(
      ({ x, y, width, height }, index) => `q ${width} 0 0 ${height} ${x} ${y} cm /I${index} Do Q`,
    )
    if (text !== undefined) paints.push(`BT /F1 10 Tf 72 40 Td (${text}) Tj ET`)
    const content = add('<< >>', Buffer.from(paints.join('\n')))
    const shared = names.map((name, index) => `/I${index} ${name} 0 R`).join(' ')
    const resources = `<< /XObject << ${shared} >> /Font << /F1 ${fontObject} 0 R >> >>`
    const box = `/MediaBox [0 0 612 792] /Rotate ${rotate}`
    return add(`<< /Type /Page /Parent 2 0 R ${box} /Contents ${content} 0 R /Resources ${resources} >>`)
  })
  objects[1] = Buffer.from(
    `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`,
  )
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let length = 9
  const push = (part: Buffer): void => {
    parts.push(part)
    length += part.length
  }
  objects.forEach((body, index) => {
    offsets.push(length)
    push(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')]))
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const start = length
  push(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`))
  push(Buffer.from(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`))
  return new Uint8Array(Buffer.concat(parts))
}

/** One bit a pixel: 0 where the drawing is dark. */
function toBits({ width, height, gray }: Drawing): Uint8Array {
  const rowBytes = Math.ceil(width / 8)
  const bits = new Uint8Array(rowBytes * height)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if ((gray[row * width + column] ?? 0) < 128) continue
      const at = row * rowBytes + (column >> 3)
      bits[at] = (bits[at] ?? 0) | (0x80 >> (column & 7))
    }
  }
  return bits
}
