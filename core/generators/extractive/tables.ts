/**
 * Rows of tables written as text: Markdown pipes, tabs, or CSV. A cell is plain text; the row keeps its place in the
 * passage, so that a citation opens exactly that row.
 */
export type Delimiter = '|' | '\t' | ',' | ';'

export interface Line {
  /** UTF-16 code units into the passage, without the line break. */
  start: number
  end: number
  text: string
}

const delimiterRow = /^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$/u

/** The line below a Markdown table's header. */
export function isDelimiterRow(text: string): boolean {
  return text.length < 2000 && text.includes('-') && text.includes('|') && delimiterRow.test(text)
}

/** How the table that begins on the line `at` is delimited and how many lines it has, or undefined. */
export function tableAt(
  lines: readonly Line[],
  at: number,
  context: string,
): { delimiter: Delimiter; length: number } | undefined {
  const first = lines[at]
  if (!first || first.text.length > maxRowLength) return undefined
  const contextCells = contextHeader(context)
  for (const delimiter of ['|', '\t', ',', ';'] as const) {
    const columns = splitRow(first.text, delimiter).length
    if (columns < 2 && !(delimiter === '|' && isDelimiterRow(first.text))) continue
    const rows: string[] = []
    for (let next = at; next < lines.length; next += 1) {
      const text = lines[next]?.text ?? ''
      if (text.trim() === '' || text.length > maxRowLength) break
      if (!isRow(text, delimiter, columns)) break
      rows.push(text)
    }
    if (rows.length === 0) continue
    const told =
      contextCells !== undefined && contextCells.delimiter === delimiter && contextCells.cells.length === columns
    if (told || looksLikeTable(rows, delimiter, columns)) return { delimiter, length: rows.length }
  }
  return undefined
}

/** The cells of one row as plain strings, not yet stripped of marks. */
export function splitRow(text: string, delimiter: Delimiter): string[] {
  if (delimiter === '\t') return text.split('\t').map((cell) => cell.trim())
  if (delimiter === '|') {
    const inner = text
      .trim()
      .replace(/^\|/u, '')
      .replace(/(?<!\\)\|$/u, '')
    return inner.split(/(?<!\\)\|/u).map((cell) => cell.replaceAll('\\|', '|').trim())
  }
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (quoted && character === '"' && text[at + 1] === '"') {
      cell += '"'
      at += 1
    } else if (character === '"' && (quoted || cell.trim() === '')) quoted = !quoted
    else if (character === delimiter && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += character
  }
  cells.push(cell.trim())
  return cells
}

/** The last row of a passage's context that can be a table's header: chunkers repeat it there. */
export function contextHeader(context: string): { delimiter: Delimiter; cells: string[] } | undefined {
  const lines = context.split(/\r?\n/u).filter((line) => line.trim() !== '' && !isDelimiterRow(line))
  for (const line of lines.reverse()) {
    if (line.length > maxRowLength) continue
    for (const delimiter of ['|', '\t', ',', ';'] as const) {
      const cells = splitRow(line, delimiter)
      if (cells.length >= 2 && cells.some((cell) => cell !== '')) return { delimiter, cells }
    }
  }
  return undefined
}

/** Longer lines are not read as rows. */
const maxRowLength = 20_000

function isRow(text: string, delimiter: Delimiter, columns: number): boolean {
  if (delimiter === '|') return text.trim().startsWith('|') || splitRow(text, delimiter).length === columns
  return splitRow(text, delimiter).length === columns
}

function looksLikeTable(rows: readonly string[], delimiter: Delimiter, columns: number): boolean {
  const first = rows[0] ?? ''
  if (delimiter === '|') return first.trim().startsWith('|') || rows.length >= 2 || columns >= 3
  if (delimiter === '\t') return rows.length >= 2 || columns >= 3
  // Prose has commas too, but it has a space after them, and its lines do not all have the same number.
  const separators = rows.join('\n').match(delimiter === ',' ? /,(\s?)/gu : /;(\s?)/gu) ?? []
  const tight = separators.filter((separator) => separator.length === 1).length
  return columns >= 3 && rows.length >= 2 && tight >= 0.8 * separators.length
}
