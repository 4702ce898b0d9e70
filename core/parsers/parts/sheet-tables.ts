import { pickCells, type SheetArea, type SheetGrid, type SheetRow } from './sheet-grid.ts'

export type CellKind = 'text' | 'number' | 'date' | 'boolean' | 'error'

/** What a reader sees on a sheet: tables, and lines of text that belong to none. */
export type SheetBlock =
  | {
      kind: 'table'
      /** Texts in the table's columns; blank cells are ''. */
      rows: string[][]
      headerRows: number
      /** The line or lines right above that name the table. */
      titles: string[]
      /** Where the rows and the first column stand. Absent where blank cells had to be left out. */
      sheet?: { rows: number[]; column: number }
    }
  | { kind: 'text'; text: string }

/**
 * Finds the tables of a sheet. Cells that touch belong together; so do parts at one height that a narrow gap divides,
 * and parts below a blank row that have no header of their own, because people use blank rows and columns for looks.
 * Parts that each begin with a header are tables of their own. A line of text alone is a title or a note. Merged cells
 * are repeated down their rows and across a header, so that each row can be understood by itself.
 */
export function findSheetBlocks(grid: SheetGrid): SheetBlock[] {
  spreadMerges(grid)
  const { named, rest } = cutNamedTables(grid)
  const parts = [...named, ...boxes(rest).flatMap((box) => partsOf(rest, box))]
  parts.sort((a, b) => a.top - b.top || a.left - b.left)
  return withTitles(parts)
}

/** A block with its place on the sheet. */
interface Part {
  top: number
  left: number
  bottom: number
  right: number
  block: SheetBlock
}

/** Rows by their index in the grid (not their number), columns as the sheet counts; inclusive. */
interface Box {
  top: number
  bottom: number
  left: number
  right: number
  /** Remembered answer of `hasOwnHeader`. */
  ownHeader?: boolean
}

const longestRepeated = 100
const mostRepeated = 1_000_000

/** Repeats merged cells down their rows, and notes how far each reaches to the right. */
function spreadMerges({ rows, merges }: SheetGrid): void {
  let repeated = 0
  for (const { top, left, bottom, right } of merges) {
    const first = indexOfRow(rows, top)
    const head = rows[first]
    const place = head?.number === top ? head.columns.indexOf(left) : -1
    if (!head || place < 0) continue
    if (right > left) (head.reach ??= new Map<number, number>()).set(left, right)
    const text = head.texts[place] ?? ''
    const kind = head.kinds.charAt(place)
    if (text.length > longestRepeated) continue
    for (let index = first + 1; index < rows.length && repeated < mostRepeated; index++) {
      const row = rows[index]
      if (!row || row.number > bottom) break
      if (row.columns.some((column) => column >= left && column <= right)) continue
      const at = row.columns.findIndex((column) => column > left)
      const to = at < 0 ? row.columns.length : at
      row.columns = row.columns.toSpliced(to, 0, left)
      row.texts.splice(to, 0, text)
      row.kinds = row.kinds.slice(0, to) + kind + row.kinds.slice(to)
      if (right > left) (row.reach ??= new Map<number, number>()).set(left, right)
      repeated++
    }
  }
}

/** The index of the first row with at least this number. */
function indexOfRow(rows: readonly SheetRow[], number: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.number ?? 0) < number) low = middle + 1
    else high = middle
  }
  return low
}

const mostNamedTables = 1000

/** Takes what the file declares as tables out of the grid. */
function cutNamedTables({ rows, namedTables }: SheetGrid): { named: Part[]; rest: SheetRow[] } {
  const named: Part[] = []
  let rest = rows
  for (const table of namedTables.slice(0, mostNamedTables)) {
    const first = indexOfRow(rest, table.top)
    const end = indexOfRow(rest, table.bottom + 1)
    const inside: SheetRow[] = []
    const outside: SheetRow[] = []
    for (const row of rest.slice(first, end)) {
      const [within, without] = divide(row, table)
      if (within.columns.length > 0) inside.push(within)
      if (without.columns.length > 0) outside.push(without)
    }
    if (inside.length === 0) continue
    rest = [...rest.slice(0, first), ...outside, ...rest.slice(end)]
    const box: Box = { top: 0, bottom: inside.length - 1, left: table.left, right: rightmost(inside) }
    const header = Math.min(table.headerRows, inside.length)
    named.push({ ...placeOf(inside, box), block: tableOf(inside, box, header) })
  }
  return { named, rest }
}

function divide(row: SheetRow, { left, right }: SheetArea): [SheetRow, SheetRow] {
  const within: number[] = []
  const without: number[] = []
  row.columns.forEach((column, place) => (column >= left && column <= right ? within : without).push(place))
  return without.length === 0 ? [row, pickCells(row, [])] : [pickCells(row, within), pickCells(row, without)]
}

function rightmost(rows: readonly SheetRow[]): number {
  return rows.reduce((most, row) => Math.max(most, row.columns.at(-1) ?? 0), 0)
}

/** The areas that are one table or one text each, in reading order. */
function boxes(rows: readonly SheetRow[]): Box[] {
  const found: Box[] = []
  let above: Box[] = []
  for (let top = 0; top < rows.length;) {
    let bottom = top
    while (bottom + 1 < rows.length && (rows[bottom + 1]?.number ?? 0) - (rows[bottom]?.number ?? 0) <= 1) bottom++
    const band = joinNeighbours(rows, components(rows, top, bottom))
    const [upper, lower] = [above[0], band[0]]
    if (above.length === 1 && band.length === 1 && upper && lower && continues(rows, upper, lower)) {
      const joined = unite(upper, lower)
      found[found.length - 1] = joined
      above = [joined]
    } else {
      found.push(...band)
      above = band
    }
    top = bottom + 1
  }
  return found
}

/** More scattered parts in one stretch of rows than this are no layout: the stretch is read as one table. */
const mostComponents = 150

interface Run {
  from: number
  to: number
  component: number
}

/** Areas of cells that touch side by side or one above the other, within rows that follow one another. */
function components(rows: readonly SheetRow[], top: number, bottom: number): Box[] {
  const parents: number[] = []
  const areas: Box[] = []
  const rootOf = (component: number): number => {
    let root = component
    while (parents[root] !== undefined && parents[root] !== root) root = parents[root] ?? root
    parents[component] = root
    return root
  }
  let above: Run[] = []
  let separate = 0
  for (let index = top; index <= bottom; index++) {
    const row = rows[index]
    if (!row) continue
    const runs: Run[] = []
    let last: Run | undefined
    for (const column of row.columns) {
      if (last && column <= last.to + 1) {
        last.to = Math.max(last.to, row.reach?.get(column) ?? column)
      } else {
        last = { from: column, to: row.reach?.get(column) ?? column, component: parents.length }
        parents.push(parents.length)
        areas.push({ top: index, bottom: index, left: column, right: column })
        runs.push(last)
        separate++
      }
      const area = areas[last.component]
      if (area) area.right = column
    }
    let next = 0
    for (const run of runs) {
      while (above[next] && (above[next]?.to ?? 0) < run.from) next++
      for (let at = next; (above[at]?.from ?? Infinity) <= run.to; at++) {
        const [one, other] = [rootOf(above[at]?.component ?? 0), rootOf(run.component)]
        const [kept, gone] = [areas[one], areas[other]]
        if (one === other || !kept || !gone) continue
        parents[other] = one
        areas[one] = unite(kept, gone)
        separate--
      }
    }
    if (separate > mostComponents) return [wholeBand(rows, top, bottom)]
    above = runs
  }
  return areas.filter((_, component) => rootOf(component) === component)
}

function wholeBand(rows: readonly SheetRow[], top: number, bottom: number): Box {
  const band = rows.slice(top, bottom + 1)
  const left = band.reduce((least, row) => Math.min(least, row.columns[0] ?? Infinity), Infinity)
  return { top, bottom, left, right: rightmost(band) }
}

function unite(one: Box, other: Box): Box {
  return {
    top: Math.min(one.top, other.top),
    bottom: Math.max(one.bottom, other.bottom),
    left: Math.min(one.left, other.left),
    right: Math.max(one.right, other.right),
  }
}

function joinNeighbours(rows: readonly SheetRow[], found: Box[]): Box[] {
  let list = found
  for (let changed = true; changed;) {
    changed = false
    // Nearest neighbours first: what is joined then decides about the others.
    search: for (const one of list) {
      for (const other of list) {
        if (one === other || !belongTogether(rows, one, other)) continue
        list = list.filter((box) => box !== one && box !== other)
        list.push(unite(one, other))
        list.sort((a, b) => a.left - b.left || a.top - b.top)
        changed = true
        break search
      }
    }
  }
  return list.toSorted((a, b) => a.top - b.top || a.left - b.left)
}

/** Whether two areas, the second not left of the first, are one table. */
function belongTogether(rows: readonly SheetRow[], one: Box, other: Box): boolean {
  if (other.left < one.left) return false
  if (one.bottom < other.top || other.bottom < one.top) return false
  const gap = other.left - one.right - 1
  if (gap < 0) return true
  if (gap > widestGap) return false
  const bothTables = isTableSized(one) && isTableSized(other)
  const aligned = one.bottom === other.bottom && one.bottom > other.top && onlyTitlesAbove(rows, one, other.top)
  if (bothTables && hasOwnHeader(rows, one) && hasOwnHeader(rows, other)) {
    return aligned && gap === 1 && !sharesHeader(rows, one, other)
  }
  return aligned || gap <= 1
}

/** Whether an area has nothing but titles above this row. */
function onlyTitlesAbove(rows: readonly SheetRow[], box: Box, top: number): boolean {
  if (top < box.top || top - box.top > 3) return false
  return range(box.top, top - 1).every((index) => isSingleText(rows[index], box))
}

const widestGap = 3

function isTableSized(box: Box): boolean {
  return box.right > box.left && box.bottom > box.top
}

/** The first row is text only and the rows below have numbers or dates. */
function hasOwnHeader(rows: readonly SheetRow[], box: Box): boolean {
  box.ownHeader ??= (() => {
    const [first, ...below] = kindLines(rows, box, sampleRows)
    return first !== undefined && !hasValues(first) && below.filter(hasValues).length >= below.length / 2
  })()
  return box.ownHeader
}

function sharesHeader(rows: readonly SheetRow[], one: Box, other: Box): boolean {
  const names = new Set(denseTexts(rows[one.top], one))
  return denseTexts(rows[other.top], other).some((name) => name !== '' && names.has(name))
}

const sampleRows = 60

/** Whether the lower of two areas, which stand alone above one another, goes on with the table of the upper one. */
function continues(rows: readonly SheetRow[], upper: Box, lower: Box): boolean {
  const gap = (rows[lower.top]?.number ?? 0) - (rows[upper.bottom]?.number ?? 0)
  if (gap > 2 || upper.right === upper.left || lower.right === lower.left) return false
  if (lower.left < upper.left || lower.right > upper.right) return false
  const [first] = kindLines(rows, { ...lower, bottom: lower.top }, 1)
  if (!first || !hasValues(first)) return false
  const above = kindLines(rows, upper, sampleRows)
  const isHeader = upper.bottom - upper.top < 3 && above.every((line) => !hasValues(line))
  return isHeader || above.some(hasValues)
}

function hasValues(line: string): boolean {
  return /[ndb]/.test(line)
}

/** One line of kind letters for each of the first rows, blank cells as ' '. */
function kindLines(rows: readonly SheetRow[], box: Box, most: number): string[] {
  return rows.slice(box.top, Math.min(box.bottom + 1, box.top + most)).map((row) => {
    let line = ''
    row.columns.forEach((column, place) => {
      if (column < box.left || column > box.right) return
      line = line.padEnd(Math.min(column - box.left, widestKindLine)) + row.kinds.charAt(place)
    })
    return line
  })
}

const widestKindLine = 20_000

function denseTexts(row: SheetRow | undefined, { left, right }: Box): string[] {
  const texts: string[] = []
  row?.columns.forEach((column, place) => {
    if (column < left || column > right) return
    while (texts.length < column - left) texts.push('')
    texts.push(row.texts[place] ?? '')
  })
  return texts
}

function filledTexts(row: SheetRow | undefined, { left, right }: Box): string[] {
  return row?.texts.filter((_, place) => (row.columns[place] ?? 0) >= left && (row.columns[place] ?? 0) <= right) ?? []
}

/** One area as a table with its titles and notes, or as lines of text. */
function partsOf(rows: readonly SheetRow[], box: Box): Part[] {
  let { top, bottom } = box
  const isLine = (index: number): boolean => isSingleText(rows[index], box)
  if (box.left === box.right) {
    if (isList(rows, box)) return [tablePart(rows, box)]
    return range(top, bottom).map((index) => textPart(rows, box, index))
  }
  while (top <= bottom && isLine(top)) top++
  // Nothing but single cells, each in a column of its own.
  if (top > bottom) return range(box.top, bottom).map((index) => textPart(rows, box, index))
  while (bottom > top && isLine(bottom) && isNote(rows, box, bottom)) bottom--
  return [
    ...range(box.top, top - 1).map((index) => textPart(rows, box, index)),
    tablePart(rows, { ...box, top, bottom }),
    ...range(bottom + 1, box.bottom).map((index) => textPart(rows, box, index)),
  ]
}

/** A row with one cell only, of text, that stands first or is merged over half of the area. */
function isSingleText(row: SheetRow | undefined, { left, right }: Box): boolean {
  if (!row) return false
  const places = row.columns.flatMap((column, place) => (column >= left && column <= right ? [place] : []))
  const [place] = places
  if (places.length !== 1 || place === undefined || row.kinds.charAt(place) !== 't') return false
  const column = row.columns[place] ?? 0
  return column === left || (row.reach?.get(column) ?? column) - column + 1 > (right - left + 1) / 2
}

/** A long or marked line below a table; a short one can be a section of the table, or a name without values. */
function isNote(rows: readonly SheetRow[], box: Box, index: number): boolean {
  const [text = ''] = filledTexts(rows[index], box)
  return text.length > 60 || /^(?:\(\w{1,2}\)|\*|\d\)|notes?\b|source\b)/i.test(text)
}

/** One column: a list with values or short entries is a table; a few lines are lines. */
function isList(rows: readonly SheetRow[], box: Box): boolean {
  const own = rows.slice(box.top, box.bottom + 1)
  if (own.length < 4) return false
  const places = own.map((row) => row.columns.indexOf(box.left))
  if (own.some((row, index) => /[ndb]/.test(row.kinds.charAt(places[index] ?? 0)))) return true
  const length = own.reduce((sum, row, index) => sum + (row.texts[places[index] ?? 0]?.length ?? 0), 0)
  return length / own.length < 60
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

function textPart(rows: readonly SheetRow[], box: Box, index: number): Part {
  const text = filledTexts(rows[index], box).join(' ')
  return { ...placeOf(rows, { ...box, top: index, bottom: index }), block: { kind: 'text', text } }
}

function placeOf(rows: readonly SheetRow[], box: Box): Omit<Part, 'block'> {
  const top = rows[box.top]?.number ?? 0
  return { top, bottom: rows[box.bottom]?.number ?? top, left: box.left, right: box.right }
}

function tablePart(rows: readonly SheetRow[], box: Box): Part {
  return { ...placeOf(rows, box), block: tableOf(rows, box, findHeader(rows, box)) }
}

function tableOf(rows: readonly SheetRow[], box: Box, headerRows: number): SheetBlock {
  const own = rows.slice(box.top, box.bottom + 1)
  const width = box.right - box.left + 1
  const filled = own.reduce((sum, row) => sum + row.columns.length, 0)
  if (width * own.length > filled * 30 + 10_000) {
    // Hardly anything but blank cells: they would fill the memory and tell nothing.
    const sparse = own.map((row) => filledTexts(row, box))
    return { kind: 'table', rows: sparse, headerRows: 0, titles: [] }
  }
  const texts = own.map((row, index) => {
    const cells = denseTexts(row, box)
    if (index < headerRows) repeatAcross(cells, row, box)
    return cells
  })
  const sheet = { rows: own.map((row) => row.number), column: box.left }
  return { kind: 'table', rows: texts, headerRows, titles: [], sheet }
}

/** Names that span columns name each of them. */
function repeatAcross(cells: string[], row: SheetRow, box: Box): void {
  for (const [column, reach] of row.reach ?? []) {
    const text = cells[column - box.left]
    if (!text) continue
    for (let at = column + 1; at <= Math.min(reach, box.right); at++) {
      while (cells.length <= at - box.left) cells.push('')
      cells[at - box.left] = text
    }
  }
}

const mostHeaderRows = 4

/** How many of an area's first rows name its columns. */
function findHeader(rows: readonly SheetRow[], box: Box): number {
  if (box.bottom === box.top) return 0
  const lines = kindLines(rows, box, sampleRows)
  const width = box.right - box.left + 1
  let header = 0
  while (header < Math.min(mostHeaderRows, lines.length - 1)) {
    const row = rows[box.top + header]
    const line = lines[header] ?? ''
    if (!row || !isNaming(row, line, box)) break
    const below = lines.slice(header + 1)
    // A second row of names is one only below a first row that leaves columns without a name of their own.
    if (header > 0 && !namesAreOpen(rows, box, header, width)) break
    if (!hasContrast(line, below) && !(header === 0 && looksLikeNames(rows, box))) break
    header++
  }
  return header
}

/** Text only, or years and dates that head columns beside text. */
function isNaming(row: SheetRow, line: string, box: Box): boolean {
  if (/[be]/.test(line)) return false
  if (!/[nd]/.test(line)) return true
  if (!/[t ]/.test(line.charAt(0))) return false
  const values = row.texts.filter((_, place) => {
    const column = row.columns[place] ?? 0
    return column >= box.left && column <= box.right && row.kinds.charAt(place) === 'n'
  })
  const years = values.length > 0 && values.every((value) => /^(?:19|20)\d\d$/.test(value))
  return values.length === 0 ? /d.*d/.test(line) : years && values.length > 1
}

/** In some column that the line names, most of the cells below are values. */
function hasContrast(line: string, below: readonly string[]): boolean {
  return Array.from(line).some((letter, column) => {
    if (letter === ' ') return false
    const cells = below.map((other) => other.charAt(column)).filter((other) => other !== '' && other !== ' ')
    return cells.length > 0 && cells.filter((other) => /[ndb]/.test(other)).length >= cells.length / 2
  })
}

/** Nothing but text below too: names are short, complete, all different, or alone in bold. */
function looksLikeNames(rows: readonly SheetRow[], box: Box): boolean {
  const names = filledTexts(rows[box.top], box)
  const width = box.right - box.left + 1
  if (names.length < width / 2 || new Set(names).size < names.length) return false
  if (rows[box.top]?.bold && !rows[box.top + 1]?.bold) return true
  // Two columns of text are more often names with their values than a table.
  return (
    box.bottom - box.top >= 2 && width > 2 && names.length >= width - 1 && names.every(({ length }) => length <= 40)
  )
}

/** Whether the rows before `header` have merged or blank names, or a name that is merged down into this row. */
function namesAreOpen(rows: readonly SheetRow[], box: Box, header: number, width: number): boolean {
  const before = rows[box.top + header - 1]
  if (!before) return false
  const texts = denseTexts(before, box)
  const own = denseTexts(rows[box.top + header], box)
  const isFull = texts.filter((text) => text !== '').length === width
  return !isFull || (before.reach?.size ?? 0) > 0 || own.some((text, index) => text !== '' && text === texts[index])
}

const longestTitle = 160

/** Gives each table the short lines right above it as titles. */
function withTitles(parts: readonly Part[]): SheetBlock[] {
  const blocks: SheetBlock[] = []
  let lines: Part[] = []
  const flush = (): void => {
    blocks.push(...lines.map((line) => line.block))
    lines = []
  }
  for (const part of parts) {
    if (part.block.kind === 'text') {
      lines.push(part)
      continue
    }
    const titles: string[] = []
    let top = part.top
    for (let line = lines.at(-1); line?.block.kind === 'text'; line = lines.at(-1)) {
      const isNear = top - line.bottom <= 2 && line.left >= part.left - 1 && line.left <= part.right
      if (!isNear || line.block.text.length > longestTitle || titles.length === 3) break
      titles.unshift(line.block.text)
      top = line.top
      lines.pop()
    }
    flush()
    blocks.push({ ...part.block, titles })
  }
  flush()
  return blocks
}
