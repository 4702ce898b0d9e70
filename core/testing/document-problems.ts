import { cellSpans, type Element, type ParsedDocument, parsedDocumentSchema } from '../contract/parsed-document.ts'

/** What a document breaks of what core/contract/parsed-document.ts promises, in words; empty where nothing. */
export function documentProblems(document: ParsedDocument): string[] {
  const shape = parsedDocumentSchema.safeParse(document)
  if (!shape.success) return shape.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  const problems: string[] = []
  const must = (holds: boolean, problem: () => string): void => {
    if (!holds) problems.push(problem())
  }
  const { text, elements, pages } = document
  must(text.trim() !== '', () => 'the text is blank')
  must(text.isWellFormed(), () => 'the text is not well-formed')
  must(!text.includes('\0'), () => 'the text has a NUL')
  must(!text.includes('\r'), () => `the text has line ends other than '\\n'`)
  let end = 0
  for (const element of elements) {
    const { start } = element
    const shown = (): string => JSON.stringify(element).slice(0, 300)
    must(
      start >= end && element.end > start && element.end <= text.length,
      () => `an element out of order: ${shown()} after ${end} of ${text.length}`,
    )
    must(text.slice(end, start).trim() === '', () => `text outside elements: ${quote(text.slice(end, start))}`)
    must(text.slice(start, element.end).trim() !== '', () => `a blank element: ${shown()}`)
    end = element.end
    must(element.kind !== 'heading' || element.level !== undefined, () => `a heading without level: ${shown()}`)
    if (element.kind === 'table') problems.push(...rowProblems(text, element))
    for (const box of element.boxes ?? []) {
      const page = pages[box.page - 1]
      const inside = (from: number, size: number, most: number | undefined): boolean =>
        size >= 0 && from >= -1 && from + size <= (most ?? Infinity) + 1
      must(
        page !== undefined && inside(box.x, box.width, page.width) && inside(box.y, box.height, page.height),
        () => `a box that is not on its page: ${JSON.stringify(box)} of ${JSON.stringify(page)}`,
      )
    }
    if (pages.length > 0) {
      const last = pages.findLast((candidate) => candidate.start <= start)?.number ?? 1
      // Where pages are blank several begin at one place; the separator before an element belongs to the page before.
      const first = pages.find((candidate) => candidate.end >= element.end)?.number ?? 1
      const number = element.page ?? Number.NaN
      must(number >= first && number <= last, () => `an element of pages ${first} to ${last}: ${shown()}`)
    }
  }
  must(text.slice(end).trim() === '', () => `text after the last element: ${quote(text.slice(end))}`)
  pages.forEach((page, index) => {
    must(page.number === index + 1, () => `page ${index + 1} has the number ${page.number}`)
    must(
      page.start === (pages[index - 1]?.end ?? 0),
      () => `page ${page.number} does not begin where the last one ends`,
    )
  })
  must(pages.length === 0 || pages.at(-1)?.end === text.length, () => 'the last page does not end with the text')
  return problems
}

function rowProblems(text: string, element: Element): string[] {
  const problems: string[] = []
  const rows = element.rows ?? []
  if (rows.length === 0) problems.push('a table without rows')
  if ((element.headerRows ?? 0) > rows.length) problems.push('more header rows than rows')
  let end = element.start
  for (const row of rows) {
    if (row.start < end || row.end > element.end || row.end <= row.start) {
      problems.push(`a row out of order: ${JSON.stringify(row).slice(0, 300)} in ${element.start}-${element.end}`)
    }
    if (text.slice(end, row.start).trim() !== '')
      problems.push(`text between rows: ${quote(text.slice(end, row.start))}`)
    for (const cell of cellSpans(row)) {
      const shown = text.slice(cell.start, cell.end)
      if (cell.start < row.start || cell.end > row.end) problems.push(`a cell outside its row: ${quote(shown)}`)
      if (/^\s|\s$/.test(shown)) problems.push(`spaces around a cell: ${quote(shown)}`)
    }
    end = row.end
  }
  return problems
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}
