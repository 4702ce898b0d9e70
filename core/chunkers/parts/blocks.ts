import type { Element, ParsedDocument } from '../../contract/parsed-document.ts'
import { headingTitle } from '../../shared/heading-title.ts'
import { dropSpace, isGraphemeStart, skipSpace } from './text-breaks.ts'

/** A stretch of text that belongs together: an element, or a paragraph of text that no element covers. */
export interface Block {
  kind: Element['kind']
  /** Without white space at either end; never blank. */
  start: number
  end: number
  /** Heading path, outermost first; a heading's own path includes itself, code goes on with its definitions. */
  headings: readonly string[]
  /** Source code inside a definition, which `headings` ends with. */
  isDefined: boolean
  /** Headings: 1 to 6. */
  level: number
  /** True when a page header or footer, which is in no chunk, stands directly before it. */
  afterGap: boolean
  /** Tables: where the rows start, the first at `start`; empty for all else. */
  rows: readonly number[]
  headerRows: number
}

/**
 * The document as blocks in order, which together hold every character that is not white space except those of page
 * headers and footers. Elements that overlap, are out of order or reach beyond the text are cut to what is left of them.
 */
export function readBlocks(document: ParsedDocument): Block[] {
  const { text } = document
  const blocks: Block[] = []
  const open: { level: number; title: string }[] = []
  let headings: readonly string[] = []
  let afterGap = false
  let cursor = 0

  const add = (start: number, end: number, element?: Element): void => {
    const from = skipSpace(text, start, end)
    const to = dropSpace(text, from, end)
    if (to <= from) return
    const kind = element?.kind ?? 'paragraph'
    const level = element?.level ?? 1
    if (kind === 'heading') {
      while (open.length > 0 && open.at(-1)!.level >= level) open.pop()
      open.push({ level, title: headingTitle(text.slice(from, to)) })
      headings = open.map((entry) => entry.title)
    }
    const rows = kind === 'table' ? rowStarts(text, from, to, element) : noRows
    const headerRows = Math.min(element?.headerRows ?? 0, rows.length)
    const symbols = element?.symbols ?? []
    const isDefined = symbols.length > 0
    const path = isDefined ? [...headings, ...symbols] : headings
    blocks.push({ kind, start: from, end: to, headings: path, isDefined, level, afterGap, rows, headerRows })
    afterGap = false
  }
  const addUncovered = (start: number, end: number): void => {
    for (let from = skipSpace(text, start, end); from < end;) {
      const to = blankLineAfter(text, from, end)
      add(from, to)
      from = to
    }
  }

  for (const element of inOrder(document.elements)) {
    const start = snap(text, Math.max(element.start, cursor))
    const end = snap(text, Math.min(element.end, text.length))
    if (start >= text.length || end <= start) continue
    if (start > cursor) addUncovered(cursor, start)
    if (element.kind === 'page-header' || element.kind === 'page-footer') afterGap = true
    else add(start, end, element)
    cursor = end
  }
  addUncovered(cursor, text.length)
  return blocks
}

const noRows: readonly number[] = []

function inOrder(elements: readonly Element[]): readonly Element[] {
  for (let index = 1; index < elements.length; index++)
    if (elements[index]!.start < elements[index - 1]!.start) return [...elements].sort((a, b) => a.start - b.start)
  return elements
}

/** Moves a place inside a grapheme cluster back to where the cluster starts, as far as that is near. */
function snap(text: string, place: number): number {
  let position = place
  while (position > 0 && place - position < 64 && !isGraphemeStart(text, position)) position -= 1
  return position
}

function rowStarts(text: string, start: number, end: number, element: Element | undefined): number[] {
  const given = element?.rows?.map((row) => row.start) ?? linesOf(text, start, end)
  const starts = [start]
  for (const row of given) if (row > starts.at(-1)! && row < end) starts.push(snap(text, row))
  return starts.filter((row, index) => index === 0 || row > starts[index - 1]!)
}

function linesOf(text: string, start: number, end: number): number[] {
  const lines: number[] = []
  for (let feed = text.indexOf('\n', start); feed >= 0 && feed < end; feed = text.indexOf('\n', feed + 1))
    lines.push(feed + 1)
  return lines
}

/** The end of the next empty line at or after `from`, or `end`. */
function blankLineAfter(text: string, from: number, end: number): number {
  for (let feed = text.indexOf('\n', from); feed >= 0 && feed < end;) {
    const next = text.indexOf('\n', feed + 1)
    if (next < 0 || next >= end) return end
    if (next - feed <= 80 && text.slice(feed, next).trim() === '') return next + 1
    feed = next
  }
  return end
}
