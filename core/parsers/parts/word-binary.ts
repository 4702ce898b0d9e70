import iconv from 'iconv-lite'
import { createNumbering, type List, type ListLevel, type Numbering } from './word-numbering.ts'

/** What direct formatting and style say of a paragraph of an old Word file. */
export interface BinaryParagraph {
  style: number
  /** As in the file: 0 to 8, 9 for body text; undefined where only the style may say it. */
  outline: number | undefined
  listId: number | undefined
  listLevel: number | undefined
  /** How many tables it stands in. */
  depth: number
  endsRow: boolean
  /** Of tables in tables, whose marks are paragraph ends. */
  endsInnerCell: boolean
  /** Of the end of a row. */
  isHeader: boolean
  cells: { isMerged: boolean; continues: boolean; edge: number }[]
}

export interface BinaryStyle {
  name: string
  /** 1 to 9 where it is a built-in heading. */
  heading: number | undefined
  parent: number
  paragraph: Partial<BinaryParagraph>
}

export interface BinaryRun {
  isHidden: boolean
  isBold: boolean
  isRaised: boolean
  /** The sign stands for something else, such as a note. */
  isSpecial: boolean
  /** A character of a symbol font, as its code. */
  symbol: number | undefined
}

/** A document of Word 97 to 2003, opened for reading (MS-DOC). Places are characters from the start of all text. */
export interface BinaryDocument {
  /** Everything: the body, then notes, running heads, comments, text boxes. */
  text: string
  /** Where each of these begins; each ends where the next one does. */
  parts: Record<TextPart, { start: number; end: number }>
  paragraphAt(place: number): BinaryParagraph
  runAt(place: number): BinaryRun
  style(number: number): BinaryStyle | undefined
  numbering: Numbering
  /** Texts of notes by the place of their reference. */
  notes: Map<number, { kind: 'footnote' | 'endnote' | 'comment'; start: number; end: number; author: string }>
  /** Running heads of all sections. */
  heads: { kind: 'header' | 'footer'; start: number; end: number }[]
}

const partNames = ['body', 'footnotes', 'heads', 'macros', 'comments', 'endnotes', 'boxes', 'headBoxes'] as const
export type TextPart = (typeof partNames)[number]

/** The file is protected with a password. */
export class ProtectedDocument extends Error {}
/** The file was written by a version of Word before 97. */
export class OlderDocument extends Error {}

/** Errors: ProtectedDocument, OlderDocument, RangeError and the like where the file is damaged. */
export function openBinaryWord(streams: ReadonlyMap<string, Uint8Array>): BinaryDocument {
  const bytes = streams.get('WordDocument')
  if (!bytes || bytes.length < 0x200) throw new Error('There is no text stream.')
  const main = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (main.getUint16(0, true) !== 0xa5ec) throw new OlderDocument()
  const flags = main.getUint16(0x0a, true)
  if ((flags & 0x0100) !== 0) throw new ProtectedDocument()
  if (main.getUint16(2, true) < 0x00c1) throw new OlderDocument()
  const tableBytes = streams.get((flags & 0x0200) !== 0 ? '1Table' : '0Table')
  if (!tableBytes) throw new Error('There is no table stream.')
  /** A structure of the table stream by its number in the header (FibRgFcLcb97). */
  const structure = (index: number): DataView => {
    const at = 0x9a + index * 8
    if (at + 8 > bytes.length) return new DataView(new ArrayBuffer(0))
    const [start, length] = [main.getUint32(at, true), main.getUint32(at + 4, true)]
    const end = Math.min(start + length, tableBytes.length)
    return new DataView(tableBytes.buffer, tableBytes.byteOffset + Math.min(start, end), Math.max(0, end - start))
  }

  const pieces = readPieces(structure(33))
  const text = readText(pieces, bytes)
  const parts = {} as BinaryDocument['parts']
  let start = 0
  partNames.forEach((name, index) => {
    const length = name === 'macros' ? 0 : Math.max(0, main.getInt32(0x4c + index * 4, true))
    const end = Math.min(start + length, text.length)
    parts[name] = { start, end }
    start = end
  })

  const paragraphs = readFormatting(structure(13), main, readParagraphFormat)
  const runs = readFormatting(structure(12), main, readRunFormat)
  const styles = readStyleSheet(structure(1))
  const fileOffset = createFileOffsets(pieces)
  return {
    text,
    parts,
    paragraphAt: (place) => paragraphs(fileOffset(place)) ?? plainParagraph,
    runAt: (place) => runs(fileOffset(place)) ?? plainRun,
    style: (number) => styles[number],
    numbering: readLists(structure(73), structure(74)),
    notes: new Map([
      ...readNotes(structure(2), structure(3), 2, 'footnote', parts.footnotes),
      ...readNotes(structure(46), structure(47), 2, 'endnote', parts.endnotes),
      ...readNotes(structure(4), structure(5), 30, 'comment', parts.comments),
    ]),
    heads: readHeads(structure(11), parts.heads),
  }
}

const plainParagraph: BinaryParagraph = {
  style: 0,
  outline: undefined,
  listId: undefined,
  listLevel: undefined,
  depth: 0,
  endsRow: false,
  endsInnerCell: false,
  isHeader: false,
  cells: [],
}

const plainRun: BinaryRun = { isHidden: false, isBold: false, isRaised: false, isSpecial: false, symbol: undefined }

interface Piece {
  /** Places in the text. */
  start: number
  end: number
  /** In the text stream. */
  offset: number
  isCompressed: boolean
}

/** The piece table: which stretches of the file make up the text (MS-DOC 2.9.38 Clx). */
function readPieces(clx: DataView): Piece[] {
  let at = 0
  while (at + 3 <= clx.byteLength && clx.getUint8(at) === 1) at += 3 + clx.getUint16(at + 1, true)
  if (clx.getUint8(at) !== 2) throw new Error('There is no piece table.')
  const length = Math.min(clx.getUint32(at + 1, true), clx.byteLength - at - 5)
  const count = Math.floor((length - 4) / 12)
  const first = at + 5
  const pieces: Piece[] = []
  for (let index = 0; index < count; index++) {
    const start = clx.getUint32(first + index * 4, true)
    const end = clx.getUint32(first + index * 4 + 4, true)
    const raw = clx.getUint32(first + (count + 1) * 4 + index * 8 + 2, true)
    const isCompressed = (raw & 0x40000000) !== 0
    const offset = raw & 0x3fffffff
    if (start !== (pieces.at(-1)?.end ?? 0) || end < start) throw new Error('The piece table is damaged.')
    pieces.push({ start, end, offset: isCompressed ? offset >> 1 : offset, isCompressed })
  }
  return pieces
}

function readText(pieces: readonly Piece[], bytes: Uint8Array): string {
  // A good file has each byte in one piece at most.
  if ((pieces.at(-1)?.end ?? 0) > bytes.length) throw new Error('The piece table is damaged.')
  const parts: string[] = []
  for (const { start, end, offset, isCompressed } of pieces) {
    const length = end - start
    const source = Buffer.from(bytes.subarray(offset, offset + length * (isCompressed ? 1 : 2)))
    parts.push(iconv.decode(source, isCompressed ? 'cp1252' : 'utf-16le', { stripBOM: false }).padEnd(length, '\0'))
  }
  return parts.join('')
}

/** From places in the text to offsets in the file; quick for places that follow each other. */
function createFileOffsets(pieces: readonly Piece[]): (place: number) => number {
  let at = 0
  return (place) => {
    if (place < (pieces[at]?.start ?? 0)) at = 0
    while (at < pieces.length - 1 && place >= pieces[at]!.end) at++
    const piece = pieces[at]
    return piece ? piece.offset + (place - piece.start) * (piece.isCompressed ? 1 : 2) : -1
  }
}

interface Formatted<Format> {
  start: number
  end: number
  format: Format
}

/**
 * Formatting of stretches of the file, from pages of 512 bytes (MS-DOC 2.9.33 ChpxFkp, 2.9.175 PapxFkp). Gives a
 * function from an offset in the file to the formatting there.
 */
function readFormatting<Format>(
  plc: DataView,
  main: DataView,
  read: (page: DataView, run: number, runs: number) => Format | undefined,
): (offset: number) => Format | undefined {
  const found: Formatted<Format>[] = []
  const pages = Math.floor((plc.byteLength - 4) / 8)
  for (let index = 0; index < pages; index++) {
    const start = (plc.getUint32((pages + 1) * 4 + index * 4, true) & 0x3fffff) * 512
    if (start + 512 > main.byteLength) continue
    const page = new DataView(main.buffer, main.byteOffset + start, 512)
    const runs = page.getUint8(511)
    if ((runs + 1) * 4 > 511) continue
    for (let run = 0; run < runs; run++) {
      const format = read(page, run, runs)
      const [from, to] = [page.getUint32(run * 4, true), page.getUint32(run * 4 + 4, true)]
      if (format && to > from) found.push({ start: from, end: to, format })
    }
  }
  found.sort((a, b) => a.start - b.start)
  /** Most places follow one that was asked for before. */
  let last: Formatted<Format> | undefined
  return (offset) => {
    if (last && offset >= last.start && offset < last.end) return last.format
    let low = 0
    let high = found.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (found[middle]!.start <= offset) low = middle
      else high = middle - 1
    }
    last = found[low]
    return last && offset >= last.start && offset < last.end ? last.format : undefined
  }
}

function readParagraphFormat(page: DataView, run: number, runs: number): BinaryParagraph | undefined {
  const at = page.getUint8((runs + 1) * 4 + run * 13) * 2
  if (at === 0) return undefined
  const size = page.getUint8(at)
  const start = size === 0 ? at + 2 : at + 1
  const length = size === 0 ? page.getUint8(at + 1) * 2 : size * 2 - 1
  if (length < 2 || start + length > 512) return undefined
  const format = { ...plainParagraph, style: page.getUint16(start, true) }
  applyParagraph(format, new DataView(page.buffer, page.byteOffset + start + 2, length - 2))
  return format
}

function readRunFormat(page: DataView, run: number, runs: number): BinaryRun | undefined {
  const at = page.getUint8((runs + 1) * 4 + run) * 2
  if (at === 0) return undefined
  const length = page.getUint8(at)
  if (at + 1 + length > 512) return undefined
  const format = { ...plainRun }
  for (const { code, value } of changes(new DataView(page.buffer, page.byteOffset + at + 1, length))) {
    const isOn = value.byteLength > 0 && (value.getUint8(0) & 1) === 1
    if (code === 0x0800 || code === 0x083c) format.isHidden ||= isOn
    else if (code === 0x0835) format.isBold = isOn
    else if (code === 0x0855) format.isSpecial = isOn
    else if (code === 0x2a48) format.isRaised = value.getUint8(0) === 1
    else if (code === 0x6a09) format.symbol = value.getUint16(2, true)
  }
  return format
}

function applyParagraph(format: Partial<BinaryParagraph>, source: DataView): void {
  for (const { code, value } of changes(source)) {
    if (code === 0x2640) format.outline = value.getUint8(0)
    else if (code === 0x260a) format.listLevel = value.getUint8(0)
    else if (code === 0x460b) format.listId = value.getUint16(0, true)
    else if (code === 0x2416) format.depth = Math.max(format.depth ?? 0, value.getUint8(0))
    else if (code === 0x6649) format.depth = Math.min(Math.max(value.getInt32(0, true), 0), 20)
    else if (code === 0x2417 || code === 0x244c) format.endsRow = value.getUint8(0) === 1
    else if (code === 0x244b) format.endsInnerCell = value.getUint8(0) === 1
    else if (code === 0x3404) format.isHeader = value.getUint8(0) === 1
    else if (code === 0xd608) format.cells = readCells(value)
  }
}

/** The cells of a row (MS-DOC 2.9.321 TDefTableOperand): their ends in twips, and which are merged. */
function readCells(value: DataView): BinaryParagraph['cells'] {
  const count = value.byteLength > 0 ? Math.min(value.getUint8(0), 63) : 0
  const first = 1 + (count + 1) * 2
  if (first > value.byteLength) return []
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * 20
    const merging = at + 2 <= value.byteLength ? value.getUint16(at, true) : 0
    return {
      isMerged: (merging & 3) === 1,
      continues: ((merging >> 5) & 3) === 1,
      edge: value.getInt16(1 + (index + 1) * 2, true),
    }
  })
}

/** The single changes in a list of them (MS-DOC 2.2.5 Sprm); ends where the list is damaged. */
function* changes(source: DataView): Generator<{ code: number; value: DataView }> {
  for (let at = 0; at + 2 < source.byteLength;) {
    const code = source.getUint16(at, true)
    at += 2
    let length = [1, 1, 2, 4, 2, 2, 0, 3][code >> 13] ?? 1
    if (code >> 13 === 6) {
      length = source.getUint8(at)
      at += 1
      if (code === 0xd608) {
        if (at >= source.byteLength) return
        // Its length takes two bytes and counts one too many.
        length = length + source.getUint8(at) * 256 - 1
        at += 1
      }
    }
    if (length < 0 || at + length > source.byteLength) return
    yield { code, value: new DataView(source.buffer, source.byteOffset + at, length) }
    at += length
  }
}

/** MS-DOC 2.9.271 STSH. */
function readStyleSheet(sheet: DataView): (BinaryStyle | undefined)[] {
  if (sheet.byteLength < 8) return []
  const count = Math.min(sheet.getUint16(2, true), 4096)
  const baseLength = sheet.getUint16(4, true)
  let at = 2 + sheet.getUint16(0, true)
  const styles: (BinaryStyle | undefined)[] = []
  for (let index = 0; index < count && at + 2 <= sheet.byteLength; index++) {
    const length = sheet.getUint16(at, true)
    at += 2
    if (at + length > sheet.byteLength) break
    styles.push(
      length > baseLength + 2
        ? readStyle(new DataView(sheet.buffer, sheet.byteOffset + at, length), baseLength)
        : undefined,
    )
    at += length + (length % 2)
  }
  return styles
}

function readStyle(source: DataView, baseLength: number): BinaryStyle | undefined {
  const builtIn = source.getUint16(0, true) & 0x0fff
  const kindAndBase = source.getUint16(2, true)
  const nameLength = source.getUint16(baseLength, true)
  const nameEnd = baseLength + 2 + nameLength * 2 + 2
  if (nameEnd > source.byteLength) return undefined
  let name = ''
  for (let index = 0; index < nameLength; index++) {
    name += String.fromCharCode(source.getUint16(baseLength + 2 + index * 2, true))
  }
  const style: BinaryStyle = {
    name,
    heading: builtIn >= 1 && builtIn <= 9 ? builtIn : undefined,
    parent: kindAndBase >> 4,
    paragraph: {},
  }
  const isParagraph = (kindAndBase & 0x0f) === 1
  if (isParagraph && nameEnd + 2 <= source.byteLength) {
    const length = Math.min(source.getUint16(nameEnd, true), source.byteLength - nameEnd - 2)
    // The number of the style itself comes first.
    if (length > 2)
      applyParagraph(style.paragraph, new DataView(source.buffer, source.byteOffset + nameEnd + 4, length - 2))
  }
  return style
}

/** MS-DOC 2.9.203 PlfLst and 2.9.202 PlfLfo: paragraphs name an override (from 1), which names a list. */
function readLists(listTable: DataView, overrides: DataView): Numbering {
  const lists = new Map<number, Map<number, ListLevel>>()
  const headers: { id: number; levels: number }[] = []
  const count = listTable.byteLength >= 2 ? listTable.getUint16(0, true) : 0
  let at = 2
  for (let index = 0; index < count && at + 28 <= listTable.byteLength; index++, at += 28) {
    headers.push({ id: listTable.getInt32(at, true), levels: (listTable.getUint8(at + 26) & 1) === 1 ? 1 : 9 })
  }
  // The levels of all lists follow their table, outside of the length that the header of the file states for it.
  const rest = new DataView(listTable.buffer, listTable.byteOffset, listTable.buffer.byteLength - listTable.byteOffset)
  for (const { id, levels } of headers) {
    const found = new Map<number, ListLevel>()
    for (let level = 0; level < levels && at + 28 <= rest.byteLength; level++) {
      const textAt = at + 28 + rest.getUint8(at + 24) + rest.getUint8(at + 25)
      if (textAt + 2 > rest.byteLength) break
      const length = Math.min(rest.getUint16(textAt, true), 100)
      if (textAt + 2 + length * 2 > rest.byteLength) break
      let text = ''
      for (let index = 0; index < length; index++) {
        const unit = rest.getUint16(textAt + 2 + index * 2, true)
        text += unit < 9 ? `%${unit + 1}` : String.fromCharCode(unit)
      }
      const format = numberFormats[rest.getUint8(at + 4)] ?? 'decimal'
      const start = Math.min(Math.max(rest.getInt32(at, true), 0), 1_000_000)
      found.set(level, { start, format, text, style: undefined, legal: false, restartAfter: undefined })
      at = textAt + 2 + length * 2
    }
    lists.set(id, found)
  }
  const listOf = (listId: string): List | undefined => {
    const place = 4 + (Number(listId) - 1) * 16
    if (!(place >= 4 && place + 16 <= overrides.byteLength)) return undefined
    const id = overrides.getInt32(place, true)
    const levels = lists.get(id)
    return levels && { abstractId: String(id), levels, startOverrides: new Map() }
  }
  return createNumbering(listOf)
}

const numberFormats: Record<number, string> = {
  0: 'decimal',
  1: 'upperRoman',
  2: 'lowerRoman',
  3: 'upperLetter',
  4: 'lowerLetter',
  5: 'ordinal',
  22: 'decimalZero',
  23: 'bullet',
  255: 'none',
}

/** References in the body, and where the text of each stands in its own part. */
function* readNotes(
  references: DataView,
  texts: DataView,
  dataLength: number,
  kind: 'footnote' | 'endnote' | 'comment',
  part: { start: number; end: number },
): Generator<[number, { kind: typeof kind; start: number; end: number; author: string }]> {
  const count = Math.floor((references.byteLength - 4) / (4 + dataLength))
  for (let index = 0; index < count && (index + 2) * 4 <= texts.byteLength; index++) {
    const start = part.start + texts.getUint32(index * 4, true)
    const end = Math.min(part.start + texts.getUint32(index * 4 + 4, true), part.end)
    const data = (count + 1) * 4 + index * dataLength
    if (end > start)
      yield [references.getUint32(index * 4, true), { kind, start, end, author: initials(references, data, kind) }]
  }
}

/** Comments name who wrote them by up to nine letters. */
function initials(references: DataView, at: number, kind: string): string {
  if (kind !== 'comment' || at + 20 > references.byteLength) return ''
  const length = Math.min(references.getUint16(at, true), 9)
  return Array.from({ length }, (_, index) => String.fromCharCode(references.getUint16(at + 2 + index * 2, true))).join(
    '',
  )
}

/** MS-DOC 2.8.23 Plcfhdd: six separators of notes, then six running heads for each section. */
function readHeads(plc: DataView, part: { start: number; end: number }): BinaryDocument['heads'] {
  const heads: BinaryDocument['heads'] = []
  for (let index = 6; (index + 2) * 4 <= plc.byteLength && heads.length < 1200; index++) {
    const start = part.start + plc.getUint32(index * 4, true)
    const end = Math.min(part.start + plc.getUint32(index * 4 + 4, true), part.end)
    const place = (index - 6) % 6
    if (end > start) heads.push({ kind: place === 2 || place === 3 || place === 5 ? 'footer' : 'header', start, end })
  }
  return heads
}
