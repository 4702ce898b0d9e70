import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument } from './parsers.suite.ts'
import { pptxParser } from './pptx.ts'

/** The prefixes that the parts use. */
const names = ['a', 'a14', 'c', 'dgm', 'm', 'mc', 'p', 'p14', 'p188', 'r']
  .map((name) => `xmlns:${name}="http://example.org/${name}"`)
  .join(' ')

const sample = {
  name: 'harbour.pptx',
  bytes: makePptx({
    slides: [
      { tree: title('Harbour report') + body('<a:p><a:r><a:t>Two piers</a:t></a:r></a:p>') },
      { tree: title('Depths') + table(['Pier', 'Metres'], ['West', '12']), notes: 'Mention the dredger.' },
    ],
  }),
  holds: ['Harbour report', '- Two piers', 'Pier | Metres', 'Mention the dredger.'],
}

behavesAsParser(pptxParser, sample)

describe('the PowerPoint parser', () => {
  it('reads each slide as a page in the order of the show, named by its title', async () => {
    const document = await parse(makePptx({ slides: [{ tree: title('B') }, { tree: title('A') }], order: [2, 1] }))
    expect(document.pages.map(({ kind, label }) => [kind, label])).toEqual([
      ['slide', 'A'],
      ['slide', 'B'],
    ])
    expect(linesOf(document)).toEqual(['heading1 A', 'heading1 B'])
    expect(document.title).toBe('A')
  })

  it('takes bullets from the paragraph, the layout or the master, and counts numbered items by level', async () => {
    const numbered = (text: string, level = 0): string =>
      `<a:p><a:pPr lvl="${level}"><a:buAutoNum type="${level ? 'alphaLcParenR' : 'arabicPeriod'}"/></a:pPr>${run(text)}</a:p>`
    const paragraphs = [
      `<a:p><a:pPr><a:buNone/></a:pPr>${run('Benefits:')}</a:p>`,
      `<a:p>${run('Cheap')}</a:p>`,
      numbered('First'),
      numbered('Detail', 1),
      numbered('More detail', 1),
      numbered('Second'),
      `<a:p>${run('3. Written by hand')}</a:p>`,
    ]
    const document = await parse(
      makePptx({ slides: [{ tree: body(paragraphs.join('')) + textBox('No bullet', 0, 900) }] }),
    )
    expect(linesOf(document)).toEqual([
      'paragraph Benefits:',
      'list-item - Cheap',
      'list-item 1. First',
      'list-item a) Detail',
      'list-item b) More detail',
      'list-item 2. Second',
      'list-item 3. Written by hand',
      'paragraph No bullet',
    ])
  })

  it('reads shapes from top to bottom and left to right, groups as a whole', async () => {
    const group = `<p:grpSp><p:nvGrpSpPr/><p:grpSpPr>${place('a:xfrm', 0, 300)}</p:grpSpPr>${textBox('Lower in group', 0, 50)}${textBox('Upper in group', 0, 10)}</p:grpSp>`
    const tree = [
      textBox('Bottom', 0, 600),
      group,
      textBox('Right', 400, 100),
      textBox('Left', 0, 102),
      title('On top'),
    ].join('')
    const document = await parse(makePptx({ slides: [{ tree }] }))
    expect(textsOf(document)).toEqual(['On top', 'Left', 'Right', 'Upper in group', 'Lower in group', 'Bottom'])
  })

  it('fills merged cells and takes the first row for the header where the table says so', async () => {
    const rows = [
      '<a:tr><a:tc gridSpan="2">X</a:tc><a:tc hMerge="1"></a:tc><a:tc>Y</a:tc></a:tr>',
      '<a:tr><a:tc rowSpan="2">down</a:tc><a:tc>1</a:tc><a:tc>2</a:tc></a:tr>',
      '<a:tr><a:tc vMerge="1"></a:tc><a:tc>3</a:tc><a:tc>4</a:tc></a:tr>',
      '<a:tr><a:tc gridSpan="3">Whole row</a:tc><a:tc hMerge="1"></a:tc><a:tc hMerge="1"></a:tc></a:tr>',
    ]
    const xml = rows
      .join('')
      .replaceAll(/(<a:tc[^>]*>)([^<]*)<\/a:tc>/g, `$1<a:txBody><a:p><a:r><a:t>$2</a:t></a:r></a:p></a:txBody></a:tc>`)
    const document = await parse(
      makePptx({ slides: [{ tree: frame(`<a:tbl><a:tblPr firstRow="1"/>${xml}</a:tbl>`) }] }),
    )
    expect(textsOf(document)).toEqual(['X | X | Y\ndown | 1 | 2\ndown | 3 | 4\nWhole row'])
    expect(document.elements[0]).toMatchObject({ kind: 'table', headerRows: 1 })
  })

  it('reads the numbers of a chart as a table and the texts of a diagram as a list', async () => {
    const points = (...values: string[]): string =>
      values.map((value, index) => `<c:pt idx="${index}"><c:v>${value}</c:v></c:pt>`).join('')
    const series = (name: string, ...values: string[]): string =>
      `<c:ser><c:tx><c:strRef><c:strCache>${points(name)}</c:strCache></c:strRef></c:tx><c:cat><c:numRef><c:numCache><c:formatCode>yyyy\\-mm\\-dd</c:formatCode>${points('45658', '45659')}</c:numCache></c:numRef></c:cat><c:val><c:numRef><c:numCache>${points(...values)}</c:numCache></c:numRef></c:val></c:ser>`
    const axis = `<c:valAx><c:title><c:tx><c:rich>${`<a:p>${run('Metres')}</a:p>`}</c:rich></c:tx></c:title></c:valAx>`
    const chart = `<c:chartSpace ${names}><c:chart><c:title><c:tx><c:rich><a:p>${run('Tides')}</a:p></c:rich></c:tx></c:title><c:plotArea><c:lineChart>${series('High', '4.300000000000001', '4.4')}${series('Low', '1')}</c:lineChart><c:catAx/>${axis}</c:plotArea></c:chart></c:chartSpace>`
    const point = (id: string, text: string, type = 'node'): string =>
      `<dgm:pt modelId="${id}" type="${type}"><dgm:t><a:p>${run(text)}</a:p></dgm:t></dgm:pt>`
    const link = (from: string, to: string, order: number): string =>
      `<dgm:cxn srcId="${from}" destId="${to}" srcOrd="${order}"/>`
    const diagram = `<dgm:dataModel ${names}><dgm:ptLst><dgm:pt modelId="0" type="doc"/>${point('1', 'Plan')}${point('2', 'Dig')}${point('3', 'Survey')}${point('9', 'How it is drawn', 'pres')}</dgm:ptLst><dgm:cxnLst>${link('0', '2', 1)}${link('0', '1', 0)}${link('1', '3', 0)}${link('3', '0', 0)}<dgm:cxn type="presOf" srcId="1" destId="9" srcOrd="0"/></dgm:cxnLst></dgm:dataModel>`
    const document = await parse(
      makePptx({
        slides: [
          {
            tree: frame('<c:chart r:id="rId7"/>') + frame('<dgm:relIds r:dm="rId8"/>', 500),
            relations: { rId7: ['chart', '../charts/chart1.xml'], rId8: ['diagramData', '../diagrams/data1.xml'] },
          },
        ],
        parts: { 'ppt/charts/chart1.xml': chart, 'ppt/diagrams/data1.xml': diagram },
      }),
    )
    expect(linesOf(document)).toEqual([
      'caption Tides – Metres',
      'table | High | Low\n2025-01-01 | 4.3 | 1\n2025-01-02 | 4.4',
      'list-item - Plan',
      'list-item - Survey',
      'list-item - Dig',
    ])
  })

  it('keeps formulas as LaTeX, those that follow each other on lines of their own', async () => {
    const t = (text: string): string => `<m:r><m:t>${text}</m:t></m:r>`
    const fraction = `<m:oMath><m:f><m:num>${t('a')}</m:num><m:den>${t('b')}</m:den></m:f></m:oMath>`
    const letter = `<m:oMath>${t('x')}</m:oMath>`
    /** As PowerPoint does it: with a picture for programs that know no formulas. */
    const inText = (formula: string): string =>
      `<mc:AlternateContent><mc:Choice Requires="a14"><a14:m>${formula}</a14:m></mc:Choice><mc:Fallback>${run('picture')}</mc:Fallback></mc:AlternateContent>`
    const paragraphs = [
      `<a:p>${run('For ')}${inText(letter)}${run(' of ')}${inText(fraction)}${run(' metres')}</a:p>`,
      `<a:p>${inText(letter)}${run(' ')}${inText(fraction)}</a:p>`,
      `<a:p>${inText(`<m:oMathPara>${fraction}${letter}</m:oMathPara>`)}</a:p>`,
      `<a:p>${run('None: ')}${inText('<m:oMath/>')}</a:p>`,
    ]
    const document = await parse(makePptx({ slides: [{ tree: body(paragraphs.join('')) }] }))
    expect(textsOf(document)).toEqual([
      '- For $x$ of $\\frac{a}{b}$ metres',
      '- $x$\n$\\frac{a}{b}$',
      '- $\\frac{a}{b}$\n$x$',
      '- None:',
    ])
  })

  it('gives notes and comments after their slide, and keeps footers apart', async () => {
    const placeholder = (type: string, text: string): string =>
      shape(`<p:ph type="${type}" idx="11"/>`, `<a:p>${run(text)}</a:p>`)
    const comments = `<p:cmLst ${names}><p:cm authorId="4" dt="2026-02-03T10:00:00"><p:text>Check this</p:text></p:cm></p:cmLst>`
    const threaded = `<p188:cmLst ${names}><p188:cm authorId="{A}" created="2026-02-04T10:00:00"><p188:replyLst><p188:reply authorId="{A}" created="2026-02-05"><p188:txBody><a:p>${run('Done')}</a:p></p188:txBody></p188:reply></p188:replyLst><p188:txBody><a:p>${run('Really?')}</a:p></p188:txBody></p188:cm></p188:cmLst>`
    const document = await parse(
      makePptx({
        slides: [
          {
            tree: placeholder('ftr', 'Port Office') + placeholder('sldNum', '7') + textBox('Content', 0, 0),
            notes: 'Speak slowly.',
            relations: { rId7: ['comments', '../comments/one.xml'], rId8: ['comments', '../comments/two.xml'] },
          },
        ],
        parts: {
          'ppt/comments/one.xml': comments,
          'ppt/comments/two.xml': threaded,
          'ppt/commentAuthors.xml': `<p:cmAuthorLst ${names}><p:cmAuthor id="4" name="Ada"/></p:cmAuthorLst>`,
          'ppt/authors.xml': `<p188:authorLst ${names}><p188:author id="{A}" name="Bo"/></p188:authorLst>`,
        },
        relations: { rId50: ['commentAuthors', 'commentAuthors.xml'], rId51: ['authors', 'authors.xml'] },
      }),
    )
    expect(linesOf(document)).toEqual([
      'paragraph Content',
      'page-footer Port Office',
      'note Speak slowly.',
      'note Ada (2026-02-03): Check this',
      'note Bo (2026-02-04): Really?',
      'note Bo (2026-02-05): Done',
    ])
  })

  it('puts sections above titles, and says which slides are hidden', async () => {
    const section = (name: string, id: number): string =>
      `<p14:section name="${name}"><p14:sldIdLst><p14:sldId id="${id}"/></p14:sldIdLst></p14:section>`
    const document = await parse(
      makePptx({
        slides: [{ tree: title('One') }, { tree: title('Two'), attributes: 'show="0"' }],
        extension: `<p14:sectionLst>${section('Start', 256)}${section('End', 257)}</p14:sectionLst>`,
      }),
    )
    expect(linesOf(document)).toEqual(['heading1 Start', 'heading2 One', 'heading1 End', 'heading2 Two'])
    expect(document.warnings).toEqual(['Slide 2 is hidden in the show; the text there is included.'])
  })

  it('describes pictures only by words', async () => {
    const picture = (description: string, top: number): string =>
      `<p:pic><p:nvPicPr><p:cNvPr id="5" name="x" descr="${description}"/></p:nvPicPr><p:spPr>${place('a:xfrm', 0, top)}</p:spPr></p:pic>`
    const descriptions = [
      'IMG_0042.png',
      'A crane &#10;&#10;Description automatically generated',
      'Logo',
      'The old lighthouse',
    ]
    const tree = descriptions.map((text, index) => picture(text, index * 100)).join('')
    const document = await parse(makePptx({ slides: [{ tree }] }))
    expect(linesOf(document)).toEqual(['caption The old lighthouse'])
  })

  it('reads what is left of a show with damaged and missing parts', async () => {
    const slides = [{ tree: title('One') }, { tree: title('Two') + '<p:broken>' }, { tree: title('Three') }]
    const document = await parse(
      makePptx({ slides, order: [1, 2, 99, 3, 1], parts: { 'ppt/slideLayouts/slideLayout1.xml': '<broken' } }),
    )
    expect(textsOf(document)).toEqual(['One', 'Three'])
    expect(document.warnings).toEqual([
      '1 of 5 slides are missing from the file.',
      'Slide 2 is damaged; the text there is missing.',
    ])
    const orderless = await parse(
      makePptx({ slides: [{ tree: title('One') }], parts: { 'ppt/presentation.xml': '<p' } }),
    )
    expect(textsOf(orderless)).toEqual(['One'])
    expect(orderless.warnings).toEqual(['The order of the slides is damaged; it may be wrong.'])
    await expect(parse(makePptx({ slides: [{ tree: '<' }] }))).rejects.toMatchObject({ code: 'file-corrupt' })
    await expect(parse(makePptx({ slides: [{ tree: '' }] }))).rejects.toMatchObject({ code: 'file-empty' })
  })

  it('refuses a small file that unpacks to a huge one', async () => {
    const bytes = makePptx({ slides: [{ tree: title('Small') }] })
    const entry = Buffer.from(bytes.buffer).lastIndexOf('ppt/slides/slide1.xml') - 46
    new DataView(bytes.buffer).setUint32(entry + 24, 200 * 1024 * 1024, true)
    await expect(parse(bytes)).rejects.toMatchObject({ code: 'file-too-large' })
  })

  const folder = join(import.meta.dirname, '../../../shared/data/documents')
  it.skipIf(!existsSync(folder))('reads real presentations (skipped where ../shared/data is absent)', async () => {
    const read = (path: string): Promise<ParsedDocument> => parse(new Uint8Array(readFileSync(join(folder, path))))
    const nested = await read('unstructured/sample-presentation.pptx')
    expect(nested.pages.map((page) => page.label)).toContain('This is the first content slide')
    expect(nested.text).toContain('- With a sub-bullet\n- And another one')
    expect((await read('docling/pptx/sources/pptx_chart.pptx')).text).toContain('2021 | 150 | 110')
    expect((await read('unstructured/fake-power-point-malformed.pptx')).text).toBe('Test Slide')
  })
})

async function parse(bytes: Uint8Array): Promise<ParsedDocument> {
  const document = await pptxParser.create({}, { log: silentLog }).parse({ name: 'show.pptx', bytes })
  checkParsedDocument(document)
  return document
}

function textsOf(document: ParsedDocument): string[] {
  return document.elements.map((element) => document.text.slice(element.start, element.end))
}

function linesOf(document: ParsedDocument): string[] {
  return document.elements.map(
    ({ kind, level, start, end }) => `${kind}${level ?? ''} ${document.text.slice(start, end)}`,
  )
}

interface TestSlide {
  tree: string
  notes?: string
  attributes?: string
  relations?: Record<string, [type: string, target: string]>
}

interface TestShow {
  slides: TestSlide[]
  /** Numbers of slides from 1. */
  order?: number[]
  parts?: Record<string, string>
  relations?: Record<string, [type: string, target: string]>
  extension?: string
}

/** A small presentation with one layout and one master, whose body has bullets. */
function makePptx({ slides, order, parts = {}, relations = {}, extension = '' }: TestShow): Uint8Array {
  const shown = order ?? slides.map((_, index) => index + 1)
  const entries = shown.map((number, index) => `<p:sldId id="${256 + index}" r:id="rId${number}"/>`).join('')
  const toSlides = slides.map((_, index) => [`rId${index + 1}`, ['slide', `slides/slide${index + 1}.xml`]])
  const files: Record<string, string> = {
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relationList({ rId1: ['officeDocument', 'ppt/presentation.xml'] }),
    'ppt/presentation.xml': `<p:presentation ${names}><p:sldIdLst>${entries}</p:sldIdLst><p:extLst><p:ext>${extension}</p:ext></p:extLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relationList({ ...Object.fromEntries(toSlides), ...relations } as TestRelations),
    'ppt/slideLayouts/slideLayout1.xml': `<p:sldLayout ${names}><p:cSld><p:spTree>${shape('<p:ph idx="1"/>', '', place('a:xfrm', 0, 200))}</p:spTree></p:cSld></p:sldLayout>`,
    'ppt/slideLayouts/_rels/slideLayout1.xml.rels': relationList({ rId1: ['slideMaster', '../slideMasters/m.xml'] }),
    'ppt/slideMasters/m.xml': `<p:sldMaster ${names}><p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr></p:bodyStyle></p:txStyles></p:sldMaster>`,
  }
  slides.forEach(({ tree, notes, attributes = '', relations: own = {} }, index) => {
    const number = index + 1
    const all: TestRelations = { rId1: ['slideLayout', '../slideLayouts/slideLayout1.xml'], ...own }
    if (notes !== undefined) {
      all['rId2'] = ['notesSlide', `../notesSlides/notes${number}.xml`]
      const noteBody = shape('<p:ph type="body" idx="1"/>', `<a:p>${run(notes)}</a:p>`)
      files[`ppt/notesSlides/notes${number}.xml`] =
        `<p:notes ${names}><p:cSld><p:spTree>${noteBody}</p:spTree></p:cSld></p:notes>`
    }
    files[`ppt/slides/slide${number}.xml`] =
      `<p:sld ${names} ${attributes}><p:cSld><p:spTree>${tree}</p:spTree></p:cSld></p:sld>`
    files[`ppt/slides/_rels/slide${number}.xml.rels`] = relationList(all)
  })
  const members = Object.entries({ ...files, ...parts }).map(([path, text]) => [path, strToU8(text)] as const)
  return zipSync(Object.fromEntries(members))
}

type TestRelations = Record<string, [type: string, target: string]>

function relationList(relations: TestRelations): string {
  const lines = Object.entries(relations).map(
    ([id, [type, target]]) => `<Relationship Id="${id}" Type="http://example.org/${type}" Target="${target}"/>`,
  )
  return `<Relationships>${lines.join('')}</Relationships>`
}

function title(text: string): string {
  return shape('<p:ph type="title"/>', `<a:p>${run(text)}</a:p>`)
}

function body(paragraphs: string): string {
  return shape('<p:ph idx="1"/>', paragraphs)
}

function textBox(text: string, x: number, y: number): string {
  return shape('', `<a:p>${run(text)}</a:p>`, place('a:xfrm', x, y))
}

function shape(placeholder: string, paragraphs: string, properties = ''): string {
  return `<p:sp><p:nvSpPr><p:cNvPr id="2" name="Shape"/><p:nvPr>${placeholder}</p:nvPr></p:nvSpPr><p:spPr>${properties}</p:spPr><p:txBody><a:bodyPr/>${paragraphs}</p:txBody></p:sp>`
}

function place(tag: string, x: number, y: number): string {
  return `<${tag}><a:off x="${x}" y="${y}"/><a:ext cx="300" cy="40"/></${tag}>`
}

function table(...rows: string[][]): string {
  const cell = (text: string): string => `<a:tc><a:txBody><a:p>${run(text)}</a:p></a:txBody></a:tc>`
  return frame(`<a:tbl>${rows.map((row) => `<a:tr>${row.map(cell).join('')}</a:tr>`).join('')}</a:tbl>`)
}

function frame(content: string, y = 100): string {
  return `<p:graphicFrame><p:nvGraphicFramePr/>${place('p:xfrm', 0, y)}<a:graphic><a:graphicData>${content}</a:graphicData></a:graphic></p:graphicFrame>`
}

function run(text: string): string {
  return `<a:r><a:t>${text}</a:t></a:r>`
}
