import { collapse, type DocumentBuilder } from './document-builder.ts'

/** The part of the DOM that the walk needs; what linkedom gives has it. */
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

export interface WalkOptions {
  /** Elements to leave out, besides what never shows (scripts, styles, hidden elements). */
  skip?: (element: HtmlElement) => boolean
  /** Take the first row as header where the markup does not say, if it looks like one. */
  guessHeader?: boolean
}

/**
 * Writes what a reader sees of a tree of HTML into a document: headings, paragraphs, list items with their marker,
 * tables (one line a row), preformatted text, captions, quotes. Scripts, styles, hidden elements and form controls
 * are left out; tables that only lay out a page are read as their cells' blocks.
 */
export function writeHtml(root: HtmlNode, builder: DocumentBuilder, options: WalkOptions = {}): void {
  createWalk(builder, options).children(root)
}

/** The visible text of a subtree on one line. */
export function inlineText(root: HtmlNode): string {
  const parts: string[] = []
  collect(root, parts)
  return tidy(parts.join(''))
}

export function isElement(node: HtmlNode): node is HtmlElement {
  return node.nodeType === 1
}

/** Never shown to a reader, whatever stands in it. */
export function isInvisible(element: HtmlElement): boolean {
  if (invisibleTags.has(element.localName)) return true
  if (element.localName === 'math') return false
  if (element.hasAttribute('hidden') && element.getAttribute('hidden') !== 'until-found') return true
  if (element.getAttribute('aria-hidden') === 'true') return true
  if (element.localName === 'dialog' && !element.hasAttribute('open')) return true
  const style = element.getAttribute('style')
  return style !== null && /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style)
}

const invisibleTags = new Set(
  (
    'script style template noscript head meta link title base iframe object embed audio video canvas svg map area ' +
    'select option datalist button input textarea rp rt frame frameset noframes'
  ).split(' '),
)

const blockTags = new Set(
  (
    'address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer ' +
    'form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td ' +
    'tfoot th thead tr ul caption search'
  ).split(' '),
)

type Kind = 'paragraph' | 'list-item' | 'quote' | 'caption'

interface Context {
  kind: Kind
  lists: number
}

interface Walk {
  children(node: HtmlNode): void
}

function createWalk(builder: DocumentBuilder, options: WalkOptions): Walk {
  let inline: string[] = []
  let marker = ''
  let context: Context = { kind: 'paragraph', lists: 0 }

  const flush = (): void => {
    if (inline.length === 0) return
    const blocks = inline.join('').split(/\n[ \t]*\n[\s]*/)
    inline = []
    for (const block of blocks) {
      const lines = block.split('\n').map(tidy).join('\n').trim()
      if (lines === '') continue
      builder.add(marker === '' ? context.kind : 'list-item', marker + lines)
      marker = ''
    }
  }
  const within = (change: Partial<Context>, work: () => void): void => {
    flush()
    const before = context
    context = { ...context, ...change }
    work()
    flush()
    context = before
  }
  const children = (node: HtmlNode): void => {
    for (const child of Array.from(node.childNodes)) {
      visit(child)
    }
  }
  const visit = (node: HtmlNode): void => {
    if (node.nodeType === 3 || node.nodeType === 4) {
      // Line ends in the source are spaces; '\n' in the buffer stands for <br>.
      inline.push((node.textContent ?? '').replaceAll(/\s+/g, ' '))
      return
    }
    if (!isElement(node)) return
    if (isInvisible(node) || options.skip?.(node)) return
    element(node)
  }
  const element = (node: HtmlElement): void => {
    const tag = node.localName
    if (/^h[1-6]$/.test(tag)) {
      flush()
      marker = ''
      builder.add('heading', inlineText(node), { level: Number(tag.slice(1)) })
    } else if (tag === 'br') inline.push('\n')
    else if (tag === 'img' || tag === 'math') inline.push(formula(node))
    else if (tag === 'pre' || tag === 'xmp' || tag === 'listing' || tag === 'plaintext') preformatted(node)
    else if (tag === 'table') table(node)
    else if (tag === 'ul' || tag === 'ol' || tag === 'menu' || tag === 'dir') list(node)
    else if (tag === 'li') {
      // An item outside a list.
      within({ kind: 'list-item' }, () => children(node))
    } else if (tag === 'blockquote') within({ kind: 'quote' }, () => children(node))
    else if (tag === 'figcaption' || tag === 'caption') within({ kind: 'caption' }, () => children(node))
    else if (tag === 'dd') within({ kind: 'list-item' }, () => children(node))
    else if (blockTags.has(tag)) within({}, () => children(node))
    else children(node)
  }
  const list = (node: HtmlElement): void => {
    flush()
    let number = Number.parseInt(node.getAttribute('start') ?? '1', 10)
    if (!Number.isFinite(number)) number = 1
    const before = marker
    for (const child of Array.from(node.childNodes)) {
      if (!isElement(child)) {
        visit(child)
        continue
      }
      if (child.localName !== 'li') {
        visit(child)
        continue
      }
      if (isInvisible(child) || options.skip?.(child)) continue
      const stated = Number.parseInt(child.getAttribute('value') ?? '', 10)
      if (Number.isFinite(stated)) number = stated
      flush()
      marker = node.localName === 'ol' ? `${number}. ` : '- '
      number++
      within({ kind: context.kind === 'quote' ? 'quote' : 'paragraph', lists: context.lists + 1 }, () =>
        children(child),
      )
      marker = ''
    }
    marker = before
    flush()
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
  const table = (node: HtmlElement): void => {
    flush()
    const read = readTable(node, options)
    if (!read) {
      within({}, () => children(node))
      return
    }
    const { rows, headerRows, caption } = read
    if (caption) builder.add('caption', caption)
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

interface TableRows {
  rows: string[][]
  headerRows: number
  caption: string
}

/** A table of data, or undefined where the table only lays out its page. */
function readTable(node: HtmlElement, options: WalkOptions): TableRows | undefined {
  const role = node.getAttribute('role')
  if (role === 'presentation' || role === 'none') return undefined
  const rowNodes: { row: HtmlElement; inHead: boolean }[] = []
  let caption = ''
  const gather = (parent: HtmlElement, inHead: boolean): void => {
    for (const child of Array.from(parent.childNodes)) {
      if (!isElement(child) || isInvisible(child) || options.skip?.(child)) continue
      if (child.localName === 'tr') rowNodes.push({ row: child, inHead })
      else if (child.localName === 'caption') caption = inlineText(child)
      else if (/^t(head|body|foot)$/.test(child.localName)) gather(child, child.localName === 'thead')
    }
  }
  gather(node, false)
  const cellsOf = (row: HtmlElement): HtmlElement[] =>
    Array.from(row.childNodes).filter(
      (child): child is HtmlElement =>
        isElement(child) && (child.localName === 'td' || child.localName === 'th') && !isInvisible(child),
    )
  const grid = rowNodes.map(({ row, inHead }) => ({ cells: cellsOf(row), inHead }))
  const cells = grid.flatMap((row) => row.cells)
  const hasHeaderCells = cells.some((cell) => cell.localName === 'th')
  const widest = Math.max(0, ...grid.map((row) => row.cells.reduce((sum, cell) => sum + span(cell, 'colspan'), 0)))
  if (cells.length === 0) return undefined
  if (!hasHeaderCells && caption === '') {
    if (widest < 2 || node.querySelector('table') || node.querySelector('h1,h2,h3,h4,h5,h6,article,section')) {
      return undefined
    }
    const long = cells.filter((cell) => (cell.textContent ?? '').length > 1500).length
    if (long > 0 && cells.length <= 6) return undefined
  }

  const rows: string[][] = []
  /** Cells that reach down from earlier rows: column -> text and rows left. */
  const reaching = new Map<number, { text: string; left: number }>()
  let headerRows = 0
  for (const { cells: rowCells, inHead } of grid) {
    const row: string[] = []
    const place = (text: string, down: number): void => {
      if (down > 1) reaching.set(row.length, { text, left: down - 1 })
      row.push(text)
    }
    const fill = (): void => {
      for (let above = reaching.get(row.length); above; above = reaching.get(row.length)) {
        if (above.left <= 1) reaching.delete(row.length)
        else above.left--
        row.push(above.text)
      }
    }
    for (const cell of rowCells) {
      fill()
      const text = inlineText(cell)
      const down = span(cell, 'rowspan')
      place(text, down)
      for (let extra = 1; extra < span(cell, 'colspan'); extra++) place('', down)
    }
    fill()
    const isHeader = inHead || (rowCells.length > 0 && rowCells.every((cell) => cell.localName === 'th'))
    if (isHeader && headerRows === rows.length) headerRows++
    rows.push(row)
  }
  const columns = Math.max(...rows.map((row) => row.length))
  const used = Array.from({ length: columns }, (_, column) => rows.some((row) => (row[column] ?? '') !== ''))
  const compact = rows.map((row) => row.filter((_, column) => used[column]))
  if (headerRows === compact.length) headerRows = 0
  if (headerRows === 0 && options.guessHeader !== false && looksLikeHeader(compact)) headerRows = 1
  return { rows: compact, headerRows, caption }
}

/** Every column is named, in few words, without a number. */
function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, second] = rows
  if (!first || !second || first.length < 2 || second.length < first.length) return false
  return first.every((cell) => cell !== '' && cell.length <= 60 && !/^[-+(]?[\d.,$€£%\s)-]+$/.test(cell))
}

function span(cell: HtmlElement, name: 'colspan' | 'rowspan'): number {
  const value = Number.parseInt(cell.getAttribute(name) ?? '1', 10)
  return Number.isFinite(value) ? Math.min(Math.max(value, 1), name === 'colspan' ? 50 : 1000) : 1
}

function collect(node: HtmlNode, parts: string[]): void {
  for (const child of Array.from(node.childNodes)) {
    if (child.nodeType === 3 || child.nodeType === 4) parts.push(child.textContent ?? '')
    if (!isElement(child) || isInvisible(child)) continue
    const tag = child.localName
    if (tag === 'img' || tag === 'math') parts.push(formula(child))
    else if (tag === 'br') parts.push(' ')
    else if (tag === 'li') {
      parts.push(' - ')
      collect(child, parts)
    } else {
      const block = blockTags.has(tag)
      if (block) parts.push(' ')
      collect(child, parts)
      if (block) parts.push(' ')
    }
  }
}

/** The source of a formula, from MathML or from the picture that stands for one; nothing for other pictures. */
function formula(node: HtmlElement): string {
  if (node.localName === 'img') {
    return /\b(math|tex|latex|mwe-math)/i.test(node.getAttribute('class') ?? '') ? (node.getAttribute('alt') ?? '') : ''
  }
  const stated = node.getAttribute('alttext') ?? node.querySelector('annotation')?.textContent
  return stated ?? collapse(node.textContent ?? '')
}

function preText(node: HtmlNode): string {
  const parts: string[] = []
  const visit = (parent: HtmlNode): void => {
    for (const child of Array.from(parent.childNodes)) {
      if (child.nodeType === 3 || child.nodeType === 4) parts.push(child.textContent ?? '')
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

/** One line without soft hyphens and zero-width spaces, which would part a word for search. */
function tidy(text: string): string {
  return text
    .replaceAll(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
