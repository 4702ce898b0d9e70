import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { docParser } from './doc.ts'
import { behavesAsParser, checkParsedDocument, prose } from './parsers.suite.ts'

const u16 = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer)
const u32 = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer)
const padded = (bytes: Buffer, length: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))])

/** A compound file (MS-CFB) of streams of at least 4096 bytes. */
function makeCompound(streams: Record<string, Buffer>): Uint8Array {
  const sectors: Buffer[] = []
  const table: number[] = []
  const add = (bytes: Buffer): number => {
    const first = sectors.length
    const count = Math.ceil(bytes.length / 512)
    for (let index = 0; index < count; index++) {
      sectors.push(padded(bytes.subarray(index * 512, index * 512 + 512), 512))
      table.push(index === count - 1 ? 0xfffffffe : first + index + 1)
    }
    return first
  }
  const entry = (name: string, type: number, start: number, size: number, child = 0xffffffff): Buffer => {
    const bytes = Buffer.alloc(128)
    bytes.write(name, 'utf16le')
    bytes.writeUInt16LE((name.length + 1) * 2, 0x40)
    bytes[0x42] = type
    u32(0xffffffff, 0xffffffff, child).copy(bytes, 0x44)
    u32(start, size).copy(bytes, 0x74)
    return bytes
  }
  const entries = Object.entries(streams).map(([name, bytes]) => entry(name, 2, add(bytes), bytes.length))
  const directory = add(Buffer.concat([entry('Root Entry', 5, 0xfffffffe, 0, 1), ...entries]))
  const tableSector = sectors.length
  sectors.push(padded(u32(...table, 0xfffffffd), 512).fill(0xff, (table.length + 1) * 4))
  const header = Buffer.alloc(512, 0xff)
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header)
  header.fill(0, 8, 76)
  u16(0x3e, 3, 0xfffe, 9, 6).copy(header, 24)
  u32(1, directory, 0, 4096, 0xfffffffe, 0, 0xfffffffe, 0, tableSector).copy(header, 44)
  return new Uint8Array(Buffer.concat([header, ...sectors]))
}

interface Paragraph {
  /** With the sign that ends it. */
  text: string
  /** 0: normal, 1: heading 1, 2: a style on top of it. */
  style?: number
  /** Changes to its formatting (sprms). */
  changes?: Buffer
}

/** A Word 97 file (MS-DOC) with these paragraphs. */
function makeDoc(paragraphs: readonly Paragraph[], change: (stream: Buffer) => void = () => {}): Uint8Array {
  const text = Buffer.from(paragraphs.map((paragraph) => paragraph.text).join(''), 'utf16le')
  const textStart = 0x400
  const pageNumber = Math.ceil((textStart + text.length) / 512)
  const page = Buffer.alloc(512)
  page[511] = paragraphs.length
  let offset = textStart
  let free = 510
  paragraphs.forEach((paragraph, index) => {
    const properties = Buffer.concat([u16(paragraph.style ?? 0), paragraph.changes ?? Buffer.alloc(0)])
    const words = Math.ceil(properties.length / 2)
    free -= words * 2 + 2
    page[free + 1] = words
    properties.copy(page, free + 2)
    page.writeUInt32LE(offset, index * 4)
    page[(paragraphs.length + 1) * 4 + index * 13] = free / 2
    offset += paragraph.text.length * 2
    page.writeUInt32LE(offset, (index + 1) * 4)
  })

  const style = (builtIn: number, name: string, parent: number): Buffer => {
    const bytes = Buffer.concat([
      u16(builtIn, 1 | (parent << 4), 1, 0, 0, name.length),
      Buffer.from(`${name}\0`, 'utf16le'),
      u16(2, 0),
    ])
    return Buffer.concat([u16(bytes.length), bytes])
  }
  const styles = Buffer.concat([
    u16(18, 3, 10, 0, 0, 0, 0, 0, 0, 0),
    style(0, 'Normal', 0xfff),
    style(1, 'heading 1', 0),
    style(0xffe, 'Own', 1),
  ])
  const pieces = Buffer.concat([Buffer.from([2]), u32(16, 0, text.length / 2), u16(0), u32(textStart), u16(0)])
  const pages = u32(textStart, offset, pageNumber)

  const stream = padded(Buffer.alloc(0), Math.max(4096, (pageNumber + 1) * 512))
  u16(0xa5ec, 0xc1).copy(stream)
  u32(text.length / 2).copy(stream, 0x4c)
  const structures: [index: number, bytes: Buffer][] = [
    [1, styles],
    [13, pages],
    [33, pieces],
  ]
  let at = 0
  for (const [index, bytes] of structures) {
    u32(at, bytes.length).copy(stream, 0x9a + index * 8)
    at += bytes.length
  }
  text.copy(stream, textStart)
  page.copy(stream, pageNumber * 512)
  change(stream)
  const table = padded(Buffer.concat(structures.map(([, bytes]) => bytes)), 4096)
  return makeCompound({ WordDocument: stream, '0Table': table })
}

behavesAsParser(docParser, {
  name: 'a.doc',
  bytes: makeDoc([{ text: 'Piers\r', style: 1 }, { text: `${prose}\r` }]),
  holds: ['Piers', prose],
})

const parser = docParser.create({}, { log: silentLog })
const read = async (bytes: Uint8Array): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.doc', bytes })
  checkParsedDocument(document)
  return document
}
const outline = ({ elements, text }: ParsedDocument): [string, string][] =>
  elements.map(({ kind, level, start, end }) => [`${kind}${level ?? ''}`, text.slice(start, end)])

describe('doc', () => {
  it('finds headings by style, by styles that descend from one and by outline level', async () => {
    const document = await read(
      makeDoc([
        { text: 'One\r', style: 1 },
        { text: 'Ours\r', style: 2 },
        { text: 'Third\r', changes: Buffer.from([0x40, 0x26, 2]) },
        { text: 'Body\r', style: 1, changes: Buffer.from([0x40, 0x26, 9]) },
        { text: 'Caf\u00e9 \u041f\u043e\u0440\u0442\u000bline\r' },
      ]),
    )
    expect(outline(document)).toEqual([
      ['heading1', 'One'],
      ['heading1', 'Ours'],
      ['heading3', 'Third'],
      ['paragraph', 'Body'],
      ['paragraph', 'Café Порт\nline'],
    ])
    expect(document.title).toBe('One')
  })

  it('reads tables', async () => {
    const cell = (text: string): Paragraph => ({ text: `${text}\u0007`, changes: Buffer.from([0x16, 0x24, 1]) })
    const rowEnd: Paragraph = { text: '\u0007', changes: Buffer.from([0x16, 0x24, 1, 0x17, 0x24, 1]) }
    const rows = [cell('Pier'), cell('Length'), rowEnd, cell('North'), cell('90'), rowEnd]
    expect(outline(await read(makeDoc([...rows, { text: 'After\r' }])))).toEqual([
      ['table', 'Pier | Length\nNorth | 90'],
      ['paragraph', 'After'],
    ])
  })

  it('shows what fields show, not their instructions', async () => {
    const text = 'See \u0013 HYPERLINK "x" \u0014the \u0013PAGE\u0014plan\u0015\u0015.\r'
    expect((await read(makeDoc([{ text }]))).text).toBe('See the plan.')
  })

  it('says that a file is protected or older than Word 97', async () => {
    const locked = makeDoc([{ text: 'x\r' }], (stream) => void (stream[0x0b] = 1))
    await expect(read(locked)).rejects.toMatchObject({ code: 'file-encrypted' })
    const old = makeDoc([{ text: 'x\r' }], (stream) => void (stream[2] = 0x65))
    await expect(read(old)).rejects.toMatchObject({ code: 'type-unsupported' })
  })

  it('does not follow chains of sectors that run in a circle', async () => {
    const bytes = makeDoc([{ text: 'x\r' }])
    const table = 512 + new DataView(bytes.buffer).getInt32(76, true) * 512
    new DataView(bytes.buffer).setInt32(table + 4, 0, true)
    await expect(read(bytes)).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})

const shared = join(import.meta.dirname, '../../../shared/data/documents/unstructured')

describe('real files', () => {
  it.skipIf(!existsSync(shared))(
    'fake-doc-emphasized-text.doc has a table and text (skipped without shared data)',
    async () => {
      const document = await read(readFileSync(join(shared, 'fake-doc-emphasized-text.doc')))
      expect(document.text).toBe(
        'Header Col 1 | Header Col 2\nA bold italic bold-italic example | A Link example\n\nI am a bold italic bold-italic text.\n\nI am a normal text.',
      )
      expect(document.metadata).toMatchObject({ author: expect.any(String) as string })
    },
  )
})
