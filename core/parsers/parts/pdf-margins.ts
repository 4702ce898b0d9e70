import { collapse } from './document-builder.ts'
import { type Line, median } from './pdf-layout.ts'
import type { PdfPage } from './pdf-structure.ts'

export type Margin = 'page-header' | 'page-footer'

/**
 * The running headers and footers: lines near the top or bottom edge that come back on several pages at one height,
 * page numbers aside; that carry page numbers which count up; that the producer marked as no part of the text; or that
 * are a page number alone. Body text inside of them is never taken.
 */
export function findMargins(pages: readonly PdfPage[]): Map<Line, Margin> {
  const edges = pages.map(edgeLines)
  const repeated = repeatedLines(edges, pages.length)
  const counting = countingLines(edges)
  const margins = new Map<Line, Margin>()
  const size = bodySize(pages)
  pages.forEach((page, index) => {
    for (const kind of ['page-header', 'page-footer'] as const) {
      const lines = (edges[index] ?? []).filter((edge) => edge.kind === kind)
      const distance = ({ box }: Line): number => (kind === 'page-header' ? box.y : -box.y - box.height)
      const sorted = lines.map((edge) => edge.line).toSorted((a, b) => distance(a) - distance(b))
      // From the edge inwards: the first line that is the page's own text ends it.
      let last: Line | undefined
      for (const line of sorted) {
        const beside = last !== undefined && Math.abs(last.baseline - line.baseline) < line.size * 0.5
        const named = repeated.has(line) || counting.has(line) || line.artifact || isPageNumber(line.text)
        if (!named && !(isNumbered(line, page, kind, size) && !last) && !(beside && standsAlone(line, page, kind)))
          break
        margins.set(line, kind)
        last = line
      }
    }
  })
  return margins
}

interface EdgeLine {
  line: Line
  kind: Margin
}

function edgeLines(page: PdfPage): EdgeLine[] {
  const found: EdgeLine[] = []
  for (const region of page.regions) {
    if (region.turned) continue
    for (const line of region.lines) {
      if (line.segments[0]?.table) continue
      if (line.box.y + line.box.height < page.height * 0.12) found.push({ line, kind: 'page-header' })
      else if (line.box.y > page.height * 0.88) found.push({ line, kind: 'page-footer' })
    }
  }
  return found
}

function repeatedLines(edges: readonly EdgeLine[][], pages: number): Set<Line> {
  const seen = new Map<string, { lines: Line[]; pages: Set<number> }>()
  edges.forEach((lines, page) => {
    for (const { line, kind } of lines) {
      const key = `${kind} ${normalise(line.text)} ${Math.round(line.top / 14)}`
      const entry = seen.get(key) ?? { lines: [], pages: new Set<number>() }
      entry.lines.push(line)
      entry.pages.add(page)
      seen.set(key, entry)
    }
  })
  const needed = pages <= 4 ? 2 : 3
  return new Set([...seen.values()].filter((entry) => entry.pages.size >= needed).flatMap((entry) => entry.lines))
}

/** Lines of which one a page begins or ends with a number, and these numbers count up from page to page. */
function countingLines(edges: readonly EdgeLine[][]): Set<Line> {
  const counting = new Set<Line>()
  for (const kind of ['page-header', 'page-footer'] as const) {
    const numbered = edges.flatMap((lines) => {
      const found = lines.flatMap((edge) => {
        const number = edge.kind === kind ? pageNumberOf(edge.line.text) : undefined
        return number === undefined ? [] : [{ line: edge.line, number }]
      })
      return found.length === 1 ? found : []
    })
    const rising = numbered.filter((entry, index) => {
      const [before, after] = [numbered[index - 1], numbered[index + 1]]
      return (!before || before.number < entry.number) && (!after || entry.number < after.number)
    })
    if (rising.length < 3 || rising.length < edges.length * 0.4 || rising.length < numbered.length * 0.8) continue
    for (const { line } of rising) counting.add(line)
  }
  return counting
}

function pageNumberOf(text: string): number | undefined {
  const number = /^(\d{1,4})(?=\s|$)/.exec(text)?.[1] ?? /(?:^|\s)(\d{1,4})$/.exec(text)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** The outermost line of a page, set in small plain type apart from the text, with a number at one of its ends. */
function isNumbered(line: Line, page: PdfPage, kind: Margin, bodySize: number): boolean {
  if (line.bold || line.size > bodySize * 1.05 || line.text.length > 120 || pageNumberOf(line.text) === undefined) {
    return false
  }
  return isOutermost(line, page, kind) && standsAlone(line, page, kind)
}

function isOutermost(line: Line, page: PdfPage, kind: Margin): boolean {
  return page.regions.every((region) =>
    region.lines.every((other) =>
      kind === 'page-header' ? other.box.y >= line.box.y - 3 : other.box.y <= line.box.y + 3,
    ),
  )
}

/** Whether a gap of more than a line parts it from the text. */
function standsAlone(line: Line, page: PdfPage, kind: Margin): boolean {
  const top = line.box.y
  const bottom = line.box.y + line.box.height
  return page.regions.every((region) =>
    region.lines.every((other) => {
      const beside = Math.abs(other.baseline - line.baseline) < line.size * 0.5
      if (other === line || beside) return true
      const gap = kind === 'page-header' ? other.box.y - bottom : top - other.box.y - other.box.height
      return gap > line.size * 0.8
    }),
  )
}

function bodySize(pages: readonly PdfPage[]): number {
  const sizes = pages
    .slice(0, 50)
    .flatMap((page) => page.regions.flatMap((region) => region.lines.map((line) => line.size)))
  return sizes.length > 0 ? median(sizes) : 10
}

function normalise(text: string): string {
  return collapse(text.toLowerCase().replaceAll(/\d+/g, '#')).replace(/^[ivxlc]+$/, '#')
}

function isPageNumber(text: string): boolean {
  return /^(?:page|seite|p\.|s\.|página|pagina)?\s*[-–—|[(]*\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:(?:of|von|de|sur|\/)\s*\d{1,4})?\s*[-–—|\])]*$/i.test(
    text.trim(),
  )
}
