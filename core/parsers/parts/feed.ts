import type { Metadata } from '../../contract/parsed-document.ts'
import { appendDocument } from './append-document.ts'
import { collapse, type DocumentBuilder } from './document-builder.ts'
import { readPage } from './html-page.ts'
import { isoDate } from './iso-date.ts'
import { elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/** A feed's own words, and what it says of itself. */
export interface FeedAbout {
  title: string
  metadata: Metadata
}

/** Whether a document is an RSS (0.9 to 2.0) or Atom (RFC 4287) feed. */
export function isFeed(root: XmlNode): boolean {
  return (root.name === 'rss' && elementAt(root, 'channel') !== undefined) || root.name === 'feed' || isRdfFeed(root)
}

/** Writes a feed: each entry under its title, with date, author and address, then its words without their markup. */
export async function writeFeed(builder: DocumentBuilder, root: XmlNode, check: () => void): Promise<FeedAbout> {
  const channel = root.name === 'feed' ? root : (elementAt(root, 'channel') ?? root)
  const title = wordsOf(channel, 'title')
  builder.add('heading', title, { level: 1 })
  builder.add('paragraph', wordsOf(channel, 'description', 'subtitle'))
  const entries = elementsOf(isRdfFeed(root) ? root : channel).filter(({ name }) => name === 'item' || name === 'entry')
  for (const entry of entries) {
    check()
    await writeEntry(builder, entry)
  }
  const metadata: Metadata = {}
  const language = wordsOf(channel, 'language') || (channel.attributes['xml:lang'] ?? '')
  const date = dateOf(channel)
  if (title !== '') metadata['title'] = title
  if (language !== '') metadata['language'] = language
  if (date !== '') metadata['date'] = date
  return { title, metadata }
}

function isRdfFeed(root: XmlNode): boolean {
  return root.name === 'RDF' && elementAt(root, 'item') !== undefined
}

async function writeEntry(builder: DocumentBuilder, entry: XmlNode): Promise<void> {
  builder.add('heading', plain(wordsOf(entry, 'title')), { level: 2 })
  const authors = elementsOf(entry).filter(({ name }) => name === 'creator' || name === 'author')
  const categories = elementsOf(entry, 'category').map(({ attributes, ...node }) =>
    collapse(textOf({ attributes, ...node }) || (attributes['label'] ?? attributes['term'] ?? '')),
  )
  const facts: [string, string][] = [
    ['date', dateOf(entry)],
    ['author', authors.map((author) => collapse(textOf(elementAt(author, 'name') ?? author))).join(', ')],
    ['link', linkOf(entry)],
    ['categories', categories.filter(Boolean).join(', ')],
  ]
  const lines = facts.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`)
  builder.add('paragraph', lines.join('\n'))
  // The whole text where the feed has it, else the summary.
  const body = elementsOf(entry).find(({ name }) => name === 'encoded' || name === 'content')
  const source = sourceOf(body) || sourceOf(elementAt(entry, 'description') ?? elementAt(entry, 'summary'))
  await writeMarkup(builder, source)
}

/** Feeds hold HTML as text, or as elements of XHTML. */
function sourceOf(node: XmlNode | undefined): string {
  if (!node) return ''
  const inner = elementsOf(node)
  return inner.length === 0 ? textOf(node) : `<p>${inner.map((child) => collapse(textOf(child))).join('</p><p>')}</p>`
}

async function writeMarkup(builder: DocumentBuilder, source: string): Promise<void> {
  if (!/<[a-z!/]/i.test(source)) {
    builder.add('paragraph', plain(source))
    return
  }
  try {
    const page = await readPage(source, 'all')
    // Its headings, on whatever level they begin, stand below the entry's title.
    const top = Math.min(6, ...page.elements.map(({ level }) => level ?? 6))
    appendDocument(builder, page, 3 - top)
  } catch {
    // Nothing visible, or markup that cannot be read: its words are better than nothing.
    builder.add('paragraph', plain(source))
  }
}

function plain(source: string): string {
  return collapse(
    source
      .replaceAll(/<[^<>]*>/g, ' ')
      .replaceAll(/&#(\d{1,7});/g, (whole, code: string) =>
        Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : whole,
      )
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&nbsp;', ' ')
      .replaceAll('&amp;', '&'),
  )
}

function wordsOf(node: XmlNode, ...names: string[]): string {
  for (const name of names) {
    const text = collapse(textOf(elementAt(node, name)))
    if (text !== '') return text
  }
  return ''
}

function dateOf(node: XmlNode): string {
  const stated = wordsOf(node, 'pubDate', 'published', 'date', 'updated', 'lastBuildDate')
  return isoDate(stated) ?? stated
}

function linkOf(entry: XmlNode): string {
  const links = elementsOf(entry, 'link')
  const link = links.find(({ attributes }) => (attributes['rel'] ?? 'alternate') === 'alternate') ?? links[0]
  return link ? collapse(textOf(link)) || (link.attributes['href'] ?? '') : ''
}
