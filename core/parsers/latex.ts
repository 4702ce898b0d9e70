import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse, createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import { includesWarning } from './parts/includes-warning.ts'
import { isoDate } from './parts/iso-date.ts'
import { cutIntoPieces, macroArgument, splitDocument, verbatimEnvironments, wordMacros } from './parts/latex-source.ts'
import { readLatexTable } from './parts/latex-tables.ts'
import {
  addInline,
  childNodes,
  contentText,
  joinText,
  type LatexContext,
  type LatexNode,
  type LatexText,
  latexWords,
  mainArgument,
  mathSource,
  optionalArgument,
} from './parts/latex-words.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * LaTeX documents and fragments: headings, paragraphs with macros resolved to words, lists, tables, captions, code,
 * footnotes; formulas stay LaTeX source between '$'. The preamble, comments and what only sets the page are left out;
 * macros with parameters that a document defines are not expanded. Included files are not read.
 * Errors: file-empty, file-corrupt (no text, or hostile nesting).
 */
export const latexParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'latex',
  label: 'LaTeX',
  summary:
    'Reads LaTeX with headings, lists, tables, code and footnotes; formulas stay LaTeX, included files are not read.',
  version: 1,
  types: ['latex'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      // Loaded with the first LaTeX file: most processes never see one.
      const { parse } = await import('@unified-latex/unified-latex-util-parse')
      const read = (source: string): readonly LatexNode[] => (parse(source) as LatexNode).content as LatexNode[]
      const { preamble, body } = splitDocument(text)
      const builder = createDocumentBuilder()
      const writer = createWriter(builder, wordMacros(preamble), /\\chapter\b/.test(body))
      const front = readFront(preamble, body, (source) => writer.words(source, read(source)))
      writeFront(front, builder)
      const pieces = piecesOf(body)
      let unreadable = 0
      for (const [index, piece] of pieces.entries()) {
        throwIfAborted(signal)
        try {
          if (piece.length > longestPiece) throw new Error('A text without blank lines this long is no document.')
          writer.write(piece, read(piece))
        } catch (error) {
          if (error instanceof AppError) throw error
          unreadable++
          builder.add('paragraph', withoutMacros(piece))
        }
        onProgress?.({ done: index + 1, total: pieces.length, unit: 'parts', label: 'Reading LaTeX' })
      }
      if (builder.length === 0) {
        throw new AppError('file-empty', 'This LaTeX file shows no text. There is nothing to index.')
      }
      if (writer.includes > 0) warnings.push(includesWarning(writer.includes))
      if (unreadable > 0) warnings.push('Parts of this file are not well-formed LaTeX; they were read as plain text.')
      return builder.finish(front.title || undefined, warnings, { metadata: metadataOf(front) })
    },
  }),
}

/** Twice what pieces are cut to; the grammar takes time that grows faster than its text. */
const longestPiece = 400_000

function piecesOf(body: string): string[] {
  try {
    return cutIntoPieces(body)
  } catch (error) {
    throw new AppError(
      'file-corrupt',
      'This LaTeX file is nested too deep to be read. Convert it to PDF, then add that.',
      {
        cause: error,
      },
    )
  }
}

/** What is left of a piece that the grammar does not read. */
function withoutMacros(source: string): string {
  return collapse(source.replaceAll(/\\[A-Za-z]+\*?|[{}\\]/g, ' '))
}

interface Front {
  title: string
  authors: string[]
  date: string
}

function readFront(preamble: string, body: string, words: (source: string) => string): Front {
  const stated = (name: string): string => macroArgument(preamble, name) ?? macroArgument(body, name) ?? ''
  const safely = (source: string): string => {
    try {
      return words(source.slice(0, 20_000))
    } catch {
      return withoutMacros(source.slice(0, 1000))
    }
  }
  const authors = stated('author')
    .replaceAll(/\\(?:thanks|footnote|inst|orcidID|textsuperscript)\s*\{[^{}]*\}|\$[^$]*\$/g, '')
    .split(/\\and\b|\\And\b|\\AND\b/)
    // After the first line of an author comes where to find the person.
    .map((author) => safely(author.trim().split('\\\\')[0] ?? ''))
    .filter((author) => author !== '')
  return { title: safely(stated('title')), authors: authors.slice(0, 200), date: safely(stated('date')) }
}

function writeFront({ title, authors, date }: Front, builder: DocumentBuilder): void {
  builder.add('heading', title, { level: 1 })
  builder.add('paragraph', [authors.join(', '), date].filter((line) => line !== '').join('\n'))
}

function metadataOf({ title, authors, date }: Front): Metadata {
  const metadata: Metadata = {}
  if (title !== '') metadata['title'] = title.slice(0, 1000)
  if (authors.length > 0) metadata['author'] = authors.length === 1 ? (authors[0] ?? '') : authors
  const day = isoDate(date)
  if (day !== undefined) metadata['date'] = day
  return metadata
}

type Kind = 'paragraph' | 'list-item' | 'quote' | 'caption'

interface Writer {
  write(source: string, nodes: readonly LatexNode[]): void
  words(source: string, nodes: readonly LatexNode[]): string
  readonly includes: number
}

/** Titles below the document's own; a document with chapters has one level more. */
const headingLevels: Record<string, number> = {
  part: 2,
  chapter: 2,
  section: 2,
  subsection: 3,
  subsubsection: 4,
  paragraph: 5,
  subparagraph: 6,
}

function createWriter(builder: DocumentBuilder, macros: Map<string, string>, hasChapters: boolean): Writer {
  let includes = 0
  let footnotes = 0
  let pendingNotes: string[] = []
  let text: LatexText = []
  let kind: Kind = 'paragraph'
  /** Stands before the next words: a list's marker, or 'Theorem. '. */
  let lead = ''
  const context: LatexContext = {
    source: '',
    macros,
    footnote(nodes) {
      const mark = `[${++footnotes}]`
      pendingNotes.push(`${mark} ${latexWords(nodes, context)}`)
      return mark
    },
  }

  const add = (words: string): void => {
    if (words === '') return
    builder.add(kind, lead + words)
    lead = ''
    // Further paragraphs of an item are its own, without a marker.
    if (kind === 'list-item') kind = 'paragraph'
  }
  const flush = (): void => {
    const lines = joinText(text).split('\n').map(collapse)
    text = []
    add(lines.filter((line) => line !== '').join('\n'))
    for (const note of pendingNotes.splice(0)) builder.add('note', note)
  }
  const within = (inner: Kind, mark: string, nodes: readonly LatexNode[]): void => {
    flush()
    const before = kind
    kind = before === 'quote' && inner === 'paragraph' ? 'quote' : inner
    lead = mark
    walk(nodes)
    flush()
    lead = ''
    kind = before
  }
  const walk = (nodes: readonly LatexNode[]): void => {
    for (let index = 0; index < nodes.length;) {
      const node = nodes[index]
      if (node?.type === 'group' && nodes[index - 1]?.type === 'group') text.push({ text: ' ', literal: false })
      if (node && block(node)) index++
      else index = addInline(nodes, index, text, context)
    }
  }

  /** True where the node is no part of a line. */
  const block = (node: LatexNode): boolean => {
    switch (node.type) {
      case 'parbreak':
        flush()
        return true
      case 'displaymath':
      case 'mathenv':
        flush()
        add(`$$${mathSource(node, context)}$$`)
        return true
      case 'group':
        walk(childNodes(node))
        return true
      case 'verbatim':
        code(node)
        return true
      case 'environment':
        environment(node)
        return true
      case 'macro':
        return macro(node)
      default:
        return false
    }
  }
  const macro = (node: LatexNode): boolean => {
    const name = contentText(node)
    const level = headingLevels[name]
    if (level !== undefined) {
      flush()
      const deeper = hasChapters && name !== 'part' && name !== 'chapter' ? 1 : 0
      builder.add('heading', latexWords(mainArgument(node), context), { level: Math.min(6, level + deeper) })
      return true
    }
    if (name === 'caption' || name === 'captionof' || name === 'subcaption') {
      within('caption', '', mainArgument(node))
      return true
    }
    if (name === 'bibitem') {
      const [label, words] = [latexWords(mainArgument(node), context), node.args?.at(-1)]
      within('list-item', `[${label}] `, words?.openMark === '' ? words.content : [])
      return true
    }
    if (name === 'par') {
      flush()
      return true
    }
    if (/^(?:input|include|subfile|import)$/.test(name)) includes++
    return false
  }
  const environment = (node: LatexNode): void => {
    const name = environmentName(node)
    const bare = name.replace(/\*$/, '')
    if (skippedEnvironments.has(bare)) return
    if (verbatimEnvironments.has(name)) code(node)
    else if (/^(?:itemize|enumerate|description|compactitem|compactenum|inparaenum|todolist)$/.test(bare))
      list(node, bare)
    else if (/^(?:tabular[xy]?|tabulary|longtable|longtblr|tblr|supertabular|array)$/.test(bare)) {
      flush()
      const { rows, headerRows } = readLatexTable(childNodes(node), context)
      builder.addTable(rows, headerRows)
      for (const nested of childNodes(node))
        if (contentText(nested) === 'caption' && nested.type === 'macro') macro(nested)
    } else if (bare === 'abstract') {
      flush()
      builder.add('heading', 'Abstract', { level: 2 })
      within('paragraph', '', childNodes(node))
    } else if (/^(?:quote|quotation|verse|displayquote)$/.test(bare)) within('quote', '', childNodes(node))
    else if (statements[bare] !== undefined) {
      const about = latexWords(optionalArgument(node), context)
      within('paragraph', about === '' ? `${statements[bare]}. ` : `${statements[bare]} (${about}). `, childNodes(node))
    } else within('paragraph', '', childNodes(node))
  }
  const list = (node: LatexNode, name: string): void => {
    flush()
    const inner = kind === 'quote' ? 'quote' : 'list-item'
    let number = 1
    for (const item of childNodes(node)) {
      if (item.type !== 'macro' || contentText(item) !== 'item') continue
      const label = latexWords(optionalArgument(item), context)
      const numbered = name.includes('enum') ? `${number++}. ` : '- '
      const words = (item.args ?? []).at(-1)?.content ?? []
      within(inner, label === '' ? numbered : name === 'description' ? `${label}: ` : `${label} `, words)
    }
  }
  const code = (node: LatexNode): void => {
    flush()
    const name = environmentName(node)
    if (name.startsWith('comment') || name.startsWith('filecontents')) return
    const stated = /language\s*=\s*\{?(?:\[[^\]]*\])?([\w+#-]+)/i.exec(sourceOf(optionalArgument(node)))?.[1]
    const language = name === 'minted' ? sourceOf(mainArgument(node)) : stated
    builder.add(
      'code',
      contentText(node).replace(/^[ \t]*\n/, ''),
      language ? { language: language.toLowerCase() } : {},
    )
  }
  const sourceOf = (nodes: readonly LatexNode[]): string => {
    const [start, end] = [nodes[0]?.position?.start.offset, nodes.at(-1)?.position?.end.offset]
    return start === undefined || end === undefined ? nodes.map(contentText).join('') : context.source.slice(start, end)
  }

  return {
    write(source, nodes) {
      context.source = source
      try {
        walk(nodes)
        flush()
      } finally {
        text = []
        pendingNotes = []
        kind = 'paragraph'
        lead = ''
      }
    },
    words(source, nodes) {
      context.source = source
      const words = latexWords(nodes, context)
      pendingNotes = []
      footnotes = 0
      return words
    },
    get includes() {
      return includes
    },
  }
}

function environmentName(node: LatexNode): string {
  return typeof node.env === 'string' ? node.env : (node.env?.content ?? '')
}

/** Drawings, and what no reader sees. */
const skippedEnvironments = new Set('tikzpicture pgfpicture picture comment filecontents CJK'.split(' '))

const statements: Record<string, string> = {
  theorem: 'Theorem',
  lemma: 'Lemma',
  corollary: 'Corollary',
  proposition: 'Proposition',
  definition: 'Definition',
  remark: 'Remark',
  example: 'Example',
  proof: 'Proof',
}
