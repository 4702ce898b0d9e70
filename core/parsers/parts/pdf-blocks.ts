import type { Element } from '../../contract/parsed-document.ts'
import { isMarker, type Line, median, type Rectangle, unite } from './pdf-layout.ts'
import type { Margin } from './pdf-margins.ts'
import type { PdfPage } from './pdf-structure.ts'
import { endsEarly } from './pdf-text.ts'
import { type AlignedTable, findTables } from './pdf-tables.ts'

/** Lines that belong together: a paragraph, a heading, an item of a list, a table … */
export interface Block {
  kind: Exclude<Element['kind'], 'heading' | 'table' | 'page-header' | 'page-footer'>
  lines: Line[]
  /** One rectangle a column that it stands in. */
  parts: Rectangle[]
  /** The edges of its column. */
  column: { left: number; right: number }
  turned: boolean
  /** Text follows it in its column. */
  leads: boolean
  table?: AlignedTable
}

export interface BodyStyle {
  size: number
  bold: boolean
  monospace: boolean
  /** Name of the font of most of the text. */
  font: string
}

export function bodyStyle(pages: readonly PdfPage[], margins: ReadonlyMap<Line, Margin>): BodyStyle {
  const sizes = new Map<number, number>()
  const fonts = new Map<string, number>()
  let bold = 0
  let monospace = 0
  let all = 0
  for (const line of pages.flatMap((page) => page.regions.flatMap((region) => region.lines))) {
    if (margins.has(line)) continue
    const size = Math.round(line.size * 2) / 2
    sizes.set(size, (sizes.get(size) ?? 0) + line.text.length)
    fonts.set(line.font, (fonts.get(line.font) ?? 0) + line.text.length)
    all += line.text.length
    if (line.bold) bold += line.text.length
    if (line.monospace) monospace += line.text.length
  }
  const size = [...sizes].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 10
  const font = [...fonts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? ''
  return { size, bold: bold > all * 0.4, monospace: monospace > all * 0.5, font }
}

export function toBlocks(page: PdfPage, margins: ReadonlyMap<Line, Margin>, body: BodyStyle, tables: boolean): Block[] {
  const blocks: Block[] = []
  for (const region of page.regions) {
    const lines = region.lines.filter((line) => !margins.has(line))
    if (lines.length === 0) continue
    const notes = footnotes(lines, page, body)
    const pitch = typicalPitch(lines)
    const stretches = tables ? findTables(lines, page.rules) : [{ kind: 'lines' as const, lines }]
    let first = true
    for (const stretch of stretches) {
      if (stretch.kind === 'table') {
        const { table } = stretch
        const { turned } = region
        blocks.push({
          kind: 'paragraph',
          lines: table.lines,
          parts: [table.box],
          column: region,
          turned,
          leads: false,
          table,
        })
      } else {
        const paragraphs = toParagraphs(stretch.lines, { ...region, pitch, body })
        for (const paragraph of paragraphs)
          if (paragraph.lines.every((line) => notes.has(line))) paragraph.kind = 'note'
        paragraphs.slice(0, -1).forEach((paragraph) => (paragraph.leads = true))
        for (const paragraph of paragraphs) {
          const previous = blocks.at(-1)
          if (first && previous && continues(previous, paragraph, body)) {
            previous.lines.push(...paragraph.lines)
            previous.parts.push(...paragraph.parts)
          } else {
            blocks.push(paragraph)
          }
          first = false
        }
      }
      first = false
    }
  }
  return blocks
}

/** The lines in small type at the foot of a column, from the first that begins with a reference mark. */
function footnotes(lines: readonly Line[], page: PdfPage, body: BodyStyle): Set<Line> {
  let first = lines.length
  while (first > 0 && isSmall(lines[first - 1], body)) first--
  const marked = lines.findIndex((line, index) => index >= first && referenceMark.test(line.text))
  const line = lines[marked]
  if (!line || line.box.y < page.height * 0.5 || marked === 0) return new Set()
  return new Set(lines.slice(marked))
}

function isSmall(line: Line | undefined, body: BodyStyle): boolean {
  return line !== undefined && line.size < body.size * 0.94 && !line.segments[0]?.table
}

/** "1The", "2 http://…", "3) Under", "∗Equal"; not "4 times a day". */
const referenceMark = /^(?:\d{1,3}\)?(?:\s?[\p{Lu}\p{Lo}“"‘(]|\p{Ll}|\shttp)|[∗*†‡§¶]{1,3}\s?[\p{L}“"‘(])/u

/** Whether a column's first paragraph goes on where the column before it broke off in mid-sentence. */
function continues(previous: Block, next: Block, body: BodyStyle): boolean {
  const last = previous.lines.at(-1)
  const first = next.lines[0]
  if (!last || !first || previous.table || next.kind !== 'paragraph') return false
  if (previous.kind !== 'paragraph' && previous.kind !== 'list-item') return false
  if (Math.abs(last.size - first.size) > body.size * 0.06 || last.bold !== first.bold) return false
  return !/[.!?:;]["'”’)\]]*$/.test(last.text) && /^\p{Ll}/u.test(first.text) && previous.lines.length > 1
}

interface Column {
  left: number
  right: number
  turned: boolean
  pitch: number
  body: BodyStyle
}

function typicalPitch(lines: readonly Line[]): number {
  const pitches = lines.slice(1).flatMap((line, index) => {
    const before = lines[index]
    const pitch = before ? line.baseline - before.baseline : 0
    return before && pitch > line.size * 0.8 && pitch < line.size * 2.2 ? [pitch / line.size] : []
  })
  return pitches.length > 2 ? median(pitches) : 1.3
}

function toParagraphs(lines: readonly Line[], column: Column): Block[] {
  const blocks: Block[] = []
  let current: Line[] = []
  const close = (): void => {
    if (current.length > 0) blocks.push(blockOf(current, column))
    current = []
  }
  for (const line of lines) {
    const before = current.at(-1)
    if (before && beginsBlock(line, before, current, column)) close()
    current.push(line)
  }
  close()
  return mergeHeadingNumbers(blocks)
}

function beginsBlock(line: Line, before: Line, block: readonly Line[], column: Column): boolean {
  const { body } = column
  const first = block[0] ?? before
  const size = Math.max(line.size, before.size)
  const sameSize = Math.abs(line.size - before.size) <= size * 0.08
  const pitch = line.baseline - before.baseline
  if (!sameSize) return true
  if (pitch > size * Math.max(column.pitch * 1.3, column.pitch + 0.25) || pitch < -size) return true
  const display = line.size > body.size * 1.12
  if (line.bold !== before.bold && !display && /\p{L}/u.test(line.text) && /\p{L}/u.test(before.text)) return true
  if (changesFont(line, before, block, column)) return true
  if (line.size < body.size * 0.94 && referenceMark.test(first.text) && referenceMark.test(line.text)) return true
  if (
    beginsItem(line) &&
    (!mayGoOn(line) || mayGoOn(first) || /[.:;!?]$/.test(before.text) || endsEarly(before, column))
  ) {
    return true
  }
  if (line.monospace && before.monospace && !body.monospace) return false
  if (line.monospace !== before.monospace && (line.monospace || block.length > 1) && !body.monospace) return true
  // Display type is often centred: indents say nothing there.
  if (display || line.rightToLeft) return false
  const indent = line.x - before.x
  if (beginsItem(first)) {
    // Items hang: what stands under the item's text belongs to it, what stands at the margin does not.
    if (line.x > first.x + size * 0.5) return false
    if (line.x < first.x - size * 0.5 || (block.length > 1 && before.x > first.x + size * 0.5)) return true
  }
  const width = column.right - column.left
  const short = before.right < column.right - width * 0.12
  if (short && /[.!?:]["'”’)\]]?$/.test(before.text) && before.right < column.right - size * 3) return true
  if (indent > size * 0.9 && indent < size * 5 && before.x < column.left + size * 0.6) {
    return block.length > 1 || !short || /[.!?:]["'”’)\]]?$/.test(before.text)
  }
  return false
}

/** A line in a font of its own, over or under text in another: a heading that neither size nor weight tells. */
function changesFont(line: Line, before: Line, block: readonly Line[], column: Column): boolean {
  if (line.font === before.font || line.mixed || before.mixed || line.monospace || before.monospace) return false
  const short = (one: Line): boolean => one.right < column.right - (column.right - column.left) * 0.1
  if (before.font !== column.body.font) {
    return (block.length === 1 || (block.length === 2 && short(before))) && !/[,;-]$/.test(before.text)
  }
  return line.font !== column.body.font && short(line) && short(before) && /[.!?:]["'”’)\]]?$/.test(before.text)
}

/** A dash or dot may also be the middle of a sentence, and a small letter its end: "over 50" and then "m. It is". */
function mayGoOn(line: Line): boolean {
  return /^(?:[-–—·∙*]|\p{Ll}\.)\s/u.test(line.text)
}

function beginsItem(line: Line): boolean {
  const first = /^\S+/.exec(line.text)?.[0] ?? ''
  if (!isMarker(first) || line.text.length <= first.length) return false
  // "a." and "i)" begin items; a lone initial or "A." at the start of a sentence does not.
  return !/^[A-Z]\.$/.test(first)
}

function blockOf(lines: Line[], column: Column): Block {
  const { body, turned } = column
  const first = lines[0]
  const parts = [unite(lines.map((line) => line.box))]
  let kind: Block['kind'] = 'paragraph'
  if (first && beginsItem(first)) kind = 'list-item'
  else if (first && isCaption(first.text)) kind = 'caption'
  else if (!body.monospace && lines.length > 1 && lines.every((line) => line.monospace)) kind = 'code'
  return { kind, lines, parts, column: { left: column.left, right: column.right }, turned, leads: false }
}

/** "Table 2-1 Columns of the view" is one; "Table 2-1 describes the columns" is a sentence about it. */
function isCaption(text: string): boolean {
  const number = captionStart.exec(text)?.[0]
  if (number === undefined) return false
  const rest = text.slice(number.length)
  return rest === '' || /^\s*[.:：|–—)-](?!\d)/.test(rest) || (/^\s+\p{Lu}/u.test(rest) && text.length < 200)
}

const captionStart =
  /^\[?(?:fig(?:ure|\.)?|table|tab\.|abbildung|abb\.|tabelle|tableau|figura|tabla|listing|algorithm|exhibit|图|表|図|그림|표)\s*\d+(?:[.-]\d+)*\]?/i

/** "1" and "Introduction" set apart on one line or two are one heading. */
function mergeHeadingNumbers(blocks: Block[]): Block[] {
  const merged: Block[] = []
  for (const block of blocks) {
    const previous = merged.at(-1)
    const number = previous?.lines.length === 1 ? previous.lines[0] : undefined
    const line = block.lines[0]
    const alone = number !== undefined && /^\d+(?:\.\d+)*\.?$/.test(number.text)
    if (previous && number && line && alone && Math.abs(number.baseline - line.baseline) < line.size * 1.6) {
      if (Math.abs(number.size - line.size) < line.size * 0.1 && number.bold === line.bold) {
        previous.lines.push(...block.lines)
        previous.parts = [unite([...previous.parts, ...block.parts])]
        continue
      }
    }
    merged.push(block)
  }
  return merged
}
