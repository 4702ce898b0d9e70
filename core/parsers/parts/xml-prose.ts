import type { Metadata } from '../../contract/parsed-document.ts'
import { isRecord, metadataOfRecord, writeData } from './data-text.ts'
import { collapse, type DocumentBuilder } from './document-builder.ts'
import { hasLooseText, xmlToData } from './xml-data.ts'
import { descendants, elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/**
 * Writes XML that holds prose (DocBook, JATS, TEI, DITA and their like): titles as headings by the depth of their
 * sections, paragraphs, lists, tables, code, captions. Elements that are not known are read by what is in them.
 */
export function writeXmlProse(builder: DocumentBuilder, root: XmlNode): void {
  writeBlocks(builder, root, 1)
}

/** What a document says of itself at its beginning. */
export function metadataOfProse(root: XmlNode): Metadata {
  const about = elementsOf(root)
    .flatMap((node) => [node, ...elementsOf(node)])
    .find(isRecordOfFacts)
  const value = about && xmlToData(about)
  return isRecord(value) ? metadataOfRecord(value) : {}
}

function isRecordOfFacts({ name }: XmlNode): boolean {
  return recordNames.has(name.toLowerCase())
}

/** Whether a document has words for people in paragraphs, rather than data. */
export function isXmlProse(root: XmlNode): boolean {
  let paragraphs = 0
  let mixed = 0
  let values = 0
  const visit = (node: XmlNode): void => {
    for (const child of elementsOf(node)) {
      if (paragraphNames.has(child.name.toLowerCase())) paragraphs++
      else if (elementsOf(child).length === 0) values++
      else if (hasLooseText(child)) mixed++
      visit(child)
    }
  }
  visit(root)
  // Paragraphs have elements inside them too, so few paragraphs tell; a note with markup in it does not.
  return (paragraphs > 0 && paragraphs * 20 > values) || (mixed > 4 && mixed * 4 > values)
}

const names = (list: string): ReadonlySet<string> => new Set(list.split(' '))
const paragraphNames = names('p para simpara formalpara ab shortdesc')
const titleNames = names('title head heading subtitle')
const codeNames = names(
  'programlisting screen code codeblock pre literallayout synopsis eg verbatim preformat msgblock',
)
const listNames = names('itemizedlist orderedlist simplelist list ul ol sl variablelist glosslist')
const itemNames = names('listitem item li sli list-item member varlistentry def-item glossentry')
const tableNames = names('table informaltable tgroup table-wrap simpletable')
const rowNames = names('row tr sthead strow')
const cellNames = names('entry td th cell stentry')
const quoteNames = names('blockquote disp-quote quote lq')
const captionNames = names('caption figdesc')
const noteNames = names('footnote fn note tip warning caution important')
const silentNames = names('indexterm processing-instruction comment script style')
const recordNames = names(
  'info bookinfo articleinfo chapterinfo sectioninfo article-meta journal-meta teiheader prolog metadata docinfo',
)

function writeBlocks(builder: DocumentBuilder, node: XmlNode, level: number): void {
  const hasTitle = elementsOf(node).some(
    (child) => titleNames.has(child.name.toLowerCase()) || (isRecordOfFacts(child) && titleIn(child) !== undefined),
  )
  let inline = ''
  const flush = (): void => {
    builder.add('paragraph', collapse(inline))
    inline = ''
  }
  const inner = hasTitle ? level + 1 : level
  for (const child of node.children) {
    if (typeof child === 'string') inline += child
    else if (isBlock(child) || !hasLooseText(node)) {
      flush()
      writeBlock(builder, child, inner)
    } else inline += textOf(child)
  }
  flush()
}

function writeBlock(builder: DocumentBuilder, node: XmlNode, level: number): void {
  const name = node.name.toLowerCase()
  const heading = { level: Math.min(6, Math.max(1, level - 1)) }
  if (silentNames.has(name)) return
  if (titleNames.has(name)) builder.add('heading', collapse(textOf(node)), heading)
  else if (codeNames.has(name)) {
    const language = node.attributes['language'] ?? node.attributes['lang']
    builder.add('code', textOf(node), language ? { language } : {})
  } else if (listNames.has(name)) writeList(builder, node)
  else if (tableNames.has(name)) writeTable(builder, node, level)
  else if (captionNames.has(name)) builder.add('caption', collapse(textOf(node)))
  else if (quoteNames.has(name)) builder.add('quote', collapse(textOf(node)))
  else if (noteNames.has(name)) builder.add('note', collapse(textOf(node)))
  else if (recordNames.has(name)) writeRecord(builder, node, heading.level)
  else if (elementsOf(node).length === 0) writeLeaf(builder, node, name)
  else writeBlocks(builder, node, level)
}

function isBlock({ name }: XmlNode): boolean {
  const lower = name.toLowerCase()
  const sets = [paragraphNames, titleNames, codeNames, listNames, tableNames, captionNames, quoteNames, noteNames]
  // Code inside a sentence is a word of it.
  return lower !== 'code' && lower !== 'quote' && sets.some((set) => set.has(lower))
}

/** Words alone: a paragraph, or a value that needs its name to be understood. */
function writeLeaf(builder: DocumentBuilder, node: XmlNode, name: string): void {
  const text = collapse(textOf(node))
  const isProse = paragraphNames.has(name) || text.length > 80
  builder.add('paragraph', isProse || text === '' ? text : `${node.name}: ${text}`)
}

/** What the document says of itself: its title is a heading, the rest are lines. */
function writeRecord(builder: DocumentBuilder, node: XmlNode, level: number): void {
  const title = titleIn(node)
  builder.add('heading', title ? collapse(textOf(title)) : '', { level })
  const rest = { ...node, children: node.children.filter((child) => child !== title) }
  writeData(builder, xmlToData(rest), Math.min(6, level + 1))
}

function titleIn(node: XmlNode): XmlNode | undefined {
  return [...descendants(node, 'title'), ...descendants(node, 'article-title')][0]
}

function writeList(builder: DocumentBuilder, node: XmlNode): void {
  const numbered = /^(?:orderedlist|ol)$/i.test(node.name)
  let number = 0
  for (const child of elementsOf(node)) {
    const name = child.name.toLowerCase()
    if (itemNames.has(name)) builder.add('list-item', `${numbered ? `${++number}.` : '-'} ${itemText(child)}`)
    else if (listNames.has(name)) writeList(builder, child)
    else builder.add('paragraph', collapse(textOf(child)))
  }
}

/** An item's blocks on one line, with a space where one ends and the next begins. */
function itemText(node: XmlNode): string {
  return collapse(
    node.children.map((child) => (typeof child === 'string' ? child : ` ${itemText(child)} `)).join(''),
  ).replaceAll(/ ([.,;:!?)])/g, '$1')
}

function writeTable(builder: DocumentBuilder, node: XmlNode, level: number): void {
  for (const name of ['title', 'caption']) {
    const caption = elementAt(node, name)
    if (caption) builder.add('caption', collapse(textOf(caption)))
  }
  const rows: string[][] = []
  let headerRows = 0
  const visit = (part: XmlNode, isHead: boolean): void => {
    for (const child of elementsOf(part)) {
      const name = child.name.toLowerCase()
      if (!rowNames.has(name)) {
        visit(child, isHead || name === 'thead')
        continue
      }
      const cells = elementsOf(child).filter((cell) => cellNames.has(cell.name.toLowerCase()))
      const isHeader = isHead || name === 'sthead' || cells.every((cell) => cell.name.toLowerCase() === 'th')
      if (isHeader && headerRows === rows.length) headerRows++
      rows.push(cells.map((cell) => collapse(textOf(cell))))
    }
  }
  visit(node, false)
  if (rows.some((row) => row.length > 0)) builder.addTable(rows, headerRows)
  else writeBlocks(builder, node, level)
}
