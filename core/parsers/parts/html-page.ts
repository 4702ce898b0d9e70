import { AppError } from '../../contract/errors.ts'
import type { Metadata, ParsedDocument } from '../../contract/parsed-document.ts'
import { encodingByMark, wideEncodingByContent } from './decode-text.ts'
import { collapse, createDocumentBuilder, type DocumentBuilder } from './document-builder.ts'
import { writeHtml } from './html-elements.ts'
import { findMain, visibleLength } from './html-main.ts'
import { findNavigation } from './html-navigation.ts'
import { type HtmlElement, type HtmlNode, inlineText } from './html-nodes.ts'
import { isoDate } from './iso-date.ts'

export const pageContents = ['page', 'main', 'all'] as const

/**
 * What of a page to read: 'page' is everything but what is clearly navigation, 'main' the article that Readability
 * finds, 'all' everything that is visible.
 */
export type PageContent = (typeof pageContents)[number]

/**
 * The document that a web page's markup shows. Nothing on the page runs or is fetched.
 * Errors: file-empty (no visible text), file-corrupt.
 */
export async function readPage(
  html: string,
  content: PageContent,
  warnings: readonly string[] = [],
): Promise<ParsedDocument> {
  if (nestingDepth(html) > deepestNesting) throw badlyFormed(undefined)
  try {
    return await writePage(html, content, warnings)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw badlyFormed(error)
  }
}

type PageDocument = HtmlElement & { title: string; body: HtmlElement; documentElement: HtmlElement }

/** A parsed page's root element; fragments and pages without <body> are completed first. */
export async function parsePage(html: string): Promise<{ document: PageDocument; body: HtmlElement }> {
  // Loaded with the first page: most processes never see one.
  const { parseHTML } = await import('linkedom')
  const whole = /<body[\s>]/i.test(html) && /<html[\s>]/i.test(html)
  const source = whole ? html : `<!doctype html>${shellOf(html)}`
  const { document } = parseHTML(source) as unknown as { document: PageDocument }
  const body = document.body.childNodes.length > 0 ? document.body : document.documentElement
  return { document, body }
}

/** What <meta charset> or an XML declaration says, looked for in the first bytes. */
export function statedEncoding(bytes: Uint8Array): string | undefined {
  if (encodingByMark(bytes) || wideEncodingByContent(bytes)) return undefined
  const head = Buffer.from(bytes.subarray(0, 8192)).toString('latin1')
  const found =
    /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(head) ?? /<\?xml[^>]+encoding\s*=\s*["']([\w-]+)/i.exec(head)
  return found?.[1]
}

/** The page with <html>, <head> and <body> around it; what the head says of the page stays. */
function shellOf(html: string): string {
  const language = /<html[^>]*\slang\s*=\s*["']?([\w-]+)/i.exec(html)?.[1]
  const head = /<head[\s>][\s\S]*?<\/head>/i.exec(html)?.[0] ?? '<head></head>'
  const rest = html
    .replace(/<head[\s>][\s\S]*?<\/head>/i, '')
    .replaceAll(/<!doctype[^>]*>|<\/?(?:html|head|body)(?:\s[^>]*)?>/gi, '')
  return `<html${language === undefined ? '' : ` lang="${language}"`}>${head}<body>${rest}</body></html>`
}

function badlyFormed(cause: unknown): AppError {
  return new AppError('file-corrupt', 'This web page is too badly formed to be read. Save it again, or as PDF.', {
    cause,
  })
}

/** Real pages stay below a hundred; the tree takes time that grows with the square of its depth. */
const deepestNesting = 1500

/** How deep elements stand in one another at most. Those that end by themselves are not counted. */
export function nestingDepth(html: string): number {
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

async function writePage(html: string, content: PageContent, warnings: readonly string[]): Promise<ParsedDocument> {
  const { document, body } = await parsePage(html)
  const title = pageTitle(document)
  const metadata = pageMetadata(document, title)
  const finish = (builder: DocumentBuilder): ParsedDocument =>
    builder.finish(title, warnings, Object.keys(metadata).length > 0 ? { metadata } : {})
  let parsed = finish(await write(document, body, content))
  if (parsed.text === '' || (parsed.text.length < 200 && parsed.text.length < visibleLength(body) * 0.3)) {
    // Hardly anything but menus, then: better than nothing.
    parsed = finish(await write(document, body, 'all'))
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

async function write(document: PageDocument, body: HtmlElement, content: PageContent): Promise<DocumentBuilder> {
  const builder = createDocumentBuilder()
  const main = content === 'main' ? await findMain(document, body) : undefined
  if (main) {
    const headline = document.querySelector('h1')
    if (headline && !isInside(headline, main.root)) builder.add('heading', inlineText(headline), { level: 1 })
    writeHtml(main.root, builder, { skip: main.skip, pictures: true })
  } else if (content === 'all') writeHtml(body, builder, { pictures: true })
  else writeHtml(body, builder, { skip: findNavigation(body), pictures: true })
  return builder
}

function isInside(element: HtmlNode, root: HtmlNode): boolean {
  for (let node: HtmlNode | null = element; node; node = node.parentNode) if (node === root) return true
  return false
}

function pageTitle(document: PageDocument): string | undefined {
  const stated = document.querySelector('title')?.textContent ?? ''
  if (stated.trim() !== '') return stated
  return document.querySelector('meta[property="og:title"]')?.getAttribute('content') ?? undefined
}

/** Names of <meta> by what they say: HTML's own, Dublin Core's and those of the Open Graph. */
const metaNames = {
  author: ['author', 'article:author', 'dc.creator', 'dcterms.creator', 'citation_author'],
  subject: ['description', 'og:description', 'dc.description', 'dcterms.description', 'dc.subject'],
  date: [
    'article:published_time',
    'datepublished',
    'dcterms.issued',
    'dcterms.date',
    'dc.date.issued',
    'dc.date',
    'citation_publication_date',
    'pubdate',
    'date',
  ],
  modified: ['article:modified_time', 'dcterms.modified', 'og:updated_time', 'last-modified'],
  keywords: ['keywords', 'article:tag'],
}

function pageMetadata(document: PageDocument, title: string | undefined): Metadata {
  const said = new Map<string, string[]>()
  for (const meta of document.querySelectorAll('meta')) {
    const name = (
      meta.getAttribute('name') ??
      meta.getAttribute('property') ??
      meta.getAttribute('itemprop') ??
      meta.getAttribute('http-equiv') ??
      ''
    ).toLowerCase()
    const value = collapse(meta.getAttribute('content') ?? '').slice(0, 2000)
    if (name !== '' && value !== '' && said.size < 500) said.set(name, [...(said.get(name) ?? []).slice(0, 50), value])
  }
  const values = (names: readonly string[]): string[] => names.map((name) => said.get(name)).find(Boolean) ?? []
  const metadata: Metadata = {}
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') metadata[key] = value.toWellFormed()
  }
  put('title', collapse(title ?? '').slice(0, 300))
  // Some pages give the author's address in place of the name.
  put(
    'author',
    values(metaNames.author)
      .filter((name) => !/^https?:/i.test(name))
      .join(', '),
  )
  put('subject', values(metaNames.subject)[0])
  put('date', isoDate(values(metaNames.date)[0] ?? ''))
  put('modified', isoDate(values(metaNames.modified)[0] ?? ''))
  put('language', document.documentElement.getAttribute('lang')?.trim() || said.get('content-language')?.[0])
  const keywords = values(metaNames.keywords)
    .flatMap((list) => list.split(/[,;]/))
    .map((word) => word.trim().toWellFormed())
    .filter((word) => word !== '')
  if (keywords.length > 0) metadata['keywords'] = [...new Set(keywords)].slice(0, 50)
  return metadata
}
