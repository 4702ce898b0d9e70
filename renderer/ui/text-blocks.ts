import { cellSpans, type Element, type Page } from '../../core/contract/parsed-document.ts'

/** A run of text with one look. */
export interface Run {
  text: string
  /** Offset in the whole text: `text` stands there, letter by letter. */
  start: number
  /** Inside the highlighted passage. */
  marked: boolean
  look: 'plain' | 'strong' | 'code'
  /** Ids of the spans that hold it. */
  spans: number[]
  /** The tone of its span; 'several' where spans overlap. */
  tone?: string
  /** The label of the span that begins here: its first shown character is that of this run. */
  begins?: string
  /** What is to be said of that span where it begins. */
  flag?: string
  /** One of its spans is. */
  lifted?: boolean
}

/** A stretch of the text that is to be seen and found again, such as a chunk. */
export interface NamedSpan extends Span {
  id: number
  /** What stands at its beginning. */
  label: string
  /** How it is coloured. */
  tone: string
  /** Said where it begins: 'cut', for instance. */
  flag?: string
  /** Stands out among the others. */
  lifted?: boolean
}

/** A part of a document as it is shown. `start` is its offset in the whole text. */
export type Block =
  | { kind: 'page-break'; start: number; page: number; label: string }
  | { kind: 'heading'; start: number; level: number; runs: Run[] }
  | { kind: 'list-item'; start: number; depth: number; bullet: string; runs: Run[] }
  | { kind: 'table'; start: number; header: Cell[][]; rows: Cell[][]; grid?: SheetGrid }
  /** Lines of a name and a value, such as the header of a message. */
  | { kind: 'facts'; start: number; facts: { name: Run[]; value: Run[] }[] }
  | { kind: 'code'; start: number; runs: Run[] }
  | { kind: 'paragraph' | 'caption' | 'quote' | 'note' | 'page-header' | 'page-footer'; start: number; runs: Run[] }

export interface Cell {
  runs: Run[]
  /** Cells of a grid: inside the highlighted passage, empty ones too. */
  marked?: boolean
}

/** Where a table stands on its sheet, 1-based. */
export interface SheetGrid {
  column: number
  headerRows: number[]
  rows: number[]
}

export interface TextWindow {
  text: string
  /** Offset of the window's first character in the whole text. */
  textStart: number
  elements: Element[]
  pages: Page[]
  /** 'markdown' and 'csv' have a syntax of their own that is not shown. */
  type: string
  /** The page on which the window begins has been announced before. */
  continues?: boolean
}

export interface Span {
  start: number
  end: number
}

/** The spans that touch a stretch. `spans` are in order of their beginnings. */
export function spansIn(spans: readonly NamedSpan[], { start, end }: Span): NamedSpan[] {
  const found: NamedSpan[] = []
  for (const span of spans) {
    if (span.start >= end) break
    if (span.end > start) found.push(span)
  }
  return found
}

/**
 * The blocks of a window of a document, with the passage `mark` (offsets in the whole text) marked in them, and each run
 * telling which of `spans` hold it. Nothing that is not syntax is left out: text that no element covers becomes
 * paragraphs.
 */
export function toBlocks(source: TextWindow, mark: Span | null, spans: readonly NamedSpan[] = []): Block[] {
  const begun = new Set(spans.filter((span) => span.start < source.textStart).map((span) => span.id))
  const window: Cutting = { ...source, spans, begun }
  const textEnd = window.textStart + window.text.length
  const blocks: Block[] = []
  const pages = window.pages.filter(
    (page) =>
      page.end > window.textStart && page.start < textEnd && !(window.continues && page.start < window.textStart),
  )
  let nextPage = 0
  const push = (block: Block): void => {
    for (let page = pages[nextPage]; page && page.start <= block.start; page = pages[++nextPage]) {
      const following = pages[nextPage + 1]
      // Pages without text leave no trace; the last of several beginnings here is where we are.
      if (following && following.start <= block.start) continue
      blocks.push({ kind: 'page-break', start: block.start, page: page.number, label: pageLabel(page) })
    }
    blocks.push(block)
  }
  let at = window.textStart
  let headed = -1
  for (const element of window.elements) {
    const start = Math.max(element.start, at)
    const end = Math.min(element.end, textEnd)
    if (end <= start) continue
    for (const block of looseText(window, at, start, mark)) push(block)
    const shown = { ...element, start, end }
    push((headed >= 0 && factsBlock(window, shown, mark)) || toBlock(window, shown, mark))
    // The header of a message comes right after its subject.
    headed = messageTypes.has(window.type) && element.kind === 'heading' && element.level === 1 ? start : -1
    at = end
  }
  for (const block of looseText(window, at, textEnd, mark)) push(block)
  return blocks
}

/** 'Page 3', 'Slide 4: Results', 'Sheet Costs'; says so where the text was read from a picture. */
export function pageLabel({ number, kind = 'page', label, ocr }: Page): string {
  const noun = kind.charAt(0).toUpperCase() + kind.slice(1)
  const name = kind === 'sheet' && label ? `${noun} ${label}` : `${noun} ${number}${label ? `: ${label}` : ''}`
  return ocr ? `${name} · text recognised in a picture (${Math.round(ocr.confidence)} % sure)` : name
}

const messageTypes = new Set(['email', 'msg', 'mbox'])
const factLine = /^([\p{Lu}][\p{L}-]*):[ \t]+(?=\S)/u

/** `From: …` and the like, if all of the element is of that kind. */
function factsBlock(window: Cutting, element: Element, mark: Span | null): Block | null {
  if (element.kind !== 'paragraph') return null
  const lines = linesOf(window, element).map((line) => ({
    ...line,
    name: factLine.exec(slice(window, line.start, line.end)),
  }))
  if (lines.length === 0 || lines.some((line) => line.name === null)) return null
  const facts = lines.map(({ start, end, name }) => {
    const nameEnd = start + (name?.[1]?.length ?? 0) + 1
    const valueStart = start + (name?.[0].length ?? 0)
    return { name: toRuns(window, start, nameEnd, mark, []), value: toRuns(window, valueStart, end, mark, []) }
  })
  return { kind: 'facts', start: element.start, facts }
}

interface Cutting extends TextWindow {
  spans: readonly NamedSpan[]
  /** Spans of which something was shown already. */
  begun: Set<number>
}

/** Text between elements: paragraphs at its blank lines. */
function looseText(window: Cutting, from: number, to: number, mark: Span | null): Block[] {
  const text = slice(window, from, to)
  return [...text.matchAll(/\S(?:(?!\n\s*\n)[\s\S])*/g)].map((match) => {
    const start = from + match.index
    return { kind: 'paragraph', start, runs: toRuns(window, start, start + match[0].trimEnd().length, mark, []) }
  })
}

/** What a syntax means for the characters it covers; 'hidden' ones are not shown. */
interface Styled extends Span {
  look: 'strong' | 'code' | 'hidden'
}

function toBlock(window: Cutting, element: Element, mark: Span | null): Block {
  const { kind, start, end } = element
  const text = slice(window, start, end)
  const styled: Styled[] = []
  const hide = (from: number, length: number): void => {
    if (length > 0) styled.push({ start: start + from, end: start + from + length, look: 'hidden' })
  }
  const markdown = window.type === 'markdown'
  const runs = (): Run[] =>
    toRuns(window, start, end, mark, markdown && kind !== 'code' ? [...styled, ...inlineMarkdown(text, start)] : styled)

  if (kind === 'table') return tableBlock(window, element, mark)
  if (kind === 'heading') {
    if (markdown) {
      hide(0, /^ {0,3}#{1,6}[ \t]+/.exec(text)?.[0].length ?? 0)
      const tail = /(?:[ \t]+#+[ \t]*|\n[=-]+\s*)$/.exec(text)
      if (tail) hide(tail.index, tail[0].length)
    }
    return { kind, start, level: element.level ?? 2, runs: runs() }
  }
  if (kind === 'list-item') {
    const match = /^([ \t]*)([-*+•◦‣–]|\d{1,4}[.)]|[a-z][.)])[ \t]+/.exec(text)
    hide(0, match?.[0].length ?? 0)
    const bullet = match?.[2] ?? '•'
    const lineStart = window.text.lastIndexOf('\n', start - window.textStart - 1) + 1
    const indent = slice(window, window.textStart + lineStart, start) + (match?.[1] ?? '')
    const depth = /^[ \t]*$/.test(indent) ? Math.floor(indent.replaceAll('\t', '    ').length / 2) : 0
    return { kind, start, depth: Math.min(depth, 6), bullet: /\w/.test(bullet) ? bullet : '•', runs: runs() }
  }
  if (kind === 'code') {
    const opening = /^[ \t]*(`{3,}|~{3,})[^\n]*\n/.exec(text)
    const closing = opening ? /\n[ \t]*(`{3,}|~{3,})\s*$/.exec(text) : null
    hide(0, opening?.[0].length ?? 0)
    if (closing) hide(closing.index, closing[0].length)
    return { kind, start, runs: runs() }
  }
  if (kind === 'quote' && markdown) {
    for (const match of text.matchAll(/^[ \t]*>[ \t]?/gm)) hide(match.index, match[0].length)
  }
  return { kind, start, runs: runs() }
}

function tableBlock(window: Cutting, element: Element, mark: Span | null): Block {
  const all: (Span & { cells?: number[] | undefined })[] = element.rows ?? linesOf(window, element)
  const spans = all.filter((row) => row.end > element.start && row.start < element.end)
  // Of a table that is shown in parts only the first has the header.
  const before = all.findIndex((row) => row.end > element.start)
  const headerRows = (element.headerRows ?? 0) - Math.max(0, before)
  const first = spans[0]
  const sample = first ? slice(window, first.start, first.end) : ''
  const separator = separatorOf(sample, window.type)
  const sheet = gridOf(window, element)
  const grid: SheetGrid = { column: sheet?.column ?? 1, headerRows: [], rows: [] }
  const header: Cell[][] = []
  const rows: Cell[][] = []
  for (const [index, span] of spans.entries()) {
    const start = Math.max(span.start, element.start)
    const end = Math.min(span.end, element.end)
    const text = slice(window, start, end)
    // Markdown's line of dashes under the header says nothing to a reader.
    if (separator === '|' && /^[\s|:-]*-[\s|:-]*$/.test(text)) continue
    // Where the parser noted the cells they need not be guessed.
    // In a grid each stays in its column, also where the window begins in mid-row.
    const noted = cellSpans(span).filter((cell) => sheet !== null || (cell.end >= start && cell.start <= end))
    const guessed = (): Span[] =>
      splitRow(text, separator).map((cell) => ({ start: start + cell.start, end: start + cell.end }))
    const cells = (noted.length > 0 ? noted : guessed()).map((cell) => {
      const from = Math.max(cell.start, start)
      const to = Math.max(from, Math.min(cell.end, end))
      const styled = window.type === 'markdown' ? inlineMarkdown(slice(window, from, to), from) : []
      const isMarked = mark !== null && mark.start <= from && mark.end >= to && mark.end > mark.start
      const runs = toRuns(window, from, to, mark, styled)
      return sheet && (isMarked || runs.some((run) => run.marked)) ? { runs, marked: true } : { runs }
    })
    if (cells.length === 0) continue
    const isHeader = index < headerRows
    ;(isHeader ? header : rows).push(cells)
    ;(isHeader ? grid.headerRows : grid.rows).push(sheet?.rowAt(Math.max(0, before) + index) ?? 0)
  }
  return { kind: 'table', start: element.start, header, rows, ...(sheet ? { grid } : {}) }
}

/** Row numbers and columns of tables that come from a sheet; a file of separated values is one. */
function gridOf(window: Cutting, element: Element): { column: number; rowAt(index: number): number } | null {
  const { sheet } = element
  if (sheet) return { column: sheet.column, rowAt: (index) => sheet.rows[index] ?? index + 1 }
  const isSheet = window.type === 'csv' || window.type === 'tsv'
  return isSheet ? { column: 1, rowAt: (index) => index + 1 } : null
}

/** The letters of a column, 1-based: 28 is 'AB'. */
export function columnLetters(column: number): string {
  let letters = ''
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters
  }
  return letters
}

function separatorOf(row: string, type: string): '|' | '\t' | ',' | ';' | null {
  if (row.includes('\t')) return '\t'
  if (type === 'csv' || type === 'tsv') return row.includes(';') && !row.includes(',') ? ';' : ','
  return row.includes('|') ? '|' : null
}

/** The cells of a row as offsets into it, without the blanks around them and the quotes of CSV. Exported for its test. */
export function splitRow(row: string, separator: '|' | '\t' | ',' | ';' | null): Span[] {
  if (separator === null) return trimmed(row, 0, row.length)
  const cells: Span[] = []
  let start = 0
  let quoted = false
  for (let index = 0; index <= row.length; index++) {
    const character = row[index]
    if ((separator === ',' || separator === ';') && character === '"') quoted = !quoted
    const ends = index === row.length || (character === separator && !quoted && row[index - 1] !== '\\')
    if (!ends) continue
    cells.push({ start, end: index })
    start = index + 1
  }
  const inner = separator === '|' ? withoutOuterPipes(row, cells) : cells
  return inner.map((cell) => {
    const [{ start: from, end: to } = cell] = trimmed(row, cell.start, cell.end)
    const quotes =
      (separator === ',' || separator === ';') && to - from >= 2 && row[from] === '"' && row[to - 1] === '"'
    return quotes ? { start: from + 1, end: to - 1 } : { start: from, end: to }
  })
}

/** `| a | b |` has an empty cell on either side that nobody meant. */
function withoutOuterPipes(row: string, cells: Span[]): Span[] {
  const blank = (cell: Span | undefined): boolean => cell !== undefined && row.slice(cell.start, cell.end).trim() === ''
  const from = /^\s*\|/.test(row) && blank(cells[0]) ? 1 : 0
  const to = /\|\s*$/.test(row) && blank(cells.at(-1)) ? cells.length - 1 : cells.length
  return cells.slice(from, to)
}

function trimmed(text: string, start: number, end: number): Span[] {
  const part = text.slice(start, end)
  const from = start + (part.length - part.trimStart().length)
  return [
    { start: Math.min(from, end), end: Math.max(Math.min(from, end), end - (part.length - part.trimEnd().length)) },
  ]
}

function linesOf(window: TextWindow, span: Span): Span[] {
  return [...slice(window, span.start, span.end).matchAll(/[^\n]+/g)].map((match) => ({
    start: span.start + match.index,
    end: span.start + match.index + match[0].length,
  }))
}

/** Bold, code and links of Markdown: their signs are hidden, link targets too (a document's links lead nowhere). */
function inlineMarkdown(text: string, offset: number): Styled[] {
  const styled: Styled[] = []
  const add = (from: number, to: number, look: Styled['look']): void => {
    if (to > from) styled.push({ start: offset + from, end: offset + to, look })
  }
  for (const match of text.matchAll(/(`+)([^`]+)\1|\*\*(?=\S)(.+?)(?<=\S)\*\*|!?\[([^\]\n]*)\]\([^)\n]*\)/gs)) {
    const [all, ticks, code, strong, label] = match
    const end = match.index + all.length
    const wrapped = (before: number, after: number, look: Styled['look'] | null): void => {
      add(match.index, match.index + before, 'hidden')
      if (look) add(match.index + before, end - after, look)
      add(end - after, end, 'hidden')
    }
    if (ticks !== undefined && code !== undefined) wrapped(ticks.length, ticks.length, 'code')
    else if (strong !== undefined) wrapped(2, 2, 'strong')
    else if (label !== undefined) {
      const before = all.startsWith('!') ? 2 : 1
      wrapped(before, all.length - before - label.length, null)
    }
  }
  return styled
}

/** Cuts [start, end) wherever the mark, a span or a style begins or ends. */
function toRuns(window: Cutting, start: number, end: number, mark: Span | null, styled: Styled[]): Run[] {
  const cuts = new Set([start, end])
  const holding = window.spans.filter((span) => span.start < end && span.end > start)
  for (const span of [...(mark ? [mark] : []), ...styled, ...holding]) {
    for (const cut of [span.start, span.end]) if (cut > start && cut < end) cuts.add(cut)
  }
  const sorted = [...cuts].sort((a, b) => a - b)
  const runs: Run[] = []
  for (let index = 1; index < sorted.length; index++) {
    const from = sorted[index - 1] as number
    const to = sorted[index] as number
    const looks = styled.filter((span) => span.start <= from && span.end >= to).map((span) => span.look)
    if (looks.includes('hidden')) continue
    const marked = mark !== null && mark.start <= from && mark.end >= to
    const look = looks.includes('code') ? 'code' : looks.includes('strong') ? 'strong' : 'plain'
    const here = holding.filter((span) => span.start <= from && span.end >= to)
    const run: Run = { text: slice(window, from, to), start: from, marked, look, spans: here.map((span) => span.id) }
    const [first] = here
    if (first) run.tone = here.length > 1 ? 'several' : first.tone
    const fresh = here.find((span) => !window.begun.has(span.id))
    if (fresh) run.begins = fresh.label
    if (fresh?.flag) run.flag = fresh.flag
    if (here.some((span) => span.lifted)) run.lifted = true
    for (const { id } of here) window.begun.add(id)
    runs.push(run)
  }
  return runs
}

function slice(window: TextWindow, start: number, end: number): string {
  return window.text.slice(start - window.textStart, end - window.textStart)
}
