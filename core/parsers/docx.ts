import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { detectType } from './detect-type.ts'
import { collapse, createDocumentBuilder } from './parts/document-builder.ts'
import { readChart } from './parts/drawing-chart.ts'
import { diagramTexts } from './parts/drawing-diagram.ts'
import { readOfficeProperties } from './parts/office-properties.ts'
import { type OfficePackage, openOfficePackage } from './parts/package-parts.ts'
import { flattenProse, type ProseBlock, writeProse } from './parts/prose-blocks.ts'
import { createWordReader, type NoteKind, type WordContext } from './parts/word-blocks.ts'
import { formatNumber, readNumbering } from './parts/word-numbering.ts'
import { readStyles } from './parts/word-styles.ts'
import { attributeOf, xmlPieces } from './parts/xml-pieces.ts'
import { elementAt, elementsOf, type XmlNode } from './parts/xml-tree.ts'
import { damaged, type Members, unzipMembers } from './parts/zip-members.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Word documents (Office Open XML, ECMA-376, strict and transitional): headings by style and outline level, paragraphs,
 * lists and headings with the numbers they show, tables with merged cells, text boxes, code by style or font, formulas
 * as LaTeX, numbers of charts, texts of diagrams; footnotes, endnotes and comments as notes after what they belong to;
 * running heads once; what is said of the document in its properties. Tracked insertions are kept, deletions and hidden
 * text left out; pictures are left out. A Word file has no fixed pages, so none are given.
 * Errors: file-empty, file-encrypted, file-corrupt, file-too-large (a small archive that unpacks to a huge one),
 * type-unsupported (another format under this name).
 */
export const docxParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'docx',
  label: 'Word',
  summary: 'Reads Word documents with headings, lists, tables, notes and comments.',
  version: 2,
  types: ['docx'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      const found = detectType(input.name, input.bytes, input.bytes.length)
      if (found.reason && found.type !== 'binary') {
        throw new AppError(found.reason.code, found.reason.message, { details: found.reason.details })
      }
      const members = unzipMembers(input.bytes, { what: 'Word file', wanted: isRead })
      const { header, body, footer, warnings } = await readDocument(members, parseOptions)
      const builder = createDocumentBuilder()
      for (const text of header) builder.add('page-header', text)
      writeProse(body, builder)
      for (const text of footer) builder.add('page-footer', text)
      const { title, metadata } = readOfficeProperties(openOfficePackage(members))
      const document = builder.finish(title, warnings, { metadata })
      if (!document.elements.some(({ kind }) => kind !== 'page-header' && kind !== 'page-footer'))
        throw nothingToIndex()
      if (document.title === undefined) {
        const first = document.elements.find((element) => element.kind === 'heading')
        if (first) document.title = document.text.slice(first.start, first.end).slice(0, 300)
      }
      return document
    },
  }),
}

function nothingToIndex(): AppError {
  return new AppError('file-empty', 'This Word document has no text in it. There is nothing to index.')
}

/** Pictures, fonts, themes and building blocks for new documents hold no text of this one. */
function isRead(name: string): boolean {
  return /\.(xml|rels)$/i.test(name) && !/\/(theme|glossary)\//i.test(name)
}

interface WordContent {
  header: string[]
  body: ProseBlock[]
  footer: string[]
  warnings: string[]
}

async function readDocument(members: Members, { signal, onProgress }: ParseOptions): Promise<WordContent> {
  const parts = openOfficePackage(members)
  const stated = parts.relations('').find(({ type, external }) => type === 'officeDocument' && !external)?.target
  const main = parts.paths.find((path) => samePath(path, stated)) ?? 'word/document.xml'
  const source = members[main]
  if (!source) throw damaged('Word file', new Error('There is no main document part.'))
  const relations = parts.relations(main)
  const part = (type: string): XmlNode | undefined => {
    const related = relations.find((relation) => relation.type === type && !relation.external)
    return tryXml(parts, related?.target ?? `word/${type}.xml`)
  }
  const styles = readStyles(part('styles'))
  const shared = {
    styles,
    numbering: readNumbering(part('numbering'), styles.listOf),
    graphic: graphicReader(parts, main),
  }
  const withoutNotes: WordContext = { ...shared, note: () => undefined }
  const notes = new Map<NoteKind, Map<string, XmlNode>>([
    ['footnote', notesIn(part('footnotes'))],
    ['endnote', notesIn(part('endnotes'))],
    ['comment', notesIn(part('comments'))],
  ])
  const counts = { footnote: 0, endnote: 0, comment: 0 }
  const readers = createWordReader(withoutNotes)
  const reader = createWordReader({
    ...shared,
    note(kind, id) {
      const node = notes.get(kind)?.get(id)
      const text = node ? flattenProse(readers.read(node)) : ''
      if (!node || text === '') return undefined
      counts[kind]++
      if (kind === 'footnote') return { label: String(counts[kind]), text }
      if (kind === 'endnote') return { label: formatNumber(counts[kind], 'lowerRoman'), text }
      const author = collapse(attributeOf(node, 'author') ?? '')
      return { label: author === '' ? 'Comment' : `Comment by ${author}`, text }
    },
  })

  const body: ProseBlock[] = []
  const warnings: string[] = []
  const runningHeads = new Map<string, 'header' | 'footer'>()
  const noteSection = (section: XmlNode): void => {
    for (const node of elementsOf(section)) {
      const id = attributeOf(node, 'id')
      if (id === undefined || (node.name !== 'headerReference' && node.name !== 'footerReference')) continue
      const target = relations.find((relation) => relation.id === id)?.target
      if (target !== undefined) runningHeads.set(target, node.name === 'headerReference' ? 'header' : 'footer')
    }
  }
  let embedded = 0
  try {
    const pieces = xmlPieces(source, ['p', 'tbl', 'sectPr', 'AlternateContent', 'oMathPara', 'altChunk'], {
      label: 'Reading the document',
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    for await (const piece of pieces) {
      if (piece.name === 'sectPr') noteSection(piece)
      else if (piece.name === 'altChunk') embedded++
      else {
        const section = piece.name === 'p' ? elementAt(piece, 'pPr', 'sectPr') : undefined
        if (section) noteSection(section)
        for (const block of reader.read(piece)) body.push(block)
      }
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    if (body.length === 0) throw damaged('Word file', error)
    warnings.push('This Word file is damaged: its text after a certain place cannot be read. Get a fresh copy.')
  }
  if (embedded > 0) {
    warnings.push('Another file is embedded in this one as a part of its text, and is not read.')
  }

  const heads = { header: new Set<string>(), footer: new Set<string>() }
  for (const [target, place] of [...runningHeads].slice(0, mostRunningHeads)) {
    const root = tryXml(parts, target)
    const context = { ...withoutNotes, graphic: graphicReader(parts, target) }
    const text = root ? flattenProse(createWordReader(context).read(root)) : ''
    if (saysSomething(text)) heads[place].add(text)
  }
  return { header: [...heads.header], body, footer: [...heads.footer], warnings }
}

function samePath(path: string, stated: string | undefined): boolean {
  return path.replaceAll('\\', '/').toLowerCase() === stated?.toLowerCase()
}

/** A section may have three of each; a document with more sections than this repeats itself. */
const mostRunningHeads = 200

/** Page numbers, alone or as "Page 1 of 3", say nothing of the document. */
function saysSomething(text: string): boolean {
  return /\p{L}/u.test(text) && !/^\p{L}*\.? *\d+( *(\/|\p{L}+) *\d+)?$/u.test(text)
}

function notesIn(root: XmlNode | undefined): Map<string, XmlNode> {
  const notes = new Map<string, XmlNode>()
  for (const node of elementsOf(root)) {
    const id = attributeOf(node, 'id')
    const type = attributeOf(node, 'type')
    if (id !== undefined && (type === undefined || type === 'normal')) notes.set(id, node)
  }
  return notes
}

/** Reads the parts that drawings in this part refer to. */
function graphicReader(parts: OfficePackage, path: string): WordContext['graphic'] {
  return (kind, id) => {
    const root = tryXml(parts, parts.relations(path).find((relation) => relation.id === id)?.target)
    if (!root) return []
    if (kind === 'diagram') return diagramTexts(root).map((text) => ({ kind: 'list-item', text: `- ${text}` }))
    const { caption, tables } = readChart(root)
    return [{ kind: 'caption', text: caption }, ...tables.map(tableBlock)]
  }
}

function tableBlock(rows: string[][]): ProseBlock {
  return {
    kind: 'table',
    rows: rows.map((cells, index) => ({
      isHeader: index === 0,
      columnsBefore: 0,
      cells: cells.map((text) => ({ blocks: [{ kind: 'paragraph', text }], columns: 1, continues: false })),
    })),
  }
}

/** The tree of a part that a document can do without: undefined where it is missing or damaged. */
function tryXml(parts: OfficePackage, path: string | undefined): XmlNode | undefined {
  try {
    return parts.xml(path)
  } catch {
    return undefined
  }
}
