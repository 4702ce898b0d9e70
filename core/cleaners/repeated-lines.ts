import { z } from 'zod'
import type { Element, Page, ParsedDocument } from '../contract/parsed-document.ts'
import type { CleanerDefinition } from './cleaner.ts'

const optionsSchema = z.object({
  share: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.4)
    .describe('On which part of the pages a line must stand: 0.4 also finds those of left and right pages.'),
  lines: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('How many elements at the top and at the bottom of a page to look at.'),
  minPages: z.int().min(2).max(100).default(3).describe('On how many pages it must stand at least.'),
})

export type RepeatedLinesOptions = z.infer<typeof optionsSchema>

/**
 * Running titles, page numbers and other short elements that stand at the top or the bottom of many pages, whatever
 * their numbers, become page headers and footers: they stay in the text and no chunk has them. Only for documents
 * whose parser gives pages or slides.
 */
export const repeatedLinesCleaner: CleanerDefinition<RepeatedLinesOptions> = {
  id: 'repeated-lines',
  label: 'Leave out running titles',
  summary: 'Keeps titles and page numbers that recur at the edges of pages out of the chunks.',
  version: 1,
  options: optionsSchema,
  create: (options) => ({
    clean(document) {
      const edges = edgesOfPages(document, options.lines)
      const least = Math.max(options.minPages, Math.ceil(edges.length * options.share))
      const kinds = new Map<Element, Margin>()
      for (const margin of ['page-header', 'page-footer'] as const) {
        const counts = countTexts(document, edges, margin)
        for (const edge of edges) {
          for (const element of edge[margin]) {
            // On a short page an element is near both edges; the top comes first.
            const isRepeated = (counts.get(keyOf(document, element)) ?? 0) >= least
            if (isRepeated && !kinds.has(element)) kinds.set(element, margin)
          }
        }
      }
      if (kinds.size === 0) return document
      if (document.elements.every((element) => kinds.has(element) || isMargin(element))) return document
      return { ...document, elements: document.elements.map((element) => asMargin(element, kinds.get(element))) }
    },
  }),
}

type Margin = 'page-header' | 'page-footer'
/** The elements at the top and at the bottom of one page. */
type Edges = Record<Margin, readonly Element[]>

const longestLine = 200

/** A heading loses its level and code its language: margins have none. */
function asMargin(element: Element, margin: Margin | undefined): Element {
  if (margin === undefined) return element
  const { level: _level, language: _language, ...rest } = element
  return { ...rest, kind: margin }
}

function edgesOfPages(document: ParsedDocument, lines: number): Edges[] {
  const edges: Edges[] = []
  let next = 0
  for (const page of document.pages) {
    if (!hasEdges(page)) continue
    while (next < document.elements.length && document.elements[next]!.start < page.start) next++
    const elements: Element[] = []
    for (; next < document.elements.length && document.elements[next]!.start < page.end; next++) {
      const element = document.elements[next]!
      if (!isMargin(element)) elements.push(element)
    }
    if (elements.length === 0) continue
    edges.push({
      'page-header': elements.slice(0, lines).filter(mayRepeat),
      'page-footer': elements.slice(-lines).filter(mayRepeat),
    })
  }
  return edges
}

/** On how many pages each text stands at this edge. */
function countTexts(document: ParsedDocument, edges: readonly Edges[], margin: Margin): Map<string, number> {
  const counts = new Map<string, number>()
  for (const edge of edges) {
    const keys = new Set(edge[margin].map((element) => keyOf(document, element)))
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** The text whatever its numbers, capitals and spaces. */
function keyOf(document: ParsedDocument, element: Element): string {
  const text = document.text.slice(element.start, element.end).toLowerCase()
  return text
    .replaceAll(/\p{Nd}+/gu, '#')
    .replaceAll(/\s+/gu, ' ')
    .trim()
}

function hasEdges(page: Page): boolean {
  return page.kind === undefined || page.kind === 'page' || page.kind === 'slide'
}

function mayRepeat(element: Element): boolean {
  const isText = element.kind === 'paragraph' || element.kind === 'heading' || element.kind === 'list-item'
  return isText && element.end - element.start <= longestLine
}

function isMargin(element: Element): boolean {
  return element.kind === 'page-header' || element.kind === 'page-footer'
}
