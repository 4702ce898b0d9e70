import type { Element } from '../../contract/parsed-document.ts'
import { collapse, type DocumentBuilder } from './document-builder.ts'

/** What a word processor's file is made of, before it is written as elements. */
export type ProseBlock = TextBlock | TableBlock

export interface TextBlock {
  kind: Exclude<Element['kind'], 'table'>
  /** With the label of a list item or heading ('1.2 ', '- '); '\n' is a line break inside the block. */
  text: string
  /** Headings: 1 to 6. */
  level?: number
  /** All of it is set in bold: a heading, where a document has no others. */
  bold?: boolean
}

export interface TableBlock {
  kind: 'table'
  rows: TableRow[]
}

export interface TableRow {
  cells: TableCell[]
  /** The file says that it is repeated on each page. */
  isHeader: boolean
  /** Grid columns left out before its first cell. */
  columnsBefore: number
}

export interface TableCell {
  blocks: ProseBlock[]
  /** Grid columns that it takes. */
  columns: number
  /** Goes on from the cell above it. */
  continues: boolean
}

/**
 * Writes blocks into a document. Code lines that follow each other become one element; an empty line parts paragraphs;
 * in a document without any heading, short bold paragraphs are what its author used instead; tables that only lay out
 * a page are written as the blocks in their cells.
 */
export function writeProse(blocks: readonly ProseBlock[], builder: DocumentBuilder): void {
  const hasHeadings = blocks.some((block) => block.kind === 'heading')
  const write = (list: readonly ProseBlock[]): void => {
    for (let index = 0; index < list.length; index++) {
      const block = list[index]!
      if (block.kind === 'table') {
        const table = readTable(block)
        if (table) builder.addTable(table.rows, table.headerRows)
        else write(block.rows.flatMap(({ cells }) => cells.flatMap((cell) => (cell.continues ? [] : cell.blocks))))
      } else if (block.kind === 'code') {
        const lines = [block.text]
        for (let next = list[index + 1]; next?.kind === 'code'; next = list[index + 1]) {
          lines.push(next.text)
          index++
        }
        builder.add('code', lines.join('\n'))
      } else writeText(block, builder, hasHeadings)
    }
  }
  write(blocks)
}

function writeText(block: TextBlock, builder: DocumentBuilder, hasHeadings: boolean): void {
  if (block.kind === 'heading') {
    builder.add('heading', tidyLines(block.text).replaceAll('\n', ' '), { level: block.level ?? 1 })
    return
  }
  const text = tidyLines(block.text)
  if (!hasHeadings && block.bold && block.kind === 'paragraph' && looksLikeHeading(text)) {
    builder.add('heading', text, { level: 2 })
    return
  }
  for (const part of text.split(/\n{2,}/)) {
    // A bullet that its author typed.
    const isTyped = block.kind === 'paragraph' && /^[•◦▪‣] ?[\p{L}\p{N}]/u.test(part)
    if (isTyped) builder.add('list-item', `- ${part.slice(1).trimStart()}`)
    else builder.add(block.kind, part)
  }
}

function looksLikeHeading(text: string): boolean {
  return text.length <= 120 && !text.includes('\n') && /\p{L}{2}/u.test(text) && !/[.,;:!]$/.test(text)
}

/** Each line without needless white space, and without soft hyphens and the like, which would part a word for search. */
export function tidyLines(text: string): string {
  return text
    .replaceAll(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .split('\n')
    .map(collapse)
    .join('\n')
    .trim()
}

/** All of the text on one line, for cells, notes and running heads: items and paragraphs with a space between them. */
export function flattenProse(blocks: readonly ProseBlock[]): string {
  return collapse(
    blocks
      .map((block) => (block.kind === 'table' ? flattenTable(block) : tidyLines(block.text)))
      .filter((text) => text !== '')
      .join(' '),
  )
}

/** A table inside a cell: cells with commas, rows with semicolons between them. */
function flattenTable(table: TableBlock): string {
  return table.rows
    .map(({ cells }) =>
      cells
        .map((cell) => flattenProse(cell.blocks))
        .filter(Boolean)
        .join(', '),
    )
    .filter(Boolean)
    .join('; ')
}

/** The grid of a table of data; undefined where the table only lays out its page. */
function readTable(table: TableBlock): { rows: string[][]; headerRows: number } | undefined {
  const cells = table.rows.flatMap((row) => row.cells)
  const filled = cells.filter((cell) => !cell.continues && flattenProse(cell.blocks) !== '')
  const widest = Math.max(0, ...table.rows.map((row) => row.cells.length))
  if (filled.length < 2) return undefined
  const longest = Math.max(...filled.map((cell) => flattenProse(cell.blocks).length))
  const blocksIn = Math.max(...filled.map((cell) => cell.blocks.length))
  if (widest < 2 && (longest > longestListed || blocksIn > 3)) return undefined
  if (longest > longestCell && filled.length <= 6) return undefined
  if (filled.some((cell) => cell.blocks.some(({ kind }) => kind === 'heading') && cell.blocks.length > 2))
    return undefined
  if (filled.some((cell) => cell.blocks.some((block) => block.kind === 'table' && size(block) > longestCell)))
    return undefined

  const rows: string[][] = []
  let headerRows = 0
  for (const [index, row] of table.rows.entries()) {
    const line: string[] = Array.from({ length: Math.min(row.columnsBefore, mostColumns) }, () => '')
    for (const cell of row.cells) {
      const above = rows.at(-1)?.[line.length] ?? ''
      const text = cell.continues ? above : flattenProse(cell.blocks)
      line.push(text)
      for (let extra = 1; extra < cell.columns && line.length < mostColumns; extra++) line.push('')
    }
    rows.push(line)
    if (row.isHeader && headerRows === index) headerRows++
  }
  const columns = Math.max(...rows.map((row) => row.length))
  const used = Array.from({ length: columns }, (_, column) => rows.some((row) => (row[column] ?? '') !== ''))
  const compact = rows.map((row) => row.filter((_, column) => used[column]))
  if (headerRows === compact.length) headerRows = 0
  if (headerRows === 0 && looksLikeHeader(compact)) headerRows = 1
  return { rows: compact, headerRows }
}

/** Every column is named, in few words, without a number; the one of the row names may be left blank. */
function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, second] = rows
  if (!first || !second || first.length < 2 || second.length < first.length) return false
  const names = first[0] === '' && first.length > 2 ? first.slice(1) : first
  return names.every((cell) => cell !== '' && cell.length <= 60 && !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
}

function size(table: TableBlock): number {
  return flattenTable(table).length
}

/** Characters: a row of a single column that is longer is a boxed text. */
const longestListed = 300
/** Characters: a cell that is longer, in a table of few cells, is a column of a page. */
const longestCell = 1500
const mostColumns = 1000
