import { AppError } from '../../contract/errors.ts'
import type { Metadata } from '../../contract/parsed-document.ts'
import { decodeText } from './decode-text.ts'
import { collapse } from './document-builder.ts'
import { type HtmlElement, inlineText, isElement } from './html-nodes.ts'
import { nestingDepth, parsePage, statedEncoding } from './html-page.ts'
import { isoDate } from './iso-date.ts'
import { plainPath } from './member-path.ts'
import { descendants, elementAt, elementsOf, parseXml, textOf, type XmlNode } from './xml-tree.ts'
import { damaged, type Members, unzipMembers } from './zip-members.ts'

/** An entry of a book's table of contents. */
export interface ContentsEntry {
  label: string
  /** The file to which it leads, and the place in it; '' is its beginning. */
  path: string
  fragment: string
  /** The entry in which it stands. */
  parent: ContentsEntry | undefined
}

/** A book as its package file describes it (EPUB 3.3, and OPF 2.0 of older books). */
export interface EpubPackage {
  /** Paths of the chapters' files in reading order; without covers and tables of contents, unless nothing else is left. */
  chapters: string[]
  contents: ContentsEntry[]
  metadata: Metadata
  /** The bytes of a chapter's file. Undefined where the archive lacks it. */
  file(path: string): Uint8Array | undefined
}

/** Errors: file-corrupt, file-encrypted, file-too-large. `what` is the book's name for messages. */
export async function openEpubPackage(bytes: Uint8Array, what: string): Promise<EpubPackage> {
  const frame = unzipMembers(bytes, { what, wanted: (name) => /^META-INF\/[^/]+\.xml$|\.opf$/i.test(name) })
  const packagePath = packagePathIn(frame)
  const root = packagePath === undefined ? undefined : readable(frame[packagePath])
  if (packagePath === undefined || !root) throw damaged(what, undefined)
  refuseLocked(readable(frame['META-INF/encryption.xml']), what)

  const items = elementsOf(elementAt(root, 'manifest'), 'item').map(({ attributes }) => ({
    id: attributes['id'] ?? '',
    path: resolved(packagePath, attributes['href'] ?? '').path,
    mediaType: attributes['media-type'] ?? '',
    properties: (attributes['properties'] ?? '').split(/\s+/),
  }))
  const textPaths = new Set(items.filter(({ mediaType }) => isText(mediaType)).map(({ path }) => path.toLowerCase()))
  const unpacked = unzipMembers(bytes, { what, wanted: (name) => textPaths.has(name.toLowerCase()) })
  const byPath = new Map(Object.entries(unpacked).map(([path, content]) => [path.toLowerCase(), content]))
  const file = (path: string): Uint8Array | undefined => byPath.get(path.toLowerCase())

  const byId = new Map(items.map((item) => [item.id, item]))
  const spine = elementAt(root, 'spine')
  const inOrder = elementsOf(spine, 'itemref').flatMap(({ attributes }) => byId.get(attributes['idref'] ?? '') ?? [])
  const navigation = items.find(({ properties }) => properties.includes('nav'))
  const asides = new Set(navigation ? [navigation.path] : [])
  for (const { attributes } of elementsOf(elementAt(root, 'guide'), 'reference')) {
    const { path, fragment } = resolved(packagePath, attributes['href'] ?? '')
    // A place inside of a file says nothing of the whole file.
    if (['cover', 'toc'].includes(attributes['type'] ?? '') && fragment === '') asides.add(path)
  }
  const paths = [...new Set(inOrder.map(({ path }) => path))].slice(0, mostChapters)
  const content = paths.filter((path) => !asides.has(path))
  const ncx = byId.get(spine?.attributes['toc'] ?? '') ?? items.find(({ mediaType }) => mediaType === ncxType)
  return {
    chapters: content.length > 0 ? content : paths,
    contents: await readContents(navigation?.path, ncx?.path, file),
    metadata: readMetadata(elementAt(root, 'metadata')),
    file,
  }
}

const ncxType = 'application/x-dtbncx+xml'
const mostChapters = 20_000
const mostEntries = 20_000

function isText(mediaType: string): boolean {
  return (
    /^(?:application\/xhtml\+xml|text\/(?:html|x-oeb1-document|xml)|application\/(?:xml|x-dtbook\+xml))$/i.test(
      mediaType,
    ) || mediaType === ncxType
  )
}

function packagePathIn(members: Members): string | undefined {
  const container = readable(members['META-INF/container.xml'])
  const stated = container
    ? [...descendants(container, 'rootfile')].map((file) => file.attributes['full-path'] ?? '')
    : []
  const found = stated.find((path) => Object.hasOwn(members, path))
  return found ?? Object.keys(members).find((path) => /\.opf$/i.test(path))
}

function readable(source: Uint8Array | undefined): XmlNode | undefined {
  try {
    return source && parseXml(source)
  } catch {
    return undefined
  }
}

/** Fonts may be scrambled in any book; anything else that is encrypted is the text itself. */
function refuseLocked(encryption: XmlNode | undefined, what: string): void {
  if (!encryption) return
  for (const data of descendants(encryption, 'EncryptedData')) {
    const algorithm = elementAt(data, 'EncryptionMethod')?.attributes['Algorithm'] ?? ''
    const target = elementAt(data, 'CipherData', 'CipherReference')?.attributes['URI'] ?? ''
    if (fontScrambling.has(algorithm) || !/\.(?:x?html?|xml|opf|ncx)$/i.test(target)) continue
    throw new AppError(
      'file-encrypted',
      `This ${what} is locked by its shop (DRM): only its own reader can open it. Get a copy without a lock, then add that.`,
    )
  }
}

const fontScrambling = new Set(['http://www.idpf.org/2008/embedding', 'http://ns.adobe.com/pdf/enc#RC'])

async function readContents(
  navigationPath: string | undefined,
  ncxPath: string | undefined,
  file: (path: string) => Uint8Array | undefined,
): Promise<ContentsEntry[]> {
  const entries: ContentsEntry[] = []
  const add = (label: string, base: string, href: string, parent: ContentsEntry | undefined): ContentsEntry => {
    const entry = { label: collapse(label).slice(0, 300), ...resolved(base, href), parent }
    if (entry.label !== '' && !isUntitled(entry.label) && href !== '' && entries.length < mostEntries)
      entries.push(entry)
    return entry
  }
  const navigation = navigationPath === undefined ? undefined : file(navigationPath)
  if (navigationPath !== undefined && navigation) {
    const walk = (list: HtmlElement, parent: ContentsEntry | undefined): void => {
      for (const item of childrenOf(list, 'li')) {
        const link = childrenOf(item, 'a')[0] ?? childrenOf(item, 'span')[0]
        const entry = link && add(inlineText(link), navigationPath, link.getAttribute('href') ?? '', parent)
        for (const inner of childrenOf(item, 'ol')) walk(inner, entry ?? parent)
      }
    }
    const body = await parseXhtml(navigation).catch(() => undefined)
    const lists = [...(body?.querySelectorAll('nav') ?? [])]
    const isContents = (nav: HtmlElement): boolean => (nav.getAttribute('epub:type') ?? '').split(/\s+/).includes('toc')
    const nav = lists.find(isContents) ?? lists[0]
    for (const list of nav ? childrenOf(nav, 'ol') : []) walk(list, undefined)
  }
  const ncx = entries.length > 0 || ncxPath === undefined ? undefined : readable(file(ncxPath))
  if (ncxPath !== undefined && ncx) {
    const walk = (parentPoint: XmlNode | undefined, parent: ContentsEntry | undefined): void => {
      for (const point of elementsOf(parentPoint, 'navPoint')) {
        const href = elementAt(point, 'content')?.attributes['src'] ?? ''
        walk(point, add(textOf(elementAt(point, 'navLabel', 'text')), ncxPath, href, parent))
      }
    }
    walk(elementAt(ncx, 'navMap'), undefined)
  }
  return entries
}

/** What programs write where a person wrote nothing. */
export function isUntitled(title: string): boolean {
  return /^untitled\b/i.test(title)
}

function childrenOf(element: HtmlElement, name: string): HtmlElement[] {
  return Array.from(element.childNodes).filter(
    (child): child is HtmlElement => isElement(child) && child.localName === name,
  )
}

/** The <body> of a file of the book. Throws an Error where it is too large or nested too deep to be read. */
export async function parseXhtml(bytes: Uint8Array): Promise<HtmlElement> {
  if (bytes.length > largestFileBytes) throw new Error('The file is too large.')
  const html = asHtml(decodeText(bytes, statedEncoding(bytes)).text)
  if (nestingDepth(html) > deepestNesting) throw new Error('The file is nested too deep.')
  return (await parsePage(html)).body
}

/** A tree takes a hundred times the memory of its text. */
const largestFileBytes = 12 * 1024 * 1024
const deepestNesting = 1500

/** XHTML as HTML: elements that are closed in their own tag get an end tag, which HTML does not know. */
function asHtml(xhtml: string): string {
  return (
    xhtml
      .replaceAll(/<\?[^>]*\?>/g, '')
      // A joiner of old books that some programs take for a space.
      .replaceAll('\uFEFF', '')
      .replaceAll(/<!\[CDATA\[|\]\]>/g, '')
      .replaceAll(/<([a-z][\w:.-]*)(\s[^<>]*)?\/>/gi, (whole, name: string, attributes: string | undefined) =>
        voidTags.has(name.toLowerCase()) ? whole : `<${name}${attributes ?? ''}></${name}>`,
      )
  )
}

const voidTags = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '))

function readMetadata(node: XmlNode | undefined): Metadata {
  const metadata: Metadata = {}
  const properties = elementsOf(node).flatMap((child) => (child.name.endsWith('metadata') ? elementsOf(child) : child))
  const texts = (name: string): string[] =>
    properties
      .filter((property) => property.name === name)
      .map((property) => collapse(textOf(property).replaceAll(/<[^<>]*>/g, ' ')).slice(0, 2000))
      .filter((text) => text !== '')
  for (const key of ['title', 'language', 'publisher', 'identifier', 'description']) {
    const [text] = texts(key)
    if (text !== undefined) metadata[key] = text
  }
  const authors = texts('creator').slice(0, 50)
  if (authors.length > 0) metadata['author'] = authors.join(', ')
  const subjects = texts('subject').slice(0, 100)
  if (subjects.length > 0) metadata['keywords'] = subjects
  const dates = properties.filter(({ name }) => name === 'date')
  const published = dates.find(({ attributes }) => attributes['opf:event'] === 'publication') ?? dates[0]
  const date = isoDate(textOf(published))
  const changed = properties.find(({ attributes }) => attributes['property'] === 'dcterms:modified')
  const modified = isoDate(textOf(changed))
  if (modified !== undefined) metadata['modified'] = modified
  if (date ?? modified) metadata['date'] = date ?? modified ?? ''
  return metadata
}

/** A link in one of the archive's files as a path in the archive and a place in that file. */
function resolved(base: string, href: string): { path: string; fragment: string } {
  const [target = '', fragment = ''] = href.split('#', 2)
  const folder = base.slice(0, base.lastIndexOf('/') + 1)
  const path = plainPath(`${target.startsWith('/') ? '' : folder}${unescaped(target)}`)
  return { path: target === '' ? base : path, fragment: unescaped(fragment) }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
