import type { Nodes, PhrasingContent, Root, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough'
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table'
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough'
import { gfmTable } from 'micromark-extension-gfm-table'
import type { AnswerSpan } from '../../core/contract/ask.ts'
import { formatPages } from './format.ts'

/** A run of an answer: text as it is, or a citation marker that exists. */
export type AnswerPart = { type: 'text'; text: string } | { type: 'marker'; marker: number }

/** What a line of an answer is made of. Nothing in it is markup: whoever shows it makes text nodes. */
export type AnswerInline =
  /** `isUnsupported`: in a sentence that the sources do not say. */
  | { type: 'text'; text: string; isUnsupported: boolean }
  | { type: 'marker'; marker: number }
  | { type: 'strong' | 'emphasis' | 'struck'; children: AnswerInline[] }
  | { type: 'code'; text: string }
  /** `href` is http or https; what else was linked is its words. */
  | { type: 'link'; href: string; children: AnswerInline[] }
  | { type: 'break' }

export type AnswerBlock =
  | { type: 'paragraph' | 'heading'; children: AnswerInline[] }
  | { type: 'list'; first: number | null; items: AnswerBlock[][] }
  | { type: 'quote'; children: AnswerBlock[] }
  | { type: 'code'; text: string }
  /** The first row is the head. */
  | { type: 'table'; rows: AnswerInline[][][] }
  | { type: 'rule' }

/** Above this many characters an answer is shown as it is: what is longer was not written to be read as Markdown. */
const mostParsed = 60_000
/** Lists in lists and quotes in quotes go no deeper than this. */
const mostDepth = 12

/**
 * An answer's Markdown as blocks, with its `[1]` markers set apart. Raw HTML, images, references and escapes are not
 * Markdown here: they stay the characters that they are. Numbers in brackets that cite nothing stay text, too. While
 * the answer still streams, a marker that is cut off at the end is held back.
 */
export function parseAnswer(
  answer: string,
  known: ReadonlySet<number>,
  unsupported: readonly AnswerSpan[] = [],
  isStreaming = false,
): AnswerBlock[] {
  const text = isStreaming ? answer.replace(/\s*\[[\d,\s]*$/, '') : answer
  if (text.trim() === '') return []
  const reading: Reading = { text, known, unsupported }
  if (text.length > mostParsed) return [{ type: 'paragraph', children: readText(reading, text, 0) }]
  return blocksOf(parse(text).children, reading, 0)
}

interface Reading {
  text: string
  known: ReadonlySet<number>
  unsupported: readonly AnswerSpan[]
}

const literal = [
  ...['htmlFlow', 'htmlText', 'definition', 'labelStartImage', 'codeIndented', 'characterEscape'],
  ...['characterReference', 'autolink', 'setextUnderline'],
]

function parse(text: string): Root {
  return fromMarkdown(text, {
    extensions: [gfmTable(), gfmStrikethrough({ singleTilde: false }), { disable: { null: literal } }],
    mdastExtensions: [gfmTableFromMarkdown(), gfmStrikethroughFromMarkdown()],
  })
}

function blocksOf(nodes: readonly RootContent[], reading: Reading, depth: number): AnswerBlock[] {
  return nodes.flatMap((node): AnswerBlock[] => {
    if (depth > mostDepth) return [{ type: 'paragraph', children: sourceOf(node, reading) }]
    switch (node.type) {
      case 'paragraph':
        return [{ type: 'paragraph', children: inlinesOf(node.children, reading) }]
      case 'heading':
        return [{ type: 'heading', children: inlinesOf(node.children, reading) }]
      case 'blockquote':
        return [{ type: 'quote', children: blocksOf(node.children, reading, depth + 1) }]
      case 'code':
        return [{ type: 'code', text: node.value }]
      case 'thematicBreak':
        return [{ type: 'rule' }]
      case 'list': {
        const items = node.children.map((item) => blocksOf(item.children, reading, depth + 1))
        return [{ type: 'list', first: node.ordered ? (node.start ?? 1) : null, items }]
      }
      case 'table': {
        const rows = node.children.map((row) => row.children.map((cell) => inlinesOf(cell.children, reading)))
        return [{ type: 'table', rows }]
      }
      default:
        return [{ type: 'paragraph', children: sourceOf(node, reading) }]
    }
  })
}

function inlinesOf(nodes: readonly PhrasingContent[], reading: Reading): AnswerInline[] {
  return nodes.flatMap((node): AnswerInline[] => {
    switch (node.type) {
      case 'text':
        return readText(reading, node.value, node.position?.start.offset ?? 0)
      case 'strong':
      case 'emphasis':
        // 2*3*4 is a product.
        if (isInsideWord(node, reading.text)) return sourceOf(node, reading)
        return [{ type: node.type, children: inlinesOf(node.children, reading) }]
      case 'delete':
        return [{ type: 'struck', children: inlinesOf(node.children, reading) }]
      case 'inlineCode':
        return [{ type: 'code', text: node.value }]
      case 'break':
        return [{ type: 'break' }]
      case 'link': {
        const children = inlinesOf(node.children, reading)
        return /^https?:\/\//i.test(node.url) ? [{ type: 'link', href: node.url, children }] : children
      }
      default:
        return sourceOf(node, reading)
    }
  })
}

/** A node that is not taken as Markdown: its own characters. */
function sourceOf(node: Nodes, reading: Reading): AnswerInline[] {
  const [start, end] = [node.position?.start.offset ?? 0, node.position?.end.offset ?? 0]
  return readText(reading, reading.text.slice(start, end), start)
}

function isInsideWord({ position }: Nodes, text: string): boolean {
  const [start, end] = [position?.start.offset ?? 0, position?.end.offset ?? 0]
  return /[\p{L}\p{N}]/u.test(text[start - 1] ?? '') && /[\p{L}\p{N}]/u.test(text[end] ?? '')
}

/** `value` begins at `from` in the answer; the indents of its further lines are not in it. */
function readText({ text, known, unsupported }: Reading, value: string, from: number): AnswerInline[] {
  const pieces: { text: string; isUnsupported: boolean }[] = []
  let at = from
  for (const character of value) {
    while (at < text.length && !text.startsWith(character, at)) at++
    const isUnsupported = unsupported.some(({ start, end }) => start <= at && at < end)
    at += character.length
    const last = pieces.at(-1)
    if (last?.isUnsupported === isUnsupported) last.text += character
    else pieces.push({ text: character, isUnsupported })
  }
  return pieces.flatMap((piece) =>
    parseParts(piece.text, known).map((part) =>
      part.type === 'text' ? { ...part, isUnsupported: piece.isUnsupported } : part,
    ),
  )
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
