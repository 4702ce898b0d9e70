import type { DocumentBuilder } from './document-builder.ts'
import {
  altText,
  blockTags,
  firstNumber,
  formula,
  type HtmlElement,
  type HtmlNode,
  inlineText,
  inlineTextOrAlt,
  isElement,
  isInvisible,
  isShort,
  isText,
  raised,
  tidy,
} from './html-nodes.ts'
import { itemsOf, mostRepeated, readTable } from './html-tables.ts'

export interface WalkOptions {
  /** Elements to leave out, besides what never shows (scripts, styles, hidden elements). */
  skip?: (element: HtmlElement) => boolean
  /** Take the first row as header where the markup does not say, if it looks like one. */
  guessHeader?: boolean
  /** Say pictures that stand on their own by the words that the page has in place of them, as captions. */
  pictures?: boolean
}

/**
 * Writes what a reader sees of a tree of HTML into a document: headings, paragraphs, list items with their marker,
 * tables (one line a row), preformatted text, captions, quotes. Scripts, styles, hidden elements and form controls
 * are left out; tables that only lay out a page are read as their cells' blocks.
 */
export function writeHtml(root: HtmlNode, builder: DocumentBuilder, options: WalkOptions = {}): void {
  createWalk(builder, options).children(root)
}

type Kind = 'paragraph' | 'list-item' | 'quote' | 'caption'

interface Walk {
  children(node: HtmlNode): void
}

function createWalk(builder: DocumentBuilder, options: WalkOptions): Walk {
  const repeatable = { left: mostRepeated }
  let inline: string[] = []
  let marker = ''
  let kind: Kind = 'paragraph'

  const flush = (): void => {
    if (inline.length === 0) return
    const blocks = inline.join('').split(/\n[ \t]*\n[\s]*/)
    inline = []
    for (const block of blocks) {
      const lines = block.split('\n').map(tidy).join('\n').trim()
      if (lines === '') continue
      builder.add(marker === '' ? kind : 'list-item', marker + lines)
      marker = ''
    }
  }
  const within = (inner: Kind, work: () => void): void => {
    flush()
    const outer = kind
    kind = inner
    work()
    flush()
    kind = outer
  }
  const children = (node: HtmlNode): void => {
    const nodes = Array.from(node.childNodes)
    for (let index = 0; index < nodes.length;) {
      const end = endOfStrayRows(node, nodes, index)
      if (end > index) table({ childNodes: nodes.slice(index, end) })
      else visit(nodes[index]!)
      index = Math.max(end, index + 1)
    }
  }
  const visit = (node: HtmlNode): void => {
    // Line ends in the source are spaces; '\n' in the buffer stands for <br>.
    if (isText(node)) inline.push((node.textContent ?? '').replaceAll(/\s+/g, ' '))
    else if (isElement(node) && !isInvisible(node) && !options.skip?.(node)) element(node)
  }
  const element = (node: HtmlElement): void => {
    const tag = node.localName
    if (/^h[1-6]$/.test(tag)) {
      flush()
      marker = ''
      builder.add('heading', inlineTextOrAlt(node), { level: Number(tag.slice(1)) })
    } else if (tag === 'br') inline.push('\n')
    else if (tag === 'math') inline.push(formula(node))
    else if (tag === 'img') picture(node)
    else if (tag === 'sup' && isShort(node)) superscript(node)
    else if (tag === 'pre' || tag === 'xmp' || tag === 'listing' || tag === 'plaintext') preformatted(node)
    else if (tag === 'table' && !/^(presentation|none)$/.test(node.getAttribute('role') ?? '')) table(node)
    else if (tag === 'ul' || tag === 'ol' || tag === 'menu' || tag === 'dir') list(node)
    else if (tag === 'li' || tag === 'dd') within('list-item', () => children(node))
    else if (tag === 'blockquote') within('quote', () => children(node))
    else if (tag === 'figcaption' || tag === 'caption') within('caption', () => children(node))
    else if (blockTags.has(tag)) within(kind, () => children(node))
    else children(node)
  }
  const list = (node: HtmlElement): void => {
    flush()
    let number = firstNumber(node)
    const outer = marker
    for (const child of Array.from(node.childNodes)) {
      if (!isElement(child) || child.localName !== 'li') {
        visit(child)
        continue
      }
      if (isInvisible(child) || options.skip?.(child)) continue
      const stated = Number.parseInt(child.getAttribute('value') ?? '', 10)
      if (Number.isFinite(stated)) number = stated
      flush()
      marker = node.localName === 'ol' ? `${number}. ` : '- '
      number++
      within(kind === 'quote' ? 'quote' : 'paragraph', () => children(child))
      marker = ''
    }
    marker = outer
    flush()
  }
  const superscript = (node: HtmlElement): void => {
    const text = inlineText(node)
    const high = raised(text)
    if (high === text) children(node)
    else inline.push(high)
  }
  const picture = (node: HtmlElement): void => {
    inline.push(formula(node))
    const text = options.pictures ? altText(node) : undefined
    // Within a line it would break the sentence, and beside a caption it says what the caption says.
    if (text === undefined || tidy(inline.join('')) !== '' || hasCaption(node)) return
    inline = []
    builder.add('caption', text)
  }
  const preformatted = (node: HtmlElement): void => {
    flush()
    const text = preText(node)
    const language = codeLanguage(node)
    if (language === undefined && text.length > 2000 && /\n\s*\n/.test(text) && !node.querySelector('code')) {
      // A whole text in <pre>, as in old filings and mail archives.
      for (const block of text.split(/\n[^\S\n]*\n\s*/)) builder.add('paragraph', block.replace(/^\n+/, ''))
      return
    }
    builder.add('code', text, language === undefined ? {} : { language })
  }
  const table = (node: Pick<HtmlNode, 'childNodes'>): void => {
    flush()
    const read = readTable(node, { ...options, repeatable })
    if (!read) {
      within(kind, () => Array.from(node.childNodes).forEach(visit))
      return
    }
    const { rows, headerRows, caption } = read
    if (caption) builder.add('caption', caption)
    const items = itemsOf(rows)
    if (items) {
      for (const item of items) builder.add('list-item', item)
      return
    }
    const added = builder.addTable(rows, headerRows)
    if (added) marker = ''
  }
  return {
    children(node) {
      children(node)
      flush()
    },
  }
}

/** Where the rows end that begin here outside any table, because a stray end tag closed theirs; or where it began. */
function endOfStrayRows(parent: HtmlNode, nodes: readonly HtmlNode[], start: number): number {
  if (nodes[start]?.localName !== 'tr' || /^t(able|head|body|foot)$/.test(parent.localName ?? '')) return start
  let end = start + 1
  for (let index = end; index < nodes.length; index++) {
    const node = nodes[index]
    if (node?.localName === 'tr') end = index + 1
    else if (!node || isElement(node) || (node.textContent ?? '').trim() !== '') break
  }
  return end
}

function hasCaption(picture: HtmlElement): boolean {
  for (let node: HtmlNode | null = picture.parentNode; node && isElement(node); node = node.parentNode) {
    if (node.localName === 'figure') return node.querySelector('figcaption') !== null
  }
  return false
}

function preText(node: HtmlNode): string {
  const parts: string[] = []
  const visit = (parent: HtmlNode): void => {
    for (const child of Array.from(parent.childNodes)) {
      if (isText(child)) parts.push(child.textContent ?? '')
      else if (isElement(child) && child.localName === 'br') parts.push('\n')
      else if (isElement(child) && !isInvisible(child)) visit(child)
    }
  }
  visit(node)
  return parts.join('').replaceAll(/\r\n?/g, '\n')
}

function codeLanguage(node: HtmlElement): string | undefined {
  const parent = node.parentNode
  const places = [node, node.querySelector('code'), parent && isElement(parent) ? parent : null]
  for (const place of places) {
    const found = /(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#-]+)/i.exec(
      place?.getAttribute('class') ?? '',
    )
    if (found?.[1]) return found[1].toLowerCase()
  }
  return undefined
}
