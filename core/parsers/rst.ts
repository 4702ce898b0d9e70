import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse, createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import { includesWarning } from './parts/includes-warning.ts'
import { isoDate } from './parts/iso-date.ts'
import { rstWords, type RstReferences } from './parts/rst-inline.ts'
import {
  gridTableLength,
  isGridBorder,
  isSimpleBorder,
  readGridTable,
  readSimpleTable,
  type RstTable,
  simpleTableLength,
} from './parts/rst-tables.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * reStructuredText (docutils specification, with the usual directives of Sphinx): headings, paragraphs, lists, tables,
 * code, notes, captions. The text is what a reader sees: adornments, markup, comments and link targets are left out.
 * Included files are not read. Errors: file-empty, file-corrupt (the bytes are no text).
 */
export const rstParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'rst',
  label: 'reStructuredText',
  summary: 'Reads reStructuredText with headings, lists, tables, code and notes; included files are not read.',
  version: 1,
  types: ['rst'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      const lines = text.split('\n').map((line) => expandTabs(line.trimEnd()))
      const builder = createDocumentBuilder()
      const reader = createReader(builder, readSubstitutions(lines), signal)
      reader.body(lines)
      if (builder.length === 0) {
        throw new AppError('file-empty', 'This document shows no text. There is nothing to index.')
      }
      if (reader.includes > 0) warnings.push(includesWarning(reader.includes))
      const title = reader.firstHeading
      const metadata = { ...(title === undefined ? {} : { title }), ...reader.metadata }
      return builder.finish(title, warnings, { metadata })
    },
  }),
}

/** Tab stops are every eight columns. */
function expandTabs(line: string): string {
  if (!line.includes('\t')) return line
  let expanded = ''
  for (const sign of line) expanded += sign === '\t' ? ' '.repeat(8 - (expanded.length % 8)) : sign
  return expanded
}

/** '.. |name| replace:: words', which may stand after the text that uses it. */
function readSubstitutions(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  const plain: RstReferences = { substitutions: new Map(), autoNumber: 0 }
  for (const line of lines) {
    const [, name, words] = /^\.\. \|([^|]{1,100})\| replace:: (.*)$/.exec(line) ?? []
    if (name !== undefined && words !== undefined) found.set(name, rstWords(words.slice(0, 1000), plain))
  }
  return found
}

interface Reader {
  body(lines: readonly string[]): void
  readonly metadata: Metadata
  readonly firstHeading: string | undefined
  /** Files that the document draws in. */
  readonly includes: number
}

type Kind = 'paragraph' | 'list-item' | 'quote' | 'caption' | 'note'

/** Deeper than this, lines are read as paragraphs. */
const deepestNesting = 60

function createReader(
  builder: DocumentBuilder,
  substitutions: Map<string, string>,
  signal: AbortSignal | undefined,
): Reader {
  const references: RstReferences = { substitutions, autoNumber: 0 }
  const metadata: Metadata = {}
  /** Styles of titles in the order of their first use: a later one is deeper. */
  const titleStyles: string[] = []
  let firstHeading: string | undefined
  /** Characters of the headings that nothing else stands before. */
  let prefaceLength = 0
  let includes = 0
  let footnotes = 0
  let language: string | undefined
  let depth = 0
  let kind: Kind = 'paragraph'
  /** Stands before the next words: a list's marker, or 'Warning: '. */
  let lead = ''

  const words = (source: string): string => rstWords(source, references)
  const add = (text: string): void => {
    if (text === '') return
    builder.add(kind, lead + text)
    lead = ''
    // Further paragraphs of an item or a caption are its own, without a marker.
    if (kind === 'list-item' || kind === 'caption') kind = 'paragraph'
  }
  const within = (inner: Kind, mark: string, lines: readonly string[]): void => {
    const before = kind
    kind = before === 'quote' && inner === 'paragraph' ? 'quote' : inner
    lead = mark
    body(lines)
    lead = ''
    kind = before
  }
  const addTable = ({ rows, headerRows }: RstTable): void => {
    builder.addTable(
      rows.map((row) => row.map(words)),
      headerRows,
    )
  }

  const body = (lines: readonly string[]): void => {
    if (++depth > deepestNesting) add(words(lines.join(' ')))
    else {
      for (let index = 0; index < lines.length;) {
        throwIfAborted(signal)
        index = lines[index] === '' ? index + 1 : block(lines, index)
      }
    }
    depth--
  }

  /** Reads what begins on this line, and gives the line after it. */
  const block = (lines: readonly string[], at: number): number => {
    const line = lines[at] ?? ''
    if (line.startsWith(' ')) return quote(lines, at)
    const title = depth === 1 ? titleAt(lines, at) : undefined
    if (title) return heading(title, at)
    if (isAdornment(line, 4) && isBlank(lines[at + 1])) return at + 1
    if (isGridBorder(line)) {
      const end = at + gridTableLength(lines, at)
      addTable(readGridTable(lines.slice(at, end)))
      return end
    }
    const simple = isSimpleBorder(line) ? simpleTableLength(lines, at) : 0
    if (simple > 0) {
      addTable(readSimpleTable(lines.slice(at, at + simple)))
      return at + simple
    }
    if (/^\.\.(?: |$)/.test(line)) return explicit(lines, at)
    if (line.startsWith('__ ')) return at + 1
    if (/^>>> /.test(line)) return doctest(lines, at)
    if (/^\|(?: |$)/.test(line)) return lineBlock(lines, at)
    if (fieldOf(line)) return fields(lines, at)
    const marker = itemMarker(lines, at)
    if (marker) return listItem(lines, at, marker)
    if (isOption(line, lines[at + 1])) return definition(lines, at)
    if (isIndented(lines[at + 1]) && !line.endsWith('::')) return definition(lines, at)
    return paragraph(lines, at)
  }

  const heading = (title: Title, at: number): number => {
    let level = titleStyles.indexOf(title.style) + 1
    if (level === 0) level = titleStyles.push(title.style)
    const text = words(title.text)
    firstHeading ??= text
    const isPreface = builder.length === prefaceLength
    builder.add('heading', text, { level: Math.min(6, level) })
    if (isPreface) prefaceLength = builder.length
    return at + title.lines
  }

  const quote = (lines: readonly string[], at: number): number => {
    const end = indentedEnd(lines, at)
    within('quote', '', dedent(lines.slice(at, end)))
    return end
  }

  const paragraph = (lines: readonly string[], at: number): number => {
    let end = at + 1
    while (end < lines.length && lines[end] !== '' && !isIndented(lines[end])) {
      if (depth === 1 && end > at && titleAt(lines, end)?.lines === 3) break
      end++
    }
    const source = lines.slice(at, end).join('\n')
    if (!source.endsWith('::')) {
      add(words(source))
      return end
    }
    add(words(source === '::' || /\s::$/.test(source) ? source.slice(0, -2) : source.slice(0, -1)))
    return literal(lines, end)
  }

  /** The indented lines after '::', or lines that all begin with the same sign. */
  const literal = (lines: readonly string[], from: number): number => {
    let at = from
    while (isBlank(lines[at]) && at < lines.length) at++
    let end = indentedEnd(lines, at)
    const sign = lines[at]?.[0] ?? ''
    if (end === at && /[!-/:-@[-`{-~]/.test(sign)) while (lines[end]?.startsWith(sign)) end++
    if (end === at) return from
    code(dedent(lines.slice(at, end)))
    return end
  }
  const code = (lines: readonly string[], stated: string | undefined = language): void => {
    builder.add('code', lines.join('\n'), stated ? { language: stated } : {})
  }

  const doctest = (lines: readonly string[], at: number): number => {
    let end = at
    while (end < lines.length && lines[end] !== '') end++
    code(lines.slice(at, end), 'python')
    return end
  }

  const lineBlock = (lines: readonly string[], at: number): number => {
    const verses: string[] = []
    let end = at
    for (; end < lines.length && lines[end] !== ''; end++) {
      const line = lines[end] ?? ''
      if (/^\|(?: |$)/.test(line)) verses.push(line.slice(1))
      else if (isIndented(line) && verses.length > 0) verses.push(`${verses.pop() ?? ''} ${line}`)
      else break
    }
    add(verses.map(words).join('\n').trim())
    return end
  }

  const listItem = (lines: readonly string[], at: number, { width, shown }: ItemMarker): number => {
    const end = indentedEnd(lines, at + 1)
    const rest = dedent(lines.slice(at + 1, end))
    within('list-item', shown, [(lines[at] ?? '').slice(width).trimStart(), ...rest])
    return end
  }

  const definition = (lines: readonly string[], at: number): number => {
    const end = indentedEnd(lines, at + 1)
    const inner = dedent(lines.slice(at + 1, end))
    const [term = '', ...rest] = (lines[at] ?? '').split(/ {2,}(?=\S)| : /)
    const own = rest.length > 0 ? [rest.join(', '), ...inner] : inner
    within('list-item', `${words(term)}: `, own)
    return end
  }

  const fields = (lines: readonly string[], from: number): number => {
    const found: Field[] = []
    let at = from
    while (at < lines.length) {
      const field = fieldOf(lines[at] ?? '')
      if (!field) break
      const end = indentedEnd(lines, at + 1)
      found.push({ name: field.name, lines: [field.first, ...dedent(lines.slice(at + 1, end))] })
      at = end
      while (at < lines.length && lines[at] === '' && fieldOf(lines[at + 1] ?? '')) at++
    }
    const isDocumentInfo = depth === 1 && builder.length === prefaceLength
    if (isDocumentInfo) documentInfo(found)
    else for (const field of found) within('list-item', `${words(field.name)}: `, field.lines)
    return at
  }
  /** Fields right after the title say what the document is. */
  const documentInfo = (found: readonly Field[]): void => {
    const shown: string[] = []
    for (const field of found) {
      const value = words(field.lines.join(' '))
      const key = metadataKey(field.name)
      if (value === '' || key === '') continue
      shown.push(`${collapse(field.name)}: ${value}`)
      if (key === 'authors') metadata['author'] = value.split(/\s*[;,]\s*/).slice(0, 100)
      else if (key === 'keywords') metadata['keywords'] = value.split(/\s*[;,]\s*/).slice(0, 100)
      else if (key !== 'date') metadata[key] = value.slice(0, 1000)
      else if (isoDate(value)) metadata['date'] = isoDate(value) ?? ''
    }
    add(shown.join('\n'))
  }

  /** What begins with '..': footnotes, targets, directives, and comments, which are all the others. */
  const explicit = (lines: readonly string[], at: number): number => {
    const first = (lines[at] ?? '').slice(3)
    // Nothing belongs to a target or to an empty comment after a blank line.
    const isShort = first.startsWith('_') || first.trim() === ''
    const end = isShort && isBlank(lines[at + 1]) ? at + 1 : indentedEnd(lines, at + 1)
    const rest = lines.slice(at + 1, end)
    const [, label, note] = /^\[([^\]]{1,100})\](?:\s+(.*))?$/.exec(first) ?? []
    const [, name, argument] = /^([A-Za-z][\w.+:-]*?) ?::(?:\s+(.*))?$/.exec(first) ?? []
    if (label !== undefined) {
      const shown = label === '#' ? String(++footnotes) : label.replace('#', '')
      within('note', `[${shown}] `, [note ?? '', ...dedent(rest)])
    } else if (name !== undefined) {
      directive(name.toLowerCase(), readDirective(argument ?? '', rest))
    }
    return end
  }

  const directive = (name: string, given: Directive): void => {
    const { argument, content } = given
    const baseName = name.slice(name.indexOf(':') + 1)
    if (skippedDirectives.has(name)) return
    if (name === 'include' || name === 'literalinclude') includes++
    else if (name === 'highlight') language = argument.trim() || undefined
    else if (codeDirectives.has(name)) {
      if (given.options.has('caption')) builder.add('caption', words(given.options.get('caption') ?? ''))
      code(content, name === 'parsed-literal' ? undefined : argument.trim().toLowerCase() || language)
    } else if (name === 'image' || name === 'figure') {
      if (content.length > 0) within('caption', '', content)
      else if (given.options.has('alt')) builder.add('caption', words(given.options.get('alt') ?? ''))
    } else if (name === 'math') add([argument, ...content].join('\n').trim())
    else if (name === 'toctree') {
      for (const entry of content) if (entry !== '') builder.add('list-item', `- ${collapse(entry)}`)
    } else if (name === 'meta') {
      for (const [key, value] of given.options) if (metadataKey(key)) metadata[metadataKey(key)] ??= words(value)
    } else if (name === 'table' || name === 'csv-table' || name === 'list-table') {
      if (argument !== '') builder.add('caption', words(argument))
      if (name === 'table') within('paragraph', '', content)
      else addTable(name === 'csv-table' ? csvTable(given) : listTable(given))
    } else if (admonitions[name] !== undefined) {
      within('paragraph', `${admonitions[name]}: `, [argument, ...given.continued, '', ...content])
    } else if (versionDirectives[name] !== undefined) {
      const [version = '', ...more] = argument.split(' ')
      const said = [more.join(' '), ...given.continued, '', ...content]
      const mark = `${versionDirectives[name]} ${version}`
      if (said.every((line) => line === '')) add(`${mark}.`)
      else within('paragraph', `${mark}: `, said)
    } else if (name === 'admonition') within('paragraph', `${words(argument)}: `, content)
    else if (quoteDirectives.has(name)) within('quote', '', [argument, ...content])
    else {
      // Signatures of functions, titles of boxes, and directives that are not known.
      const title = [argument, ...given.continued].join(baseName === 'function' ? '\n' : ' ')
      if (!plainContainers.has(name)) within('paragraph', '', [title])
      within('paragraph', '', content)
    }
  }

  return {
    body,
    metadata,
    get firstHeading() {
      return firstHeading
    },
    get includes() {
      return includes
    },
  }
}

interface Title {
  text: string
  style: string
  lines: number
}

/** A title with its adornment: a line under it, or one under and one over it. */
function titleAt(lines: readonly string[], at: number): Title | undefined {
  const [first = '', second = '', third = ''] = lines.slice(at, at + 3)
  if (isAdornment(first, 2) && second.trim() !== '' && third === first && first.length >= second.trimEnd().length) {
    return { text: second.trim(), style: `over ${first[0] ?? ''}`, lines: 3 }
  }
  if (first === '' || first.startsWith(' ') || !isAdornment(second, 2) || isAdornment(first, 4)) return undefined
  // A short line under a long one is no title but a mark in a text.
  if (second.length < Math.min(4, first.length)) return undefined
  return { text: first, style: `under ${second[0] ?? ''}`, lines: 2 }
}

/** A line of one sign that is no letter, repeated. */
function isAdornment(line: string, shortest: number): boolean {
  const sign = line[0] ?? ''
  return line.length >= shortest && /[!-/:-@[-`{-~]/.test(sign) && line === sign.repeat(line.length)
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || line === ''
}

function isIndented(line: string | undefined): boolean {
  return line?.startsWith(' ') ?? false
}

/** One past the indented lines from `at` on, blank ones between them included. */
function indentedEnd(lines: readonly string[], at: number): number {
  let end = at
  for (let index = at; index < lines.length && (lines[index] === '' || isIndented(lines[index])); index++) {
    if (lines[index] !== '') end = index + 1
  }
  return end
}

function dedent(lines: readonly string[]): string[] {
  let indent = Infinity
  for (const line of lines) if (line !== '') indent = Math.min(indent, line.length - line.trimStart().length)
  return lines.map((line) => line.slice(Math.min(indent, line.length)))
}

interface ItemMarker {
  /** Characters of the marker in the source. */
  width: number
  /** The marker as readers see it. */
  shown: string
}

function itemMarker(lines: readonly string[], at: number): ItemMarker | undefined {
  const line = lines[at] ?? ''
  const bullet = /^[-*+•‣⁃](?: |$)/.exec(line)
  if (bullet) return { width: 1, shown: '- ' }
  const [found, sign] = /^\(?(\d{1,9}|[A-Za-z]|[ivxlcdm]{1,9}|[IVXLCDM]{1,9}|#)[.)] /.exec(line) ?? []
  if (found === undefined || sign === undefined) return undefined
  // 'A. Einstein' begins a sentence where its next line is not indented.
  const next = lines[at + 1]
  if (!isBlank(next) && !isIndented(next) && !/^\(?[\w#]{1,9}[.)] /.test(next ?? '')) return undefined
  return { width: found.length - 1, shown: sign === '#' ? '- ' : `${sign}. ` }
}

/** '-a, --all  words', or an option with its words on the next line. */
function isOption(line: string, next: string | undefined): boolean {
  return /^(?:--?|\/)[A-Za-z]/.test(line) && (/\S {2,}\S/.test(line) || isIndented(next))
}

interface Field {
  name: string
  lines: string[]
}

function fieldOf(line: string): { name: string; first: string } | undefined {
  const [, name, first] = /^:(?![:\s`])((?:[^:\\`]|\\.|:(?!\s|$|`)){1,200}):(?: (.*))?$/.exec(line) ?? []
  return name === undefined ? undefined : { name, first: (first ?? '').trim() }
}

function metadataKey(name: string): string {
  const key = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60)
  if (key === 'description') return 'subject'
  return key === 'lang' ? 'language' : key
}

interface Directive {
  argument: string
  /** Further lines of the argument. */
  continued: string[]
  options: Map<string, string>
  content: string[]
}

function readDirective(argument: string, rest: readonly string[]): Directive {
  const lines = dedent(rest)
  const options = new Map<string, string>()
  const continued: string[] = []
  let at = 0
  for (; at < lines.length && lines[at] !== ''; at++) {
    const field = fieldOf(lines[at] ?? '')
    if (field) options.set(field.name.toLowerCase(), field.first)
    else if (options.size > 0) {
      const last = [...options.keys()].at(-1) ?? ''
      options.set(last, `${options.get(last) ?? ''} ${lines[at] ?? ''}`)
    } else continued.push(lines[at] ?? '')
  }
  // Without a blank line after the name, what follows is content, unless the name had words beside it.
  const isContent = argument === '' && options.size === 0 && continued.length > 0
  const content = lines.slice(at + (lines[at] === '' ? 1 : 0))
  if (isContent) return { argument, continued: [], options, content: lines.slice() }
  return { argument, continued, options, content }
}

const admonitions: Record<string, string> = {
  note: 'Note',
  warning: 'Warning',
  tip: 'Tip',
  hint: 'Hint',
  important: 'Important',
  caution: 'Caution',
  danger: 'Danger',
  attention: 'Attention',
  error: 'Error',
  seealso: 'See also',
  todo: 'To do',
}
const versionDirectives: Record<string, string> = {
  versionadded: 'New in version',
  versionchanged: 'Changed in version',
  deprecated: 'Deprecated since version',
}
const codeDirectives = new Set(
  'code code-block sourcecode parsed-literal doctest testcode testoutput prompt productionlist graphviz'.split(' '),
)
const quoteDirectives = new Set(['epigraph', 'highlights', 'pull-quote'])
/** Their words in the first line are for programs. */
const plainContainers = new Set(['container', 'compound', 'only', 'class', 'glossary', 'hlist', 'ifconfig', 'tabs'])
const skippedDirectives = new Set(
  (
    'contents sectnum header footer target-notes raw role default-role index currentmodule module sectionauthor ' +
    'codeauthor tabularcolumns py:module py:currentmodule testsetup testcleanup replace unicode date'
  ).split(' '),
)

function csvTable({ options, content }: Directive): RstTable {
  const header = options.get('header')
  const rows = [...(header === undefined ? [] : [csvCells(header)]), ...content.filter(Boolean).map(csvCells)]
  return { rows, headerRows: (header === undefined ? 0 : 1) + (Number(options.get('header-rows')) || 0) }
}

/** Cells on one line, as people write them by hand: quotes around those that hold a comma. */
function csvCells(line: string): string[] {
  const cells: string[] = []
  for (const [, quoted, bare] of line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)) {
    cells.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
  }
  // The end of the line matches once more, as an empty cell.
  if (cells.length > 1) cells.pop()
  return cells
}

/** A list of rows, each a list of cells. */
function listTable({ options, content }: Directive): RstTable {
  const rows = bulletItems(content).map((row) => bulletItems(row).map((cell) => cell.join(' ')))
  return { rows, headerRows: Math.min(rows.length, Number(options.get('header-rows')) || 0) }
}

function bulletItems(lines: readonly string[]): string[][] {
  const items: string[][] = []
  for (const line of lines) {
    if (/^[-*+](?: |$)/.test(line)) items.push([`  ${line.slice(2)}`])
    else items.at(-1)?.push(line)
  }
  return items.map(dedent)
}
