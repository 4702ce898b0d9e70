import type { Nodes, Root, RootContent } from 'mdast'
import { z } from 'zod'
import type { Element } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse } from './parts/document-builder.ts'
import { type FrontMatter, readFrontMatter } from './parts/front-matter.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * Markdown (CommonMark 0.31 with GitHub's tables, task lists and footnotes, and YAML front matter). The document's
 * text is the source itself, so an element's span holds its markers too: `## Heading`, `- item`, the fences of code.
 * Raw HTML stays text, as code. Front matter in YAML also becomes metadata. Errors: file-empty, file-corrupt.
 */
export const markdownParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'markdown',
  label: 'Markdown',
  summary: 'Reads Markdown with headings, lists, tables, code and front matter; positions are those of the source.',
  version: 2,
  types: ['markdown'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      const { text, warnings } = readText(input.bytes)
      const elements: Element[] = []
      let frontMatter: FrontMatter | undefined
      let readBlocks: ReadBlocks | undefined
      for (const group of groups(text)) {
        if (group.shape !== 'mixed') {
          pushKnown(text, group, elements)
          continue
        }
        throwIfAborted(signal)
        readBlocks ??= await loadReader()
        const root = readBlocks(text.slice(group.start, group.end), group.start === 0)
        const writer = createWriter(text, group.start, elements)
        for (const node of root.children) {
          if (node.type === 'yaml') frontMatter ??= await readFrontMatter(node.value)
          writer.block(node)
        }
      }
      const { metadata, warning } = frontMatter ?? { metadata: {} }
      const stated = metadata['title']
      const title = typeof stated === 'string' ? stated.slice(0, 300) : firstHeading(text, elements)
      return {
        text,
        elements,
        pages: [],
        ...(title ? { title } : {}),
        warnings: warning === undefined ? warnings : [...warnings, warning],
        hasLines: true,
        ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      }
    },
  }),
}

/** The words of a heading's source: without markers, emphasis, code ticks, link targets and anchors. */
export function headingWords(source: string): string {
  return collapse(
    source
      .replace(/^ {0,3}#{1,6}[ \t]*/, '')
      .replace(/(^|[ \t])#+[ \t]*$/, '$1')
      .replace(/\n *(=+|-+) *$/, '')
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll(/\{#[^}]*\}\s*$/g, '')
      .replaceAll(/(\*\*|__|~~|`)/g, '')
      .replaceAll(/(^|[^\p{L}\p{N}])[*_]([^*_]+)[*_](?![\p{L}\p{N}])/gu, '$1$2')
      .replaceAll(/\\([!-/:-@[-`{-~])/g, '$1'),
  )
}

/**
 * Only the places of blocks are wanted, so inline syntax, where most of the time goes, is switched off: links,
 * emphasis and the like stay as they are written.
 */
const inlineOff = {
  disable: {
    null: [
      'attention',
      'autolink',
      'characterEscape',
      'codeText',
      'hardBreakEscape',
      'htmlText',
      'labelEnd',
      'labelStartImage',
      'labelStartLink',
    ],
  },
}

type ReadBlocks = (source: string, first: boolean) => Root

/** Loaded with the first group that needs it: most groups, and processes that read no Markdown, do not. */
async function loadReader(): Promise<ReadBlocks> {
  const [{ fromMarkdown }, { frontmatterFromMarkdown }, { gfmFromMarkdown }, { frontmatter }, { gfm }] =
    await Promise.all([
      import('mdast-util-from-markdown'),
      import('mdast-util-frontmatter'),
      import('mdast-util-gfm'),
      import('micromark-extension-frontmatter'),
      import('micromark-extension-gfm'),
    ])
  return (source, first) =>
    fromMarkdown(source, {
      extensions: [gfm(), ...(first ? [frontmatter(['yaml', 'toml'])] : []), inlineOff],
      mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(['yaml', 'toml'])],
    })
}

interface Group {
  start: number
  end: number
  /** What the group is, where its lines leave no doubt; 'mixed' is for the library to read. */
  shape: 'heading' | 'paragraph' | 'table' | 'fence' | 'mixed'
}

/**
 * Reading block structure with the library takes about a second per megabyte, and far longer for wide tables. Most of
 * a document needs none of it: after a blank line, outside fences and raw HTML, a line at the margin that begins with
 * a letter, a '#', a fence or a '|' ends every list and quote before it. So the source is cut there, groups of an
 * unmistakable shape are taken as they are, and only the others (lists, quotes, HTML, indented code …) are parsed.
 */
function groups(text: string): Group[] {
  const found: Group[] = []
  let start = 0
  let lines: string[] = []
  let fence: { sign: string; length: number } | undefined
  let html: RegExp | undefined
  let blankBefore = true
  const close = (end: number): void => {
    const shape = start === 0 && /^(---|\+\+\+)/.test(lines[0] ?? '') ? 'mixed' : shapeOf(lines)
    const last = found.at(-1)
    // Neighbours that the library must read are read together, up to a length that bounds its memory.
    if (last?.shape === 'mixed' && shape === 'mixed' && end - last.start < 32 * 1024) last.end = end
    else if (lines.some((line) => line.trim() !== '')) found.push({ start, end, shape })
    start = end
    lines = []
  }
  for (let lineStart = 0; lineStart < text.length;) {
    const next = text.indexOf('\n', lineStart)
    const lineEnd = next < 0 ? text.length : next
    const line = text.slice(lineStart, lineEnd)
    const marker = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence) {
      if (marker?.startsWith(fence.sign) && marker.length >= fence.length && line.trim() === marker) fence = undefined
    } else if (html) {
      if (html.test(line)) html = undefined
    } else {
      const heading = /^#{1,6}(?:[ \t]|$)/.test(line)
      const atMargin = heading || /^(?:[\p{L}|]|```|~~~)/u.test(line)
      if (lineStart > 0 && atMargin && (blankBefore || shapeOf(lines) === 'heading')) close(lineStart)
      if (marker && !(marker.startsWith('`') && line.trimStart().slice(marker.length).includes('`'))) {
        fence = { sign: marker.slice(0, 1), length: marker.length }
      } else {
        html = openRawHtml(line)
      }
    }
    blankBefore = line.trim() === '' && !fence && !html
    lines.push(line)
    lineStart = lineEnd + 1
  }
  close(text.length)
  return found
}

function shapeOf(allLines: readonly string[]): Group['shape'] {
  const lines = allLines.slice(0, allLines.findLastIndex((line) => line.trim() !== '') + 1)
  const [first, second] = lines
  if (first === undefined) return 'mixed'
  if (lines.length === 1 && /^#{1,6}[ \t]+\S/.test(first)) return 'heading'
  if (/^(?:```|~~~)/.test(first)) {
    const marker = /^(`{3,}|~{3,})/.exec(first)?.[1] ?? ''
    const closing = lines.findIndex((line, index) => index > 0 && isClosingFence(line, marker))
    return closing === lines.length - 1 && closing > 0 && !first.slice(marker.length).includes('`') ? 'fence' : 'mixed'
  }
  if (first.startsWith('|') && second !== undefined && /^\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$/.test(second)) {
    const same = cellCount(first) === cellCount(second)
    return same && lines.every((line) => line.startsWith('|')) ? 'table' : 'mixed'
  }
  return lines.every(isPlainLine) ? 'paragraph' : 'mixed'
}

/** Begins with a letter, so begins no other block; no row of a table, no underline of a heading. */
function isPlainLine(line: string): boolean {
  return /^\p{L}/u.test(line) && !line.includes('|')
}

function isClosingFence(line: string, marker: string): boolean {
  const trimmed = line.trim()
  return (
    trimmed.length >= marker.length && trimmed === marker.slice(0, 1).repeat(trimmed.length) && /^ {0,3}\S/.test(line)
  )
}

function cellCount(row: string): number {
  return (row.trimEnd().replaceAll('\\|', '').replace(/^\|/, '').replace(/\|$/, '').match(/\|/g)?.length ?? 0) + 1
}

/** Pushes a group whose shape is known. */
function pushKnown(text: string, group: Group, elements: Element[]): void {
  const source = text.slice(group.start, group.end)
  const start = group.start + source.length - source.trimStart().length
  const end = group.start + source.trimEnd().length
  if (group.shape === 'heading') {
    elements.push({ kind: 'heading', start, end, level: /^#+/.exec(source.trimStart())?.[0].length ?? 1 })
  } else if (group.shape === 'fence') {
    const language = /^(?:`+|~+)[ \t]*([^\s`]+)/.exec(source.trimStart())?.[1]
    elements.push({ kind: 'code', start, end, ...(language ? { language } : {}) })
  } else if (group.shape === 'table') {
    const rows: { start: number; end: number }[] = []
    for (let at = start; at < end;) {
      const next = text.indexOf('\n', at)
      const lineEnd = next < 0 || next > end ? end : next
      rows.push({ start: at, end: at + text.slice(at, lineEnd).trimEnd().length })
      at = lineEnd + 1
    }
    elements.push({ kind: 'table', start, end, rows, headerRows: 2 })
  } else {
    elements.push({ kind: 'paragraph', start, end })
  }
}

/** What ends the raw HTML that begins on this line, where a blank line does not (CommonMark HTML blocks 1 to 5). */
function openRawHtml(line: string): RegExp | undefined {
  const starts: [RegExp, RegExp][] = [
    [/^ {0,3}<(script|pre|style|textarea)(\s|>|$)/i, /<\/(script|pre|style|textarea)>/i],
    [/^ {0,3}<!--/, /-->/],
    [/^ {0,3}<\?/, /\?>/],
    [/^ {0,3}<!\[CDATA\[/, /\]\]>/],
    [/^ {0,3}<![a-z]/i, />/],
  ]
  const open = starts.find(([begin]) => begin.test(line))
  return open && !open[1].test(line.replace(/^ {0,3}<(!--|\?|!\[CDATA\[|!)?/, '')) ? open[1] : undefined
}

interface Writer {
  block(node: RootContent): void
}

function createWriter(text: string, offset: number, elements: Element[]): Writer {
  const startOf = (node: Nodes): number => offset + (node.position?.start.offset ?? 0)
  const endOf = (node: Nodes): number => offset + (node.position?.end.offset ?? 0)

  const push = (kind: Element['kind'], start: number, end: number, extras: Partial<Element> = {}): void => {
    const floor = elements.at(-1)?.end ?? 0
    let from = Math.max(start, floor)
    let to = end
    while (from < to && isSpace(text, from)) from++
    while (to > from && isSpace(text, to - 1)) to--
    if (to > from) elements.push({ kind, start: from, end: to, ...extras })
  }

  const item = (node: Extract<Nodes, { type: 'listItem' }>): void => {
    // An item's own words end where a list, code or table inside it begins.
    const inner = node.children.findIndex((child) => child.type !== 'paragraph')
    if (inner < 0) {
      push('list-item', startOf(node), endOf(node))
      return
    }
    const first = node.children[inner]
    if (first && inner > 0) push('list-item', startOf(node), startOf(first))
    let from = inner > 0 ? undefined : startOf(node)
    for (const child of node.children.slice(inner)) {
      block(child, from)
      from = undefined
    }
  }

  /** `from` widens the first element to the left, over a list marker that has no words of its own. */
  const block = (node: RootContent, from?: number): void => {
    const start = from ?? startOf(node)
    const end = endOf(node)
    switch (node.type) {
      case 'heading':
        push('heading', start, end, { level: node.depth })
        return
      case 'list':
        node.children.forEach((child, index) => {
          if (index === 0 && from !== undefined) push('list-item', start, startOf(child))
          item(child)
        })
        return
      case 'table': {
        // The library counts spaces after the last row to it; elements end where their words do.
        const tableEnd = start + text.slice(start, end).trimEnd().length
        const rows = node.children.map((row) => ({ start: startOf(row), end: Math.min(endOf(row), tableEnd) }))
        const header = rows[0]
        if (!header || from !== undefined) break
        const delimiter = delimiterRow(text, header.end, rows[1]?.start ?? end)
        push('table', start, end, {
          rows: [header, ...(delimiter ? [delimiter] : []), ...rows.slice(1)],
          headerRows: delimiter ? 2 : 1,
        })
        return
      }
      case 'code':
        push('code', start, end, node.lang ? { language: node.lang } : {})
        return
      case 'yaml':
        push('code', start, end, { language: 'yaml' })
        return
      case 'html':
        push('code', start, end, { language: 'html' })
        return
      case 'blockquote':
        push('quote', start, end)
        return
      case 'thematicBreak': {
        // A rule has no words: it closes the element before it instead of standing alone.
        const last = elements.at(-1)
        if (last && last.kind === 'paragraph' && from === undefined && last.end <= start) last.end = end
        else push('paragraph', start, end)
        return
      }
      default:
        break
    }
    push('paragraph', start, end)
  }

  return { block: (node) => block(node) }
}

function delimiterRow(text: string, from: number, to: number): { start: number; end: number } | undefined {
  const found = /[^\n]*-[^\n]*/.exec(text.slice(from, to).replace(/^\n/, ' '))
  if (!found) return undefined
  const lead = found[0].length - found[0].trimStart().length
  const start = from + found.index + lead
  return { start, end: start + found[0].trim().length }
}

function isSpace(text: string, at: number): boolean {
  return /\s/.test(text.charAt(at))
}

function firstHeading(text: string, elements: readonly Element[]): string | undefined {
  const heading = elements.find((element) => element.kind === 'heading')
  return heading ? headingWords(text.slice(heading.start, heading.end)).slice(0, 300) : undefined
}
