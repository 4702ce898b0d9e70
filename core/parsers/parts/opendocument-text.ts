import { describedAs } from './captions.ts'
import { collapse } from './document-builder.ts'
import { createGridFiller, type GridCell, type GridRow, looksLikeHeader } from './grid.ts'
import { createNumbering, type Numbering, type OpenDocumentStyles } from './opendocument-styles.ts'
import { isoDate } from './iso-date.ts'
import { descendants, elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

type TextKind = 'paragraph' | 'list-item' | 'quote' | 'code' | 'caption' | 'note'

/** Takes what is read, in order. */
export interface TextSink {
  add(kind: TextKind, text: string): void
  addHeading(text: string, level: number): void
  addTable(rows: string[][], headerRows: number): void
}

export interface TextReader {
  /** Begins to write to this sink; lists go on counting from one to the next. */
  into(target: TextSink): TextStream
}

export interface TextStream {
  /** Reads one element of text: a paragraph, a list, a table, a shape; then the notes that belong to it. */
  block(node: XmlNode): void
  /** Must be called after the last one. */
  end(): void
}

export interface TextContext {
  styles: OpenDocumentStyles
  /** See OpenDocument.object. */
  object(address: string): XmlNode | undefined
}

/**
 * Reads text as OpenDocument has it in all its formats (OpenDocument 1.3 part 3, 5 and 9.1): what was deleted while
 * changes were tracked, tables of contents and alphabetical indexes are left out.
 */
export function createTextReader({ styles, object }: TextContext): TextReader {
  const fillGrid = createGridFiller()
  const outline = createNumbering(styles.outline, '')
  const lists = new Map<string, Numbering>()
  /** Each embedded object is read once: a file can name one a million times. */
  const opened = new Set<string>()
  let sink: TextSink
  let notes: string[] = []
  let floating: XmlNode[] = []

  const open = (frame: XmlNode): XmlNode | undefined => {
    const holder = elementAt(frame, 'object')
    const within = elementsOf(holder)[0]
    const address = holder?.attributes['xlink:href']
    if (within || address === undefined || opened.has(address)) return within
    opened.add(address)
    return object(address)
  }

  /** The text of a paragraph; shapes and notes that are anchored in it are put aside. */
  const inline = (node: XmlNode): string => {
    const parts = node.children.map((child): string => {
      if (typeof child === 'string') return child.replaceAll(/\s+/g, ' ')
      switch (child.name) {
        case 's':
          return ' '.repeat(Math.min(Number(child.attributes['text:c'] ?? 1) || 1, 200))
        case 'tab':
          return '\t'
        case 'line-break':
          return '\n'
        case 'note':
          return footnote(child)
        case 'annotation':
          notes.push(signedComment(child))
          return ''
        case 'ruby':
          return inline(elementAt(child, 'ruby-base') ?? child)
        case 'frame': {
          const formula = formulaIn(child)
          if (formula !== undefined) return formula
          floating.push(child)
          return ''
        }
        // A link in text; around a shape it has the same name.
        case 'a':
          return inline(child)
        default:
          if (shapeNames.has(child.name)) floating.push(child)
          return shapeNames.has(child.name) || unread.has(child.name) ? '' : inline(child)
      }
    })
    return parts.join('')
  }
  const formulaIn = (frame: XmlNode): string | undefined => {
    const content = elementAt(frame, 'object') && !known.has(frame) ? open(frame) : undefined
    if (content) known.set(frame, content)
    const found = known.get(frame)
    return found?.name === 'math' ? ` ${mathText(found)} ` : undefined
  }
  /** Embedded objects that were opened to see whether they are formulas. */
  const known = new Map<XmlNode, XmlNode>()

  const footnote = (note: XmlNode): string => {
    const mark = collapse(textOf(elementAt(note, 'note-citation')))
    const text = flat(elementAt(note, 'note-body'))
    if (text !== '') notes.push(mark === '' ? text : `[${mark}] ${text}`)
    return mark === '' ? '' : `[${mark}]`
  }
  /** All paragraphs below a node on one line, with those of lists and shapes. */
  const flat = (node: XmlNode | undefined): string => {
    const lines: string[] = []
    const collect: TextSink = {
      add: (kind, text) => void (kind === 'note' ? notes.push(text) : lines.push(text)),
      addHeading: (text) => void lines.push(text),
      addTable: (rows) => void lines.push(...rows.map((row) => row.join(' '))),
    }
    const [outerSink, outerFloating] = [sink, floating]
    sink = collect
    floating = []
    if (node) blocks(node)
    sink = outerSink
    floating = outerFloating
    return collapse(lines.join(' '))
  }

  const flushFloating = (): void => {
    for (let shapes = floating; shapes.length > 0; shapes = floating) {
      floating = []
      shapes.forEach(shape)
    }
  }
  const paragraph = (node: XmlNode, marker: string | undefined): void => {
    const text = inline(node)
    const role = styles.role(styleOf(node))
    const lines = tidyLines(text)
    const level = marker === undefined ? styles.headingLevel(styleOf(node)) : undefined
    if (level !== undefined || role === 'title') sink.addHeading(collapse(text), Math.min(level ?? 1, 6))
    else if (role === 'code' && marker === undefined) sink.add('code', text.trimEnd())
    else if (marker !== undefined && marker !== '') sink.add('list-item', lines === '' ? '' : marker + lines)
    else sink.add(role === 'code' ? 'paragraph' : role, lines)
    flushFloating()
  }
  const heading = (node: XmlNode, marker: string): void => {
    const text = collapse(inline(node))
    const level = Math.min(Math.max(Number(node.attributes['text:outline-level'] ?? 1) || 1, 1), 10)
    const isNumbered = text !== '' && node.attributes['text:is-list-header'] !== 'true'
    const number = marker === '' && isNumbered ? outline.next(level - 1) : marker === '- ' ? '' : marker
    if (text !== '') sink.addHeading(number + text, Math.min(level, 6))
    flushFloating()
  }
  const list = (node: XmlNode, level: number, outer: { name: string; numbering: Numbering } | undefined): void => {
    const own = node.attributes['text:style-name']
    const name = own ?? outer?.name ?? styles.listOf(firstStyle(node)) ?? ''
    const isNew = !outer || (own !== undefined && own !== outer.name)
    const goesOn = node.attributes['text:continue-numbering'] === 'true' || 'text:continue-list' in node.attributes
    let numbering = isNew ? lists.get(name) : outer.numbering
    if (!numbering) {
      numbering = createNumbering(styles.listLevels(name), '- ')
      lists.set(name, numbering)
    } else if (isNew && !goesOn) numbering.restart()
    for (const item of elementsOf(node)) {
      if (item.name !== 'list-item' && item.name !== 'list-header') continue
      const start = Number(item.attributes['text:start-value']) || undefined
      let isFirst = item.name === 'list-item'
      for (const child of elementsOf(item)) {
        if (child.name === 'list') list(child, level + 1, { name, numbering })
        else if (child.name === 'h') heading(child, isFirst ? numbering.next(level, start) : '')
        else if (child.name === 'p') paragraph(child, isFirst && hasContent(child) ? numbering.next(level, start) : '')
        else block(child)
        if (hasContent(child)) isFirst = false
      }
    }
  }
  const cellOf = (cell: XmlNode): GridCell => ({
    text: flat(cell),
    rows: repeated(cell, 'table:number-rows-spanned'),
    covered: cell.name === 'covered-table-cell',
    repeat: repeated(cell, 'table:number-columns-repeated'),
  })
  const table = (node: XmlNode): void => {
    const found: { cells: XmlNode[]; row: XmlNode }[] = []
    let headerRows = 0
    const gather = (parent: XmlNode, isHeader: boolean): void => {
      for (const child of elementsOf(parent)) {
        if (child.name === 'table-header-rows') gather(child, true)
        else if (child.name === 'table-rows' || child.name === 'table-row-group') gather(child, isHeader)
        else if (child.name === 'table-row') {
          if (isHeader && headerRows === found.length) headerRows++
          const cells = elementsOf(child).filter(({ name }) => name === 'table-cell' || name === 'covered-table-cell')
          found.push({ cells, row: child })
        }
      }
    }
    gather(node, false)
    if (found.every(({ cells }) => cells.length <= 1)) {
      // It only draws a frame around text.
      for (const { cells } of found) cells.forEach(blocks)
      return
    }
    const rows = found.map(({ cells, row }): GridRow => {
      return { cells: cells.map(cellOf), repeat: repeated(row, 'table:number-rows-repeated') }
    })
    const filled = fillGrid(rows)
    if (headerRows === filled.length) headerRows = 0
    sink.addTable(filled, headerRows === 0 && looksLikeHeader(filled) ? 1 : headerRows)
  }
  const frame = (node: XmlNode): void => {
    const formula = formulaIn(node)
    if (formula !== undefined) {
      sink.add('paragraph', formula.trim())
      return
    }
    const content = known.get(node)
    if (content) {
      const caption = describedTitle(content)
      if (caption !== '') sink.add('caption', caption)
      for (const inner of descendants(content, 'table')) table(inner)
    }
    const picture = elementAt(node, 'image') && !content
    const description = describedAs(textOf(elementAt(node, 'desc')) || textOf(elementAt(node, 'title')))
    if (picture) sink.add('caption', description)
    for (const child of elementsOf(node)) {
      if (child.name === 'text-box') blocks(child)
      else if (child.name === 'table') table(child)
    }
  }
  const shape = (node: XmlNode): void => {
    if (node.name === 'frame') frame(node)
    else if (node.name === 'g' || node.name === 'a')
      elementsOf(node)
        .filter(({ name }) => shapeNames.has(name))
        .forEach(shape)
    else blocks(node)
  }
  const block = (node: XmlNode): void => {
    if (node.name === 'p') paragraph(node, undefined)
    else if (node.name === 'h') heading(node, '')
    else if (node.name === 'list') list(node, 0, undefined)
    else if (node.name === 'table') table(node)
    else if (node.name === 'annotation') notes.push(signedComment(node))
    else if (shapeNames.has(node.name)) shape(node)
    else if (node.name === 'section' || node.name === 'index-body' || node.name === 'bibliography') {
      if (node.attributes['text:display'] !== 'none') blocks(node)
    } else if (node.name === 'numbered-paragraph') elementsOf(node).forEach((child) => void paragraph(child, '- '))
  }
  const blocks = (parent: XmlNode): void => {
    for (const child of elementsOf(parent)) block(child)
  }
  const signedComment = (comment: XmlNode): string => {
    const author = collapse(textOf(elementAt(comment, 'creator')))
    const date = isoDate(textOf(elementAt(comment, 'date')))?.slice(0, 10)
    const by = [author, date === undefined ? '' : `(${date})`].filter((part) => part !== '').join(' ')
    const text = flat({
      ...comment,
      children: elementsOf(comment).filter(({ name }) => name === 'p' || name === 'list'),
    })
    return text === '' || by === '' ? text : `${by}: ${text}`
  }

  return {
    into(target) {
      const joined = codeJoiner(target)
      return {
        block(node) {
          sink = joined
          block(node)
          flushFloating()
          const own = notes
          notes = []
          for (const note of own) joined.add('note', note)
        },
        end: () => joined.flush(),
      }
    },
  }
}

const shapeNames = new Set(
  'frame g a custom-shape rect ellipse circle line polyline polygon regular-polygon path connector caption measure'.split(
    ' ',
  ),
)

/** Inside of paragraphs: what is no text of theirs. */
const unread = new Set('note-citation note-body tracked-changes change-start change-end forms script'.split(' '))

/** Lines of code that follow one another are one piece of code. Blank text ends it. */
function codeJoiner(target: TextSink): TextSink & { flush(): void } {
  let lines: string[] = []
  const flush = (): void => {
    if (lines.length > 0) target.add('code', lines.join('\n'))
    lines = []
  }
  return {
    flush,
    add(kind, text) {
      if (kind === 'code') {
        lines.push(text)
        return
      }
      flush()
      if (text !== '') target.add(kind, text)
    },
    addHeading(text, level) {
      flush()
      target.addHeading(text, level)
    },
    addTable(rows, headerRows) {
      flush()
      target.addTable(rows, headerRows)
    },
  }
}

function styleOf(node: XmlNode): string | undefined {
  return node.attributes['text:style-name']
}

/** The style of the first paragraph of a list. */
function firstStyle(list: XmlNode): string | undefined {
  const [paragraph] = descendants(list, 'p')
  return paragraph && styleOf(paragraph)
}

function hasContent(node: XmlNode): boolean {
  return node.name !== 'soft-page-break' && (textOf(node).trim() !== '' || elementsOf(node, 'frame').length > 0)
}

function repeated(node: XmlNode, name: string): number {
  const count = Number(node.attributes[name] ?? 1)
  return Number.isInteger(count) && count > 0 ? count : 1
}

function tidyLines(text: string): string {
  return text
    .split('\n')
    .map(collapse)
    .filter((line) => line !== '')
    .join('\n')
}

/** The title of an embedded chart. */
function describedTitle(content: XmlNode): string {
  const [title] = descendants(content, 'title')
  return title ? collapse(textOf(title)) : ''
}

/** MathML on one line: fractions as a/b, powers as a^b, roots as √(a). */
function mathText(node: XmlNode): string {
  const children = elementsOf(node).filter(({ name }) => name !== 'annotation' && name !== 'annotation-xml')
  const [first = '', second = '', third = ''] = children.map(mathText)
  switch (node.name) {
    case 'mfrac':
      return `${grouped(first)}/${grouped(second)}`
    case 'msup':
    case 'mover':
      return `${first}^${grouped(second)}`
    case 'msub':
    case 'munder':
      return `${first}_${grouped(second)}`
    case 'msubsup':
    case 'munderover':
      return `${first}_${grouped(second)}^${grouped(third)}`
    case 'msqrt':
      return `√(${children.map(mathText).join('')})`
    case 'mroot':
      return `${second}√(${first})`
    case 'mo':
      return /^[=<>≤≥≈≠+−±→]$/.test(textOf(node).trim()) ? ` ${textOf(node).trim()} ` : textOf(node).trim()
    default:
      return children.length > 0 ? children.map(mathText).join('') : textOf(node).trim()
  }
}

/** In brackets where it is more than one name or number. */
function grouped(text: string): string {
  return /^[\p{L}\p{N}.]*$/u.test(text) ? text : `(${text})`
}
