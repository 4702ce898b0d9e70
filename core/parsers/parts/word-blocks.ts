import { type ListPlace, type Numbering, wholeNumber } from './word-numbering.ts'
import { listPlace, monospaceOf, outlineLevel, type Style, type Styles, toggle } from './word-styles.ts'
import { formulaText } from './office-math.ts'
import type { ProseBlock, TableBlock, TableCell, TextBlock } from './prose-blocks.ts'
import {
  appendRun,
  emptyLine,
  isAllBold,
  looksLikeCode,
  raisedDigits,
  type RunStyle,
  type StyledLine,
} from './styled-line.ts'
import { symbolCharacter } from './symbol-fonts.ts'
import { attributeOf } from './xml-pieces.ts'
import { descendants, elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** What the reader of a part needs of the rest of the document. */
export interface WordContext {
  styles: Styles
  numbering: Numbering
  /** The blocks of a footnote, endnote or comment, with its label ('1', 'Comment by Ann'); undefined if there is none. */
  note(kind: NoteKind, id: string): { label: string; text: string } | undefined
  /** What a picture-like object shows: a chart's numbers, the texts of a diagram. */
  graphic(kind: 'chart' | 'diagram', relationshipId: string): ProseBlock[]
}

export type NoteKind = 'footnote' | 'endnote' | 'comment'

/** Reads the paragraphs and tables of one part in document order: fields and deleted paragraph ends span them. */
export interface WordReader {
  /** A piece of the body: 'p', 'tbl', or what holds such. */
  read(node: XmlNode): ProseBlock[]
}

/**
 * Paragraphs and tables of WordprocessingML (ECMA-376 part 1, 17) as blocks. Insertions are kept, deletions and hidden
 * text left out; text boxes, notes and comments follow the paragraph or table in which they are anchored.
 */
export function createWordReader(context: WordContext): WordReader {
  const { styles, numbering } = context
  /** A paragraph whose end is deleted: its text goes on in the next one. */
  let carried: Line | undefined

  const readAll = (nodes: readonly XmlNode[]): ProseBlock[] => nodes.flatMap(readBlock)

  const readBlock = (node: XmlNode): ProseBlock[] => {
    if (node.name === 'p') return readParagraph(node)
    if (node.name === 'tbl') return readTable(node)
    if (node.name === 'oMathPara' || node.name === 'oMath') return [{ kind: 'paragraph', text: formulaText(node) }]
    if (node.name === 'AlternateContent') return readAll(elementsOf(chosenAlternative(node)))
    if (leftOut.has(node.name)) return []
    return readAll(elementsOf(node))
  }

  const readParagraph = (node: XmlNode): ProseBlock[] => {
    const properties = elementAt(node, 'pPr')
    const styleId = attributeOf(elementAt(properties, 'pStyle'), 'val')
    const style = styles.paragraph(styleId)
    const line = carried ?? { ...emptyLine(), fields: [], after: [] }
    carried = undefined
    readInline(node, line, { style })
    // Fields do not hide what follows the paragraph they begin in: a broken one would hide the rest of the document.
    line.fields = []
    if (elementAt(properties, 'rPr', 'del') && line.text !== '') {
      carried = line
      return []
    }
    const block = paragraphBlock(line, properties, style, styleId)
    return block ? [block, ...line.after] : line.after
  }

  const paragraphBlock = (
    line: Line,
    properties: XmlNode | undefined,
    style: Style,
    styleId: string | undefined,
  ): TextBlock | undefined => {
    const place = placeInList(properties, style)
    const label = place === undefined ? undefined : numbering.next(place, styleId)
    if (line.text.trim() === '') return undefined
    const stated = Number.parseInt(attributeOf(elementAt(properties, 'outlineLvl'), 'val') ?? '', 10)
    const outline = Number.isFinite(stated) ? outlineLevel(stated) : style.outline
    const level = outline || (style.role === 'title' ? 1 : 0)
    const isBullet = label === '-'
    if (level > 0 && line.text.trim().length <= longestHeading) {
      const number = label === undefined || label === '' || isBullet ? '' : `${label} `
      return { kind: 'heading', text: number + line.text, level: Math.min(level, 6) }
    }
    const text = label === undefined || label === '' ? line.text : `${label} ${line.text.trimStart()}`
    if (style.role === 'caption') return { kind: 'caption', text: line.text }
    if (style.role === 'code' || (label === undefined && looksLikeCode(line))) return { kind: 'code', text: line.text }
    if (label !== undefined) return { kind: 'list-item', text }
    if (style.role === 'toc' || /^\s*[☐☑☒]/.test(text)) return { kind: 'list-item', text }
    if (style.role === 'quote') return { kind: 'quote', text }
    return { kind: 'paragraph', text, bold: isAllBold(line) }
  }

  /** Writes what stands inside a paragraph, run or anything that holds runs. */
  const readInline = (node: XmlNode, line: Line, run: RunState): void => {
    for (const child of elementsOf(node)) {
      const read = inlineReaders[child.name]
      if (read) read(child, line, run)
      else if (!leftOut.has(child.name)) readInline(child, line, run)
    }
  }

  const inlineReaders: Record<string, (node: XmlNode, line: Line, run: RunState) => void> = {
    r(node, line, run) {
      const properties = elementAt(node, 'rPr')
      if (properties === undefined) {
        if (!run.style.isHidden) readInline(node, line, { style: run.style })
        return
      }
      const character = styles.character(attributeOf(elementAt(properties, 'rStyle'), 'val'))
      const hidden = toggle(properties, 'vanish') ?? character.isHidden ?? run.style.isHidden ?? false
      if (hidden) return
      readInline(node, line, {
        style: run.style,
        isBold: toggle(properties, 'b') ?? character.isBold,
        isMonospace: monospaceOf(properties) ?? character.isMonospace,
        isRaised: attributeOf(elementAt(properties, 'vertAlign'), 'val') === 'superscript',
      })
    },
    t(node, line, run) {
      const text = node.children.map((child) => (typeof child === 'string' ? child : '')).join('')
      append(line, run.isRaised ? raisedDigits(text, line.text) : text, run)
    },
    tab: (_, line, run) => append(line, '\t', run),
    ptab: (_, line, run) => append(line, '\t', run),
    cr: (_, line, run) => append(line, '\n', run),
    // A Word file has no fixed pages: a break to the next one parts lines, no more.
    br: (_, line, run) => append(line, '\n', run),
    noBreakHyphen: (_, line, run) => append(line, '-', run),
    sym(node, line, run) {
      append(line, symbolCharacter(attributeOf(node, 'font') ?? '', attributeOf(node, 'char') ?? ''), run)
    },
    // Formulas without a word between them stand on lines of their own.
    oMath: (node, line, run) => append(line, (/\$\s*$/.test(line.text) ? '\n' : '') + formulaText(node), run),
    oMathPara(node, line, run) {
      for (const inner of elementsOf(node, 'oMath')) append(line, `\n${formulaText(inner)}\n`, run)
    },
    ruby: (node, line, run) => readInline(elementAt(node, 'rubyBase') ?? node, line, run),
    fldChar(node, line) {
      const type = attributeOf(node, 'fldCharType')
      if (type === 'begin') {
        line.fields.push('code')
        line.text += formField(elementAt(node, 'ffData'))
      } else if (type === 'separate' && line.fields.length > 0) line.fields[line.fields.length - 1] = 'result'
      else if (type === 'end') line.fields.pop()
    },
    footnoteReference: (node, line, run) => reference('footnote', node, line, run),
    endnoteReference: (node, line, run) => reference('endnote', node, line, run),
    commentReference: (node, line, run) => reference('comment', node, line, run),
    AlternateContent(node, line, run) {
      const chosen = chosenAlternative(node)
      if (chosen) readInline(chosen, line, run)
    },
    drawing: (node, line) => readGraphic(node, line),
    pict: (node, line) => readGraphic(node, line),
    object: (node, line) => readGraphic(node, line),
    // A table or paragraph inside a paragraph is no valid document, but its text is there.
    p: (node, line) => void line.after.push(...readParagraph(node)),
    tbl: (node, line) => void line.after.push(...readTable(node)),
  }

  const reference = (kind: NoteKind, node: XmlNode, line: Line, run: RunState): void => {
    const found = context.note(kind, attributeOf(node, 'id') ?? '')
    if (!found) return
    if (kind === 'comment') {
      line.after.push({ kind: 'note', text: `${found.label}: ${found.text}` })
      return
    }
    append(line, `[${found.label}]`, run)
    line.after.push({ kind: 'note', text: `[${found.label}] ${found.text}` })
  }

  /** Text boxes, charts and diagrams in a drawing, which follow the paragraph; the picture itself is left out. */
  const readGraphic = (node: XmlNode, line: Line): void => {
    for (const child of elementsOf(node)) {
      if (child.name === 'txbxContent') {
        const outer = carried
        carried = undefined
        line.after.push(...readAll(elementsOf(child)))
        carried = outer
      } else if (child.name === 'chart' || child.name === 'relIds') {
        const id = attributeOf(child, child.name === 'chart' ? 'id' : 'dm')
        if (id !== undefined) line.after.push(...context.graphic(child.name === 'chart' ? 'chart' : 'diagram', id))
      } else if (child.name === 'AlternateContent') {
        const chosen = chosenAlternative(child)
        if (chosen) readGraphic(chosen, line)
      } else readGraphic(child, line)
    }
  }

  const readTable = (node: XmlNode): ProseBlock[] => {
    const table: TableBlock = { kind: 'table', rows: [] }
    const after: ProseBlock[] = []
    for (const row of childrenThrough(node, 'tr')) {
      const properties = elementAt(row, 'trPr')
      if (elementAt(properties, 'del')) continue
      table.rows.push({
        isHeader: toggle(properties, 'tblHeader') ?? false,
        columnsBefore: wholeNumber(attributeOf(elementAt(properties, 'gridBefore'), 'val'), 0),
        cells: childrenThrough(row, 'tc').map((cell) => readCell(cell, after)),
      })
    }
    return [table, ...after]
  }

  const readCell = (node: XmlNode, after: ProseBlock[]): TableCell => {
    const properties = elementAt(node, 'tcPr')
    const merge = elementAt(properties, 'vMerge')
    const blocks = readAll(elementsOf(node).filter(({ name }) => name !== 'tcPr'))
    // Notes would break up the row; they follow the table.
    after.push(...blocks.filter(({ kind }) => kind === 'note'))
    return {
      blocks: blocks.filter(({ kind }) => kind !== 'note'),
      columns: Math.max(1, wholeNumber(attributeOf(elementAt(properties, 'gridSpan'), 'val'), 1)),
      continues: merge !== undefined && attributeOf(merge, 'val') !== 'restart',
    }
  }

  return { read: readBlock }
}

/** The text of a paragraph as it is read. */
interface Line extends StyledLine {
  /** Fields that are open; text inside the code of one does not show. */
  fields: ('code' | 'result')[]
  /** Text boxes, notes and the like that are anchored here. */
  after: ProseBlock[]
}

interface RunState extends RunStyle {
  style: Style
  isRaised?: boolean
}

function append(line: Line, text: string, { style, isBold, isMonospace }: RunState): void {
  if (line.fields.includes('code')) return
  appendRun(line, text, { isBold: isBold ?? style.isBold, isMonospace: isMonospace ?? style.isMonospace })
}

/** Elements whose text does not show: deleted, instructions of fields, properties, pronunciation. */
const leftOut = new Set([
  'del',
  'moveFrom',
  'delText',
  'instrText',
  'delInstrText',
  'pPr',
  'rPr',
  'sdtPr',
  'sdtEndPr',
  'tblPr',
  'tblGrid',
  'sectPr',
  'rt',
  'fldData',
])

/** Paragraphs with a heading's style that are longer are text whose style was chosen for its looks. */
const longestHeading = 400

function placeInList(properties: XmlNode | undefined, style: Style): ListPlace | undefined {
  const own = listPlace(properties)
  const listId = own?.listId || style.list?.listId
  if (listId === undefined || listId === '' || listId === '0' || own?.listId === '0') return undefined
  return { listId, level: own?.level ?? style.list?.level }
}

/** Of two forms of one content the new one, unless only the old one has text. */
function chosenAlternative(node: XmlNode): XmlNode | undefined {
  const choice = elementAt(node, 'Choice')
  const fallback = elementAt(node, 'Fallback')
  if (!choice || !fallback) return choice ?? fallback
  return !hasText(choice) && hasText(fallback) ? fallback : choice
}

function hasText(node: XmlNode): boolean {
  for (const name of ['t', 'chart', 'relIds', 'oMath']) if (!descendants(node, name).next().done) return true
  return false
}

/** Children with this name, also those inside content controls, custom XML and insertions. */
function childrenThrough(node: XmlNode, name: string): XmlNode[] {
  return elementsOf(node).flatMap((child) => {
    if (child.name === name) return [child]
    return wrappers.has(child.name) ? childrenThrough(child, name) : []
  })
}

const wrappers = new Set(['sdt', 'sdtContent', 'customXml', 'ins', 'moveTo', 'smartTag'])

/** What a form field of the old kind shows that no text around it does: a box, or the chosen entry of a list. */
function formField(data: XmlNode | undefined): string {
  const box = elementAt(data, 'checkBox')
  if (box) return (toggle(box, 'checked') ?? toggle(box, 'default')) ? '☒' : '☐'
  const choices = elementAt(data, 'ddList')
  const chosen = wholeNumber(attributeOf(elementAt(choices, 'result'), 'val'), 0)
  return attributeOf(elementsOf(choices, 'listEntry')[chosen], 'val') ?? ''
}
