import { cellSpans, type Element, type Page, type ParsedDocument } from '../../contract/parsed-document.ts'

/** Puts `text` in place of [start, end). */
export interface Edit {
  start: number
  end: number
  text: string
}

type Row = NonNullable<Element['rows']>[number]

/**
 * The document with these edits made and every offset moved along, in linear time. Edits are in order and do not
 * overlap. An element or row of a table of which nothing is left goes, with the line breaks before it; what loses its
 * edges is trimmed. Where `hasLines` is true the line breaks of what is removed stay, so that lines keep their numbers;
 * a replacement that brings line breaks of its own ends `hasLines`. The document itself if there are no edits; the
 * document with `warning` if no text would be left.
 */
export function rewrite(document: ParsedDocument, edits: readonly Edit[], warning: string): ParsedDocument {
  if (edits.length === 0) return document
  const keepsLines = document.hasLines === true && edits.every((edit) => extraBreaks(document.text, edit) <= 0)
  const edited = apply(document, keepsLines ? edits.map((edit) => withBreaks(document.text, edit)) : edits)
  if (!keepsLines) delete edited.hasLines
  const tidied = tidy(edited)
  return tidied.elements.length > 0 ? tidied : { ...document, warnings: [...document.warnings, warning] }
}

/** How many line breaks more the edit puts in than it takes out. */
function extraBreaks(text: string, edit: Edit): number {
  return countBreaks(edit.text, 0, edit.text.length) - countBreaks(text, edit.start, edit.end)
}

function withBreaks(text: string, edit: Edit): Edit {
  const missing = -extraBreaks(text, edit)
  return missing > 0 ? { ...edit, text: edit.text + '\n'.repeat(missing) } : edit
}

function countBreaks(text: string, start: number, end: number): number {
  let count = 0
  for (let feed = text.indexOf('\n', start); feed >= 0 && feed < end; feed = text.indexOf('\n', feed + 1)) count++
  return count
}

function apply(document: ParsedDocument, edits: readonly Edit[]): ParsedDocument {
  const parts: string[] = []
  let cursor = 0
  for (const edit of edits) {
    parts.push(document.text.slice(cursor, edit.start), edit.text)
    cursor = edit.end
  }
  parts.push(document.text.slice(cursor))
  const moved = createMover(edits)
  return {
    ...document,
    text: parts.join(''),
    elements: document.elements.map((element) => moveElement(element, moved)),
    pages: document.pages.map((page): Page => ({ ...page, start: moved(page.start), end: moved(page.end) })),
  }
}

function moveElement(element: Element, moved: (place: number) => number): Element {
  const result: Element = { ...element, start: moved(element.start), end: 0 }
  if (element.rows) {
    result.rows = element.rows.map((row): Row => {
      const start = moved(row.start)
      const cells = row.cells?.map(moved)
      return { start, end: moved(row.end), ...(cells ? { cells } : {}) }
    })
  }
  result.end = moved(element.end)
  return result
}

/**
 * Where a place of the old text is in the new one. Offsets are asked for in nearly ascending order, so the edit before
 * the place is found by walking from the last one.
 */
function createMover(edits: readonly Edit[]): (place: number) => number {
  // shifts[n]: what the first n edits add to a place behind them.
  const shifts = new Float64Array(edits.length + 1)
  edits.forEach((edit, index) => {
    shifts[index + 1] = shifts[index]! + edit.text.length - (edit.end - edit.start)
  })
  let before = 0
  return (place) => {
    while (before < edits.length && edits[before]!.end <= place) before++
    while (before > 0 && edits[before - 1]!.end > place) before--
    const shift = shifts[before]!
    const next = edits[before]
    if (next === undefined || place <= next.start) return place + shift
    return next.start + shift + Math.min(place - next.start, next.text.length)
  }
}

/** Takes out what has become empty, with the line breaks that parted it from what stands before it; trims the rest. */
function tidy(document: ParsedDocument): ParsedDocument {
  const { text } = document
  const hasLines = document.hasLines === true
  const removals: Edit[] = []
  const elements: Element[] = []
  let keptEnd = -1
  let goneEnd = -1
  const removeGone = (next: number): void => {
    if (goneEnd < 0) return
    if (keptEnd < 0) removals.push({ start: 0, end: next, text: '' })
    else removals.push({ start: keptEnd, end: goneEnd, text: '' })
    goneEnd = -1
  }
  for (const element of document.elements) {
    const kept = element.kind === 'table' ? tidyRows(text, element, hasLines) : trimmed(text, element)
    if (kept === undefined) {
      goneEnd = element.end
      continue
    }
    const isTable = kept.kind === 'table'
    if (hasLines) goneEnd = -1
    removeGone(isTable ? element.start : kept.start)
    if (isTable) removals.push(...leftoversInTable(text, element, kept, hasLines))
    elements.push(kept)
    keptEnd = isTable ? element.end : kept.end
  }
  if (!hasLines) removeGone(text.length)
  const result = apply({ ...document, elements }, removals)
  turnPages(result)
  return result
}

/** Without white space at its edges; code keeps the indentation of its first line. Undefined where nothing is left. */
function trimmed(text: string, element: Element): Element | undefined {
  const end = endOfText(text, element.start, element.end)
  let start = startOfText(text, element.start, end)
  if (start === end) return undefined
  if (element.kind === 'code') start = Math.max(element.start, text.lastIndexOf('\n', start) + 1)
  return start === element.start && end === element.end ? element : { ...element, start, end }
}

/** The table without rows that have become empty, or undefined where none is left. */
function tidyRows(text: string, element: Element, hasLines: boolean): Element | undefined {
  const rows = element.rows ?? []
  if (rows.length === 0) return trimmed(text, element)
  const isEmpty = (row: Row): boolean => {
    // Where lines stay, the separators of empty cells stay too: no text may stand outside of elements.
    const spans = row.cells === undefined || hasLines ? [row] : cellSpans(row)
    return spans.every(({ start, end }) => startOfText(text, start, end) === end)
  }
  const full = rows.map((row) => !isEmpty(row))
  if (full.every(Boolean)) return element
  const kept = rows.filter((_, index) => full[index])
  const [first, last] = [kept[0], kept.at(-1)]
  if (first === undefined || last === undefined) return undefined
  return {
    ...element,
    start: first.start,
    end: last.end,
    rows: kept,
    ...(element.headerRows === undefined
      ? {}
      : { headerRows: full.slice(0, element.headerRows).filter(Boolean).length }),
    ...(element.sheet
      ? { sheet: { ...element.sheet, rows: element.sheet.rows.filter((_, index) => full[index]) } }
      : {}),
  }
}

/** What stands between the rows that are left, and white space at the edges of their cells. */
function leftoversInTable(text: string, before: Element, after: Element, hasLines: boolean): Edit[] {
  const edits: Edit[] = []
  const remove = (start: number, end: number): void => {
    if (end > start) edits.push({ start, end, text: '' })
  }
  const kept = new Set(after.rows)
  let keptEnd = -1
  let goneEnd = -1
  for (const row of before.rows ?? []) {
    if (!kept.has(row)) {
      if (!hasLines) goneEnd = row.end
      continue
    }
    if (goneEnd >= 0) remove(keptEnd < 0 ? before.start : keptEnd, keptEnd < 0 ? row.start : goneEnd)
    goneEnd = -1
    keptEnd = row.end
    for (const cell of cellSpans(row)) {
      const end = endOfText(text, cell.start, cell.end)
      remove(cell.start, startOfText(text, cell.start, end))
      remove(end, cell.end)
    }
  }
  if (goneEnd >= 0) remove(keptEnd, before.end)
  return edits
}

function startOfText(text: string, start: number, end: number): number {
  let place = start
  while (place < end && isBlank(text, place)) place++
  return place
}

function endOfText(text: string, start: number, end: number): number {
  let place = end
  while (place > start && isBlank(text, place - 1)) place--
  return place
}

/** White space as `String.prototype.trim` sees it. */
function isBlank(text: string, place: number): boolean {
  const code = text.charCodeAt(place)
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  return code >= 0xa0 && text[place]!.trim() === ''
}

/** An element that lost its beginning may now begin on a later page. */
function turnPages(document: ParsedDocument): void {
  const { pages } = document
  document.elements = document.elements.map((element) => {
    let page = element.page
    if (page === undefined) return element
    while (page < pages.length && (pages[page - 1]?.end ?? Infinity) <= element.start) page++
    return page === element.page ? element : { ...element, page }
  })
}
