import type { DocumentBuilder } from './document-builder.ts'
import type { ChartData } from './drawing-chart.ts'
import { findSheetBlocks } from './sheet-tables.ts'
import type { SheetGrid } from './sheet-grid.ts'

/** A remark that hangs on a cell. */
export interface CellNote {
  /** Such as 'D9'. */
  cell: string
  author?: string
  text: string
}

export interface WrittenSheet {
  name: string
  grid: SheetGrid
  /** Words outside cells: text boxes. */
  texts?: readonly string[]
  charts?: readonly ChartData[]
  notes?: readonly CellNote[]
}

/**
 * Writes a sheet as a page of its document. Its name becomes a heading, so that every chunk carries it. The titles of
 * tables are headings too where one of the tables is so long that it may be cut, else captions. A sheet with nothing to
 * read leaves no trace; returns whether there was something.
 */
export function writeSheet(builder: DocumentBuilder, sheet: WrittenSheet): boolean {
  const { name, grid, texts = [], charts = [], notes = [] } = sheet
  if (grid.rows.length === 0 && texts.length + charts.length + notes.length === 0) return false
  builder.beginPage({ kind: 'sheet', label: name })
  builder.add('heading', name, { level: 1 })
  const blocks = findSheetBlocks(grid)
  const isCut = blocks.some((block) => block.kind === 'table' && block.rows.length > longestUncutTable)
  for (const block of blocks) {
    if (block.kind === 'text') {
      builder.add('paragraph', block.text)
      continue
    }
    block.titles.forEach((title, index) => {
      if (isCut && index === 0) builder.add('heading', title.replaceAll(/\s+/g, ' '), { level: 2 })
      else builder.add('caption', title)
    })
    builder.addTable(block.rows, block.headerRows, block.sheet ? { sheet: block.sheet } : {})
  }
  for (const text of texts) builder.add('paragraph', text)
  for (const { caption, tables } of charts) {
    builder.add('caption', caption === '' ? '' : `Chart: ${caption}`)
    // The title says what these numbers are; long series are left to the cells that they came from.
    const isShort = tables.every((table) => table.length <= longestChart)
    if (isShort || grid.rows.length === 0) for (const table of tables) builder.addTable(table, 1)
  }
  for (const { cell, author, text } of notes) {
    builder.add('note', `Comment on ${cell}${author ? ` by ${author}` : ''}: ${text.trim()}`)
  }
  return true
}

/** Rows that fit in one chunk as a rule. */
const longestUncutTable = 12
const longestChart = 50

/** The letters of a column, 1-based: 28 is 'AB'. */
export function columnName(column: number): string {
  let name = ''
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  }
  return name
}
