import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { encodingByMark, wideEncodingByContent } from './parts/decode-text.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import {
  type HtmlElement,
  type HtmlNode,
  inlineText,
  isElement,
  isInvisible,
  writeHtml,
} from './parts/html-elements.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({
  content: z
    .enum(['main', 'all'])
    .default('main')
    .describe('Main content only, without menus and side bars, or everything on the page.'),
})

/**
 * A web page's main content as a reader sees it. Readability finds where the content stands; its own structure
 * (headings, tables, lists) is then read from the page itself, so that nothing inside the content is lost. Where that
 * would drop too much, the whole page is read without its menus. Nothing on the page runs or is fetched.
 * Errors: file-empty (no visible text), file-corrupt.
 */
export const htmlParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'html',
  label: 'HTML',
  summary: 'Reads the main content of web pages, without menus, scripts and styles.',
  version: 1,
  types: ['html'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: ({ content }) => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes, statedEncoding(input.bytes))
      throwIfAborted(signal)
      if (nestingDepth(text) > deepestNesting) throw badlyFormed(undefined)
      try {
        return await readPage(text, content === 'main', warnings)
      } catch (error) {
        if (error instanceof AppError) throw error
        throw badlyFormed(error)
      }
    },
  }),
}

function badlyFormed(cause: unknown): AppError {
  return new AppError('file-corrupt', 'This web page is too badly formed to be read. Save it again, or as PDF.', {
    cause,
  })
}

/** Real pages stay below a hundred; the tree takes time that grows with the square of its depth. */
const deepestNesting = 1500

/** How deep elements stand in one another at most. Those that end by themselves are not counted. */
function nestingDepth(html: string): number {
  let depth = 0
  let deepest = 0
  for (const [, slash, tag = ''] of html
    .replaceAll(/<script[\s\S]*?<\/script>/gi, '')
    .matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (selfEndingTags.has(tag.toLowerCase())) continue
    depth = slash ? Math.max(0, depth - 1) : depth + 1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

const selfEndingTags = new Set(
  (
    'p li dt dd tr td th thead tbody tfoot option optgroup colgroup area base br col embed hr img input link meta ' +
    'param source track wbr path rect circle line polygon use ellipse polyline stop'
  ).split(' '),
)

/** A parsed page's root element; fragments and pages without <body> are completed first. */
export async function parsePage(
  html: string,
): Promise<{ document: HtmlElement & { title: string }; body: HtmlElement }> {
  const { parseHTML } = await import('linkedom')
  const whole = /<body[\s>]/i.test(html) && /<html[\s>]/i.test(html)
  const source = whole ? html : `<!doctype html><html><head></head><body>${withoutShell(html)}</body></html>`
  const { document } = parseHTML(source) as unknown as {
    document: HtmlElement & { title: string; body: HtmlElement; documentElement: HtmlElement }
  }
  const body = document.body.childNodes.length > 0 ? document.body : document.documentElement
  return { document, body }
}

function withoutShell(html: string): string {
  return html.replaceAll(/<!doctype[^>]*>|<\/?(?:html|head|body)(?:\s[^>]*)?>/gi, '')
}

async function readPage(
  html: string,
  mainOnly: boolean,
  warnings: readonly string[],
): Promise<ReturnType<Builder['finish']>> {
  const { document, body } = await parsePage(html)
  const title = pageTitle(document)
  const main = mainOnly ? await findMain(document, body) : undefined
  const builder = createDocumentBuilder()
  if (main) {
    const headline = document.querySelector('h1')
    if (headline && !isInside(headline, main.root)) builder.add('heading', inlineText(headline), { level: 1 })
    writeHtml(main.root, builder, { skip: main.skip })
  } else {
    writeHtml(body, builder, mainOnly ? { skip: isMenu } : {})
  }
  let parsed = builder.finish(title, warnings)
  if (parsed.text === '' || (parsed.text.length < 200 && parsed.text.length < visibleLength(body) * 0.3)) {
    // Hardly anything but menus, then: better than nothing.
    const whole = createDocumentBuilder()
    writeHtml(body, whole)
    parsed = whole.finish(title, warnings)
  }
  if (parsed.text === '') {
    throw new AppError(
      'file-empty',
      'This web page shows no text without its scripts. Open it in a browser and save it as PDF, then add that.',
    )
  }
  if (parsed.title === undefined) {
    const first = parsed.elements.find((element) => element.kind === 'heading' && element.level === 1)
    if (first) parsed.title = parsed.text.slice(first.start, first.end).slice(0, 300)
  }
  return parsed
}

type Builder = ReturnType<typeof createDocumentBuilder>

interface MainContent {
  root: HtmlElement
  skip: (element: HtmlElement) => boolean
}

const markName = 'data-quarry-mark'
/** Readability needs about a second per megabyte; beyond this the page is more likely data than an article. */
const longestForReadability = 3_000_000

/**
 * The element that holds what Readability keeps. Undefined where it finds no article, or keeps less than half of what
 * is left of the page without its menus: then the page is no article, and choosing would lose content.
 */
async function findMain(document: HtmlElement, body: HtmlElement): Promise<MainContent | undefined> {
  const total = visibleLength(body)
  if (total < 500 || total > longestForReadability) return undefined
  const marked = [...body.querySelectorAll('*')]
  if (marked.length > 100_000) return undefined
  marked.forEach((element, index) => element.setAttribute(markName, String(index)))
  const kept = await keptMarks(document)
  if (!kept || kept.size === 0) return undefined
  const keptElements = marked.filter((_, index) => kept.has(index))
  const root = wholeBlock(commonAncestor(keptElements, body), body)
  const isKept = (element: HtmlElement): boolean => kept.has(Number(element.getAttribute(markName) ?? -1))
  const skip = (element: HtmlElement): boolean => isMenu(element) || (!isKept(element) && looksLikeBoilerplate(element))
  const length = visibleLength(root, skip)
  return length >= visibleLength(body, isMenu) / 2 ? { root, skip } : undefined
}

async function keptMarks(document: HtmlElement): Promise<Set<number> | undefined> {
  const { Readability } = await import('@mozilla/readability')
  try {
    const clone = (document as unknown as { cloneNode(deep: boolean): never }).cloneNode(true)
    const article = new Readability<HtmlElement>(clone, {
      serializer: (node) => node as unknown as HtmlElement,
      charThreshold: 300,
    }).parse()
    if (!article?.content) return undefined
    const marks = new Set<number>()
    for (const element of article.content.querySelectorAll(`[${markName}]`)) {
      marks.add(Number(element.getAttribute(markName)))
    }
    return marks
  } catch {
    // It throws on pages without structure; those are read whole.
    return undefined
  }
}

function commonAncestor(elements: readonly HtmlElement[], body: HtmlElement): HtmlElement {
  let path: HtmlElement[] | undefined
  for (const element of elements) {
    const own = pathFrom(body, element)
    if (!path) path = own
    else {
      let shared = 0
      while (shared < path.length && shared < own.length && path[shared] === own[shared]) shared++
      path = path.slice(0, shared)
    }
  }
  return path?.at(-1) ?? body
}

/** The nearest ancestor that can be read on its own: a piece of a table, list or preformatted text is not enough. */
function wholeBlock(element: HtmlElement, body: HtmlElement): HtmlElement {
  const path = pathFrom(body, element)
  const piece = path.findIndex((step) => /^(pre|table|ul|ol|dl|blockquote|p|figure)$/.test(step.localName))
  const whole = piece < 0 ? element : path[piece - 1]
  return whole && /^(body|div|article|main|section|form|td|center)$/.test(whole.localName) ? whole : body
}

function pathFrom(body: HtmlElement, element: HtmlElement): HtmlElement[] {
  const path: HtmlElement[] = []
  for (let node: HtmlNode | null = element; node && node !== body; node = node.parentNode) {
    if (isElement(node)) path.push(node)
  }
  return [body, ...path.reverse()]
}

function isInside(element: HtmlNode, root: HtmlNode): boolean {
  for (let node: HtmlNode | null = element; node; node = node.parentNode) if (node === root) return true
  return false
}

function isMenu(element: HtmlElement): boolean {
  if (element.localName === 'nav') return true
  const role = element.getAttribute('role')
  return role === 'navigation' || role === 'search' || role === 'menu' || role === 'menubar'
}

const boilerplateNames =
  /(?:^|[\s_-])(?:nav|navbox|navbar|menu|sidebar|breadcrumbs?|footer|share|sharing|social|cookies?|consent|banner|promo|advert\w*|ads?|related|newsletter|subscribe|pagination|pager|comments?|editsection|jump|skip|catlinks|noprint|toolbar|widget)(?:$|[\s_-])/i

/** Something Readability left out that also calls itself a side matter, or is mostly links. */
function looksLikeBoilerplate(element: HtmlElement): boolean {
  const tag = element.localName
  if (tag === 'aside' || tag === 'footer' || tag === 'form') return true
  const role = element.getAttribute('role')
  if (role === 'complementary' || role === 'contentinfo' || role === 'banner' || role === 'dialog') return true
  const names = `${element.getAttribute('class') ?? ''} ${element.getAttribute('id') ?? ''}`
  if (boilerplateNames.test(names)) return true
  if (tag !== 'div' && tag !== 'ul' && tag !== 'section' && tag !== 'table') return false
  const length = (element.textContent ?? '').length
  if (length === 0) return false
  let linked = 0
  for (const link of element.querySelectorAll('a')) linked += (link.textContent ?? '').length
  return linked / length > 0.75
}

function visibleLength(root: HtmlNode, skip?: (element: HtmlElement) => boolean): number {
  let length = 0
  const visit = (node: HtmlNode): void => {
    for (const child of Array.from(node.childNodes)) {
      if (child.nodeType === 3) length += (child.textContent ?? '').replaceAll(/\s+/g, ' ').length
      else if (isElement(child) && !isInvisible(child) && !skip?.(child)) visit(child)
    }
  }
  visit(root)
  return length
}

function pageTitle(document: HtmlElement & { title: string }): string | undefined {
  const stated = document.querySelector('title')?.textContent ?? ''
  if (stated.trim() !== '') return stated
  const shared = document.querySelector('meta[property="og:title"]')?.getAttribute('content')
  return shared ?? undefined
}

/** What <meta charset> or an XML declaration says, looked for in the first bytes. */
function statedEncoding(bytes: Uint8Array): string | undefined {
  if (encodingByMark(bytes) || wideEncodingByContent(bytes)) return undefined
  const head = Buffer.from(bytes.subarray(0, 8192)).toString('latin1')
  const found =
    /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(head) ?? /<\?xml[^>]+encoding\s*=\s*["']([\w-]+)/i.exec(head)
  return found?.[1]
}
