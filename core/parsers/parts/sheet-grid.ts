import type { CellKind } from './sheet-tables.ts'

/** The filled cells of one row of a sheet. Arrays and one string a row instead of an object a cell: sheets are large. */
export interface SheetRow {
  /** 1-based, as the sheet counts. */
  number: number
  /** 1-based, ascending. Rows of the same shape share one array. */
  columns: readonly number[]
  texts: string[]
  /** One letter a cell, see `letters`. */
  kinds: string
  /** Whether each filled cell is set in bold. */
  bold: boolean
  /** By the column where it begins: the last column of each cell that is merged over several. */
  reach?: Map<number, number>
}

/** An area of a sheet in its own rows and columns, all inclusive and 1-based. */
export interface SheetArea {
  top: number
  left: number
  bottom: number
  right: number
}

export interface SheetGrid {
  /** Only rows with filled cells, ascending. */
  rows: SheetRow[]
  merges: SheetArea[]
  /** What the file itself declares a table. */
  namedTables: (SheetArea & { headerRows: number })[]
}

export interface SheetGridBuilder {
  /** Blank text adds nothing. */
  add(row: number, column: number, text: string, kind: CellKind, bold: boolean): void
  merge(area: SheetArea): void
  nameTable(table: SheetArea & { headerRows: number }): void
  finish(): SheetGrid
}

const letters: Record<CellKind, string> = { text: 't', number: 'n', date: 'd', boolean: 'b', error: 'e' }

/** Text that is a number, a percentage or an amount tells as much of a column as a number does. */
function letterOf(kind: CellKind, text: string): string {
  return kind === 'text' && text.length < 24 && amount.test(text) ? letters.number : letters[kind]
}

const amount = /^\s*[-+(]?\s?[$€£¥]?\s?\d[\d,.' ]*\s?[KMB%$€£¥]?\)?\s*$/

/** The most merged cells and named tables of one sheet that are minded. */
const mostAreas = 50_000

/** Collects the cells of a sheet, which may come in any order. */
export function createSheetGrid(): SheetGridBuilder {
  const rows: SheetRow[] = []
  const merges: SheetArea[] = []
  const namedTables: (SheetArea & { headerRows: number })[] = []
  let columns: number[] = []
  let texts: string[] = []
  let kinds = ''
  let bold = true
  let number = 0

  const closeRow = (): void => {
    if (columns.length === 0) return
    const row = inOrder({ number, columns, texts, kinds, bold })
    const last = rows.at(-1)
    if (last && sameNumbers(last.columns, row.columns)) row.columns = last.columns
    rows.push(row)
    columns = []
    texts = []
    kinds = ''
    bold = true
  }

  return {
    add(row, column, text, kind, isBold) {
      if (text.trim() === '') return
      if (row !== number) {
        closeRow()
        number = row
      }
      columns.push(column)
      texts.push(text)
      kinds += letterOf(kind, text)
      bold &&= isBold
    },
    merge(area) {
      if (merges.length < mostAreas) merges.push(area)
    },
    nameTable(table) {
      if (namedTables.length < mostAreas) namedTables.push(table)
    },
    finish() {
      closeRow()
      if (rows.some((row, index) => index > 0 && row.number <= (rows[index - 1]?.number ?? 0))) {
        return { rows: joinedRows(rows), merges, namedTables }
      }
      return { rows, merges, namedTables }
    },
  }
}

function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}

/** A row whose columns ascend; of cells that claim the same place the first one stays. */
function inOrder(row: SheetRow): SheetRow {
  const { columns } = row
  if (columns.every((column, index) => index === 0 || column > (columns[index - 1] ?? 0))) return row
  const order = columns.map((_, index) => index).sort((a, b) => (columns[a] ?? 0) - (columns[b] ?? 0))
  const kept = order.filter((place, index) => index === 0 || columns[place] !== columns[order[index - 1] ?? 0])
  return pickCells(row, kept)
}

/** The row with only these cells, named by their places in its arrays. */
export function pickCells(row: SheetRow, places: readonly number[]): SheetRow {
  return {
    ...row,
    columns: places.map((place) => row.columns[place] ?? 0),
    texts: places.map((place) => row.texts[place] ?? ''),
    kinds: places.map((place) => row.kinds.charAt(place)).join(''),
  }
}

/** Rows by number; those that came in several parts become one. */
function joinedRows(rows: readonly SheetRow[]): SheetRow[] {
  const joined: SheetRow[] = []
  for (const row of rows.toSorted((a, b) => a.number - b.number)) {
    const last = joined.at(-1)
    if (last?.number !== row.number) {
      joined.push(row)
      continue
    }
    joined[joined.length - 1] = inOrder({
      number: row.number,
      columns: [...last.columns, ...row.columns],
      texts: [...last.texts, ...row.texts],
      kinds: last.kinds + row.kinds,
      bold: last.bold && row.bold,
    })
  }
  return joined
}
