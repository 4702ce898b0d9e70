import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { epubParser } from './epub.ts'
import { behavesAsParser, checkParsedDocument } from './parsers.suite.ts'

const navigation = (items: string): string =>
  `<html xmlns:epub="e"><body><nav epub:type="landmarks"><ol><li><a href="one.xhtml">Start</a></li></ol></nav><nav epub:type="toc"><ol>${items}</ol></nav></body></html>`
const link = (href: string, label: string, inner = ''): string =>
  `<li><a href="${href}">${label}</a>${inner === '' ? '' : `<ol>${inner}</ol>`}</li>`

behavesAsParser(epubParser, {
  name: 'harbour.epub',
  bytes: makeEpub({ chapters: { 'one.xhtml': '<h1>The harbour</h1><p>Two piers.</p><ul><li>West</li></ul>' } }),
  holds: ['The harbour', 'Two piers.', '- West'],
})

describe('the EPUB parser', () => {
  it('reads the files of the spine as chapters, named by the navigation, without cover and contents', async () => {
    const document = await parse(
      makeEpub({
        chapters: {
          'cover.xhtml': '<p>Cover</p>',
          'nav.xhtml': '<p>Replaced</p>',
          'b b.xhtml': '<h2>Depths</h2><p>B</p>',
          'a.xhtml': '<p>A</p>',
          'picture.xhtml': '<img src="x.png"/>',
        },
        navigation: navigation(link('b%20b.xhtml', 'Chapter <i>One</i>') + link('a.xhtml#top', 'Chapter Two')),
        guide: '<reference type="cover" href="cover.xhtml"/><reference type="toc" href="a.xhtml#contents"/>',
      }),
    )
    expect(document.pages.map(({ kind, label }) => [kind, label])).toEqual([
      ['chapter', 'Chapter One'],
      ['chapter', 'Chapter Two'],
    ])
    expect(linesOf(document)).toEqual(['heading2 Depths', 'paragraph B', 'heading1 Chapter Two', 'paragraph A'])
  })

  it('takes labels from the NCX of older books, and goes on with them where a chapter has several files', async () => {
    const long = 'A long chapter goes on here before the next part of it begins. '.repeat(4)
    const point = (label: string, source: string, inner = ''): string =>
      `<navPoint><navLabel><text>${label}</text></navLabel><content src="${source}"/>${inner}</navPoint>`
    const points = point('Chapter I', 'one.html', point('Tides', 'two.html#tides')) + point('Chapter II', 'four.html')
    const document = await parse(
      makeEpub({
        chapters: {
          'one.html': '<p>First</p>',
          'two.html': `<p>${long}</p><p id="tides">Tides</p>`,
          'three.html': '<p>More</p>',
          'four.html': '<h3>Second</h3>',
        },
        ncx: `<ncx><navMap>${points}</navMap></ncx>`,
      }),
    )
    expect(document.pages.map(({ label }) => label)).toEqual(['Chapter I', 'Chapter I', 'Chapter I', 'Chapter II'])
    expect(linesOf(document).filter((line) => line.startsWith('heading'))).toEqual([
      'heading1 Chapter I',
      'heading3 Second',
    ])
  })

  it('reads XHTML with elements that close themselves, and zero-width marks', async () => {
    const chapter = '<title/><a id="x"/><p>One<br/>two <span class="y"/>three</p><script src="s.js"/><p>up\uFEFFon</p>'
    const document = await parse(makeEpub({ chapters: { 'one.xhtml': chapter } }))
    expect(linesOf(document)).toEqual(['paragraph One\ntwo three', 'paragraph upon'])
  })

  it('takes what the book says of itself', async () => {
    const metadata =
      '<dc:title>Piers</dc:title><dc:creator>Ada</dc:creator><dc:creator>Bo</dc:creator><dc:language>en</dc:language><dc:date opf:event="conversion">2024-01-01</dc:date><dc:date opf:event="publication">1911</dc:date><dc:publisher>Port Press</dc:publisher><dc:identifier>urn:1</dc:identifier><dc:subject>ports</dc:subject><dc:description>&lt;p&gt;On piers.&lt;/p&gt;</dc:description><meta property="dcterms:modified">2025-01-02T03:04:05Z</meta>'
    const { title, metadata: found } = await parse(makeEpub({ chapters: { 'one.xhtml': '<p>Text</p>' }, metadata }))
    expect(title).toBe('Piers')
    expect(found).toEqual({
      title: 'Piers',
      author: 'Ada, Bo',
      language: 'en',
      date: '1911',
      modified: '2025-01-02T03:04:05Z',
      publisher: 'Port Press',
      identifier: 'urn:1',
      keywords: ['ports'],
      description: 'On piers.',
    })
  })

  it('refuses a book that a shop has locked, but not one with scrambled fonts', async () => {
    const encrypted = (algorithm: string, target: string): string =>
      `<encryption><EncryptedData><EncryptionMethod Algorithm="${algorithm}"/><CipherData><CipherReference URI="${target}"/></CipherData></EncryptedData></encryption>`
    const chapters = { 'one.xhtml': '<p>Text</p>' }
    const fonts = encrypted('http://www.idpf.org/2008/embedding', 'fonts/a.otf')
    expect((await parse(makeEpub({ chapters, encryption: fonts }))).text).toBe('Text')
    const locked = encrypted('http://www.w3.org/2001/04/xmlenc#aes128-cbc', 'book/one.xhtml')
    await expect(parse(makeEpub({ chapters, encryption: locked }))).rejects.toMatchObject({ code: 'file-encrypted' })
  })

  it('reads what is left of a book with missing and hostile chapters', async () => {
    const deep = '<div>'.repeat(5000) + 'deep' + '</div>'.repeat(5000)
    const chapters = { 'one.xhtml': '<p>One</p>', 'deep.xhtml': deep, 'gone.xhtml': undefined }
    const document = await parse(makeEpub({ chapters }))
    expect(document.text).toBe('One')
    expect(document.warnings).toEqual([
      'Chapters that cannot be read are missing: "book/deep.xhtml", "book/gone.xhtml".',
    ])
    await expect(parse(makeEpub({ chapters: { 'deep.xhtml': deep } }))).rejects.toMatchObject({ code: 'file-corrupt' })
    await expect(parse(makeEpub({ chapters: { 'a.xhtml': '<p/>' } }))).rejects.toMatchObject({ code: 'file-empty' })
  })

  const folder = join(import.meta.dirname, '../../../shared/data/documents')
  it.skipIf(!existsSync(folder))('reads real books (skipped where ../shared/data is absent)', async () => {
    const book = await parse(new Uint8Array(readFileSync(join(folder, 'docling/epub/sources/epub_purvis_poetry.epub'))))
    expect(book.pages.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['Titlepage', 'Imprint', 'The Grave of the Slave', 'Uncopyright']),
    )
    expect(book.text).toContain('helpless\u2014God')
  })
})

async function parse(bytes: Uint8Array): Promise<ParsedDocument> {
  const document = await epubParser.create({}, { log: silentLog }).parse({ name: 'book.epub', bytes })
  checkParsedDocument(document)
  return document
}

function linesOf(document: ParsedDocument): string[] {
  return document.elements.map(
    ({ kind, level, start, end }) => `${kind}${level ?? ''} ${document.text.slice(start, end)}`,
  )
}

interface TestBook {
  /** Bodies by file name, in reading order; one that is undefined is missing from the archive. */
  chapters: Record<string, string | undefined>
  navigation?: string
  ncx?: string
  guide?: string
  metadata?: string
  encryption?: string
}

function makeEpub({ chapters, navigation: nav, ncx, guide = '', metadata = '', encryption }: TestBook): Uint8Array {
  const names = Object.keys(chapters)
  const items = names.map(
    (name, index) =>
      `<item id="i${index}" href="${encodeURI(name)}" media-type="application/xhtml+xml"${name === 'nav.xhtml' ? ' properties="nav"' : ''}/>`,
  )
  if (ncx !== undefined) items.push('<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
  const spine = names.map((_, index) => `<itemref idref="i${index}"/>`).join('')
  const files: Record<string, string> = {
    'META-INF/container.xml': '<container><rootfiles><rootfile full-path="book/p.opf"/></rootfiles></container>',
    'book/p.opf': `<package xmlns:dc="d" xmlns:opf="o"><metadata>${metadata}</metadata><manifest>${items.join('')}</manifest><spine toc="ncx">${spine}</spine><guide>${guide}</guide></package>`,
    ...(ncx === undefined ? {} : { 'book/toc.ncx': ncx }),
    ...(encryption === undefined ? {} : { 'META-INF/encryption.xml': encryption }),
  }
  for (const [name, body] of Object.entries(chapters)) {
    if (body === undefined) continue
    files[`book/${name}`] = `<?xml version="1.0"?><html><head><title/></head><body>${body}</body></html>`
  }
  if (nav !== undefined) files['book/nav.xhtml'] = nav
  const members = Object.entries(files).map(([path, text]) => [path, strToU8(text)] as const)
  return zipSync({ mimetype: [strToU8('application/epub+zip'), { level: 0 }], ...Object.fromEntries(members) })
}
