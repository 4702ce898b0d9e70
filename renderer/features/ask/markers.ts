import { formatPages } from '../../ui/format.ts'

/** A run of an answer: text as it is, or a citation marker that exists. */
export type AnswerPart = { type: 'text'; text: string } | { type: 'marker'; marker: number }

export type AnswerBlock = { type: 'paragraph'; parts: AnswerPart[] } | { type: 'list'; items: AnswerPart[][] }

/**
 * An answer as paragraphs and lists with its `[1]` markers set apart. Numbers in brackets that cite nothing stay text:
 * documents contain them too. While the answer still streams, a marker that is cut off at the end is held back.
 */
export function parseAnswer(answer: string, known: ReadonlySet<number>, streaming = false): AnswerBlock[] {
  const text = streaming ? answer.replace(/\s*\[[\d,\s]*$/, '') : answer
  const blocks: AnswerBlock[] = []
  for (const paragraph of text.split(/\n\s*\n/)) {
    let lines: string[] = []
    const endParagraph = (): void => {
      const joined = lines.join('\n').trim()
      if (joined !== '') blocks.push({ type: 'paragraph', parts: parseParts(joined, known) })
      lines = []
    }
    for (const line of paragraph.split('\n')) {
      const item = /^\s*[-*•]\s+(.*)$/.exec(line)?.[1]
      if (item === undefined) {
        lines.push(line)
        continue
      }
      endParagraph()
      const last = blocks.at(-1)
      if (last?.type === 'list') last.items.push(parseParts(item, known))
      else blocks.push({ type: 'list', items: [parseParts(item, known)] })
    }
    endParagraph()
  }
  return blocks
}

/** `[1]`, `[1][2]` and `[1, 2]` become markers; a space before a marker goes, so that it stays with its word. */
export function parseParts(text: string, known: ReadonlySet<number>): AnswerPart[] {
  const parts: AnswerPart[] = []
  let textFrom = 0
  for (const match of text.matchAll(/\s*\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]/g)) {
    const markers = (match[1] ?? '').split(',').map(Number)
    if (!markers.every((marker) => known.has(marker))) continue
    if (match.index > textFrom) parts.push({ type: 'text', text: text.slice(textFrom, match.index) })
    for (const marker of markers) parts.push({ type: 'marker', marker })
    textFrom = match.index + match[0].length
  }
  if (textFrom < text.length) parts.push({ type: 'text', text: text.slice(textFrom) })
  return parts
}

interface Source {
  marker: number
  documentId: string
  document: string
  path: string
  page: number | null
  place: string | null
  headings: string[]
  text: string
}

/** What a person calls the place: 'sheet Costs, B2:F30' where the format has its own names, else the page or pages. */
export function placeOf(
  { place, page }: { place: string | null; page: number | null },
  pageLast: number | null = page,
): string {
  return place ?? formatPages(page, pageLast)
}

/** Citations by document, in the order in which documents are first cited. */
export function groupByDocument<Cited extends Pick<Source, 'documentId' | 'marker'>>(
  citations: readonly Cited[],
): Cited[][] {
  return [...Map.groupBy(citations, (citation) => citation.documentId).values()].map((group) =>
    group.toSorted((a, b) => a.marker - b.marker),
  )
}

/** The answer as plain text with its sources below, to be pasted elsewhere. */
export function answerWithSources(question: string, answer: string, citations: readonly Source[]): string {
  const sources = citations
    .toSorted((a, b) => a.marker - b.marker)
    .map(({ marker, path, page, place: named, headings, text }) => {
      const place = [path, placeOf({ place: named, page }), headings.join(' › ')].filter(Boolean).join(', ')
      return `[${marker}] ${place}\n    “${text.replace(/\s+/g, ' ').trim()}”`
    })
  return [question, answer.trim(), ...(sources.length > 0 ? [`Sources\n${sources.join('\n')}`] : [])].join('\n\n')
}
