import { collapse } from './document-builder.ts'
import { toSuperscript } from './superscript.ts'

/** The part of the DOM that reading needs; what linkedom gives has it. */
export interface HtmlNode {
  readonly nodeType: number
  readonly localName?: string
  readonly childNodes: ArrayLike<HtmlNode>
  readonly parentNode: HtmlNode | null
  readonly textContent: string | null
}

export interface HtmlElement extends HtmlNode {
  readonly localName: string
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  hasAttribute(name: string): boolean
  querySelector(selector: string): HtmlElement | null
  querySelectorAll(selector: string): ArrayLike<HtmlElement> & Iterable<HtmlElement>
}

export function isElement(node: HtmlNode): node is HtmlElement {
  return node.nodeType === 1
}

/** Text or CDATA. */
export function isText(node: HtmlNode): boolean {
  return node.nodeType === 3 || node.nodeType === 4
}

/** Never shown to a reader, whatever stands in it. */
export function isInvisible(element: HtmlElement): boolean {
  if (invisibleTags.has(element.localName)) return true
  if (element.localName === 'math') return false
  if (element.hasAttribute('hidden') && element.getAttribute('hidden') !== 'until-found') return true
  // Decoration, or a formula said twice. All of a page is marked so while a dialog is open over it.
  if (element.getAttribute('aria-hidden') === 'true' && holdingOf(element).length <= longestDecoration) return true
  if (element.localName === 'dialog' && !element.hasAttribute('open')) return true
  const style = element.getAttribute('style')
  return style !== null && /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style)
}

const longestDecoration = 500

const invisibleTags = new Set(
  (
    'script style template noscript head meta link title base iframe object embed audio video canvas svg map area ' +
    'select option datalist button input textarea rp rt frame frameset noframes'
  ).split(' '),
)

/** Elements that stand on lines of their own. */
export const blockTags: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer ' +
    'form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td ' +
    'tfoot th thead tr ul caption search'
  ).split(' '),
)

/** What stands in a subtree. */
export interface Holding {
  /** Characters of text, scripts and the like aside. */
  length: number
  tables: boolean
  headings: boolean
  /** <article> or <section>. */
  sections: boolean
}

/** Asking every element of a deep tree for what is in it would take the square of its depth: answers are kept. */
const holdings = new WeakMap<HtmlNode, Holding>()

/** What stands in an element, itself aside. The tree must not change between calls. */
export function holdingOf(node: HtmlNode): Holding {
  const known = holdings.get(node)
  if (known) return known
  const own: Holding = { length: 0, tables: false, headings: false, sections: false }
  for (const child of Array.from(node.childNodes)) {
    if (isText(child)) own.length += collapse(child.textContent ?? '').length
    else if (isElement(child) && !invisibleTags.has(child.localName)) {
      const inner = holdingOf(child)
      own.length += inner.length
      own.tables ||= inner.tables || child.localName === 'table'
      own.headings ||= inner.headings || /^h[1-6]$/.test(child.localName)
      own.sections ||= inner.sections || child.localName === 'article' || child.localName === 'section'
    }
  }
  holdings.set(node, own)
  return own
}

/** The visible text of a subtree on one line: items with their markers, a table's cells parted by ',' and ';'. */
export function inlineText(root: HtmlNode): string {
  const parts: string[] = []
  collect(root, parts)
  return tidy(parts.join(''))
}

/** As `inlineText`, or the words that stand for its pictures where that is all there is. */
export function inlineTextOrAlt(root: HtmlElement): string {
  const text = inlineText(root)
  if (text !== '') return text
  return tidy(Array.from(root.querySelectorAll('img'), (image) => altText(image) ?? '').join(' '))
}

function collect(node: HtmlNode, parts: string[]): void {
  for (const child of Array.from(node.childNodes)) collectNode(child, parts)
}

function collectNode(node: HtmlNode, parts: string[]): void {
  if (isText(node)) parts.push(node.textContent ?? '')
  if (!isElement(node) || isInvisible(node) || isPermalink(node)) return
  const tag = node.localName
  if (tag === 'img' || tag === 'math') parts.push(formula(node))
  else if (tag === 'br') parts.push(' ')
  else if (tag === 'sup' && isShort(node)) parts.push(raised(inlineText(node)))
  else if (tag === 'ul' || tag === 'ol') collectList(node, parts)
  else if (tag === 'table') parts.push(` ${tableOnOneLine(node)} `)
  else {
    const space = blockTags.has(tag) ? ' ' : ''
    parts.push(space)
    collect(node, parts)
    parts.push(space)
  }
}

function collectList(list: HtmlElement, parts: string[]): void {
  let number = firstNumber(list)
  for (const child of Array.from(list.childNodes)) {
    if (isElement(child) && child.localName === 'li' && !isInvisible(child)) {
      parts.push(list.localName === 'ol' ? ` ${number++}. ` : ' - ')
      collect(child, parts)
    } else collectNode(child, parts)
  }
  parts.push(' ')
}

/** The number of a list's first item. */
export function firstNumber(list: HtmlElement): number {
  const stated = Number.parseInt(list.getAttribute('start') ?? '1', 10)
  return Number.isFinite(stated) ? stated : 1
}

function tableOnOneLine(table: HtmlElement): string {
  const rows: string[] = []
  const visit = (parent: HtmlElement): void => {
    for (const child of Array.from(parent.childNodes)) {
      if (!isElement(child) || isInvisible(child)) continue
      if (/^t(head|body|foot)$/.test(child.localName)) visit(child)
      else if (child.localName === 'tr') {
        const cells = Array.from(child.childNodes, (cell) => inlineText(cell)).filter((cell) => cell !== '')
        if (cells.length > 0) rows.push(cells.join(', '))
      } else rows.push(inlineText(child))
    }
  }
  visit(table)
  return rows.filter((row) => row !== '').join('; ')
}

/** The link to a heading itself that many tools put beside it. */
function isPermalink(element: HtmlElement): boolean {
  return element.localName === 'a' && /^\s*[#¶§🔗]\s*$/u.test(element.textContent ?? '')
}

/** Whether an element can be a power or the number of a note at all. */
export function isShort(element: HtmlElement): boolean {
  return holdingOf(element).length <= 5
}

/** A power or the number of a note: 10⁶, not 106. Anything else as it is. */
export function raised(text: string): string {
  if (!/^[-+−]?\d{1,4}$/.test(text)) return text
  return toSuperscript(text)
}

/** The source of a formula, from MathML or from the picture that stands for one; nothing for other pictures. */
export function formula(node: HtmlElement): string {
  if (node.localName === 'img') {
    return /\b(math|tex|latex|mwe-math)/i.test(node.getAttribute('class') ?? '') ? (node.getAttribute('alt') ?? '') : ''
  }
  const stated = node.getAttribute('alttext') ?? node.querySelector('annotation')?.textContent
  return stated ?? collapse(node.textContent ?? '')
}

/**
 * What a page says in place of a picture, where that is more than a word and no file name. In a link a few words name
 * what it leads to, and small pictures are icons: neither is a picture to the reader.
 */
export function altText(image: HtmlElement): string | undefined {
  const text = tidy(image.getAttribute('alt') ?? '')
  if (!/\p{L}\s+\p{L}/u.test(text) || /\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)$/i.test(text)) return undefined
  const parent = image.parentNode
  if (parent?.localName === 'a' && text.split(' ').length < 3) return undefined
  const sizes = ['width', 'height'].map((side) => Number.parseInt(image.getAttribute(side) ?? '', 10))
  return sizes.some((size) => size <= 32) ? undefined : text
}

/** One line without soft hyphens and zero-width spaces, which would part a word for search. */
export function tidy(text: string): string {
  return text
    .replaceAll(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
