import { describedAs } from './captions.ts'
import { collapse } from './document-builder.ts'
import type { OpenDocumentStyles } from './opendocument-styles.ts'
import { type TextReader, type TextSink } from './opendocument-text.ts'
import { inReadingOrder, type Rectangle } from './reading-order.ts'
import type { Slide, SlideBlock } from './slide-writer.ts'
import { elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/** What stands on one page of a presentation (draw:page, OpenDocument 1.3 part 3, 10.2.4 and 10.6). */
export function readOpenDocumentSlide(page: XmlNode, reader: TextReader, styles: OpenDocumentStyles): Slide {
  const notes: string[] = []
  const shapes = shapesIn(page, reader, notes)
  const title = shapes.find(({ role }) => role === 'title')
  const content = shapes.filter((shape) => shape !== title && shape.role !== 'footer')
  const footers = shapes.filter(({ role }) => role === 'footer')
  const notePages = elementsOf(page, 'notes')
  const spoken = notePages
    .flatMap((notePage) => elementsOf(notePage, 'frame'))
    .flatMap((frame) => {
      const isText = frame.attributes['presentation:class'] === 'notes' && !isPlaceholder(frame)
      return isText ? [lineOf(readBlocks([frame], reader, notes), '\n')] : []
    })
  return {
    hidden: styles.isHiddenSlide(page.attributes['draw:style-name']),
    title: collapse(lineOf(title?.blocks ?? [], ' ')),
    blocks: [...content, ...footers].flatMap(({ blocks }) => blocks),
    notes: [...spoken, ...notes].filter((note) => note !== ''),
  }
}

interface ReadShape {
  role: 'title' | 'footer' | 'content'
  box: Rectangle | undefined
  blocks: SlideBlock[]
}

/** The shapes on a page or in a group, in reading order, with the title first. Each group is read as a whole. */
function shapesIn(parent: XmlNode, reader: TextReader, notes: string[]): ReadShape[] {
  const shapes = elementsOf(parent).flatMap((child): ReadShape[] => {
    const read = readShape(child, reader, notes)
    return read && read.blocks.length > 0 ? [read] : []
  })
  const titles = shapes.filter(({ role }) => role === 'title')
  return [...titles, ...inReadingOrder(shapes.filter(({ role }) => role !== 'title'))]
}

function readShape(shape: XmlNode, reader: TextReader, notes: string[]): ReadShape | undefined {
  if (shape.name === 'notes' || shape.name === 'forms' || isPlaceholder(shape)) return undefined
  if (shape.name === 'g') {
    const inner = shapesIn(shape, reader, notes)
    const caption = describedAs(textOf(elementAt(shape, 'desc')) || textOf(elementAt(shape, 'title')))
    const blocks = inner.flatMap(({ blocks: own }) => own)
    if (caption !== '') blocks.unshift({ kind: 'caption', text: caption })
    return { role: 'content', box: aroundAll(inner), blocks }
  }
  const box = boxOf(shape)
  switch (shape.attributes['presentation:class']) {
    case 'title':
      return { role: 'title', box, blocks: readBlocks([shape], reader, notes).map(asParagraph) }
    case 'footer': {
      const text = lineOf(readBlocks([shape], reader, notes), ' ')
      return { role: 'footer', box, blocks: text === '' ? [] : [{ kind: 'page-footer', text }] }
    }
    // Dates and numbers of slides are not what a slide is about.
    case 'date-time':
    case 'page-number':
    case 'header':
      return undefined
    default:
      return { role: 'content', box, blocks: readBlocks([shape], reader, notes) }
  }
}

function readBlocks(nodes: readonly XmlNode[], reader: TextReader, notes: string[]): SlideBlock[] {
  const blocks: SlideBlock[] = []
  const sink: TextSink = {
    add(kind, text) {
      if (kind === 'note') notes.push(text)
      else if (text !== '') blocks.push({ kind, text })
    },
    addHeading: (text, level) => void blocks.push({ kind: 'heading', text, level: Math.min(level + 1, 6) }),
    addTable: (rows, headerRows) => void blocks.push({ kind: 'table', rows, headerRows }),
  }
  const stream = reader.into(sink)
  for (const node of nodes) stream.block(node)
  stream.end()
  return blocks
}

function asParagraph(block: SlideBlock): SlideBlock {
  return block.kind === 'table' ? block : { kind: 'paragraph', text: block.text }
}

function lineOf(blocks: readonly SlideBlock[], separator: string): string {
  return blocks.flatMap((block) => (block.kind === 'table' ? [] : [block.text])).join(separator)
}

/** An empty frame of the layout, in which the program asks for a text. */
function isPlaceholder(shape: XmlNode): boolean {
  return shape.attributes['presentation:placeholder'] === 'true'
}

function boxOf({ attributes }: XmlNode): Rectangle | undefined {
  const [x, y, width, height] = ['svg:x', 'svg:y', 'svg:width', 'svg:height'].map((name) => points(attributes[name]))
  if (x === undefined || y === undefined || width === undefined) return undefined
  // Text may have no height of its own; then its frame says how small it may get.
  return { x, y, width, height: height ?? points(attributes['fo:min-height']) ?? 1 }
}

function aroundAll(shapes: readonly ReadShape[]): Rectangle | undefined {
  const boxes = shapes.flatMap(({ box }) => (box ? [box] : []))
  if (boxes.length === 0) return undefined
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}

/** A length such as '2.54cm' in points (1/72 inch). */
function points(length: string | undefined): number | undefined {
  const found = /^(-?[\d.]+)(cm|mm|in|pt|pc|px)$/.exec(length ?? '')
  const value = Number(found?.[1])
  return found && Number.isFinite(value) ? value * (pointsPer.get(found[2] ?? '') ?? 1) : undefined
}

const pointsPer = new Map([
  ['cm', 72 / 2.54],
  ['mm', 72 / 25.4],
  ['in', 72],
  ['pt', 1],
  ['pc', 12],
  ['px', 0.75],
])
