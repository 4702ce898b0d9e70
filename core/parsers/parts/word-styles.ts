import { isMonospaceFont } from './styled-line.ts'
import type { ListPlace } from './word-numbering.ts'
import { attributeOf } from './xml-pieces.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** What a style, with all that it descends from, says of a paragraph or of characters in it. */
export interface Style {
  /** The built-in name it has or descends from, in lower case: 'heading 1', 'title', 'caption' … */
  role: string | undefined
  /** Headings: 1 to 9; 0 where the style says that it is body text. */
  outline: number | undefined
  list: ListPlace | undefined
  isBold: boolean | undefined
  isMonospace: boolean | undefined
  isHidden: boolean | undefined
}

export interface Styles {
  paragraph(styleId: string | undefined): Style
  character(styleId: string | undefined): Style
  /** The list that a numbering style names. */
  listOf(styleId: string): string | undefined
}

/** Styles of a Word document (word/styles.xml, ECMA-376 part 1, 17.7). */
export function readStyles(root: XmlNode | undefined): Styles {
  const nodes = new Map<string, XmlNode>()
  let standard: string | undefined
  for (const node of elementsOf(root, 'style')) {
    const id = attributeOf(node, 'styleId')
    if (id === undefined || nodes.has(id)) continue
    nodes.set(id, node)
    if (attributeOf(node, 'type') === 'paragraph' && isOn(attributeOf(node, 'default') ?? '0')) standard = id
  }
  const known = new Map<string, Style>()
  const read = (id: string | undefined, steps: number): Style => {
    if (id === undefined || steps > deepestChain) return noStyle
    const before = known.get(id)
    if (before) return before
    const node = nodes.get(id)
    const parentId = attributeOf(elementAt(node, 'basedOn'), 'val')
    const style = node ? refine(read(parentId, steps + 1), node) : styleByItsId(id)
    known.set(id, style)
    return style
  }
  return {
    paragraph: (id) => read(id ?? standard, 0),
    character: (id) => read(id, 0),
    listOf: (id) => attributeOf(elementAt(nodes.get(id), 'pPr', 'numPr', 'numId'), 'val'),
  }
}

/** The list that paragraph properties name; '0' takes a paragraph out of the list of its style. */
export function listPlace(properties: XmlNode | undefined): ListPlace | undefined {
  const node = elementAt(properties, 'numPr')
  if (!node) return undefined
  const listId = attributeOf(elementAt(node, 'numId'), 'val')
  const level = Number.parseInt(attributeOf(elementAt(node, 'ilvl'), 'val') ?? '', 10)
  return { listId: listId ?? '', level: Number.isFinite(level) ? Math.max(0, level) : undefined }
}

/** Properties such as bold: on where they stand without a value. Undefined where they do not stand. */
export function toggle(properties: XmlNode | undefined, name: string): boolean | undefined {
  const node = elementAt(properties, name)
  return node && isOn(attributeOf(node, 'val') ?? '1')
}

/** Whether run properties name a typewriter font; undefined where they name none. */
export function monospaceOf(properties: XmlNode | undefined): boolean | undefined {
  const fonts = elementAt(properties, 'rFonts')
  const font = attributeOf(fonts, 'ascii') ?? attributeOf(fonts, 'hAnsi') ?? attributeOf(fonts, 'asciiTheme')
  return font === undefined ? undefined : isMonospaceFont(font)
}

/** What styles of this name are for, by the names that Word, LibreOffice and converters give them. */
export function roleOfName(name: string): string | undefined {
  const lower = name
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim()
  if (/^heading [1-9]$/.test(lower)) return lower
  if (/^toc [1-9]$/.test(lower) || lower === 'table of figures') return 'toc'
  return rolesByName[lower]
}

const rolesByName: Record<string, string> = {
  title: 'title',
  caption: 'caption',
  quote: 'quote',
  'intense quote': 'quote',
  'block text': 'quote',
  quotations: 'quote',
  'html preformatted': 'code',
  'preformatted text': 'code',
  'source code': 'code',
  sourcecode: 'code',
  code: 'code',
  'code block': 'code',
  'macro text': 'code',
  listing: 'code',
  'toc heading': 'toc heading',
}

const noStyle: Style = {
  role: undefined,
  outline: undefined,
  list: undefined,
  isBold: undefined,
  isMonospace: undefined,
  isHidden: undefined,
}

/** No template nests its styles deeper; a loop of styles ends here. */
const deepestChain = 30

function refine(parent: Style, node: XmlNode): Style {
  const name = attributeOf(elementAt(node, 'name'), 'val') ?? attributeOf(node, 'styleId') ?? ''
  const role = roleOfName(name)
  const paragraph = elementAt(node, 'pPr')
  const run = elementAt(node, 'rPr')
  const stated = Number.parseInt(attributeOf(elementAt(paragraph, 'outlineLvl'), 'val') ?? '', 10)
  const heading = /^heading ([1-9])$/.exec(role ?? '')?.[1]
  const own = listPlace(paragraph)
  return {
    role: role ?? parent.role,
    outline: heading
      ? Number(heading)
      : Number.isFinite(stated)
        ? outlineLevel(stated)
        : role === undefined
          ? parent.outline
          : undefined,
    list: own ? { listId: own.listId || (parent.list?.listId ?? ''), level: own.level } : parent.list,
    isBold: toggle(run, 'b') ?? parent.isBold,
    isMonospace: monospaceOf(run) ?? parent.isMonospace,
    isHidden: toggle(run, 'vanish') ?? parent.isHidden,
  }
}

/** From the numbers of the file (0 to 8, 9 for body text) to 1 to 9, 0 for body text. */
export function outlineLevel(stated: number): number {
  return stated >= 0 && stated <= 8 ? stated + 1 : 0
}

/** Where the styles are missing, the ids that Word gives its own still tell headings. */
function styleByItsId(id: string): Style {
  const heading = /^Heading([1-9])$/i.exec(id)?.[1]
  if (heading) return { ...noStyle, role: `heading ${heading}`, outline: Number(heading) }
  return { ...noStyle, role: roleOfName(id) }
}

function isOn(value: string): boolean {
  return !['0', 'false', 'off', 'none'].includes(value)
}
