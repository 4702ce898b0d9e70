import { strToU8 } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { docxParser } from './docx.ts'
import { behavesAsParser, checkParsedDocument, docxParagraph, makeDocx, prose } from './parsers.suite.ts'

behavesAsParser(docxParser, {
  name: 'a.docx',
  bytes: makeDocx(docxParagraph('Piers', 'Heading1') + docxParagraph(prose)),
  holds: ['Piers', prose],
})

const parser = docxParser.create({}, { log: silentLog })
const read = async (bytes: Uint8Array): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.docx', bytes })
  checkParsedDocument(document)
  return document
}
/** Kinds (with the level of headings) and texts of all elements. */
const outline = ({ elements, text }: ParsedDocument): [string, string][] =>
  elements.map(({ kind, level, start, end }) => [`${kind}${level ?? ''}`, text.slice(start, end)])
const readBody = async (body: string, members: Record<string, string> = {}): Promise<[string, string][]> => {
  const bytes = Object.fromEntries(Object.entries(members).map(([name, source]) => [name, strToU8(source)]))
  return outline(await read(makeDocx(body, bytes)))
}

const wordNamespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
const officeUrl = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const run = (content: string, properties = ''): string => `<w:r><w:rPr>${properties}</w:rPr>${content}</w:r>`
const words = (text: string, properties = ''): string => run(`<w:t xml:space="preserve">${text}</w:t>`, properties)
const paragraph = (content: string, properties = ''): string => `<w:p><w:pPr>${properties}</w:pPr>${content}</w:p>`
const relationships = (...list: [id: string, type: string, target: string][]): string =>
  `<Relationships>${list
    .map(([id, type, target]) => `<Relationship Id="${id}" Type="${officeUrl}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`

describe('headings', () => {
  it('are found by style, also by styles that descend from one', async () => {
    const body = docxParagraph('Top', 'Heading1') + docxParagraph('Ours', 'Own') + docxParagraph('Words.')
    expect(await readBody(body)).toEqual([
      ['heading1', 'Top'],
      ['heading2', 'Ours'],
      ['paragraph', 'Words.'],
    ])
  })

  it('are found by outline level, which may also say that a paragraph is none', async () => {
    const body =
      paragraph(words('Third'), '<w:outlineLvl w:val="2"/>') +
      paragraph(words('Body'), '<w:pStyle w:val="Heading1"/><w:outlineLvl w:val="9"/>')
    expect(await readBody(body)).toEqual([
      ['heading3', 'Third'],
      ['paragraph', 'Body'],
    ])
  })

  it('are short bold paragraphs where there are no others', async () => {
    const bold = paragraph(words('The piers', '<w:b/>'))
    expect((await readBody(bold + docxParagraph('Words.')))[0]).toEqual(['heading2', 'The piers'])
    expect((await readBody(docxParagraph('Top', 'Heading1') + bold))[1]).toEqual(['paragraph', 'The piers'])
  })
})

describe('lists', () => {
  const level = (index: number, format: string, text: string, more = ''): string =>
    `<w:lvl w:ilvl="${index}"><w:start w:val="1"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${text}"/>${more}</w:lvl>`
  const numbering = `<w:numbering ${wordNamespace}>
    <w:abstractNum w:abstractNumId="7">${level(0, 'decimal', '%1.')}${level(1, 'lowerLetter', '%1.%2)')}</w:abstractNum>
    <w:abstractNum w:abstractNumId="8">${level(0, 'bullet', '\uF0B7')}</w:abstractNum>
    <w:abstractNum w:abstractNumId="9">${level(0, 'upperRoman', '§ %1', '<w:pStyle w:val="Heading1"/>')}</w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>
    <w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>
    <w:num w:numId="3"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>
    <w:num w:numId="4"><w:abstractNumId w:val="9"/></w:num></w:numbering>`
  const item = (text: string, list: number, depth = 0): string =>
    paragraph(words(text), `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="${list}"/></w:numPr>`)

  it('show the numbers that Word shows, go on after other paragraphs and begin anew where the file says so', async () => {
    const body = [
      item('one', 1),
      item('inner', 1, 1),
      item('inner', 1, 1),
      docxParagraph('Between.'),
      item('two', 1),
      item('inner', 1, 1),
      item('point', 2),
      item('five', 3),
      item('none', 0),
    ]
    expect(await readBody(body.join(''), { 'word/numbering.xml': numbering })).toEqual([
      ['list-item', '1. one'],
      ['list-item', '1.a) inner'],
      ['list-item', '1.b) inner'],
      ['paragraph', 'Between.'],
      ['list-item', '2. two'],
      ['list-item', '2.a) inner'],
      ['list-item', '- point'],
      ['list-item', '5. five'],
      ['paragraph', 'none'],
    ])
  })

  it('number headings', async () => {
    const heading = paragraph(words('Piers'), '<w:pStyle w:val="Heading1"/><w:numPr><w:numId w:val="4"/></w:numPr>')
    expect(await readBody(heading + heading, { 'word/numbering.xml': numbering })).toEqual([
      ['heading1', '§ I Piers'],
      ['heading1', '§ II Piers'],
    ])
  })
})

describe('text', () => {
  it('keeps insertions and leaves deletions, hidden text and instructions of fields out', async () => {
    const field = `${run('<w:fldChar w:fldCharType="begin"/>')}${run('<w:instrText>PAGEREF x</w:instrText>')}${run('<w:fldChar w:fldCharType="separate"/>')}${words('12')}${run('<w:fldChar w:fldCharType="end"/>')}`
    const body = paragraph(
      `<w:ins>${words('New ')}</w:ins><w:del><w:r><w:delText>old </w:delText></w:r></w:del>${words('secret ', '<w:vanish/>')}${words('text, page ')}${field}`,
    )
    expect(await readBody(body)).toEqual([['paragraph', 'New text, page 12']])
  })

  it('joins paragraphs whose border was deleted', async () => {
    const first = paragraph(words('One '), '<w:rPr><w:del w:id="1"/></w:rPr>')
    expect(await readBody(first + docxParagraph('two.'))).toEqual([['paragraph', 'One two.']])
  })

  it('reads breaks, tabs, symbols, raised digits and boxes to tick', async () => {
    const body =
      paragraph(
        `${words('10')}${words('6', '<w:vertAlign w:val="superscript"/>')}${run('<w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t>')}`,
      ) +
      paragraph(run('<w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0E0"/>')) +
      paragraph(
        `${run('<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="1"/></w:checkBox></w:ffData></w:fldChar>')}${run('<w:fldChar w:fldCharType="end"/>')}${words(' Agreed')}`,
      )
    expect(await readBody(body)).toEqual([
      ['paragraph', '10⁶\nb c'],
      ['paragraph', 'α→'],
      ['list-item', '☒ Agreed'],
    ])
  })

  it('keeps formulas as LaTeX', async () => {
    const t = (text: string): string => `<m:r><m:t>${text}</m:t></m:r>`
    const fraction = `<m:f><m:num>${t('a')}</m:num><m:den>${t('b')}</m:den></m:f>`
    const power = `<m:sSup><m:e>${fraction}</m:e><m:sup>${t('2')}</m:sup></m:sSup>`
    const sum = `<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>${t('n=1')}</m:sub><m:sup>${t('∞')}</m:sup><m:e>${power}</m:e></m:nary>`
    const body = paragraph(`${words('It is ')}<m:oMath>${sum}</m:oMath>`)
    expect(await readBody(body)).toEqual([['paragraph', 'It is $∑_{n=1}^{∞} {\\frac{a}{b}}^{2}$']])
  })

  it('takes lines in a typewriter font for code where they look like it, and joins them', async () => {
    const mono = '<w:rFonts w:ascii="Courier New"/>'
    const body = [words('if (a) {', mono), words('  b()', mono), words('}', mono)].map((line) => paragraph(line))
    expect(await readBody(body.join('') + paragraph(words('A letter, typed.', mono)))).toEqual([
      ['code', 'if (a) {\n  b()\n}'],
      ['paragraph', 'A letter, typed.'],
    ])
  })

  it('reads text boxes once, whichever way they are written', async () => {
    const box = `<w:txbxContent>${docxParagraph('In the box')}</w:txbxContent>`
    const twice = `<mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>${box}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>${box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>`
    const old = `<w:pict><v:shape><v:textbox>${box}</v:textbox></v:shape></w:pict>`
    expect(await readBody(paragraph(words('Beside it') + run(twice)) + paragraph(run(old)))).toEqual([
      ['paragraph', 'Beside it'],
      ['paragraph', 'In the box'],
      ['paragraph', 'In the box'],
    ])
  })

  it('reads content controls around paragraphs, rows and words', async () => {
    const control = (content: string): string =>
      `<w:sdt><w:sdtPr><w:alias w:val="Name"/></w:sdtPr><w:sdtContent>${content}</w:sdtContent></w:sdt>`
    expect(await readBody(control(control(docxParagraph('Block'))) + paragraph(control(words('Inline'))))).toEqual([
      ['paragraph', 'Block'],
      ['paragraph', 'Inline'],
    ])
  })
})

describe('tables', () => {
  const cell = (text: string, properties = ''): string =>
    `<w:tc><w:tcPr>${properties}</w:tcPr>${docxParagraph(text)}</w:tc>`
  const row = (...cells: string[]): string => `<w:tr>${cells.join('')}</w:tr>`
  const table = (...rows: string[]): string => `<w:tbl><w:tblPr/>${rows.join('')}</w:tbl>`

  it('have rows, cells and a header', async () => {
    const document = await read(makeDocx(table(row(cell('Pier'), cell('Length')), row(cell('North'), cell('90')))))
    expect(document.text).toBe('Pier | Length\nNorth | 90')
    expect(document.elements[0]).toMatchObject({ kind: 'table', headerRows: 1 })
  })

  it('repeat cells that reach down, and leave room beside cells that reach over', async () => {
    const down = (value: string): string => `<w:vMerge${value}/>`
    const body = table(
      row(cell('Pier'), cell('From'), cell('To')),
      row(cell('North', down(' w:val="restart"')), cell('a'), cell('b')),
      row(cell('', down('')), cell('all of it', '<w:gridSpan w:val="2"/>')),
      row(cell('South'), cell('c'), cell('d')),
    )
    expect(await readBody(body)).toEqual([
      ['table', 'Pier | From | To\nNorth | a | b\nNorth | all of it\nSouth | c | d'],
    ])
  })

  it('flatten small tables in their cells', async () => {
    const inner = table(row(cell('1'), cell('2')), row(cell('3'), cell('4')))
    const body = table(row(cell('A'), cell('B')), row(cell('x'), `<w:tc>${inner}<w:p/></w:tc>`))
    expect(await readBody(body)).toEqual([['table', 'A | B\nx | 1, 2; 3, 4']])
  })

  it('that only lay out a page are read as text', async () => {
    const column = (title: string): string =>
      `<w:tc>${docxParagraph(title, 'Heading1')}${docxParagraph(prose)}${docxParagraph('End.')}</w:tc>`
    const kinds = (await readBody(table(row(column('Left'), column('Right'))))).map(([kind]) => kind)
    expect(kinds).toEqual(['heading1', 'paragraph', 'paragraph', 'heading1', 'paragraph', 'paragraph'])
  })
})

describe('what stands beside the text', () => {
  it('follows the paragraph it belongs to: footnotes, endnotes, comments', async () => {
    const notes = (name: string, id: number, text: string, more = ''): string =>
      `<w:${name}s ${wordNamespace}><w:${name} w:id="0" w:type="separator">${docxParagraph('---')}</w:${name}><w:${name} w:id="${id}"${more}>${docxParagraph(text)}</w:${name}></w:${name}s>`
    const body =
      paragraph(
        `${words('Deep')}${run('<w:footnoteReference w:id="2"/>')}${words(' water')}${run('<w:endnoteReference w:id="3"/>')}${run('<w:commentReference w:id="4"/>')}`,
      ) + docxParagraph('Next.')
    const members = {
      'word/footnotes.xml': notes('footnote', 2, 'At low tide.'),
      'word/endnotes.xml': notes('endnote', 3, 'In metres.'),
      'word/comments.xml': notes('comment', 4, 'Sure?', ' w:author="Ann"'),
    }
    expect(await readBody(body, members)).toEqual([
      ['paragraph', 'Deep[1] water[i]'],
      ['note', '[1] At low tide.'],
      ['note', '[i] In metres.'],
      ['note', 'Comment by Ann: Sure?'],
      ['paragraph', 'Next.'],
    ])
  })

  it('stands once where it is a running head, and nowhere where it is a page number', async () => {
    const head = (text: string): string => `<w:hdr ${wordNamespace}>${docxParagraph(text)}</w:hdr>`
    const section = (...ids: string[]): string =>
      `<w:sectPr>${ids.map((id) => `<w:${id.startsWith('h') ? 'header' : 'footer'}Reference r:id="${id}"/>`).join('')}</w:sectPr>`
    const body = paragraph(words('One.'), section('h1', 'f1')) + docxParagraph('Two.') + section('h2', 'f2')
    const members = {
      'word/_rels/document.xml.rels': relationships(
        ['h1', 'header', 'header1.xml'],
        ['h2', 'header', 'header2.xml'],
        ['f1', 'footer', 'footer1.xml'],
        ['f2', 'footer', 'footer2.xml'],
      ),
      'word/header1.xml': head('Harbour office'),
      'word/header2.xml': head('Harbour office'),
      'word/footer1.xml': head('Page 1 of 3'),
      'word/footer2.xml': head('Confidential'),
    }
    expect(await readBody(body, members)).toEqual([
      ['page-header', 'Harbour office'],
      ['paragraph', 'One.'],
      ['paragraph', 'Two.'],
      ['page-footer', 'Confidential'],
    ])
  })

  it('is the numbers of a chart and the texts of a diagram', async () => {
    const points = (...values: string[]): string =>
      values.map((value, index) => `<c:pt idx="${index}"><c:v>${value}</c:v></c:pt>`).join('')
    const chart = `<c:chartSpace xmlns:c="c"><c:chart><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache>${points('Depth')}</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>${points('North', 'South')}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>${points('4.5', '6')}</c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`
    const body = paragraph(
      run('<w:drawing><wp:inline><a:graphic><c:chart r:id="c1"/></a:graphic></wp:inline></w:drawing>'),
    )
    const members = {
      'word/_rels/document.xml.rels': relationships(['c1', 'chart', 'charts/chart1.xml']),
      'word/charts/chart1.xml': chart,
    }
    expect(await readBody(body, members)).toEqual([['table', '| Depth\nNorth | 4.5\nSouth | 6']])
  })
})

describe('the file', () => {
  it('says its title, author, dates and keywords', async () => {
    const core = `<cp:coreProperties xmlns:cp="cp" xmlns:dc="dc" xmlns:dcterms="dcterms"><dc:title>Tides &amp; piers</dc:title><dc:creator>Ann</dc:creator><cp:keywords>tide, pier</cp:keywords><dcterms:created>2024-05-01T10:00:00Z</dcterms:created><dcterms:modified>2024-06-01T10:00:00Z</dcterms:modified></cp:coreProperties>`
    const custom = `<Properties><property name="Reviewed by"><vt:lpwstr>Bob</vt:lpwstr></property></Properties>`
    const members = { 'docProps/core.xml': strToU8(core), 'docProps/custom.xml': strToU8(custom) }
    const document = await read(makeDocx(docxParagraph('Words.'), members))
    expect(document.title).toBe('Tides & piers')
    expect(document.metadata).toEqual({
      title: 'Tides & piers',
      author: 'Ann',
      keywords: ['tide', 'pier'],
      created: '2024-05-01T10:00:00Z',
      modified: '2024-06-01T10:00:00Z',
      date: '2024-06-01T10:00:00Z',
      'reviewed-by': 'Bob',
    })
  })

  it('is read up to where it is damaged, with a warning', async () => {
    const document = await read(makeDocx(`${docxParagraph('Before.')}<w:p><w:r></w:p>`))
    expect(document.text).toBe('Before.')
    expect(document.warnings).toHaveLength(1)
  })

  it('is refused where its directory says that it unpacks to far more than a document', async () => {
    const bomb = makeDocx(docxParagraph('Small'), { 'word/settings.xml': strToU8('<w:settings/>') })
    const entry = Buffer.from(bomb.buffer).lastIndexOf('word/settings.xml') - 46
    new DataView(bomb.buffer).setUint32(entry + 24, 200 * 1024 * 1024, true)
    await expect(parser.parse({ name: 'a.docx', bytes: bomb })).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('survives styles that descend from each other and tables nested deep', async () => {
    const loop = `<w:styles ${wordNamespace}><w:style w:type="paragraph" w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:type="paragraph" w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>`
    expect(await readBody(docxParagraph('Round', 'A'), { 'word/styles.xml': loop })).toEqual([['paragraph', 'Round']])
    const depth = 200
    const nested = `${'<w:tbl><w:tr><w:tc>'.repeat(depth)}${docxParagraph('Deep')}${'</w:tc></w:tr></w:tbl>'.repeat(depth)}`
    expect(await readBody(nested)).toEqual([['paragraph', 'Deep']])
  })

  it('is encrypted where it says so', async () => {
    const compound = (stream: string): Uint8Array =>
      new Uint8Array(
        Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600), Buffer.from(stream, 'utf16le')]),
      )
    await expect(parser.parse({ name: 'a.docx', bytes: compound('EncryptedPackage') })).rejects.toMatchObject({
      code: 'file-encrypted',
    })
  })
})
