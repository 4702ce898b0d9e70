import { type Line, type Rectangle, median, type Segment, unite } from './pdf-layout.ts'

export interface AlignedTable {
  rows: string[][]
  box: Rectangle
  lines: Line[]
}

/** A stretch of a region's lines: prose, or a table whose cells stand under one another. */
export type Stretch = { kind: 'lines'; lines: Line[] } | { kind: 'table'; table: AlignedTable }

/**
 * Parts a region into prose and tables. A table is at least three rows (two with three columns) of several segments
 * whose left or right edges leave the same empty strips between them.
 */
export function findTables(lines: readonly Line[]): Stretch[] {
  const stretches: Stretch[] = []
  let prose: Line[] = []
  const flush = (): void => {
    if (prose.length > 0) stretches.push({ kind: 'lines', lines: prose })
    prose = []
  }
  for (let index = 0; index < lines.length;) {
    const line = lines[index]
    if (!line) break
    const end = line.segments.length > 1 ? tableEnd(lines, index) : index
    const table = end > index ? readTable(lines.slice(index, end)) : undefined
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
    if (!line || !before) break
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

function readTable(lines: readonly Line[]): AlignedTable | undefined {
  const several = lines.filter((line) => line.segments.length > 1)
  if (several.length < 2 || several.length < lines.length * 0.5) return undefined
  const columns = findColumns(several)
  if (columns.length < 2 || (several.length < 3 && columns.length < 3)) return undefined
  const rows: { cells: string[]; line: Line }[] = []
  for (const line of lines) {
    const cells = columns.map(() => '')
    for (const segment of line.segments) {
      const column = columnOf(segment, columns)
      cells[column] = cells[column] ? `${cells[column]} ${segment.text}` : segment.text
    }
    const last = rows.at(-1)
    const filled = cells.filter((cell) => cell !== '').length
    const tight = last !== undefined && line.top - last.line.bottom < line.size * 0.35
    const wraps = cells.every((cell, index) => cell === '' || (last?.cells[index] !== '' && /\p{L}/u.test(cell)))
    if (last && tight && wraps && cells[0] === '' && filled <= columns.length / 2) {
      last.cells = last.cells.map((cell, index) => [cell, cells[index] ?? ''].filter((part) => part !== '').join(' '))
      last.line = line
    } else {
      rows.push({ cells, line })
    }
  }
  const wellFilled = rows.filter((row) => row.cells.filter((cell) => cell !== '').length > 1).length
  if (rows.length < 2 || wellFilled < rows.length * 0.6) return undefined
  // Prose set in columns that were not told apart: cells are sentences.
  const lengths = several.flatMap((line) => line.segments.map((segment) => segment.text.length))
  if (columns.length === 2 && median(lengths) > 45) return undefined
  return { rows: rows.map((row) => row.cells), box: unite(lines.map((line) => line.box)), lines: [...lines] }
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

function columnOf(segment: Segment, columns: readonly Column[]): number {
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
