import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { htmlParser } from './html.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

behavesAsParser(htmlParser, {
  name: 'a.html',
  bytes: encode(
    `<html><head><title>Harbour</title></head><body><nav>Menu</nav><h1>Piers</h1><p>${prose}</p><script>alert(1)</script><table><tr><th>Name</th><th>Length</th></tr><tr><td>North</td><td>90</td></tr></table></body></html>`,
  ),
  holds: ['Piers', prose, 'North | 90'],
})

const read = async (html: string | Uint8Array): Promise<ParsedDocument> => {
  const bytes = typeof html === 'string' ? new TextEncoder().encode(html) : html
  const parser = htmlParser.create({ content: 'main' }, { log: silentLog })
  const document = await parser.parse({ name: 'a.html', bytes })
  checkParsedDocument(document)
  return document
}
const outline = (document: ParsedDocument): string[] =>
  document.elements.map((element) => `${element.kind}: ${document.text.slice(element.start, element.end)}`)
const long = 'The harbour of the old town was rebuilt after the great storm, and its piers are measured every spring. '

describe('html', () => {
  it('keeps the article and drops menus, side bars, scripts and hidden parts', async () => {
    const document = await read(`<!doctype html><html><head><title>Harbour</title><style>p{}</style></head><body>
      <header><ul class="menu"><li><a href="/">Home page</a></li></ul></header><nav>Navigation</nav>
      <div class="sidebar"><a href="/x">Related things</a></div>
      <main><article><h1>The piers</h1>${`<p>${long.repeat(3)}</p>`.repeat(4)}
      <p style="color:red;display:none">Hidden words</p><div aria-hidden="true">Decoration</div>
      <script>document.write('Script words')</script><h2>Figures</h2><p>${long}</p></article></main>
      <footer><a href="/imprint">Imprint</a></footer></body></html>`)
    expect(document.title).toBe('Harbour')
    expect(document.text).toContain('The piers')
    expect(document.text).toContain('Figures')
    for (const word of ['Home page', 'Navigation', 'Related', 'Hidden', 'Decoration', 'Script', 'Imprint', 'p{}']) {
      expect(document.text).not.toContain(word)
    }
  })

  it('reads structure: lists, code, tables, captions, quotes', async () => {
    const document = await read(`<ol start="3"><li>three<ul><li>inner</li></ul></li><li>four</li></ol>
      <pre class="language-ts"><code>let x = 1\n  // two</code></pre><blockquote>Said so.</blockquote>
      <table><caption>Sizes</caption><thead><tr><th>Pier<th>Length</thead><tr><td rowspan=2>North<td>1<tr><td>2</table>
      one<br>two<br><br>three`)
    expect(outline(document)).toEqual([
      'list-item: 3. three',
      'list-item: - inner',
      'list-item: 4. four',
      'code: let x = 1\n  // two',
      'quote: Said so.',
      'caption: Sizes',
      'table: Pier | Length\nNorth | 1\nNorth | 2',
      'paragraph: one\ntwo',
      'paragraph: three',
    ])
    expect(document.elements.find((element) => element.kind === 'code')?.language).toBe('ts')
    expect(document.elements.find((element) => element.kind === 'table')?.headerRows).toBe(1)
  })

  it('reads tables that only lay out the page as blocks', async () => {
    const document = await read(
      '<table><tr><td><h2>Left</h2><p>Text</p></td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>',
    )
    expect(outline(document)).toEqual(['heading: Left', 'paragraph: Text', 'table: a | b'])
  })

  it('believes the encoding the page states', async () => {
    const page = '<html><head><meta charset="windows-1251"></head><body><p>Маяк</p></body></html>'
    expect((await read(new Uint8Array(iconv.encode(page, 'windows-1251')))).text).toBe('Маяк')
  })

  it('reads deeply nested and unclosed markup', async () => {
    expect((await read(`${'<div>'.repeat(500)}deep<p>down`)).text).toBe('deep\n\ndown')
    await expect(read(`${'<div>'.repeat(200_000)}deep`)).rejects.toMatchObject({ code: 'file-corrupt' })
    expect((await read(`${'<p>one<br><img>'.repeat(5000)}`)).elements).toHaveLength(5000)
  })

  it('says that a page is empty without its scripts', async () => {
    await expect(read('<html><body><div id="app"></div><script>start()</script></body></html>')).rejects.toMatchObject({
      code: 'file-empty',
    })
  })
})
