import type { Attachment, Element, Metadata, Page, ParsedDocument } from '../../contract/parsed-document.ts'

export type ElementExtras = Omit<Element, 'kind' | 'start' | 'end'>

/**
 * Writes a document's text and its elements together, so that offsets cannot drift apart: elements come out in order,
 * without overlap, and only line breaks stand between them.
 */
export interface DocumentBuilder {
  /** Appends an element; blank text adds nothing. Surrounding white space is dropped (code keeps its indentation). */
  add(kind: Element['kind'], text: string, extras?: ElementExtras): Element | undefined
  /**
   * Appends a table, one line a row, cells joined with ' | '. Rows without any text are left out; `sheet.rows` of the
   * extras, one number a given row, loses them too.
   */
  addTable(rows: readonly (readonly string[])[], headerRows: number, extras?: ElementExtras): Element | undefined
  /** Begins a page, slide, sheet …; text added from here on belongs to it. */
  beginPage(about?: Omit<Page, 'number' | 'start' | 'end'>): number
  /** Says something of the present page that is known only later, such as that it was read by OCR. */
  notePage(about: Omit<Page, 'number' | 'start' | 'end'>): void
  /** The number of characters so far. */
  readonly length: number
  finish(title?: string, warnings?: readonly string[], more?: FinishExtras): ParsedDocument
}

export interface FinishExtras {
  hasLines?: boolean
  metadata?: Metadata
  attachments?: Attachment[]
}

export function createDocumentBuilder(): DocumentBuilder {
  const parts: string[] = []
  const elements: Element[] = []
  const pages: Page[] = []
  let length = 0

  const append = (text: string): number => {
    const start = length
    parts.push(text)
    length += text.length
    return start
  }
  const separate = (kind: Element['kind']): void => {
    const last = elements.at(-1)
    if (last && length > 0) append(last.kind === 'list-item' && kind === 'list-item' ? '\n' : '\n\n')
  }
  const pageExtras = (): { page?: number } => (pages.length > 0 ? { page: pages.length } : {})

  return {
    add(kind, text, extras = {}) {
      const clean = kind === 'code' ? trimBlankLines(cleanText(text)) : cleanText(text).trim()
      if (clean.trim() === '') return undefined
      separate(kind)
      const start = append(clean)
      const element: Element = { kind, start, end: length, ...pageExtras(), ...extras }
      elements.push(element)
      return element
    },
    get length() {
      return length
    },
    addTable(rows, headerRows, { sheet, ...extras } = {}) {
      const lines: TableLine[] = []
      const sheetRows: number[] = []
      let header = 0
      rows.forEach((cells, index) => {
        const line = tableLine(cells)
        if (line.text === '') return
        if (index < headerRows) header++
        lines.push(line)
        sheetRows.push(sheet?.rows[index] ?? index + 1)
      })
      if (lines.length === 0) return undefined
      separate('table')
      const start = length
      const spans = lines.map((line, index) => {
        if (index > 0) append('\n')
        const rowStart = append(line.text)
        return { start: rowStart, end: length, cells: line.cells.map((cell) => rowStart + cell) }
      })
      const element: Element = {
        kind: 'table',
        start,
        end: length,
        ...pageExtras(),
        ...extras,
        rows: spans,
        headerRows: header,
        ...(sheet ? { sheet: { rows: sheetRows, column: sheet.column } } : {}),
      }
      elements.push(element)
      return element
    },
    beginPage(about) {
      pages.push({ number: pages.length + 1, start: length, end: length, ...about })
      return pages.length
    },
    notePage(about) {
      const page = pages.at(-1)
      if (page) Object.assign(page, about)
    },
    finish(title, warnings = [], more = {}) {
      const text = parts.join('')
      closePages(pages, text.length)
      const cleanTitle = title === undefined ? '' : collapse(cleanText(title))
      return {
        text,
        elements,
        pages,
        ...(cleanTitle === '' ? {} : { title: cleanTitle.slice(0, 300) }),
        warnings: [...warnings],
        ...more,
      }
    },
  }
}

/** Line ends become '\n'; NUL and lone surrogates, which no database and no wire keeps, become U+FFFD. */
export function cleanText(text: string): string {
  let clean = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  if (clean.includes('\0')) clean = clean.replaceAll('\0', '\uFFFD')
  return clean.toWellFormed()
}

/** White space as one space, none at the ends. */
export function collapse(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

interface TableLine {
  text: string
  /** Where each cell begins in the line. */
  cells: number[]
}

function tableLine(given: readonly string[]): TableLine {
  const cells = given.map((cell) => collapse(cleanText(cell)))
  while (cells.length > 0 && cells.at(-1) === '') cells.pop()
  let text = ''
  const starts: number[] = []
  cells.forEach((cell, index) => {
    // A row begins with no white space: before an empty first cell the separator loses its first space.
    if (index > 0) text += text === '' ? '| ' : ' | '
    starts.push(text.length)
    text += cell
  })
  return { text, cells: starts }
}

function trimBlankLines(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd()
}

/** Each page ends where the next begins, so that pages cover the text without a gap. */
function closePages(pages: Page[], length: number): void {
  pages.forEach((page, index) => {
    page.end = pages[index + 1]?.start ?? length
  })
}
