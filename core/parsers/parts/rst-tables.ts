/** Cells are source text, to be resolved by the caller. */
export interface RstTable {
  rows: string[][]
  headerRows: number
}

/** The top line of a grid table: '+-----+---+'. */
export function isGridBorder(line: string): boolean {
  return /^\+-[-+]*\+\s*$/.test(line)
}

/** The top line of a simple table: '====  ===='. */
export function isSimpleBorder(line: string): boolean {
  return /^=+(?: +=+)+\s*$/.test(line)
}

/** How many lines from `start` on belong to a grid table. */
export function gridTableLength(lines: readonly string[], start: number): number {
  let end = start
  while (/^[+|]/.test(lines[end] ?? '')) end++
  return end - start
}

/**
 * A grid table (docutils: Grid tables). A cell that reaches over several rows stands in each of them; one that reaches
 * over several columns stands in the first.
 */
export function readGridTable(lines: readonly string[]): RstTable {
  const bounds = [...new Set(lines.flatMap((line) => (isRule(line) ? plusPlaces(line) : [])))].sort((a, b) => a - b)
  const columns = Math.min(bounds.length - 1, 1000)
  const rows: string[][][] = []
  let headerRows = 0
  for (const line of lines) {
    const isBorder = (column: number): boolean =>
      /^[-=]+$/.test(line.slice((bounds[column] ?? 0) + 1, bounds[column + 1]))
    const borders = Array.from({ length: columns }, (_, column) => isBorder(column))
    let row = rows.at(-1)
    if (borders.includes(true)) {
      if (/^\+=[=+]*\+\s*$/.test(line)) headerRows = rows.length
      // A column without a border here goes on with the cell above.
      const above = row
      row = borders.map((border, column) => (border ? [] : (above?.[column] ?? [])))
      rows.push(row)
    }
    if (!row) continue
    for (let column = 0; column < columns; column++) {
      if (borders[column]) continue
      let last = column
      while (last + 1 < columns && !borders[last + 1] && !/[|+]/.test(line.charAt(bounds[last + 1] ?? 0))) last++
      row[column]?.push(line.slice((bounds[column] ?? 0) + 1, bounds[last + 1]).trim())
      column = last
    }
  }
  // The bottom border began a row that nothing is in.
  rows.pop()
  return { rows: rows.map((row) => row.map((cell) => cell.join(' ').trim())), headerRows }
}

function isRule(line: string): boolean {
  return /\+[-=]+\+/.test(line)
}

function plusPlaces(line: string): number[] {
  return [...line].flatMap((sign, place) => (sign === '+' ? [place] : []))
}

/** How many lines from `start` on belong to a simple table: up to the border that a blank line follows. */
export function simpleTableLength(lines: readonly string[], start: number): number {
  let borders = 0
  for (let index = start; index < lines.length; index++) {
    if (!/^=[= ]*$/.test(lines[index] ?? '')) continue
    borders++
    const last = (lines[index + 1] ?? '').trim() === ''
    if (borders === 3 || (borders === 2 && last)) return index - start + 1
  }
  return 0
}

/** A simple table (docutils: Simple tables). A line whose first column is blank goes on with the row above. */
export function readSimpleTable(lines: readonly string[]): RstTable {
  const starts = [...(lines[0] ?? '').matchAll(/=+/g)].map((match) => match.index).slice(0, 1000)
  const rows: string[][] = []
  const borders: number[] = []
  let apart = true
  for (const line of lines) {
    if (/^=[= ]*$/.test(line)) {
      borders.push(rows.length)
      apart = true
    } else if (/^-[- ]*$/.test(line)) {
      // Underlines columns that the row above joins.
      apart = true
    } else if (line.trim() === '') {
      apart = true
    } else {
      const cells = starts.map((start, column) => line.slice(start, starts[column + 1]).trim())
      const row = rows.at(-1)
      if (row && !apart && cells[0] === '') {
        cells.forEach((cell, column) => (row[column] = `${row[column] ?? ''} ${cell}`.trim()))
      } else {
        rows.push(cells.map((cell) => (cell === '\\' ? '' : cell)))
      }
      apart = false
    }
  }
  return { rows, headerRows: borders.length > 2 ? (borders[1] ?? 0) : 0 }
}
