import type { ProseBlock, TableBlock, TableCell } from './prose-blocks.ts'

/**
 * A text whose tables come paragraph by paragraph, as in rich text and old Word files: a paragraph says how many tables
 * it stands in, and marks say where cells and rows end.
 */
export interface TableFlow {
  blocks: ProseBlock[]
  /** Tables that are open, the outermost first. */
  tables: OpenTable[]
}

/** What is known of a row when it ends. */
export interface RowState {
  isHeader: boolean
  cells: CellState[]
  next: CellState
}

export interface CellState {
  /** Goes on from the cell before it, or from the one above it. */
  isMerged: boolean
  continues: boolean
  /** Where it ends, in twips from the left. */
  edge: number
}

/** A table whose rows are still coming. */
export interface OpenTable {
  table: TableBlock
  /** Where the cells of each row end. */
  edges: number[][]
  cells: ProseBlock[][]
  blocks: ProseBlock[]
}

export function newRow(): RowState {
  return { isHeader: false, cells: [], next: { isMerged: false, continues: false, edge: 0 } }
}

/** Where blocks of this depth of tables go; tables are opened as needed. */
export function holderAt(flow: TableFlow, depth: number): ProseBlock[] {
  while (flow.tables.length < depth) {
    flow.tables.push({ table: { kind: 'table', rows: [] }, edges: [], cells: [], blocks: [] })
  }
  return depth === 0 ? flow.blocks : flow.tables[depth - 1]!.blocks
}

/** Ends the tables that are deeper than this, each into the cell that holds it. */
export function closeTables(flow: TableFlow, depth: number): void {
  while (flow.tables.length > depth) {
    const table = flow.tables.pop()!
    if (table.blocks.length > 0) table.cells.push(table.blocks)
    // A row that breaks off.
    if (table.cells.length > 0) addRow(table, newRow())
    alignColumns(table)
    if (table.table.rows.length > 0) holderAt(flow, flow.tables.length).push(table.table)
  }
}

export function addRow(open: OpenTable, row: RowState): void {
  const cells: TableCell[] = []
  const edges: number[] = []
  open.cells.forEach((blocks, index) => {
    const state = row.cells[index]
    const before = cells.at(-1)
    if (state?.isMerged && before) {
      before.blocks.push(...blocks)
      edges[edges.length - 1] = state.edge
    } else {
      cells.push({ blocks: [...blocks], columns: 1, continues: state?.continues ?? false })
      edges.push(state?.edge ?? 0)
    }
  })
  open.table.rows.push({ cells, isHeader: row.isHeader, columnsBefore: 0 })
  open.edges.push(edges)
  open.cells = []
}

/** Rows state only where their cells end: a cell takes as many columns as other rows have ends within it. */
function alignColumns({ table, edges }: OpenTable): void {
  /** The number of columns up to each end. */
  const columnsTo = new Map<number, number>()
  let columns = 0
  let last = -Infinity
  for (const edge of [...new Set(edges.flat())].toSorted((a, b) => a - b)) {
    if (edge > last + sameEdge) {
      columns++
      last = edge
    }
    columnsTo.set(edge, columns)
  }
  if (columns > mostCells) return
  table.rows.forEach((row, index) => {
    let before = 0
    row.cells.forEach((cell, place) => {
      const end = columnsTo.get(edges[index]?.[place] ?? 0) ?? 0
      cell.columns = Math.max(1, end - before)
      before = Math.max(end, before + 1)
    })
  })
}

/** What a row may have at most: no table to read has more. */
export const mostCells = 1000
/** Twips within which two ends of cells are meant to be one. */
const sameEdge = 40
