/** A cell as the file has it; also one that a merged cell covers has its own place. */
export interface GridCell {
  text: string
  /** Over how many rows it reaches, itself included. */
  rows: number
  /** Whether a cell to the left or above reaches over this place. */
  covered: boolean
  /** How many such cells follow one another. 1 where absent. */
  repeat?: number
}

export interface GridRow {
  cells: readonly GridCell[]
  /** How many such rows follow one another. 1 where absent. */
  repeat?: number
}

/**
 * Fills the tables of one document: a merged cell stands in each place that it covers, so that a line tells what it
 * says without the lines above. One that covers its whole row stands there once. Long texts are not repeated, and no
 * more than 300,000 characters in one document: a file of a few bytes can ask for a billion.
 */
export function createGridFiller(): (rows: readonly GridRow[]) => string[][] {
  let allowance = 300_000
  const copies = (wanted: number | undefined, text: string): number => {
    const most = Math.floor(allowance / (text.length + 4))
    const extra = Math.max(0, Math.min((wanted ?? 1) - 1, text.length > longestRepeated ? 0 : most))
    allowance -= extra * (text.length + 4)
    return 1 + extra
  }
  const again = (text: string): string => (copies(2, text) > 1 ? text : '')

  return (rows) => {
    const lines: string[][] = []
    /** Texts that reach down from rows above, by column. */
    const reaching: ({ text: string; left: number } | undefined)[] = []
    for (const { cells, repeat } of rows) {
      const line: string[] = []
      const isWide = cells.filter(({ covered }) => !covered).length === 1 && cells.length > 1
      let origin: GridCell | undefined
      for (const cell of cells) {
        if (!cell.covered) origin = cell
        for (let copy = copies(cell.repeat, cell.covered ? '' : cell.text); copy > 0; copy--) {
          const above = reaching[line.length]
          if (cell.covered && above && above.left > 0) {
            above.left--
            line.push(again(above.text))
            continue
          }
          reaching[line.length] = { text: origin?.text ?? '', left: (origin?.rows ?? 1) - 1 }
          if (cell.covered) line.push(isWide ? '' : again(origin?.text ?? ''))
          else line.push(cell.text)
        }
      }
      for (let copy = copies(repeat, line.join('')); copy > 0; copy--) lines.push(line)
    }
    return lines
  }
}

/** Whether the first row of a table names its columns: each one, in few words and without a number. */
export function looksLikeHeader([first, second]: readonly (readonly string[])[]): boolean {
  if (!first || !second || first.length < 2) return false
  return first.every((cell) => cell !== '' && cell.length <= 60 && !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
}

const longestRepeated = 100
