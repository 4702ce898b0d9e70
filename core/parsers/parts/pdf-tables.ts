import type { Rule } from './pdf-content.ts'
import { type Line, type Rectangle, median, unite } from './pdf-layout.ts'

export interface AlignedTable {
  /** Rows, cells, lines of a cell. */
  rows: string[][][]
  box: Rectangle
  lines: Line[]
}

/** A stretch of a region's lines: prose, or a table whose cells stand under one another. */
export type Stretch = { kind: 'lines'; lines: Line[] } | { kind: 'table'; table: AlignedTable }

/**
 * Parts a region into prose and tables. A table is at least three rows (two with three columns) of several segments
 * whose left or right edges leave the same empty strips between them.
 */
export function findTables(lines: readonly Line[], rules: readonly Rule[] = []): Stretch[] {
  const stretches: Stretch[] = []
  let prose: Line[] = []
  const flush = (): void => {
    if (prose.length > 0) stretches.push({ kind: 'lines', lines: prose })
    prose = []
  }
  for (let index = 0; index < lines.length;) {
    const line = lines[index]
    if (!line) break
    const ruled = line.segments[0]?.table
    if (ruled) {
      flush()
      stretches.push({ kind: 'table', table: { rows: ruled.rows, box: line.box, lines: [line] } })
      index++
      continue
    }
    const end = line.segments.length > 1 ? tableEnd(lines, index) : index
    const table = end > index ? readTable(lines.slice(index, end), rules) : undefined
    if (table) {
      flush()
      stretches.push({ kind: 'table', table })
      index = end
    } else {
      prose.push(line)
      index++
    }
  }
  flush()
  return stretches
}

/** One past the last line that may belong to a table beginning at `start`. */
function tableEnd(lines: readonly Line[], start: number): number {
  let end = start + 1
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index]
    const before = lines[index - 1]
    if (!line || !before || line.segments[0]?.table) break
    if (line.top - before.bottom > Math.max(line.size, before.size) * 2.5) break
    if (line.segments.length > 1) {
      end = index + 1
      continue
    }
    // A bold line on its own is the heading of the next table.
    if (line.bold && !lines[start]?.bold) break
    // A wrapped cell stands alone on its line; more than three such lines on end are prose.
    const single = lines.slice(Math.max(start, index - 3), index + 1).every((other) => other.segments.length === 1)
    if (single) break
  }
  return end
}

function readTable(lines: readonly Line[], rules: readonly Rule[]): AlignedTable | undefined {
  const several = lines.filter((line) => line.segments.length > 1)
  if (several.length < 2 || several.length < lines.length * 0.5) return undefined
  const columns = findColumns(several)
  if (columns.length < 2 || (several.length < 3 && columns.length < 3)) return undefined
  const bands = ruledBands(lines, rules)
  const rows: Row[] = []
  lines.forEach((line, index) => {
    const cells = toCells(line, columns)
    const last = rows.at(-1)
    const band = bands[index] ?? 0
    if (
      last &&
      (bands.length > 0 ? bands[index - 1] === band && ruledRow(lines, bands, band, columns) : wraps(cells, line, last))
    ) {
      last.cells.forEach((cell, column) => cell.push(...(cells[column] ?? [])))
      last.line = line
    } else {
      rows.push({ cells, line })
    }
  })
  const wellFilled = rows.filter((row) => filledCells(row.cells) > 1).length
  if (rows.length < 2 || wellFilled < rows.length * 0.6) return undefined
  // Prose set in columns that were not told apart: cells are sentences.
  const lengths = several.flatMap((line) => line.segments.map((segment) => segment.text.length))
  if (columns.length === 2 && median(lengths) > 45) return undefined
  return { rows: rows.map((row) => row.cells), box: unite(lines.map((line) => line.box)), lines: [...lines] }
}

interface Row {
  /** Lines of each cell. */
  cells: string[][]
  /** The last line that was read into it. */
  line: Line
}

const filledCells = (cells: readonly (readonly string[])[]): number => cells.filter((cell) => cell.length > 0).length

/** Whether a line goes on in the row before it: close under it, without a first cell, and words all of it. */
function wraps(cells: readonly string[][], line: Line, last: Row): boolean {
  const tight = line.top - last.line.bottom < line.size * 0.35
  const words = cells.every(
    (cell, index) => cell.length === 0 || (last.cells[index]?.length && /\p{L}/u.test(cell.join(' '))),
  )
  return tight && words && cells[0]?.length === 0 && filledCells(cells) <= cells.length / 2
}

/** How many drawn lines stand over each line of text; empty where none part them. */
function ruledBands(lines: readonly Line[], rules: readonly Rule[]): number[] {
  const left = Math.min(...lines.map((line) => line.x))
  const right = Math.max(...lines.map((line) => line.right))
  const [first, last] = [lines[0], lines.at(-1)]
  if (!first || !last) return []
  const across = rules
    .filter((rule) => Math.min(rule.to, right) - Math.max(rule.from, left) > (right - left) * 0.7)
    .map((rule) => rule.at)
    .filter((at) => at > first.baseline - first.size * 0.2 && at < last.baseline)
  if (across.length === 0) return []
  return lines.map((line) => across.filter((at) => at < line.baseline - line.size * 0.3).length)
}

/**
 * Whether all text between two drawn lines is one row: the header, whose titles wrap, and the rows of a table that has
 * a line under each. Elsewhere many rows may stand between two lines.
 */
function ruledRow(lines: readonly Line[], bands: readonly number[], band: number, columns: readonly Column[]): boolean {
  const inBand = lines.filter((_, index) => bands[index] === band)
  if (inBand.length > 6 || inBand.some((line, index) => index > 0 && isLoose(line, inBand[index - 1]))) return false
  const firsts = inBand.filter((line) => (toCells(line, columns)[0]?.length ?? 0) > 0).length
  if (band === bands[0]) return inBand.length <= 4 && inBand.every((line) => !/\d{2}/.test(line.text))
  const count = new Set(bands).size
  return count >= 3 && lines.length / count < 3.5 && (firsts <= 1 || inBand.length <= 1)
}

function isLoose(line: Line, before: Line | undefined): boolean {
  return before !== undefined && line.baseline - before.baseline > Math.max(line.size, before.size) * 1.7
}

/** A segment that stands in several columns is parted between its words. */
function toCells(line: Line, columns: readonly Column[]): string[][] {
  const cells: string[][] = columns.map(() => [])
  const add = (column: number, text: string): void => {
    const cell = cells[column]
    if (cell) cell[0] = cell[0] === undefined ? text : `${cell[0]} ${text}`
  }
  for (const segment of line.segments) {
    const touched = columns.filter(
      (column) => Math.min(segment.right, column.right) - Math.max(segment.x, column.left) > 1,
    )
    const words = touched.length > 1 ? (segment.words ?? []) : []
    const places = words.map((word) => columnOf(word, columns))
    // A title over several columns keeps its words together.
    const fits = new Set(places).size === words.length || gapsMeetStrips(words, places, columns, segment.size)
    if (words.length > 1 && fits) words.forEach((word, index) => add(places[index] ?? 0, word.text))
    else add(columnOf(segment, columns), segment.text)
  }
  return cells
}

/** Whether the words change column only over gaps wider than those between the other words. */
function gapsMeetStrips(
  words: readonly Span[],
  places: readonly number[],
  columns: readonly Column[],
  size: number,
): boolean {
  return words.every((word, index) => {
    const before = words[index - 1]
    if (!before || places[index] === places[index - 1]) return true
    const strip = columns[places[index] ?? 0]
    return strip !== undefined && word.x >= strip.left - 2 && word.x - before.right > Math.max(3, size * 0.45)
  })
}

interface Span {
  x: number
  right: number
}

interface Column {
  left: number
  right: number
}

/** The strips that at most one row in eight crosses part the columns. */
function findColumns(lines: readonly Line[]): Column[] {
  const left = Math.floor(Math.min(...lines.map((line) => line.x)))
  const right = Math.ceil(Math.max(...lines.map((line) => line.right)))
  if (!(right - left > 0 && right - left < 20_000)) return []
  const covered = new Uint16Array(right - left + 1)
  for (const line of lines) {
    for (const segment of line.segments) {
      const from = Math.max(0, Math.floor(segment.x) - left)
      const to = Math.min(covered.length - 1, Math.ceil(segment.right) - left)
      for (let place = from; place <= to; place++) covered[place] = (covered[place] ?? 0) + 1
    }
  }
  const tolerated = Math.floor(lines.length / 8)
  const columns: Column[] = []
  let begin = -1
  for (let place = 0; place <= covered.length; place++) {
    const inside = place < covered.length && (covered[place] ?? 0) > tolerated
    if (inside && begin < 0) begin = place
    if (!inside && begin >= 0) {
      const previous = columns.at(-1)
      if (previous && begin + left - previous.right < 3) previous.right = place + left
      else columns.push({ left: begin + left, right: place + left })
      begin = -1
    }
  }
  return columns
}

function columnOf(segment: Span, columns: readonly Column[]): number {
  let best = 0
  let most = -Infinity
  columns.forEach((column, index) => {
    const shared = Math.min(segment.right, column.right) - Math.max(segment.x, column.left)
    if (shared > most) {
      most = shared
      best = index
    }
  })
  return best
}
