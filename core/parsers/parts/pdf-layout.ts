import type { GridTable } from './pdf-grids.ts'
import { runsRightToLeft, toLogical } from './pdf-bidi.ts'

/**
 * From the text runs of one PDF page to lines in reading order. A PDF says only which glyphs stand where; rows,
 * columns and tables are recovered from the gaps between them.
 */

/** One character, or what one glyph stands for, or the space between two words. */
export interface GlyphSpan {
  text: string
  x: number
  right: number
}

/** What all of a stretch of text has in common. Points, y downwards from the top of the page as it is read. */
interface Placed {
  text: string
  x: number
  right: number
  top: number
  bottom: number
  baseline: number
  /** Font size. */
  size: number
  bold: boolean
  italic: boolean
  monospace: boolean
  /** Name of the font; of its longest part where there are several. */
  font: string
  rightToLeft: boolean
  /** Letters of other fonts are among it. */
  mixed: boolean
  /** The producer marked it as no part of the document's own text. */
  artifact: boolean
  box: Rectangle
}

/** A piece of text as the page's content stream shows it. */
export interface Run extends Omit<Placed, 'italic' | 'font' | 'artifact' | 'mixed'> {
  italic?: boolean
  font?: string
  artifact?: boolean
  /**
   * In the order of `text`, spaces between words among them; from left to right where letters run the other way.
   * Absent where single letters have no places, as in text that was recognised.
   */
  glyphs?: GlyphSpan[]
  /** White space stands between this run and the one before it. */
  spaceBefore: boolean
}

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** Runs on one baseline without a wide gap: a whole line of prose, or one cell of a table. */
export interface Segment extends Placed {
  /** Empty once the reading order is known. */
  glyphs: GlyphSpan[]
  /** Its words with their places, where its line may be part of a table. */
  words?: GlyphSpan[]
  /** A whole ruled table, which takes part in the reading order as one piece. */
  table?: GridTable
}

/** One visual line of a column, its segments in reading order. */
export interface Line extends Segment {
  segments: Segment[]
}

/** A column or band of the page: its lines are read from top to bottom. */
export interface Region {
  left: number
  right: number
  lines: Line[]
  /** Written at another angle than the rest of the page: a stamp in the margin, the label of an axis. */
  turned: boolean
}

/** The page's text in reading order; ruled tables stand in it as lines of one segment. */
export function readingOrder(runs: readonly Run[], turned = false, tables: readonly Segment[] = []): Region[] {
  const segments = [...toSegments(withoutOverprints(runs)), ...tables]
  return splitColumns(segments, 0)
    .map((region) => toRegion(region, turned))
    .filter((region) => region.lines.length > 0)
}

export function unite(boxes: readonly Rectangle[]): Rectangle {
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Bold is sometimes made by printing the same text twice, a hair apart. */
function withoutOverprints(runs: readonly Run[]): Run[] {
  const kept: Run[] = []
  for (const run of runs) {
    const twin = kept
      .slice(-8)
      .find(
        (other) =>
          other.text === run.text &&
          Math.abs(other.x - run.x) < run.size * 0.2 &&
          Math.abs(other.baseline - run.baseline) < run.size * 0.2,
      )
    if (twin) twin.bold = true
    else kept.push({ ...run })
  }
  return kept
}

export function toSegments(runs: readonly Run[]): Segment[] {
  const segments: Segment[] = []
  for (const run of runs) {
    const last = segments.at(-1)
    const segment = segmentOf(run)
    if (last && sameLine(last, segment) && joins(last, segment)) extend(last, segment, run.spaceBefore)
    else segments.push(segment)
  }
  // Again in visual order, for content streams that write a line in pieces.
  const merged: Segment[] = []
  for (const segment of inVisualOrder(segments)) {
    let host: Segment | undefined
    for (let index = merged.length - 1; index >= 0 && index >= merged.length - 12; index--) {
      const candidate = merged[index]
      if (candidate && sameLine(candidate, segment) && joins(candidate, segment)) {
        host = candidate
        break
      }
    }
    if (host) extend(host, segment, false)
    else merged.push(segment)
  }
  for (const segment of merged) if (segment.rightToLeft && segment.glyphs.length > 0) readFromRight(segment)
  return merged
}

/** Line by line, each from left to right; baselines a hair apart are one line. */
function inVisualOrder(segments: readonly Segment[]): Segment[] {
  const rows: Segment[][] = []
  for (const segment of segments.toSorted((a, b) => a.baseline - b.baseline)) {
    const first = rows.at(-1)?.[0]
    if (first && segment.baseline - first.baseline < Math.min(first.size, segment.size) * 0.25)
      rows.at(-1)?.push(segment)
    else rows.push([segment])
  }
  return rows.flatMap((row) => row.toSorted((a, b) => a.x - b.x))
}

function readFromRight(segment: Segment): void {
  const glyphs = segment.glyphs.toSorted((a, b) => a.x + a.right - b.x - b.right)
  segment.text = toLogical(glyphs, runsRightToLeft(segment.text)).replaceAll(/\s+/g, ' ').trim()
}

function segmentOf(run: Run): Segment {
  const { spaceBefore: _, ...placed } = run
  const { italic = false, font = '', artifact = false, glyphs = [] } = run
  return { ...placed, italic, font, artifact, mixed: false, text: run.text.trim(), glyphs: [...glyphs] }
}

function sameLine(a: Pick<Segment, 'top' | 'bottom' | 'baseline' | 'size'>, b: typeof a): boolean {
  const larger = Math.max(a.size, b.size)
  const smaller = Math.min(a.size, b.size)
  const offset = Math.abs(a.baseline - b.baseline)
  if (offset < larger * 0.25) return true
  // Raised and lowered small print.
  return smaller < larger * 0.85 && offset < larger * 0.6 && overlap(a.top, a.bottom, b.top, b.bottom) > smaller * 0.4
}

function joins(a: Placed, b: Placed): boolean {
  const size = Math.max(a.size, b.size)
  const gap = a.rightToLeft && b.rightToLeft && b.right < a.right ? a.x - b.right : b.x - a.right
  // The number or bullet of a list item stands farther from its text than one word from another.
  const reach = isMarker(a.text) ? 3 : 0.95
  return gap < size * reach && gap > -size * 0.6
}

export function isMarker(text: string): boolean {
  return /^(?:[•●◦○▪■□‣⁃∙·–—*\uE000-\uF8FF-]|(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\((?:\d{1,2}|[a-z]|[ivx]{1,4})\))$/i.test(
    text.trim(),
  )
}

function extend(host: Segment, next: Segment, spaceBefore: boolean): void {
  const mirrored = host.rightToLeft && next.rightToLeft && next.right < host.right
  const gap = mirrored ? host.x - next.right : next.x - host.right
  // The letters of Arabic words may stand apart; there, words are parted by characters.
  const least = host.rightToLeft && next.rightToLeft ? 0.35 : 0.18
  const apart = spaceBefore || gap > Math.min(host.size, next.size) * least
  const space = apart && !/\s$/.test(host.text) && !/^\s/.test(next.text) ? ' ' : ''
  const hostLength = host.text.length
  host.text += space + next.text.trim()
  if (space !== '') {
    const [from, to] = next.right < host.x + host.size * 0.3 ? [next.right, host.x] : [host.right, next.x]
    const middle = (from + to) / 2
    host.glyphs.push({ text: ' ', x: middle, right: middle })
  }
  host.glyphs.push(...next.glyphs)
  host.artifact = host.artifact && next.artifact
  const longer = next.text.length > hostLength
  if (next.mixed || (next.font !== host.font && /\p{L}{2}/u.test(next.text))) host.mixed = true
  if (longer) {
    host.size = next.size
    host.baseline = next.baseline
    host.monospace = next.monospace
    host.italic = next.italic
    host.font = next.font
  }
  // A bold lead-in does not make a bold line: every part with letters must be bold.
  if (/\p{L}/u.test(next.text)) host.bold = host.bold && next.bold
  host.rightToLeft = host.rightToLeft || next.rightToLeft
  host.x = Math.min(host.x, next.x)
  host.right = Math.max(host.right, next.right)
  host.top = Math.min(host.top, next.top)
  host.bottom = Math.max(host.bottom, next.bottom)
  host.box = unite([host.box, next.box])
}

/**
 * Finds a gutter with prose on both sides and reads the page around it: what crosses the gutter parts the page into
 * bands, and within a band the left column comes before the right one. Tables are left whole, since their cells,
 * unlike lines of prose, do not fill their column.
 */
function splitColumns(segments: readonly Segment[], depth: number): Segment[][] {
  const gutter = depth < 4 ? findGutter(segments) : undefined
  if (gutter === undefined) return [[...segments]]
  const regions: Segment[][] = []
  for (const band of bandsAround(segments, gutter)) {
    if (band.columns) regions.push(...splitColumns(band.left, depth + 1), ...splitColumns(band.right, depth + 1))
    else regions.push([...band.left, ...band.right, ...band.crossing])
  }
  return regions
}

interface Band {
  crossing: Segment[]
  left: Segment[]
  right: Segment[]
  /** Both sides are columns of prose, rather than the two ends of one row. */
  columns: boolean
}

function findGutter(segments: readonly Segment[]): number | undefined {
  if (segments.length < 8) return undefined
  const left = Math.min(...segments.map((segment) => segment.x))
  const right = Math.max(...segments.map((segment) => segment.right))
  const width = right - left
  // Where many segments begin at one place, a column may begin.
  const starts = new Map<number, number>()
  for (const segment of segments) {
    const place = Math.round(segment.x / 3) * 3
    if (place > left + width * 0.15 && place < right - width * 0.15) starts.set(place, (starts.get(place) ?? 0) + 1)
  }
  const candidates = [...starts].filter(([, count]) => count >= 3).toSorted((a, b) => b[1] - a[1])
  let best: { x: number; held: number } | undefined
  for (const [place] of candidates.slice(0, 8)) {
    const x = place - 3
    let held = 0
    for (const band of bandsAround(segments, x)) if (band.columns) held += band.left.length + band.right.length
    if (held > (best?.held ?? 0)) best = { x, held }
  }
  return best?.x
}

function bandsAround(segments: readonly Segment[], x: number): Band[] {
  const sorted = segments.toSorted((a, b) => a.top - b.top)
  const bands: Band[] = []
  let current: Band = { crossing: [], left: [], right: [], columns: false }
  const close = (): void => {
    if (current.left.length + current.right.length + current.crossing.length > 0) bands.push(finishBand(current))
    current = { crossing: [], left: [], right: [], columns: false }
  }
  for (const segment of sorted) {
    const crosses = segment.x < x - 2 && segment.right > x + 3
    if (crosses !== current.crossing.length > 0) close()
    if (crosses) current.crossing.push(segment)
    else if (segment.x < x - 2) current.left.push(segment)
    else current.right.push(segment)
  }
  close()
  return bands
}

function finishBand(band: Band): Band {
  if (band.crossing.length > 0) return band
  const { left, right } = band
  if (left.length === 0 || right.length === 0) return band
  const leftTop = Math.min(...left.map((segment) => segment.top))
  const leftBottom = Math.max(...left.map((segment) => segment.bottom))
  const rightTop = Math.min(...right.map((segment) => segment.top))
  const rightBottom = Math.max(...right.map((segment) => segment.bottom))
  const shared = overlap(leftTop, leftBottom, rightTop, rightBottom)
  const enough = shared > Math.min(leftBottom - leftTop, rightBottom - rightTop) * 0.4
  const columns =
    (isProseColumn(left) && isProseColumn(right)) ||
    (isLooseColumn(left) && isLooseColumn(right) && sharedBaselines(left, right) < 0.5) ||
    ((isLooseColumn(left) || isLooseColumn(right)) && standApart(left, right))
  return { ...band, columns: enough && columns }
}

/** A column of lists, short paragraphs, headings and perhaps a table: several lines fill it and hold most of its text. */
function isLooseColumn(segments: readonly Segment[]): boolean {
  const left = Math.min(...segments.map((segment) => segment.x))
  const width = Math.max(...segments.map((segment) => segment.right)) - left
  if (width < median(segments.map((segment) => segment.size)) * 9) return false
  const characters = (list: readonly Segment[]): number => list.reduce((sum, segment) => sum + segment.text.length, 0)
  const wide = segments.filter((segment) => segment.right - segment.x > width * 0.5 && segment.text.length >= 14)
  return wide.length >= 5 && characters(wide) > characters(segments) * 0.5
}

/** Text on both sides of a clear gap whose lines keep to different baselines: several columns, or a sidebar. */
function standApart(left: readonly Segment[], right: readonly Segment[]): boolean {
  const gap = Math.min(...right.map((segment) => segment.x)) - Math.max(...left.map((segment) => segment.right))
  const long = (segments: readonly Segment[]): number => segments.filter((segment) => segment.text.length >= 14).length
  return (
    gap > median(left.map((segment) => segment.size)) &&
    Math.min(long(left), long(right)) >= 5 &&
    sharedBaselines(left, right) < 0.35
  )
}

/** The part of the shorter side's lines that have one beside them, as the cells of a row do. */
function sharedBaselines(left: readonly Segment[], right: readonly Segment[]): number {
  const [few, many] = left.length < right.length ? [left, right] : [right, left]
  const baselines = new Set(many.map((segment) => Math.round(segment.baseline)))
  const shared = few.filter(({ baseline, size }) =>
    [-size * 0.15, 0, size * 0.15].some((offset) => baselines.has(Math.round(baseline + offset))),
  )
  return shared.length / few.length
}

function isProseColumn(segments: readonly Segment[]): boolean {
  if (segments.length < 3) return false
  const width =
    Math.max(...segments.map((segment) => segment.right)) - Math.min(...segments.map((segment) => segment.x))
  const size = median(segments.map((segment) => segment.size))
  const characters = median(segments.map((segment) => segment.text.length))
  // Of Chinese or Japanese, which has no spaces, half as many characters fill a line.
  const wide = segments.filter((segment) => /[\u3040-\u30FF\u4E00-\u9FFF\uAC00-\uD7AF]/.test(segment.text)).length
  const fewest = wide > segments.length / 2 ? 8 : 18
  return (
    width > size * 9 &&
    characters >= fewest &&
    median(segments.map((segment) => segment.right - segment.x)) > width * 0.55
  )
}

export function toRegion(segments: readonly Segment[], turned: boolean): Region {
  const sorted = segments.toSorted((a, b) => a.baseline - b.baseline || a.x - b.x)
  const rows: Segment[][] = []
  for (const segment of sorted) {
    const row = rows.at(-1)
    const first = row?.[0]
    if (
      row &&
      first &&
      !segment.table &&
      !first.table &&
      row.some((other) => sameLine(other, segment) || isBeside(other, segment))
    )
      row.push(segment)
    else rows.push([segment])
  }
  // A document has many pages and a page thousands of glyphs: only the words of what may be a table are kept.
  const tabular = rows.filter((row) => row.length > 1).length >= 2
  for (const segment of segments) {
    if (tabular) segment.words = wordsOf(segment)
    segment.glyphs = []
  }
  const lines = rows.map(toLine)
  return {
    left: Math.min(...segments.map((segment) => segment.x)),
    right: Math.max(...segments.map((segment) => segment.right)),
    lines,
    turned,
  }
}

/** Cells of one row are sometimes set a little higher or lower than their neighbours. */
function isBeside(a: Segment, b: Segment): boolean {
  const height = Math.min(a.bottom - a.top, b.bottom - b.top)
  return overlap(a.top, a.bottom, b.top, b.bottom) > height * 0.6 && (a.right < b.x || b.right < a.x)
}

export function toLine(row: readonly Segment[]): Line {
  const letters = (segment: Segment): number => segment.text.length
  const rightToLeft =
    row.filter((segment) => segment.rightToLeft).reduce((sum, segment) => sum + letters(segment), 0) >
    row.reduce((sum, segment) => sum + letters(segment), 0) / 2
  const segments = row.toSorted((a, b) => (rightToLeft ? b.right - a.right : a.x - b.x))
  const longest = segments.reduce((a, b) => (letters(b) > letters(a) ? b : a))
  return {
    text: segments.map((segment) => segment.text).join(' '),
    glyphs: [],
    segments,
    x: Math.min(...segments.map((segment) => segment.x)),
    right: Math.max(...segments.map((segment) => segment.right)),
    top: Math.min(...segments.map((segment) => segment.top)),
    bottom: Math.max(...segments.map((segment) => segment.bottom)),
    baseline: longest.baseline,
    size: longest.size,
    bold: segments.every((segment) => segment.bold || !/\p{L}/u.test(segment.text)) && longest.bold,
    italic: segments.every((segment) => segment.italic),
    monospace: segments.every((segment) => segment.monospace),
    font: longest.font,
    mixed: segments.some((segment) => segment.mixed || segment.font !== longest.font),
    artifact: segments.every((segment) => segment.artifact),
    rightToLeft,
    box: unite(segments.map((segment) => segment.box)),
  }
}

/** A line that runs from right to left stays whole. */
function wordsOf(segment: Segment): GlyphSpan[] {
  if (segment.rightToLeft || segment.glyphs.length === 0) return [segment]
  const words: GlyphSpan[] = []
  let open = false
  for (const { text, x, right } of segment.glyphs) {
    const word = words.at(-1)
    if (text === ' ') open = false
    else if (open && word) {
      word.text += text
      word.right = Math.max(word.right, right)
    } else {
      words.push({ text, x, right })
      open = true
    }
  }
  return words
}

export function overlap(startA: number, endA: number, startB: number, endB: number): number {
  return Math.min(endA, endB) - Math.max(startA, startB)
}
