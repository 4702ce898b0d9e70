import { holdingOf, type HtmlElement, inlineTextOrAlt, isElement, isInvisible } from './html-nodes.ts'

export interface TableRows {
  rows: string[][]
  headerRows: number
  caption: string
}

export interface TableOptions {
  /** Elements to leave out, besides what never shows. */
  skip?: (element: HtmlElement) => boolean
  /** Take the first row as header where the markup does not say, if it looks like one. */
  guessHeader?: boolean
  /** Characters and cells that may still be repeated; taken from as they are. */
  repeatable?: { left: number }
}

/**
 * A table of data as rows of cells, one line a cell, or undefined where the table only lays out its page. A cell that
 * reaches over several columns or rows is said in each of them, so that every row can be read on its own; one that
 * fills its row is said once. Rows that only hold what the next one says again are left out.
 */
export function readTable(table: Pick<HtmlElement, 'childNodes'>, options: TableOptions): TableRows | undefined {
  const { grid, caption } = gather(table, options)
  if (grid.every(({ cells }) => cells.length === 0)) return undefined
  if (isLayout(grid, caption)) return undefined
  const rows = withoutRepeatedRows(spread(grid, options.repeatable ?? { left: mostRepeated }))
  const columns = withoutEmptyColumns(rows)
  joinSignColumns(columns)
  const compact = columns.map((cells) => cells.map((cell) => cell.text))
  let headerRows = rows.findIndex(({ isHeader }) => !isHeader)
  // A table of nothing but header cells has no header.
  if (headerRows < 0) headerRows = 0
  if (headerRows === 0 && options.guessHeader !== false) headerRows = guessHeaderRows(compact)
  return { rows: compact, headerRows, caption: inlineOfCaption(caption) }
}

interface GridRow {
  cells: HtmlElement[]
  inHead: boolean
}

function gather(
  table: Pick<HtmlElement, 'childNodes'>,
  options: TableOptions,
): { grid: GridRow[]; caption: HtmlElement | undefined } {
  const grid: GridRow[] = []
  let caption: HtmlElement | undefined
  const visit = (parent: Pick<HtmlElement, 'childNodes'>, inHead: boolean): void => {
    for (const child of Array.from(parent.childNodes)) {
      if (!isElement(child) || isInvisible(child) || options.skip?.(child)) continue
      if (child.localName === 'tr') grid.push({ cells: cellsOf(child), inHead })
      else if (child.localName === 'caption') caption = child
      else if (/^t(head|body|foot)$/.test(child.localName)) visit(child, child.localName === 'thead')
    }
  }
  visit(table, false)
  return { grid, caption }
}

function cellsOf(row: HtmlElement): HtmlElement[] {
  return Array.from(row.childNodes).filter(
    (child): child is HtmlElement =>
      isElement(child) && (child.localName === 'td' || child.localName === 'th') && !isInvisible(child),
  )
}

function inlineOfCaption(caption: HtmlElement | undefined): string {
  return caption ? inlineTextOrAlt(caption) : ''
}

/** Without header cells or a caption, a table of one column, of long texts or of parts of a page is a layout. */
function isLayout(grid: readonly GridRow[], caption: HtmlElement | undefined): boolean {
  const cells = grid.flatMap((row) => row.cells)
  if (caption || cells.some((cell) => cell.localName === 'th')) return false
  const isNarrow = grid.every((row) => row.cells.reduce((sum, cell) => sum + span(cell, 'colspan'), 0) < 2)
  const holdings = cells.map(holdingOf)
  if (isNarrow || holdings.some(({ sections }) => sections)) return true
  const hasLonger = (characters: number): boolean => holdings.some(({ length }) => length > characters)
  if (cells.length <= 6 && hasLonger(1500)) return true
  const holdsTables = holdings.some(({ tables }) => tables)
  if (!holdsTables && !holdings.some(({ headings }) => headings)) return false
  // Short cells in a full grid are data, whatever is in them.
  const isFull = grid.length > 1 && grid.every((row) => row.cells.length === grid[0]?.cells.length)
  return !isFull || hasLonger(holdsTables ? 600 : 150)
}

interface Cell {
  text: string
  /** Begins in this row, rather than reaching down into it. */
  isOwn: boolean
  /** Said here only because a cell to the left reaches over this place. */
  isEcho: boolean
  /** Goes on in the next row. */
  reachesDown: boolean
}

interface Row {
  cells: Cell[]
  isHeader: boolean
}

/** Longer texts are not repeated. */
const longestRepeated = 300
/** All in all no more than this is repeated in a document: a small file must not become a huge one. */
export const mostRepeated = 1_000_000

/** Puts every cell into each column and row that it covers, as far as there is something left to repeat. */
function spread(grid: readonly GridRow[], repeatable: { left: number }): Row[] {
  const again = (text: string): string => {
    const repeated = text.length > longestRepeated ? '' : text
    repeatable.left -= repeated.length + 1
    return repeated
  }
  const width = grid[0]?.cells.reduce((sum, cell) => sum + span(cell, 'colspan'), 0) ?? 0
  const reaching = new Map<number, { text: string; left: number; isEcho: boolean }>()
  return grid.map(({ cells: nodes, inHead }) => {
    const cells: Cell[] = []
    const fill = (): void => {
      for (let above = reaching.get(cells.length); above; above = reaching.get(cells.length)) {
        above.left--
        if (above.left === 0 || repeatable.left <= 0) reaching.delete(cells.length)
        cells.push({ text: again(above.text), isOwn: false, isEcho: above.isEcho, reachesDown: above.left > 0 })
      }
    }
    for (const node of nodes) {
      fill()
      const text = inlineTextOrAlt(node)
      const down = repeatable.left > 0 ? span(node, 'rowspan') : 1
      const across = repeatable.left > 0 ? span(node, 'colspan') : 1
      const fillsRow = nodes.length === 1 && across >= Math.max(2, width)
      for (let column = 0; column < across; column++) {
        const own = column === 0 ? text : fillsRow ? '' : again(text)
        if (down > 1) reaching.set(cells.length, { text: own, left: down - 1, isEcho: column > 0 })
        cells.push({ text: own, isOwn: true, isEcho: column > 0, reachesDown: down > 1 })
      }
    }
    fill()
    return { cells, isHeader: inHead || (nodes.length > 0 && nodes.every((cell) => cell.localName === 'th')) }
  })
}

/** Without rows that only repeat the one above, or that are wholly repeated by the one below. */
function withoutRepeatedRows(rows: readonly Row[]): Row[] {
  const hasOwn = (row: Row | undefined): boolean => row?.cells.some((cell) => cell.isOwn && cell.text !== '') ?? false
  return rows.filter((row, index) => {
    if (!hasOwn(row)) return index === 0
    const filled = row.cells.filter((cell) => cell.text !== '')
    const isRepeatedBelow = filled.every((cell) => cell.reachesDown && cell.text.length <= longestRepeated)
    return !(isRepeatedBelow && hasOwn(rows[index + 1]))
  })
}

/** Without columns in which nothing is said but what stands to the left. */
function withoutEmptyColumns(rows: readonly Row[]): Cell[][] {
  const used = new Set<number>()
  for (const { cells } of rows) {
    cells.forEach((cell, column) => {
      if (cell.text !== '' && !cell.isEcho) used.add(column)
    })
  }
  return rows.map(({ cells }) => cells.filter((_, column) => used.has(column)))
}

/**
 * Reports put the sign of a currency, a bracket or a percent sign into a column of its own, to line the figures up:
 * such a column goes to the figures it belongs to. What a header says over both is said once.
 */
function joinSignColumns(rows: Cell[][]): void {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0)
  if (columns > mostJoinable) return
  for (let column = columns - 1; column >= 0; column--) {
    const isBefore = isSignColumn(rows, column, column + 1, /^(?:[$€£¥₹]|[A-Z]{2,3}\$|\()+$/)
    const isAfter = !isBefore && isSignColumn(rows, column, column - 1, /^(?:\)|%|\)%|%\))$/)
    if (!isBefore && !isAfter) continue
    for (const row of rows) {
      const left = isBefore ? column : column - 1
      const [first, second] = [row[left], row[left + 1]]
      if (!first || !second) continue
      const text = isSaidBefore(first, second) ? first.text : first.text + second.text
      row.splice(left, 2, { ...first, text })
    }
  }
}

/** Tables of figures for readers have fewer columns. */
const mostJoinable = 100

/** Whether a column has nothing but such signs, each beside a figure, and what is said over it and its neighbour. */
function isSignColumn(rows: readonly Cell[][], column: number, beside: number, signs: RegExp): boolean {
  let hasText = false
  for (const row of rows) {
    const [own, other] = [row[column], row[beside]]
    if (!own || own.text === '') continue
    if (!other) return false
    const isShared = column < beside ? isSaidBefore(own, other) : isSaidBefore(other, own)
    if (!isShared && !(signs.test(own.text) && /\d|^[-—–]$/.test(other.text))) return false
    hasText = true
  }
  return hasText
}

function isSaidBefore(left: Cell, right: Cell): boolean {
  return right.isEcho && left.text === right.text
}

/** Items set as a table: in every row a bullet, a box or a number, and one text beside it. */
export function itemsOf(rows: readonly (readonly string[])[]): string[] | undefined {
  const items: string[] = []
  for (const row of rows) {
    const [mark = '', text = '', ...more] = row.filter((cell) => cell !== '')
    if (text === '' || more.length > 0 || row[0] !== mark) return undefined
    if (/^[•·●▪◦‣∙○■*–-]$/.test(mark)) items.push(`- ${text}`)
    else if (/^(?:[☐☑☒✓✔]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])$/i.test(mark)) items.push(`${mark} ${text}`)
    else return undefined
  }
  return items
}

/** How many of the first rows name the columns, by their looks; 0 in doubt. */
function guessHeaderRows(rows: readonly (readonly string[])[]): number {
  const [first, second] = rows
  if (!first || !second || first.length < 2) return 0
  // Rows of figures have a name in front; the rows above them, that name the figures, have none.
  const leading = rows.findIndex((row) => row[0] !== '')
  if (leading > 0) return leading <= 3 && rows.slice(0, leading).every((row) => row.every(isName)) ? leading : 0
  if (second.length < first.length || first[0]?.endsWith(':')) return 0
  return first.every((cell) => cell !== '' && isName(cell) && !isYear(cell)) ? 1 : 0
}

/** In few words and no figure. */
function isName(cell: string): boolean {
  return cell.length <= 60 && (isYear(cell) || !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
}

function isYear(cell: string): boolean {
  return /^(?:19|20)\d\d$/.test(cell)
}

function span(cell: HtmlElement, name: 'colspan' | 'rowspan'): number {
  const value = Number.parseInt(cell.getAttribute(name) ?? '1', 10)
  return Number.isFinite(value) ? Math.min(Math.max(value, 1), name === 'colspan' ? 50 : 1000) : 1
}
