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

const read = async (html: string | Uint8Array, content: 'page' | 'main' | 'all' = 'page'): Promise<ParsedDocument> => {
  const bytes = typeof html === 'string' ? new TextEncoder().encode(html) : html
  const parser = htmlParser.create({ content }, { log: silentLog })
  const document = await parser.parse({ name: 'a.html', bytes })
  checkParsedDocument(document)
  return document
}
const outline = (document: ParsedDocument): string[] =>
  document.elements.map((element) => `${element.kind}: ${document.text.slice(element.start, element.end)}`)
const long = 'The harbour of the old town was rebuilt after the great storm, and its piers are measured every spring. '

describe('html', () => {
  it.each(['page', 'main'] as const)(
    'drops menus, side bars of links, scripts and hidden parts (%s)',
    async (content) => {
      const document = await read(
        `<!doctype html><html><head><title>Harbour</title><style>p{}</style></head><body>
      <header><ul class="menu"><li><a href="/">Home page</a></li></ul></header><nav>Navigation</nav>
      <div class="sidebar"><a href="/x">Related things</a></div>
      <main><article><h1>The piers</h1>${`<p>${long.repeat(3)}</p>`.repeat(4)}
      <p style="color:red;display:none">Hidden words</p><div aria-hidden="true">Decoration</div>
      <script>document.write('Script words')</script><h2>Figures</h2><p>${long}</p></article></main>
      <footer><a href="/imprint">Imprint</a></footer></body></html>`,
        content,
      )
      expect(document.title).toBe('Harbour')
      expect(document.text).toContain('The piers')
      expect(document.text).toContain('Figures')
      for (const word of ['Home page', 'Navigation', 'Related', 'Hidden', 'Decoration', 'Script', 'Imprint', 'p{}']) {
        expect(document.text).not.toContain(word)
      }
    },
  )

  it('keeps what is not clearly navigation: bylines, notes at the side, references, lists of links in the text', async () => {
    const links = ['North', 'South', 'East'].map((name) => `<li><a href="/${name}">${name} pier</a></li>`).join('')
    const document = await read(`<body><a href="#main">Skip to main content</a>
      <div class="cookie-banner"><p>We use cookies.</p><button>Fine</button></div>
      <header><h1><a href="/">Harbour news</a></h1><ul><li><a href="/a">Start</a><li><a href="/b">Topics</a><li><a href="/c">Contact</a></ul></header>
      <div class="breadcrumbs"><a href="/">Home</a> / <a href="/news">News</a></div>
      <main><div class="meta">By Ann Keeper, <time>9 March 2024</time></div><p>${long.repeat(8)}</p>
      <ul>${links}</ul><aside><p>Tide tables are kept in the archive.</p></aside></main>
      <aside><h4>Recent posts</h4><ul>${links.replaceAll('pier', 'post')}</ul><p>Write to the keeper.</p></aside></body>`)
    for (const part of [
      'Harbour news',
      'By Ann Keeper, 9 March 2024',
      'North pier',
      'Tide tables',
      'Write to the keeper',
    ]) {
      expect(document.text).toContain(part)
    }
    for (const part of ['Skip to', 'cookies', 'Topics', 'News', 'North post']) expect(document.text).not.toContain(part)
    expect((await read('<nav><a href="/">Only</a> <a href="/m">menus</a></nav>')).text).toBe('Only menus')
  })

  it('reads a page that a dialog has hidden from screen readers', async () => {
    expect((await read(`<div aria-hidden="true"><p>${long.repeat(9)}</p></div><p>Dialog</p>`)).text).toContain(
      'harbour',
    )
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

  it('says a cell that covers several places in each of them, and one that fills its row once', async () => {
    const document = await read(`<table><tr><th>Pier<th colspan=2>Length in metres<tr><td colspan=3>Old town
      <tr><th rowspan=3>North<tr><td>before<td>80<tr><td>after<td>90</table>`)
    expect(document.text).toBe(
      'Pier | Length in metres | Length in metres\nOld town\nNorth | before | 80\nNorth | after | 90',
    )
    expect(document.elements[0]?.headerRows).toBe(1)
  })

  it('joins signs that stand in columns of their own with their figures, as in financial reports', async () => {
    const row = (name: string, ...cells: string[]): string =>
      `<tr><td>${name}</td><td></td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
    const document = await read(`<table><tr><td></td><td></td><td colspan=3>2021</td><td colspan=3>2020</td></tr>
      ${row('Dues', '$', '1,200', '', '$', '900', '')}${row('Storm', '', '(80', ')', '', '—', '')}${row('Rate', '', '4.5', '%', '', '5', '%')}</table>`)
    expect(document.text).toBe('| 2021 | 2020\nDues | $1,200 | $900\nStorm | (80) | —\nRate | 4.5% | 5%')
    expect(document.elements[0]?.headerRows).toBe(1)
  })

  it('reads items that are set as a table, and rows that lost their table', async () => {
    expect(
      outline(await read('<table><tr><td>•</td><td>One</td></tr><tr><td>•</td><td>Two</td></tr></table>')),
    ).toEqual(['list-item: - One', 'list-item: - Two'])
    const stray =
      '<center><table></center><tr><td>Pier</td><td>Metres</td></tr> <tr><td>North</td><td>90</td></tr></table>'
    expect(outline(await read(stray))).toEqual(['table: Pier | Metres\nNorth | 90'])
  })

  it('keeps lists, headings, tables and pictures of cells in their cells', async () => {
    const document = await read(`<table><tr><td><h3>Pier</h3></td><td>What to know</td></tr>
      <tr><td><img alt="Plan of the north pier" src="a.png"></td><td><ol><li>Pilot<li>Wind</ol></td></tr>
      <tr><td>South</td><td><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></td></tr></table>`)
    expect(outline(document)).toEqual([
      'table: Pier | What to know\nPlan of the north pier | 1. Pilot 2. Wind\nSouth | a, b; c, d',
    ])
  })

  it('does not let a small table become a huge one', async () => {
    const wide = `<td rowspan=1000 colspan=50>${'x'.repeat(200)}</td>`.repeat(20)
    const document = await read(
      `<table><tr><th>a<th>b</tr><tr>${wide}</tr>${'<tr><td>y</td></tr>'.repeat(1000)}</table>`,
    )
    expect(document.text.length).toBeLessThan(2_000_000)
    expect(document.text).toContain('y')
  })

  it('reads tables that only lay out the page as blocks', async () => {
    const document = await read(
      '<table><tr><td><h2>Left</h2><p>Text</p></td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>',
    )
    expect(outline(document)).toEqual(['heading: Left', 'paragraph: Text', 'table: a | b'])
  })

  it('says pictures that stand alone by their words, unless a caption says them', async () => {
    const document = await read(`<p>Seen <img alt="in the text"> here</p><img alt="Plan of the piers"><img alt="logo">
      <img alt="plan of piers.png"><figure><img alt="The plan again"><figcaption>Plan, 1890</figcaption></figure>`)
    expect(outline(document)).toEqual(['paragraph: Seen here', 'caption: Plan of the piers', 'caption: Plan, 1890'])
  })

  it('sets powers and numbers of notes apart, and drops links of headings to themselves', async () => {
    const { text } = await read(
      '<h2>Load <a href="#load">#</a></h2><p>10<sup>-6</sup> m<sup>2</sup>, 1<sup>st</sup> H<sub>2</sub>O</p>',
    )
    expect(text).toBe('Load\n\n10⁻⁶ m², 1st H2O')
  })

  it('reads terms with their descriptions, and what is folded away', async () => {
    const document = await read('<dl><dt>Pier</dt><dd>A wall</dd></dl><details><summary>More</summary>Folded</details>')
    expect(outline(document)).toEqual(['paragraph: Pier', 'list-item: A wall', 'paragraph: More', 'paragraph: Folded'])
  })

  it('takes author, dates, keywords and language from the head', async () => {
    const { metadata, title } = await read(`<html lang="en-GB"><head><title>The
      piers</title><meta name="Author" content="Ann Keeper"><meta name="description" content="Of piers">
      <meta property="article:published_time" content="2024-03-09T08:30:00+01:00"><meta name="keywords" content="pier, harbour; pier">
      <meta http-equiv="last-modified" content="Sat, 9 Mar 2024 10:00:00 GMT"></head><p>Text</p></html>`)
    expect(title).toBe('The piers')
    expect(metadata).toEqual({
      title: 'The piers',
      author: 'Ann Keeper',
      subject: 'Of piers',
      date: '2024-03-09T07:30:00Z',
      modified: '2024-03-09T10:00:00Z',
      language: 'en-GB',
      keywords: ['pier', 'harbour'],
    })
    expect((await read('<p>Text</p>')).metadata).toBeUndefined()
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
