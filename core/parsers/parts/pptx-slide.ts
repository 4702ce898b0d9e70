import { describedAs } from './captions.ts'
import { readChart } from './drawing-chart.ts'
import { diagramTexts } from './drawing-diagram.ts'
import { chosenAlternative, drawingLine, drawingParagraphs } from './drawing-text.ts'
import { createGridFiller, type GridRow, looksLikeHeader } from './grid.ts'
import { type OfficePackage, type Relation, relationIdOf } from './package-parts.ts'
import { inReadingOrder, type Rectangle } from './reading-order.ts'
import type { Slide, SlideBlock } from './slide-writer.ts'
import { attributeOf } from './xml-pieces.ts'
import { descendants, elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

export type { Slide } from './slide-writer.ts'

export interface SlideReader {
  /** Reads the slide in this part. What it points at may be missing or damaged. Throws an Error where it is no XML. */
  read(path: string): Slide
}

/** Reads the slides of one presentation, whose main part is `showPath`. */
export function createSlideReader(office: OfficePackage, showPath: string): SlideReader {
  const templates = createTemplates(office)
  const fillGrid = createGridFiller()
  let authors: Map<string, string> | undefined

  /** A part that the slide can do without. */
  const part = (path: string | undefined): XmlNode | undefined => {
    try {
      return office.xml(path)
    } catch {
      return undefined
    }
  }
  /** Charts, notes and the like belong to one place: a small file can point at a large one from everywhere. */
  const shown = new Set<string>()
  const once = (path: string | undefined): XmlNode | undefined => {
    if (path === undefined || shown.has(path)) return undefined
    shown.add(path)
    return part(path)
  }
  const related = (path: string, id: string | undefined): XmlNode | undefined =>
    once(office.relations(path).find((relation) => relation.id === id && !relation.external)?.target)
  const ofType = (path: string, type: string): Relation[] =>
    office.relations(path).filter((relation) => relation.type === type && !relation.external)

  return {
    read(path) {
      const root = office.xml(path)
      if (!root) throw new Error('There is no such slide.')
      const layout = ofType(path, 'slideLayout')[0]?.target
      const context: ShapeContext = {
        template: (shape) => templates.find(layout, shape),
        chart: (id) => related(path, id),
        diagram: (id) => related(path, id),
        fillGrid,
      }
      const content = shapesIn(elementAt(root, 'cSld', 'spTree'), context)
      const title = content.find(({ role }) => role === 'title')
      const blocks = content.filter((shape) => shape !== title).flatMap((shape) => shape.blocks)
      const notes = ofType(path, 'notesSlide').map(({ target }) => speakerNotes(once(target)))
      const comments = ofType(path, 'comments').flatMap(({ target }) => {
        authors ??= readAuthors(ofType(showPath, 'commentAuthors').concat(ofType(showPath, 'authors')), part)
        return commentsIn(once(target), authors)
      })
      const footers = content.filter(({ role }) => role === 'footer').flatMap((shape) => shape.blocks)
      return {
        hidden: ['0', 'false'].includes(attributeOf(root, 'show') ?? ''),
        title: title?.blocks.map((block) => ('text' in block ? block.text : '')).join(' ') ?? '',
        blocks: [...blocks.filter((block) => !footers.includes(block)), ...footers],
        notes: [...notes, ...comments].filter((note) => note !== ''),
      }
    },
  }
}

/** What a slide's shape takes from the layout and the master behind it. */
interface Template {
  box: Rectangle | undefined
  /** List styles, the nearest first. */
  styles: (XmlNode | undefined)[]
}

interface ShapeContext {
  template(shape: XmlNode): Template
  chart(relationId: string | undefined): XmlNode | undefined
  diagram(relationId: string | undefined): XmlNode | undefined
  fillGrid(rows: readonly GridRow[]): string[][]
}

interface ReadShape {
  role: 'title' | 'footer' | 'content'
  box: Rectangle | undefined
  blocks: SlideBlock[]
}

/** The shapes of a tree or group, in reading order, with the title first. Each group is read as a whole. */
function shapesIn(tree: XmlNode | undefined, context: ShapeContext): ReadShape[] {
  const shapes = elementsOf(tree).flatMap((child): ReadShape[] => {
    const read = readShape(child, context)
    return read.blocks.length > 0 ? [read] : []
  })
  const titles = shapes.filter(({ role }) => role === 'title')
  return [...titles, ...inReadingOrder(shapes.filter(({ role }) => role !== 'title'))]
}

function readShape(shape: XmlNode, context: ShapeContext): ReadShape {
  const content = (box: Rectangle | undefined, blocks: SlideBlock[]): ReadShape => ({ role: 'content', box, blocks })
  switch (shape.name) {
    case 'sp':
      return textShape(shape, context)
    case 'grpSp': {
      const inner = shapesIn(shape, context)
      return content(boxOf(elementAt(shape, 'grpSpPr', 'xfrm')), [
        ...captionOf(shape),
        ...inner.flatMap(({ blocks }) => blocks),
      ])
    }
    case 'pic':
      return content(boxOf(elementAt(shape, 'spPr', 'xfrm')) ?? context.template(shape).box, captionOf(shape))
    case 'graphicFrame':
      return content(boxOf(elementAt(shape, 'xfrm')), graphicBlocks(shape, context))
    case 'AlternateContent': {
      const inner = shapesIn(chosenAlternative(shape), context)
      return inner.length === 1 && inner[0]
        ? inner[0]
        : content(
            inner[0]?.box,
            inner.flatMap(({ blocks }) => blocks),
          )
    }
    default:
      return content(undefined, [])
  }
}

function textShape(shape: XmlNode, context: ShapeContext): ReadShape {
  const placeholder = placeholderOf(shape)
  const template = context.template(shape)
  const box = boxOf(elementAt(shape, 'spPr', 'xfrm')) ?? template.box
  const body = elementAt(shape, 'txBody')
  const type = placeholder?.type
  // Dates and numbers of slides are not what a slide is about.
  if (type === 'dt' || type === 'sldNum' || type === 'hdr') return { role: 'footer', box, blocks: [] }
  if (type === 'title' || type === 'ctrTitle' || type === 'ftr') {
    const text = drawingLine(body)
    const role = type === 'ftr' ? 'footer' : 'title'
    return { role, box, blocks: text === '' ? [] : [{ kind: role === 'footer' ? 'page-footer' : 'paragraph', text }] }
  }
  const blocks = drawingParagraphs(body, template.styles).map(({ text, isListItem }): SlideBlock => {
    return { kind: isListItem ? 'list-item' : 'paragraph', text }
  })
  return { role: 'content', box, blocks }
}

function graphicBlocks(frame: XmlNode, context: ShapeContext): SlideBlock[] {
  const data = elementAt(frame, 'graphic', 'graphicData')
  const blocks: SlideBlock[] = captionOf(frame)
  for (const child of elementsOf(data).map((node) =>
    node.name === 'AlternateContent' ? chosenAlternative(node) : node,
  )) {
    if (child?.name === 'tbl') blocks.push(tableBlock(child, context))
    else if (child?.name === 'chart') blocks.push(...chartBlocks(context.chart(relationIdOf(child))))
    else if (child?.name === 'relIds') {
      const model = context.diagram(relationIdOf(child, 'dm'))
      const texts = model ? diagramTexts(model) : []
      blocks.push(...texts.map((text): SlideBlock => ({ kind: 'list-item', text: `- ${text}` })))
    }
  }
  return blocks
}

function tableBlock(table: XmlNode, { fillGrid }: ShapeContext): SlideBlock {
  const isSet = (node: XmlNode | undefined, name: string): boolean =>
    ['1', 'true'].includes(attributeOf(node, name) ?? '')
  const rows = elementsOf(table, 'tr').map((row) => ({
    cells: elementsOf(row, 'tc').map((cell) => ({
      text: cellText(elementAt(cell, 'txBody')),
      rows: Number(attributeOf(cell, 'rowSpan') ?? 1) || 1,
      covered: isSet(cell, 'hMerge') || isSet(cell, 'vMerge'),
    })),
  }))
  const filled = fillGrid(rows)
  const style = elementAt(table, 'tblPr')
  const hasHeader = attributeOf(style, 'firstRow') === undefined ? looksLikeHeader(filled) : isSet(style, 'firstRow')
  return { kind: 'table', rows: filled, headerRows: hasHeader && rows.length > 1 ? 1 : 0 }
}

function cellText(body: XmlNode | undefined): string {
  return drawingParagraphs(body)
    .map(({ text }) => text)
    .join(' ')
}

function chartBlocks(space: XmlNode | undefined): SlideBlock[] {
  if (!space) return []
  const { caption, tables } = readChart(space)
  const blocks: SlideBlock[] = caption === '' ? [] : [{ kind: 'caption', text: caption }]
  return [...blocks, ...tables.map((rows): SlideBlock => ({ kind: 'table', rows, headerRows: 1 }))]
}

/** What the author says of a picture, chart or group for those who cannot see it. */
function captionOf(shape: XmlNode): SlideBlock[] {
  const named = elementsOf(shape).find(({ name }) => /^nv.*Pr$/.test(name))
  const text = describedAs(attributeOf(elementAt(named, 'cNvPr'), 'descr'))
  return text === '' ? [] : [{ kind: 'caption', text }]
}

function boxOf(transform: XmlNode | undefined): Rectangle | undefined {
  const corner = elementAt(transform, 'off')
  const size = elementAt(transform, 'ext')
  const [x, y] = [Number(attributeOf(corner, 'x')), Number(attributeOf(corner, 'y'))]
  const [width, height] = [Number(attributeOf(size, 'cx')), Number(attributeOf(size, 'cy'))]
  const box = { x, y, width, height }
  return Object.values(box).every(Number.isFinite) && (width > 0 || height > 0) ? box : undefined
}

interface Placeholder {
  type: string
  index: string | undefined
}

function placeholderOf(shape: XmlNode): Placeholder | undefined {
  const named = elementsOf(shape).find(({ name }) => /^nv.*Pr$/.test(name))
  const placeholder = elementAt(named, 'nvPr', 'ph')
  return placeholder && { type: attributeOf(placeholder, 'type') ?? 'obj', index: attributeOf(placeholder, 'idx') }
}

/** Layouts and masters, each read once. */
function createTemplates(office: OfficePackage) {
  interface Sheet {
    shapes: { placeholder: Placeholder; node: XmlNode }[]
    styles: XmlNode | undefined
    master: string | undefined
  }
  const known = new Map<string, Sheet>()
  const open = (path: string | undefined): Sheet => {
    const found = known.get(path ?? '')
    if (found) return found
    let root: XmlNode | undefined
    try {
      root = office.xml(path)
    } catch {
      // Without its layout a slide has its text, if not every bullet.
    }
    const nodes = root ? [...descendants(root, 'sp'), ...descendants(root, 'pic')] : []
    const shapes = nodes.flatMap((node) => {
      const placeholder = placeholderOf(node)
      return placeholder ? [{ placeholder, node }] : []
    })
    const master = path === undefined ? undefined : office.relations(path).find(({ type }) => type === 'slideMaster')
    const sheet: Sheet = { shapes, styles: elementAt(root, 'txStyles'), master: master?.target }
    known.set(path ?? '', sheet)
    return sheet
  }
  return {
    find(layoutPath: string | undefined, shape: XmlNode): Template {
      const placeholder = placeholderOf(shape)
      if (!placeholder) return { box: undefined, styles: [] }
      const layout = open(layoutPath)
      const master = open(layout.master)
      const onLayout =
        layout.shapes.find((one) => one.placeholder.index === placeholder.index && placeholder.index !== undefined) ??
        layout.shapes.find((one) => basicType(one.placeholder.type) === basicType(placeholder.type))
      const basic = basicType(onLayout?.placeholder.type ?? placeholder.type)
      const onMaster = master.shapes.find((one) => basicType(one.placeholder.type) === basic)
      const behind = [onLayout?.node, onMaster?.node]
      const styleName = basic === 'title' ? 'titleStyle' : basic === 'body' ? 'bodyStyle' : 'otherStyle'
      return {
        box: behind.map((node) => boxOf(elementAt(node, 'spPr', 'xfrm'))).find((box) => box !== undefined),
        styles: [...behind.map((node) => elementAt(node, 'txBody', 'lstStyle')), elementAt(master.styles, styleName)],
      }
    },
  }
}

/** Masters have one placeholder for all kinds of content. */
function basicType(type: string): string {
  if (type === 'ctrTitle') return 'title'
  return ['title', 'dt', 'ftr', 'sldNum', 'hdr'].includes(type) ? type : 'body'
}

function speakerNotes(root: XmlNode | undefined): string {
  const shapes = root ? [...descendants(root, 'sp')] : []
  const bodies = shapes.filter((shape) => placeholderOf(shape)?.type === 'body')
  const paragraphs = bodies.flatMap((shape) => drawingParagraphs(elementAt(shape, 'txBody')))
  return paragraphs.map(({ text }) => text).join('\n')
}

function readAuthors(relations: readonly Relation[], part: (path: string) => XmlNode | undefined): Map<string, string> {
  const lists = relations.flatMap(({ target }) => elementsOf(part(target)))
  return new Map(lists.map((author) => [attributeOf(author, 'id') ?? '', attributeOf(author, 'name')?.trim() ?? '']))
}

/** Comments and the answers to them, in both the older and the threaded form: 'Name (2026-01-31): text'. */
function commentsIn(root: XmlNode | undefined, authors: ReadonlyMap<string, string>): string[] {
  if (!root) return []
  const signed = (comment: XmlNode): string => {
    const text = drawingLine(elementAt(comment, 'txBody')) || textOf(elementAt(comment, 'text')).trim()
    const author = authors.get(attributeOf(comment, 'authorId') ?? '') ?? ''
    const date = (attributeOf(comment, 'dt') ?? attributeOf(comment, 'created') ?? '').slice(0, 10)
    const by = [author, date === '' ? '' : `(${date})`].filter((part) => part !== '').join(' ')
    return text === '' || by === '' ? text : `${by}: ${text}`
  }
  return [...descendants(root, 'cm')].flatMap((comment) => [
    signed(comment),
    ...elementsOf(elementAt(comment, 'replyLst'), 'reply').map(signed),
  ])
}
