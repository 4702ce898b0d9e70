import type { Box, Element, ParsedDocument } from '../../contract/parsed-document.ts'
import { collapse, createDocumentBuilder } from './document-builder.ts'
import { isMarker, type Line, median, type Rectangle, type Region, unite } from './pdf-layout.ts'
import { type AlignedTable, findTables } from './pdf-tables.ts'

export interface PdfPage {
  width: number
  height: number
  regions: Region[]
}

export interface OutlineEntry {
  title: string
  /** 1 for the outermost. */
  level: number
}

export interface StructureOptions {
  tables: boolean
  outline: readonly OutlineEntry[]
  warnings: readonly string[]
}

/** From lines in reading order to the elements of a document: what repeats, what is a heading, what belongs together. */
export function writePdf(pages: readonly PdfPage[], options: StructureOptions): ParsedDocument {
  const margins = findMargins(pages)
  const body = bodyStyle(pages, margins)
  const words = knownWords(pages)
  const pageBlocks = pages.map((page) => toBlocks(page, margins, body, options.tables))
  const levels = headingLevels(pageBlocks.flat(), body, options.outline)
  const builder = createDocumentBuilder()
  let title: { text: string; size: number } | undefined
  pages.forEach((page, index) => {
    const number = builder.beginPage({ width: round(page.width), height: round(page.height) })
    const lines = page.regions.flatMap((region) => region.lines)
    const margin = (kind: Margin): void => {
      for (const line of lines) {
        if (margins.get(line) === kind) builder.add(kind, line.text, { boxes: [toBox(line.box, number)] })
      }
    }
    margin('page-header')
    for (const block of pageBlocks[index] ?? []) {
      const boxes = block.parts.map((part) => toBox(part, number))
      if (block.table) {
        const headerRows = hasHeader(block.table.rows) ? 1 : 0
        builder.addTable(block.table.rows, headerRows, { boxes })
        continue
      }
      const level = levels.get(block)
      const kind = level === undefined ? block.kind : 'heading'
      const text = kind === 'code' ? codeText(block.lines) : joinLines(block, words, kind === 'heading')
      builder.add(kind, text, { ...(level === undefined ? {} : { level }), boxes })
      const size = block.lines[0]?.size ?? 0
      if (level !== undefined && index < 2 && size > (title?.size ?? 0)) title = { text: collapse(text), size }
    }
    margin('page-footer')
  })
  return builder.finish(title?.text, options.warnings)
}

type Margin = 'page-header' | 'page-footer'

interface Block {
  kind: Exclude<Element['kind'], 'heading' | 'table' | 'page-header' | 'page-footer'>
  lines: Line[]
  /** One rectangle a column that it stands in. */
  parts: Rectangle[]
  /** The edges of its column. */
  column: { left: number; right: number }
  turned: boolean
  table?: AlignedTable
}

interface BodyStyle {
  size: number
  bold: boolean
  monospace: boolean
}

// Running headers and footers

/**
 * Lines near the top or bottom edge that come back, page numbers aside, on several pages at the same height; and page
 * numbers on their own at the very edge.
 */
function findMargins(pages: readonly PdfPage[]): Map<Line, Margin> {
  const margins = new Map<Line, Margin>()
  const seen = new Map<string, { lines: Line[]; pages: Set<number> }>()
  pages.forEach((page, index) => {
    for (const { line, kind } of edgeLines(page)) {
      const key = `${kind} ${normalise(line.text)} ${Math.round(line.top / 14)}`
      const entry = seen.get(key) ?? { lines: [], pages: new Set<number>() }
      entry.lines.push(line)
      entry.pages.add(index)
      seen.set(key, entry)
    }
  })
  const needed = pages.length <= 4 ? 2 : 3
  const repeated = new Set<Line>()
  for (const entry of seen.values()) if (entry.pages.size >= needed) for (const line of entry.lines) repeated.add(line)
  for (const page of pages) {
    // From the edge inwards, as far as every line repeats: the first that does not is the page's own text.
    for (const kind of ['page-header', 'page-footer'] as const) {
      const lines = edgeLines(page).filter((entry) => entry.kind === kind)
      const distance = (line: Line): number => (kind === 'page-header' ? line.box.y : -line.box.y - line.box.height)
      for (const { line } of lines.toSorted((a, b) => distance(a.line) - distance(b.line))) {
        if (!repeated.has(line) && !isPageNumber(line.text)) break
        if (repeated.has(line)) margins.set(line, kind)
      }
    }
  }
  for (const page of pages) {
    const lines = page.regions.flatMap((region) => region.lines)
    for (const { line, kind } of edgeLines(page)) {
      if (margins.has(line) || !isPageNumber(line.text)) continue
      const outermost = lines.every((other) =>
        kind === 'page-header' ? other.top >= line.top - 3 : other.bottom <= line.bottom + 3,
      )
      if (outermost) margins.set(line, kind)
    }
  }
  return margins
}

function edgeLines(page: PdfPage): { line: Line; kind: Margin }[] {
  const found: { line: Line; kind: Margin }[] = []
  for (const line of page.regions.flatMap((region) => region.lines)) {
    const top = line.box.y
    const bottom = line.box.y + line.box.height
    if (bottom < page.height * 0.12) found.push({ line, kind: 'page-header' })
    else if (top > page.height * 0.88) found.push({ line, kind: 'page-footer' })
  }
  return found
}

function normalise(text: string): string {
  return collapse(text.toLowerCase().replaceAll(/\d+/g, '#')).replace(/^[ivxlc]+$/, '#')
}

function isPageNumber(text: string): boolean {
  return /^(?:page|seite|p\.|s\.|página|pagina)?\s*[-–—|[(]*\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:(?:of|von|de|sur|\/)\s*\d{1,4})?\s*[-–—|\])]*$/i.test(
    text.trim(),
  )
}

// Blocks

function bodyStyle(pages: readonly PdfPage[], margins: ReadonlyMap<Line, Margin>): BodyStyle {
  const sizes = new Map<number, number>()
  let bold = 0
  let monospace = 0
  let all = 0
  for (const line of pages.flatMap((page) => page.regions.flatMap((region) => region.lines))) {
    if (margins.has(line)) continue
    const size = Math.round(line.size * 2) / 2
    sizes.set(size, (sizes.get(size) ?? 0) + line.text.length)
    all += line.text.length
    if (line.bold) bold += line.text.length
    if (line.monospace) monospace += line.text.length
  }
  const size = [...sizes].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 10
  return { size, bold: bold > all * 0.4, monospace: monospace > all * 0.5 }
}

function toBlocks(page: PdfPage, margins: ReadonlyMap<Line, Margin>, body: BodyStyle, tables: boolean): Block[] {
  const blocks: Block[] = []
  for (const region of page.regions) {
    const lines = region.lines.filter((line) => !margins.has(line))
    if (lines.length === 0) continue
    const pitch = typicalPitch(lines)
    const stretches = tables ? findTables(lines) : [{ kind: 'lines' as const, lines }]
    let first = true
    for (const stretch of stretches) {
      if (stretch.kind === 'table') {
        const { table } = stretch
        const { turned } = region
        blocks.push({ kind: 'paragraph', lines: table.lines, parts: [table.box], column: region, turned, table })
      } else {
        const paragraphs = toParagraphs(stretch.lines, { ...region, pitch, body })
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
  if (
    beginsItem(line) &&
    (!isDash(line) || isDash(first) || /[.:;!?]$/.test(before.text) || endsEarly(before, column))
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

/** A dash or dot may also be the middle of a sentence. */
function isDash(line: Line): boolean {
  return /^[-–—·∙*]\s/.test(line.text)
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
  return { kind, lines, parts, column: { left: column.left, right: column.right }, turned }
}

function isCaption(text: string): boolean {
  return /^(?:fig(?:ure|\.)?|table|tab\.|abbildung|abb\.|tabelle|tableau|figura|tabla|listing|algorithm|exhibit|图|表|図|그림|표)\s*\d+(?:[.-]\d+)?(?:\s*[.:：|–—-]|$)/i.test(
    text,
  )
}

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

// Headings

/**
 * Larger or bolder than the body, short, and no sentence; or named in the document's outline, which then gives the
 * level. Otherwise levels follow from size and weight: the largest is 1.
 */
function headingLevels(
  blocks: readonly Block[],
  body: BodyStyle,
  outline: readonly OutlineEntry[],
): Map<Block, number> {
  const outlined = new Map(outline.map((entry) => [headingKey(entry.title), entry.level]))
  const levels = new Map<Block, number>()
  const styled: { block: Block; size: number; bold: boolean }[] = []
  for (const block of blocks) {
    const line = block.lines[0]
    if (
      !line ||
      block.table ||
      block.lines.length > 4 ||
      block.turned ||
      block.kind === 'caption' ||
      block.kind === 'code'
    )
      continue
    const text = block.lines.map((other) => other.text).join(' ')
    const outlineLevel = outlined.get(headingKey(text))
    if (outlineLevel !== undefined && text.length <= 250) {
      levels.set(block, Math.min(6, outlineLevel))
      continue
    }
    if (isHeading(block, text, line, body)) {
      styled.push({ block, size: line.size, bold: line.bold })
    }
  }
  const characters = (list: readonly Block[]): number =>
    list.reduce((sum, block) => sum + block.lines.reduce((inner, line) => inner + line.text.length, 0), 0)
  // Where much of the text would be headings, weight means something else here; size alone may still tell.
  const tooMany = characters(styled.map((entry) => entry.block)) > characters(blocks) * 0.3 && blocks.length > 8
  const chosen = tooMany ? styled.filter((entry) => entry.size > body.size * 1.25) : styled
  const ranks: { size: number; bold: boolean }[] = []
  for (const entry of chosen.toSorted((a, b) => b.size - a.size || Number(b.bold) - Number(a.bold))) {
    const last = ranks.at(-1)
    if (!last || last.size - entry.size > 0.6 || last.bold !== entry.bold) ranks.push(entry)
  }
  for (const entry of chosen) {
    const rank = ranks.findIndex((known) => known.size - entry.size <= 0.6 && known.bold === entry.bold)
    levels.set(entry.block, Math.min(6, Math.max(0, rank) + 1))
  }
  return levels
}

function isHeading(block: Block, text: string, line: Line, body: BodyStyle): boolean {
  if (text.length > 200 || (text.match(/\p{L}/gu)?.length ?? 0) < 3) return false
  if (/^[^\p{L}\d]*$/u.test(text) || /(?:\.\s?){5,}/.test(text)) return false
  const numbered = /^(?:\d+(?:\.\d+)*\.?|[IVX]+\.|[A-Z]\.)\s+\p{Lu}/u.test(text)
  const bulleted = block.kind === 'list-item' && !numbered
  if (bulleted) return false
  const sentence = /[.,;]$/.test(text) && text.length > 40
  const ratio = line.size / body.size
  if (ratio >= 1.15) return !sentence || ratio >= 1.5
  if (sentence || /[,;]$/.test(text) || text.length > 120 || block.lines.length > 2) return false
  if (line.bold && !body.bold && ratio > 0.93) return !/\.$/.test(text) || numbered
  const capitals = text.replaceAll(/[^\p{L}]/gu, '')
  return (
    ratio > 0.97 &&
    block.lines.length === 1 &&
    capitals.length >= 6 &&
    text.length <= 70 &&
    capitals === capitals.toUpperCase() &&
    capitals !== capitals.toLowerCase() &&
    !/\d{3,}|[$€£%=]/.test(text)
  )
}

function headingKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/^\s*(?:(?:chapter|section|appendix|kapitel)\s+)?(?:\d+(?:\.\d+)*\.?|[ivx]+\.)\s+/, '')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

// Text

/** The words that stand whole somewhere in the document: they tell a broken word from one with a hyphen of its own. */
function knownWords(pages: readonly PdfPage[]): Set<string> {
  const words = new Set<string>()
  for (const line of pages.flatMap((page) => page.regions.flatMap((region) => region.lines))) {
    const whole = line.text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-‐][\p{L}\p{N}]+)*/gu) ?? []
    const broken = /[-‐\u00AD]$/.test(line.text)
    for (const word of broken ? whole.slice(0, -1) : whole) if (words.size < 500_000) words.add(word)
  }
  return words
}

function joinLines(block: Block, words: ReadonlySet<string>, flow: boolean): string {
  let text = ''
  block.lines.forEach((line, index) => {
    const before = block.lines[index - 1]
    const own = line.text.replace(leaders, ' … ')
    if (!before) text = own
    else {
      const apart = !flow && (endsEarly(before, block.column) || leaders.test(before.text))
      text = joinTwo(text, own, words, apart ? '\n' : ' ')
    }
  })
  // Bullets from symbol fonts have no character of their own.
  return text.replace(/^[\uE000-\uF8FF]\s*/, '• ')
}

/** The dots between an entry of a table of contents and its page number. */
const leaders = /\s*(?:\.\s?){5,}\s*/

/** A line that stops long before the margin was ended on purpose, as in an address or a poem. */
function endsEarly(line: Line, column: { left: number; right: number }): boolean {
  const width = column.right - column.left
  return line.rightToLeft ? line.x - column.left > width * 0.35 : column.right - line.right > width * 0.35
}

function joinTwo(before: string, after: string, words: ReadonlySet<string>, separator: string): string {
  if (before.endsWith('\u00AD')) return before.slice(0, -1) + after
  const head = /([\p{L}\p{N}]+(?:[-‐][\p{L}\p{N}]+)*)[-‐]$/u.exec(before)?.[1]
  const tail = /^[\p{L}\p{N}]+/u.exec(after)?.[0]
  if (head !== undefined && tail !== undefined) {
    const joined = (head + tail).toLowerCase()
    const hyphened = `${head}-${tail}`.toLowerCase()
    const last = head.split(/[-‐]/).at(-1) ?? head
    if (words.has(joined)) return before.slice(0, -1) + after
    if (words.has(hyphened)) return before + after
    const brokenWord = /^\p{Ll}{2,}/u.test(tail) && /\p{L}{2,}$/u.test(last) && !head.includes('-')
    return brokenWord ? before.slice(0, -1) + after : before + after
  }
  const dense = /[\u3000-\u30FF\u3400-\u9FFF\uFF00-\uFFEF]/
  if (dense.test(before.at(-1) ?? '') && dense.test(after[0] ?? '')) return before + after
  return before + separator + after
}

/** Code keeps its lines, and its indentation as far as the places of its lines tell it. */
function codeText(lines: readonly Line[]): string {
  const left = Math.min(...lines.map((line) => line.x))
  return lines
    .map((line) => {
      const width = (line.right - line.x) / Math.max(1, line.text.length)
      const indent = width > 0 ? Math.min(40, Math.round((line.x - left) / width)) : 0
      return ' '.repeat(indent) + line.text
    })
    .join('\n')
}

function hasHeader(rows: readonly (readonly string[])[]): boolean {
  const first = rows[0]
  if (!first || rows.length < 3) return false
  const filled = first.filter((cell) => cell !== '')
  return (
    filled.length >= first.length - 1 &&
    filled.every((cell) => cell.length <= 60 && !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
  )
}

function toBox(box: Rectangle, page: number): Box {
  return { page, x: round(box.x), y: round(box.y), width: round(box.width), height: round(box.height) }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
