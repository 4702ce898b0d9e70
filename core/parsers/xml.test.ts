import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'
import { xmlParser } from './xml.ts'

behavesAsParser(xmlParser, {
  name: 'a.xml',
  bytes: encode(
    '<?xml version="1.0"?><fleet><ship id="1"><name>North</name><length>90</length></ship><ship id="2"><name>South</name><length>80</length></ship><ship id="3"><name>East</name></ship></fleet>',
  ),
  holds: ['id | name | length', '1 | North | 90'],
})

const read = async (source: string | Uint8Array): Promise<ParsedDocument> => {
  const bytes = typeof source === 'string' ? encode(source) : source
  const document = await xmlParser.create({}, { log: silentLog }).parse({ name: 'a.xml', bytes })
  checkParsedDocument(document)
  return document
}
const outline = ({ text, elements }: ParsedDocument): string[] =>
  elements.map(({ kind, level = '', start, end }) => `${kind}${level}: ${text.slice(start, end)}`)

describe('data', () => {
  it('writes elements and attributes as lines, without what only programs need', async () => {
    const source =
      '<server xmlns="urn:x" xmlns:xsi="y" xsi:schemaLocation="z" name="North"><port>80</port><note xml:lang="en">Mind <b>the</b> gap</note></server>'
    expect((await read(source)).text).toBe('name: North\nport: 80\nnote: Mind the gap')
  })

  it('reads other encodings, by their mark or by what the document says', async () => {
    const source = '<?xml version="1.0" encoding="ISO-8859-1"?><a><name>Größe</name></a>'
    expect((await read(new Uint8Array(Buffer.from(source, 'latin1')))).text).toBe('name: Größe')
    const wide = new Uint8Array(Buffer.from(`\uFEFF${source.replace('ISO-8859-1', 'UTF-16')}`, 'utf16le'))
    expect((await read(wide)).text).toBe('name: Größe')
  })
})

describe('prose', () => {
  it('reads sections, lists, code and tables of DocBook', async () => {
    const document = await read(
      `<!DOCTYPE book [<!ENTITY product "Quarry">]><book xmlns="http://docbook.org/ns/docbook">
      <info><title>Guide to &product;</title><author><personname>Ann Lee</personname></author><pubdate>2024-03-09</pubdate></info>
      <chapter><title>Start</title><para>First <emphasis>words</emphasis>.</para>
      <itemizedlist><listitem><para>One</para></listitem><listitem><para>Two</para><para>more</para></listitem></itemizedlist>
      <section><title>Install</title><programlisting language="bash">a
  b</programlisting><table><title>Sizes</title><tgroup><thead><row><entry>Ship</entry><entry>Length</entry></row></thead>
      <tbody><row><entry>North</entry><entry>90</entry></row></tbody></tgroup></table></section></chapter></book>`,
    )
    expect(document.title).toBe('Guide to Quarry')
    expect(document.metadata).toEqual({ title: 'Guide to Quarry', author: 'Ann Lee', date: '2024-03-09' })
    expect(outline(document)).toEqual([
      'heading1: Guide to Quarry',
      'paragraph: author.personname: Ann Lee\npubdate: 2024-03-09',
      'heading2: Start',
      'paragraph: First words.',
      'list-item: - One',
      'list-item: - Two more',
      'heading3: Install',
      'code: a\n  b',
      'caption: Sizes',
      'table: Ship | Length\nNorth | 90',
    ])
  })
})

describe('feeds', () => {
  it('reads the entries of RSS with their words instead of their markup', async () => {
    const document = await read(
      `<rss version="2.0" xmlns:dc="d" xmlns:content="c"><channel><title>Harbour news</title><language>en</language>
      <item><title>Storm</title><link>https://example.org/1</link><dc:creator>Ann</dc:creator><pubDate>Sat, 09 Mar 2024 08:30:00 +0100</pubDate><category>weather</category>
      <description>Short</description><content:encoded><![CDATA[<h2>Damage</h2><p>Two <b>piers</b> &amp; a ship.</p>]]></content:encoded></item>
      <item><title>Calm</title><description>Nothing &lt;i&gt;new&lt;/i&gt; here</description></item></channel></rss>`,
    )
    expect(document).toMatchObject({ title: 'Harbour news', metadata: { language: 'en' } })
    expect(outline(document)).toEqual([
      'heading1: Harbour news',
      'heading2: Storm',
      'paragraph: date: 2024-03-09T07:30:00Z\nauthor: Ann\nlink: https://example.org/1\ncategories: weather',
      'heading3: Damage',
      'paragraph: Two piers & a ship.',
      'heading2: Calm',
      'paragraph: Nothing new here',
    ])
  })

  it('reads the entries of Atom', async () => {
    const source =
      '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>Storm</title><link rel="self" href="x"/><link href="https://example.org/1"/><author><name>Ann</name></author><updated>2024-03-09</updated><summary>It blew.</summary></entry></feed>'
    expect((await read(source)).text).toBe(
      'News\n\nStorm\n\ndate: 2024-03-09\nauthor: Ann\nlink: https://example.org/1\n\nIt blew.',
    )
  })
})

describe('damaged and hostile documents', () => {
  it('reads up to the place of the damage', async () => {
    const { text, warnings } = await read('<a>\n<name>North</name>\n<x>90</y></a>')
    expect(text).toContain('name: North')
    expect(warnings).toEqual([expect.stringMatching(/^This XML file is damaged in line 3, column \d+\./)])
  })

  it('names the place where nothing can be read', async () => {
    await expect(read('no xml at all')).rejects.toMatchObject({
      code: 'file-corrupt',
      message: expect.stringContaining('line 1') as string,
    })
    await expect(read('<a><b/></a>')).rejects.toMatchObject({ code: 'file-empty' })
  })

  it('does not expand entities again and again, nor load any', async () => {
    const laughs = Array.from(
      { length: 9 },
      (_, index) => `<!ENTITY l${index + 1} "&l${index};&l${index};&l${index};">`,
    )
    const source = `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs.join('')}<!ENTITY file SYSTEM "file:///etc/hostname">]><a><name>&l9; &file; &l0;</name></a>`
    expect((await read(source)).text).toBe('name: &l9; &file; ha')
  })

  it('bounds nesting', async () => {
    const { warnings } = await read(`<a><name>North</name>${'<b>'.repeat(5000)}`)
    expect(warnings).toHaveLength(1)
  })
})
