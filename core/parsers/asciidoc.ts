import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse, createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import { includesWarning } from './parts/includes-warning.ts'
import { isoDate } from './parts/iso-date.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * AsciiDoc, read by Asciidoctor without its file and network access ('secure'): headings, paragraphs, lists, tables,
 * code, admonitions, quotes, captions, footnotes. Attributes and cross references are resolved; included files are not
 * read. Errors: file-empty, file-corrupt.
 */
export const asciidocParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'asciidoc',
  label: 'AsciiDoc',
  summary: 'Reads AsciiDoc with headings, lists, tables, code and footnotes; included files are not read.',
  version: 1,
  types: ['asciidoc'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      const builder = createDocumentBuilder()
      try {
        const document = await loadDocument(text)
        throwIfAborted(signal)
        await writeDocument(document, builder, signal)
        const title = plain(document.getTitle() ?? '')
        const includes = countIncludes(text)
        if (includes > 0) warnings.push(includesWarning(includes))
        if (builder.length === 0)
          throw new AppError('file-empty', 'This document shows no text. There is nothing to index.')
        return builder.finish(title || undefined, warnings, { metadata: readMetadata(document, title) })
      } catch (error) {
        if (error instanceof AppError) throw error
        throw new AppError(
          'file-corrupt',
          'This AsciiDoc file is too badly formed to be read. Convert it to HTML or PDF.',
          {
            cause: error,
          },
        )
      }
    },
  }),
}

async function loadDocument(source: string): Promise<Document> {
  // Loaded with the first AsciiDoc file: most processes never see one.
  const { load, LoggerManager, NullLogger } = await import('@asciidoctor/core')
  LoggerManager.setLogger(NullLogger.create())
  return load(source, { safe: 'secure', attributes: { ...noClock, ...noFiles } })
}

/** The same bytes give the same text: these attributes would tell the time of reading. An empty one would be filled. */
const noClock = Object.fromEntries(
  ['docdate', 'doctime', 'docdatetime', 'docyear', 'localdate', 'localtime', 'localdatetime', 'localyear'].map(
    (name) => [name, '\u200B'],
  ),
)
/** Numbers and words that people see stay on; pictures stay out. */
const noFiles = { 'allow-uri-read!': '', 'data-uri!': '', 'toc!': '', 'icons!': '' }

/** What is used of the library's nodes; its own types leave most of it open. */
interface Node {
  getContext(): string
  getStyle(): string | null | undefined
  getLevel(): number | null | undefined
  getTitle(): string | null | undefined
  getCaption(): string | null | undefined
  getCaptionedTitle(): string
  getBlocks(): Node[]
  hasBlocks(): boolean
  getAttribute(name: string): unknown
  hasAttribute(name: string): boolean
  getContent(): Promise<unknown>
}

interface Leaf extends Node {
  getSource(): string
}

interface Section extends Node {
  isNumbered(): boolean
  getSectionNumber(): string
}

interface ListItem extends Node {
  getText(): string | null | undefined
}

interface List extends Node {
  getItems(): ListItem[]
}

/** Definition lists pair several terms with one description. */
interface DefinitionList extends Node {
  getItems(): [terms: ListItem[], description: ListItem | null | undefined][]
}

interface Cell {
  colspan?: number | null
  rowspan?: number | null
  text: string | null
  innerDocument?: Document | null
}

interface Table extends Node {
  rows: { head: Cell[][]; bySection(): [name: string, rows: Cell[][]][] }
}

interface Document extends Node {
  hasHeader(): boolean
  getFootnotes(): { index: unknown; text?: string | null }[]
  getAuthors(): { name?: string | null }[]
}

async function writeDocument(
  document: Document,
  builder: DocumentBuilder,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (document.hasHeader()) builder.add('heading', plain(document.getTitle() ?? ''), { level: 1 })
  await createWalk(document, builder, signal).blocks(document.getBlocks())
  for (const { index, text } of document.getFootnotes()) builder.add('note', `[${String(index)}] ${plain(text ?? '')}`)
}

interface Walk {
  blocks(blocks: readonly Node[]): Promise<void>
}

type Kind = 'paragraph' | 'list-item' | 'quote'

function createWalk(document: Document, builder: DocumentBuilder, signal: AbortSignal | undefined): Walk {
  let kind: Kind = 'paragraph'
  /** Stands before the next words: a list's marker, or 'Warning: '. */
  let lead = ''
  let depth = 0

  const add = (text: string): void => {
    if (text === '') return
    builder.add(kind, lead + text)
    lead = ''
    // Further paragraphs of an item are its own, without a marker.
    if (kind === 'list-item') kind = 'paragraph'
  }
  const within = async (inner: Kind, mark: string, work: () => Promise<void>): Promise<void> => {
    const before = kind
    kind = inner
    lead = mark
    await work()
    lead = ''
    kind = before
  }
  const blocks = async (list: readonly Node[]): Promise<void> => {
    if (++depth > deepestNesting) throw new Error('The blocks are nested too deep.')
    for (const block of list) {
      throwIfAborted(signal)
      await write(block)
    }
    depth--
  }
  const children = (block: Node): Promise<void> => blocks(block.getBlocks())
  const caption = (block: Node): void => {
    if (block.getTitle()) builder.add('caption', plain(block.getCaptionedTitle()))
  }

  const write = async (block: Node): Promise<void> => {
    const context = block.getContext()
    switch (context) {
      case 'section':
        builder.add('heading', headingText(document, block as Section), {
          level: Math.min(6, (block.getLevel() ?? 0) + 1),
        })
        return children(block)
      case 'floating_title':
        builder.add('heading', plain(block.getTitle() ?? ''), { level: Math.min(6, (block.getLevel() ?? 0) + 1) })
        return
      case 'ulist':
      case 'olist':
      case 'colist':
        caption(block)
        return list(block as List)
      case 'dlist':
        caption(block)
        return definitions(block as DefinitionList)
      case 'table':
        caption(block)
        await table(block as Table)
        return
      case 'listing':
      case 'literal':
        caption(block)
        code(block as Leaf)
        return
      case 'stem':
        caption(block)
        add((block as Leaf).getSource().trim())
        return
      case 'image':
        image(block)
        return
      case 'admonition': {
        const label = textOf(block.getAttribute('textlabel')) || (block.getStyle() ?? '')
        caption(block)
        if (block.hasBlocks()) return within('paragraph', `${label}: `, () => children(block))
        lead = `${label}: `
        add(plain(await content(block)))
        lead = ''
        return
      }
      case 'quote':
      case 'verse':
        caption(block)
        await within('quote', '', async () => {
          if (block.hasBlocks()) await children(block)
          else add(plain(await content(block)))
          const source = ['attribution', 'citetitle'].map((name) => textOf(block.getAttribute(name))).filter(Boolean)
          if (source.length > 0) add(plain(`— ${source.join(', ')}`))
        })
        return
      case 'toc':
      case 'thematic_break':
      case 'page_break':
      case 'video':
      case 'audio':
        return
      default:
        if (context !== 'preamble') caption(block)
        if (block.hasBlocks()) return children(block)
        add(plain(await content(block)))
    }
  }
  const list = async (block: List): Promise<void> => {
    const context = block.getContext()
    let number = Number.parseInt(textOf(block.getAttribute('start')), 10)
    if (!Number.isFinite(number)) number = 1
    for (const item of block.getItems()) {
      const check = item.hasAttribute('checkbox') ? (item.hasAttribute('checked') ? '[x] ' : '[ ] ') : ''
      const marker = context === 'olist' ? `${number}. ` : context === 'colist' ? `<${number}> ` : '- '
      number++
      await within(kind === 'quote' ? 'quote' : 'list-item', marker + check, async () => {
        add(plain(item.getText() ?? ''))
        await children(item)
      })
    }
  }
  const definitions = async (block: DefinitionList): Promise<void> => {
    for (const [terms, description] of block.getItems()) {
      const term = terms.map((entry) => plain(entry.getText() ?? '')).join(', ')
      await within(kind === 'quote' ? 'quote' : 'list-item', '', async () => {
        const text = plain(description?.getText() ?? '')
        add(text === '' ? term : `${term}: ${text}`)
        if (description) await children(description)
      })
    }
  }
  const table = async (block: Table): Promise<void> => {
    const rows: string[][] = []
    /** Cells that reach down from earlier rows: column -> text and rows left. */
    const reaching = new Map<number, { text: string; left: number }>()
    for (const [, section] of block.rows.bySection()) {
      for (const cells of section) {
        const row: string[] = []
        const fill = (): void => {
          for (let above = reaching.get(row.length); above; above = reaching.get(row.length)) {
            if (--above.left <= 0) reaching.delete(row.length)
            row.push(above.text)
          }
        }
        for (const cell of cells) {
          fill()
          const text = await cellText(cell)
          const wide = Math.min(100, Math.max(1, cell.colspan ?? 1))
          for (let column = 0; column < wide; column++) {
            const own = column === 0 ? text : ''
            if ((cell.rowspan ?? 1) > 1) reaching.set(row.length, { text: own, left: (cell.rowspan ?? 1) - 1 })
            row.push(own)
          }
        }
        fill()
        rows.push(row)
      }
    }
    builder.addTable(rows, block.rows.head.length)
  }
  const code = (block: Leaf): void => {
    const language = textOf(block.getAttribute('language'))
    const source = block.getSource().replaceAll(/^link:[^\s[\]]{1,1000}\[role=include[^\]\n]{0,1000}\]$/gm, '')
    builder.add('code', source, language !== '' ? { language: language.toLowerCase() } : {})
  }
  const image = (block: Node): void => {
    if (block.getTitle()) caption(block)
    else if (block.hasAttribute('alt') && block.getAttribute('alt') !== block.getAttribute('default-alt')) {
      builder.add('caption', plain(textOf(block.getAttribute('alt'))))
    }
  }
  return { blocks }
}

/** Deeper blocks are no document. */
const deepestNesting = 200

async function cellText(cell: Cell): Promise<string> {
  if (!cell.innerDocument) return plain(cell.text ?? '')
  const inner = createDocumentBuilder()
  await createWalk(cell.innerDocument, inner, undefined).blocks(cell.innerDocument.getBlocks())
  return collapse(inner.finish().text)
}

async function content(block: Node): Promise<string> {
  const converted: unknown = await block.getContent()
  return typeof converted === 'string' ? converted : ''
}

/** Attributes are texts, numbers or absent. */
function textOf(attribute: unknown): string {
  return typeof attribute === 'string' || typeof attribute === 'number' ? String(attribute) : ''
}

function headingText(document: Document, section: Section): string {
  const title = plain(section.getTitle() ?? '')
  const levels = Number(document.getAttribute('sectnumlevels') ?? 3)
  const caption = section.getCaption() ?? ''
  if (caption !== '') return `${plain(caption)} ${title}`
  return section.isNumbered() && (section.getLevel() ?? 0) <= levels ? `${section.getSectionNumber()} ${title}` : title
}

/** The words of what the converter gives for a line of text: known inline elements, and entities. */
function plain(html: string): string {
  const text = html
    .replaceAll(/<a [^>]*class="bare include"[^>]*>[^<]*<\/a>/g, '')
    .replaceAll(/<br>\s*/g, '\u0085')
    .replaceAll(/<[a-z/!][^<>]*>/gi, '')
    .replaceAll(
      /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
      (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return entities[name] ?? whole
        const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
        return code <= 0x10_ff_ff ? String.fromCodePoint(code) : ''
      },
    )
    .replaceAll(/[\u200B\u2009\u00AD]/g, (sign) => (sign === '\u2009' ? ' ' : ''))
    .replaceAll(/\\\$|\\[()]/g, '$$')
  return text.split('\u0085').map(collapse).join('\n').trim()
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function countIncludes(source: string): number {
  return source.match(/^include::[^\s[\]]{1,1000}\[[^\]\n]{0,1000}\]$/gm)?.length ?? 0
}

function readMetadata(document: Document, title: string): Metadata {
  const metadata: Metadata = {}
  const stated = (name: string): string => plain(textOf(document.getAttribute(name)))
  const put = (key: string, value: string | undefined): void => {
    if (value) metadata[key] = value.slice(0, 1000)
  }
  put('title', title)
  const authors = document
    .getAuthors()
    .map((author) => plain(author.name ?? ''))
    .filter((name) => name !== '')
  if (authors.length > 0) metadata['author'] = authors.length === 1 ? (authors[0] ?? '') : authors.slice(0, 100)
  put('date', isoDate(stated('revdate')))
  put('version', stated('revnumber'))
  put('subject', stated('description'))
  put('language', stated('lang'))
  const keywords = stated('keywords')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  if (keywords.length > 0) metadata['keywords'] = keywords.slice(0, 100)
  return metadata
}
