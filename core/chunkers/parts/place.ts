import type { Element, Page, ParsedDocument } from '../../contract/parsed-document.ts'
import { dropSpace, skipSpace } from './text-breaks.ts'

type Placed = Pick<ParsedDocument, 'text' | 'elements' | 'pages'> & { hasLines?: boolean | undefined }

/**
 * What a person calls the place of [start, end): 'sheet Costs, B2:F30', 'slide 4', 'chapter Two', 'message 3 (Re:
 * boats)', 'lines 10-24', '0:01:12-0:01:40'. Undefined where page numbers, which are kept beside it, or nothing names it.
 * Costs the logarithm of the document and the length of the span, after one pass over the text where lines are counted.
 */
export function placeOf(document: Placed, start: number, end: number): string | undefined {
  const from = skipSpace(document.text, start, end)
  const to = dropSpace(document.text, from, end)
  if (to <= from) return undefined
  const elements = touched(document.elements, from, to)
  const pages = touched(document.pages, from, to)
  return (
    timesOf(elements) ??
    pagesOf(pages, cellsOf(elements, from, to)) ??
    (document.hasLines === true ? linesOf(document, from, to) : undefined)
  )
}

/** Of spans in order, those that share a character with [start, end). */
function touched<Span extends { start: number; end: number }>(
  spans: readonly Span[],
  start: number,
  end: number,
): readonly Span[] {
  const first = firstWhere(spans, (span) => span.end > start)
  let last = first
  while (last < spans.length && spans[last]!.start < end) last++
  return spans.slice(first, last)
}

/** The index of the first item for which `test` holds; it holds for all after it too. */
function firstWhere<Item>(items: readonly Item[], test: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

function timesOf(elements: readonly Element[]): string | undefined {
  const times = elements.flatMap(({ time }) => (time ? [time] : []))
  const [first, last] = [times[0], times.at(-1)]
  return first && last ? range(clock(first.startMs), clock(last.endMs)) : undefined
}

/** Hours, minutes and seconds. */
function clock(timeMs: number): string {
  const seconds = Math.max(0, Math.floor(timeMs / 1000))
  const two = (value: number): string => String(value % 60).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60))}:${two(seconds)}`
}

/** 'slide 4', 'slides 4-5'; pages that are just pages have numbers of their own. `cells` is of the only sheet. */
function pagesOf(pages: readonly Page[], cells: string | undefined): string | undefined {
  const first = pages[0]
  if (first === undefined) return cells
  const kind = first.kind ?? 'page'
  const last = pages.findLast((page) => (page.kind ?? 'page') === kind) ?? first
  const isOne = last === first
  switch (kind) {
    case 'page':
      return cells
    case 'slide':
      return isOne ? `slide ${first.number}` : `slides ${first.number}-${last.number}`
    case 'sheet':
      if (!isOne) return `sheets ${nameOf(first)} to ${nameOf(last)}`
      return cells === undefined ? `sheet ${nameOf(first)}` : `sheet ${nameOf(first)}, ${cells}`
    case 'chapter':
      return isOne ? `chapter ${nameOf(first)}` : `chapters ${nameOf(first)} to ${nameOf(last)}`
    case 'message':
      if (!isOne) return `messages ${first.number}-${last.number}`
      return first.label === undefined ? `message ${first.number}` : `message ${first.number} (${nameOf(first)})`
  }
}

const longestName = 80

function nameOf({ label, number }: Page): string {
  const name = label?.replaceAll(/\s+/g, ' ').trim() ?? ''
  if (name === '') return String(number)
  return name.length <= longestName
    ? name
    : `${name
        .slice(0, longestName - 1)
        .toWellFormed()
        .trimEnd()}…`
}

/** The smallest range of cells that holds all that [start, end) touches, as spreadsheets write it: 'B2:F30'. */
function cellsOf(elements: readonly Element[], start: number, end: number): string | undefined {
  let [top, left, bottom, right] = [Infinity, Infinity, 0, 0]
  for (const { sheet, rows = [] } of elements) {
    if (!sheet) continue
    const firstRow = firstWhere(rows, (row) => row.end > start)
    for (let index = firstRow; index < rows.length && rows[index]!.start < end; index++) {
      const row = rows[index]!
      const cells = row.cells ?? [row.start]
      const number = sheet.rows[index] ?? index + 1
      top = Math.min(top, number)
      bottom = Math.max(bottom, number)
      // A cell reaches to where the next one begins, its separator included.
      const first = Math.max(
        0,
        cells.findLastIndex((cell) => cell <= Math.max(start, row.start)),
      )
      const last = Math.max(
        first,
        cells.findLastIndex((cell) => cell < end),
      )
      left = Math.min(left, sheet.column + firstFull(row, cells, first))
      right = Math.max(right, sheet.column + last)
    }
  }
  if (bottom === 0) return undefined
  return range(`${letters(left)}${top}`, `${letters(right)}${bottom}`, ':')
}

/** Empty cells at the beginning of a row are not in the range. */
function firstFull(row: { end: number }, cells: readonly number[], from: number): number {
  let index = from
  while (index + 1 < cells.length && cells[index + 1]! - cells[index]! <= 3) index++
  return index
}

/** 1 is A, 27 is AA. */
function letters(column: number): string {
  let rest = column
  let name = ''
  while (rest > 0) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
    rest = Math.floor((rest - 1) / 26)
  }
  return name
}

function range(first: string, last: string, sign = '-'): string {
  return first === last ? first : `${first}${sign}${last}`
}

// Line numbers. Documents can be of hundreds of megabytes, so line breaks are counted once, by blocks.

const blockLength = 4096
/** By document: the number of line breaks before each block. */
const breaksBefore = new WeakMap<Placed, Uint32Array>()

function linesOf(document: Placed, start: number, end: number): string {
  const first = lineAt(document, start)
  const last = lineAt(document, end - 1)
  return first === last ? `line ${first}` : `lines ${first}-${last}`
}

/** 1-based. */
function lineAt(document: Placed, place: number): number {
  let counts = breaksBefore.get(document)
  if (!counts) breaksBefore.set(document, (counts = countBreaks(document.text)))
  const block = Math.floor(place / blockLength)
  let line = 1 + (counts[block] ?? 0)
  const { text } = document
  for (let feed = text.indexOf('\n', block * blockLength); feed >= 0 && feed < place;) {
    line++
    feed = text.indexOf('\n', feed + 1)
  }
  return line
}

function countBreaks(text: string): Uint32Array {
  const counts = new Uint32Array(Math.floor(text.length / blockLength) + 1)
  let count = 0
  let block = 0
  for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) {
    while ((block + 1) * blockLength <= feed) counts[++block] = count
    count++
  }
  while (block + 1 < counts.length) counts[++block] = count
  return counts
}
