import type { Rule } from './pdf-content.ts'
import {
  type GlyphSpan,
  median,
  overlap,
  type Rectangle,
  type Run,
  type Segment,
  toRegion,
  toSegments,
  unite,
} from './pdf-layout.ts'

/** A table whose cells are parted by drawn lines. A cell that spans several stands at the first of its places. */
export interface GridTable {
  /** Rows, cells, lines of a cell. */
  rows: string[][][]
  headerRows: number
}

/** Points. */
const tolerance = 3
const limits = { columns: 60, rows: 400, crossings: 4_000_000 }

/**
 * The ruled tables of a page and the runs that stand in none of them. Lines that touch make a grid; where a piece of a
 * line is missing between two of its fields, these are one cell. Frames, charts and forms without text are no tables.
 */
export function findGrids(
  rules: readonly Rule[],
  fills: readonly Rectangle[],
  runs: readonly Run[],
  turned: readonly Run[] = [],
): { tables: Segment[]; rest: Run[]; restTurned: Run[] } {
  const tables: Segment[] = []
  let rest = [...runs]
  let restTurned = [...turned]
  const shades = fillEdges(fills)
  // Shaded fields tell cells apart only where no lines do: often each line of text has its own shade.
  for (const shaded of [false, true]) {
    const lines = shaded ? [...rules, ...shades] : rules
    if (lines.length < 3 || rest.length < 4 || (shaded && shades.length === 0)) continue
    const grids = connected(joinCollinear(lines))
      .flatMap((group) => toGrid(group, fills) ?? [])
      .toSorted((a, b) => area(b) - area(a))
    for (const grid of grids) {
      const [inside, outside] = part(rest, (run) => contains(grid, run.box))
      const [insideTurned, outsideTurned] = part(restTurned, (run) => contains(grid, run.box))
      const table = inside.length >= 3 ? readGrid(grid, inside, insideTurned, shaded ? 400 : 1200) : undefined
      if (!table) continue
      tables.push(table)
      rest = outside
      restTurned = outsideTurned
    }
  }
  return { tables, rest, restTurned }
}

function part(runs: readonly Run[], belongs: (run: Run) => boolean): [Run[], Run[]] {
  const inside: Run[] = []
  const outside: Run[] = []
  for (const run of runs) (belongs(run) ? inside : outside).push(run)
  return [inside, outside]
}

interface Grid {
  xs: number[]
  ys: number[]
  horizontal: Rule[]
  vertical: Rule[]
}

function area({ xs, ys }: Grid): number {
  return ((xs.at(-1) ?? 0) - (xs[0] ?? 0)) * ((ys.at(-1) ?? 0) - (ys[0] ?? 0))
}

function contains({ xs, ys }: Grid, box: Rectangle): boolean {
  const x = box.x + box.width / 2
  const y = box.y + box.height / 2
  return x > (xs[0] ?? 0) - 1 && x < (xs.at(-1) ?? 0) + 1 && y > (ys[0] ?? 0) - 1 && y < (ys.at(-1) ?? 0) + 1
}

/** The edges of shaded cells. Areas that lie over one another are drawings. */
function fillEdges(fills: readonly Rectangle[]): Rule[] {
  if (fills.length < 3 || fills.length > 1500) return []
  const places = new Map(
    fills.map((fill) => [`${Math.round(fill.x)} ${Math.round(fill.y)} ${Math.round(fill.width)}`, fill]),
  )
  const areas = [...places.values()].filter((fill) => fill.width > 8 && fill.height > 6)
  const crosses = (one: Rectangle, other: Rectangle): boolean =>
    overlap(one.x, one.x + one.width, other.x, other.x + other.width) > tolerance &&
    overlap(one.y, one.y + one.height, other.y, other.y + other.height) > tolerance
  const cells = areas.filter((fill) => !areas.some((other) => other !== fill && crosses(fill, other)))
  if (cells.length < 3) return []
  return cells.flatMap(({ x, y, width, height }) => [
    { vertical: false, at: y, from: x, to: x + width },
    { vertical: false, at: y + height, from: x, to: x + width },
    { vertical: true, at: x, from: y, to: y + height },
    { vertical: true, at: x + width, from: y, to: y + height },
  ])
}

function joinCollinear(rules: readonly Rule[]): Rule[] {
  const joined: Rule[] = []
  const sorted = rules.toSorted(
    (a, b) => Number(a.vertical) - Number(b.vertical) || Math.round(a.at) - Math.round(b.at) || a.from - b.from,
  )
  for (const rule of sorted) {
    const last = joined.at(-1)
    const near = last && last.vertical === rule.vertical && Math.abs(last.at - rule.at) <= 1.5
    if (near && rule.from <= last.to + tolerance) last.to = Math.max(last.to, rule.to)
    else joined.push({ ...rule })
  }
  return joined.filter((rule) => rule.to - rule.from > 5)
}

/** Groups of lines that touch one another. */
function connected(rules: readonly Rule[]): Rule[][] {
  const horizontal = rules.filter((rule) => !rule.vertical)
  const vertical = rules.filter((rule) => rule.vertical)
  if (horizontal.length * vertical.length > limits.crossings) return []
  const parent = new Map<Rule, Rule>(rules.map((rule) => [rule, rule]))
  const root = (rule: Rule): Rule => {
    let found = rule
    for (let next = parent.get(found); next && next !== found; next = parent.get(found)) found = next
    parent.set(rule, found)
    return found
  }
  for (const across of horizontal) {
    for (const down of vertical) {
      if (across.at < down.from - tolerance || across.at > down.to + tolerance) continue
      if (down.at < across.from - tolerance || down.at > across.to + tolerance) continue
      parent.set(root(across), root(down))
    }
  }
  const groups = new Map<Rule, Rule[]>()
  for (const rule of rules) {
    const group = groups.get(root(rule))
    if (group) group.push(rule)
    else groups.set(root(rule), [rule])
  }
  return [...groups.values()]
}

function toGrid(rules: readonly Rule[], fills: readonly Rectangle[]): Grid | undefined {
  const horizontal = rules.filter((rule) => !rule.vertical)
  const vertical = rules.filter((rule) => rule.vertical)
  if (horizontal.length < 2 || vertical.length < 1) return undefined
  const xs = cluster(vertical.map((rule) => rule.at))
  const ys = cluster(horizontal.map((rule) => rule.at))
  // Tables are often left open at their sides.
  const left = Math.min(...horizontal.map((rule) => rule.from))
  const right = Math.max(...horizontal.map((rule) => rule.to))
  if (left < (xs[0] ?? 0) - 12) xs.unshift(left)
  if (right > (xs.at(-1) ?? 0) + 12) xs.push(right)
  const top = Math.min(...vertical.map((rule) => rule.from))
  const bottom = Math.max(...vertical.map((rule) => rule.to))
  if (top < (ys[0] ?? 0) - 6) ys.unshift(top)
  if (bottom > (ys.at(-1) ?? 0) + 6) ys.push(bottom)
  for (const at of shadedRowEnds(fills, xs, ys)) {
    horizontal.push({ vertical: false, at, from: xs[0] ?? 0, to: xs.at(-1) ?? 0 })
    ys.push(at)
    ys.sort((a, b) => a - b)
  }
  if (xs.length < 3 || ys.length < 3 || xs.length > limits.columns || ys.length > limits.rows) return undefined
  return { xs, ys, horizontal, vertical }
}

/** Where the shade of a whole row ends, a row ends: the header's, above all. */
function shadedRowEnds(fills: readonly Rectangle[], xs: readonly number[], ys: readonly number[]): number[] {
  const [left, right, top, bottom] = [xs[0] ?? 0, xs.at(-1) ?? 0, ys[0] ?? 0, ys.at(-1) ?? 0]
  const edges = fills
    .map((fill) => fill.y + fill.height)
    .filter((edge) => edge > top + 6 && edge < bottom - 6 && ys.every((y) => Math.abs(y - edge) > 5))
  return cluster(edges).filter((edge) => {
    const row = fills.filter((fill) => Math.abs(fill.y + fill.height - edge) <= 1)
    const covered = row.reduce((sum, fill) => sum + Math.max(0, overlap(fill.x, fill.x + fill.width, left, right)), 0)
    return covered > (right - left) * 0.95 && covered < (right - left) * 1.2
  })
}

function cluster(values: readonly number[]): number[] {
  const places: number[] = []
  for (const value of values.toSorted((a, b) => a - b)) {
    if (value - (places.at(-1) ?? -Infinity) > tolerance) places.push(value)
  }
  return places
}

function readGrid(grid: Grid, given: readonly Run[], turned: readonly Run[], longestCell: number): Segment | undefined {
  const { xs, ys } = grid
  const columns = xs.length - 1
  const rows = ys.length - 1
  const owner = mergeFields(grid)
  const runs = given.flatMap((run) => splitAt(run, xs))
  const fieldOf = ({ box }: Run): number => {
    const column = placeOf(box.x + box.width / 2, xs)
    const row = placeOf(box.y + box.height / 2, ys)
    return owner[row * columns + column] ?? 0
  }
  const cells = Map.groupBy(runs, fieldOf)
  const turnedCells = Map.groupBy(turned, fieldOf)
  for (const field of turnedCells.keys()) if (!cells.has(field)) cells.set(field, [])
  const filledRows = new Set([...cells.keys()].map((field) => Math.floor(field / columns)))
  const filledColumns = new Set([...cells.keys()].map((field) => field % columns))
  const fields = new Set(owner).size
  if (cells.size < 3 || filledRows.size < 2 || filledColumns.size < 2 || cells.size < fields * 0.2) return undefined
  const lines = new Map(
    [...cells].map(([field, inCell]) => [field, [...cellLines(inCell), ...cellLines(turnedCells.get(field) ?? [])]]),
  )
  const lengths = [...lines.values()].map((inCell) => inCell.reduce((sum, line) => sum + line.text.length, 0))
  const all = lengths.reduce((sum, length) => sum + length, 0)
  // The frame of a page or of its columns is no table.
  const longest = Math.max(...lengths)
  // Cells with columns of their own: these lines only frame a table or part its sections.
  const inCells = [...lines.values()].flat()
  const tabular = inCells.filter((line) => line.parts > 1).length
  if (tabular >= 3 && tabular > inCells.length * 0.25) return undefined
  if (longest > longestCell || (longest > 300 && longest > all * 0.6)) return undefined
  const written: CellLine[][][] = []
  for (let row = 0; row < rows; row++) {
    const fieldsOfRow = Array.from({ length: columns }, (_, column) => lines.get(row * columns + column) ?? [])
    written.push(...splitRow(fieldsOfRow, rows))
  }
  const used = Array.from({ length: columns }, (_, column) => written.some((row) => (row[column]?.length ?? 0) > 0))
  const kept = written
    .map((row) => row.filter((_, column) => used[column]).map((cell) => cell.map((line) => line.text)))
    .filter((row) => row.some((cell) => cell.length > 0))
  if (kept.length < 2) return undefined
  const box = unite(runs.map((run) => run.box))
  const [first] = runs
  if (!first) return undefined
  const mostlyRight = runs.filter((run) => run.rightToLeft).length > runs.length / 2
  return {
    text: kept.flat(2).join(' '),
    glyphs: [],
    x: xs[0] ?? first.x,
    right: xs.at(-1) ?? first.right,
    top: Math.min(...runs.map((run) => run.top)),
    bottom: Math.max(...runs.map((run) => run.bottom)),
    baseline: Math.max(...runs.map((run) => run.baseline)),
    size: median(runs.map((run) => run.size)),
    bold: false,
    italic: false,
    monospace: false,
    font: first.font ?? '',
    mixed: false,
    artifact: false,
    rightToLeft: mostlyRight,
    box,
    table: { rows: mostlyRight ? kept.map((row) => row.toReversed()) : kept, headerRows: 0 },
  }
}

/** For each field of the grid the first field of the cell to which it belongs. */
function mergeFields({ xs, ys, horizontal, vertical }: Grid): number[] {
  const columns = xs.length - 1
  const rows = ys.length - 1
  const owner = Array.from({ length: columns * rows }, (_, field) => field)
  const find = (field: number): number => {
    let found = field
    while (owner[found] !== undefined && owner[found] !== found) found = owner[found] ?? found
    return found
  }
  const join = (one: number, other: number): void => {
    const [a, b] = [find(one), find(other)]
    owner[Math.max(a, b)] = Math.min(a, b)
  }
  const span = (places: readonly number[], index: number): [number, number] => [
    places[index] ?? 0,
    places[index + 1] ?? 0,
  ]
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const field = row * columns + column
      if (column + 1 < columns && !isRuled(vertical, xs[column + 1] ?? 0, span(ys, row))) join(field, field + 1)
      if (row + 1 < rows && !isRuled(horizontal, ys[row + 1] ?? 0, span(xs, column))) join(field, field + columns)
    }
  }
  return owner.map((_, field) => find(field))
}

function isRuled(rules: readonly Rule[], at: number, [from, to]: [number, number]): boolean {
  let covered = 0
  for (const rule of rules) {
    if (Math.abs(rule.at - at) <= tolerance) covered += Math.max(0, overlap(rule.from, rule.to, from, to))
  }
  return covered > (to - from) * 0.6
}

/** Texts of neighbouring cells may follow one another as closely as words. */
function splitAt(run: Run, xs: readonly number[]): Run[] {
  const glyphs = run.glyphs ?? []
  const borders = xs.slice(1, -1).filter((x) => x > run.x + 1 && x < run.right - 1)
  if (borders.length === 0 || glyphs.length === 0 || run.rightToLeft) return [run]
  const parts: GlyphSpan[][] = [[]]
  let before: GlyphSpan | undefined
  for (const glyph of glyphs) {
    if (glyph.text === ' ') {
      parts.at(-1)?.push(glyph)
      continue
    }
    const edge = before?.right
    const next = glyph
    if (edge !== undefined && borders.some((x) => edge <= x + 1.5 && next.x >= x - 1.5)) parts.push([])
    parts.at(-1)?.push(glyph)
    before = glyph
  }
  if (parts.length === 1) return [run]
  return parts.flatMap((part) => {
    const letters = part.filter((glyph) => glyph.text !== ' ')
    const [first, last] = [letters[0], letters.at(-1)]
    if (!first || !last) return []
    const text = part
      .map((glyph) => glyph.text)
      .join('')
      .trim()
    const box = { ...run.box, x: first.x, width: Math.max(0, last.right - first.x) }
    return [{ ...run, text, glyphs: part, x: first.x, right: last.right, box }]
  })
}

function placeOf(value: number, places: readonly number[]): number {
  let place = 0
  while (place < places.length - 2 && value >= (places[place + 1] ?? Infinity)) place++
  return place
}

interface CellLine {
  text: string
  baseline: number
  /** Pieces with wide gaps between them. */
  parts: number
}

function cellLines(runs: readonly Run[]): CellLine[] {
  return toRegion(toSegments(runs), false).lines.map(({ text, baseline, segments }) => ({
    text,
    baseline,
    parts: segments.length,
  }))
}

/** Several rows of text without lines between them are rows all the same when their cells stand side by side. */
function splitRow(cells: CellLine[][], rowsOfGrid: number): CellLine[][][] {
  const filled = cells.filter((cell) => cell.length > 0)
  const most = Math.max(0, ...filled.map((cell) => cell.length))
  if (filled.length < 2 || most < 3 || (rowsOfGrid > 4 && most < 6)) return [cells]
  const baselines = cluster(filled.flat().map((line) => line.baseline))
  const count = filled.reduce((sum, cell) => sum + cell.length, 0)
  if (count < baselines.length * filled.length * 0.65) return [cells]
  const rows = baselines.map(() => cells.map((): CellLine[] => []))
  cells.forEach((cell, column) => {
    for (const line of cell) {
      const row = baselines.findLastIndex((baseline) => line.baseline >= baseline - 0.01)
      rows[Math.max(0, row)]?.[column]?.push(line)
    }
  })
  return rows
}
