import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { odpParser } from './odp.ts'
import { behavesAsParser, checkParsedDocument } from './parsers.suite.ts'
import { makeOpenDocument, paragraph } from './parts/opendocument.samples.ts'

const frame = (role: string, content: string, x = 1, y = 1): string =>
  `<draw:frame presentation:class="${role}" svg:x="${x}cm" svg:y="${y}cm" svg:width="5cm" svg:height="1cm"><draw:text-box>${content}</draw:text-box></draw:frame>`
const textBox = (text: string, x: number, y: number): string =>
  `<draw:custom-shape svg:x="${x}cm" svg:y="${y}cm" svg:width="5cm" svg:height="1cm">${paragraph(text)}</draw:custom-shape>`
const page = (content: string, more = ''): string => `<draw:page draw:name="page1"${more}>${content}</draw:page>`
const bullets = (...items: string[]): string =>
  `<text:list>${items.map((item) => `<text:list-item>${paragraph(item)}</text:list-item>`).join('')}</text:list>`
const notes = (text: string): string =>
  `<presentation:notes><draw:page-thumbnail/>${frame('notes', paragraph(text))}</presentation:notes>`

behavesAsParser(odpParser, {
  name: 'harbour.odp',
  bytes: makeOpenDocument('presentation', {
    body: page(frame('title', paragraph('Harbour')) + frame('outline', bullets('Two piers')) + notes('Speak slowly.')),
  }),
  holds: ['Harbour', '- Two piers', 'Speak slowly.'],
})

describe('the OpenDocument presentation parser', () => {
  it('reads each slide as a page with its title, texts in reading order, and notes', async () => {
    const tree = [
      textBox('Bottom', 1, 9),
      `<draw:g>${textBox('Right, lower', 10, 4)}${textBox('Right, upper', 10, 2)}</draw:g>`,
      frame('outline', bullets('One', 'Two'), 1, 2),
      frame('title', paragraph('Top') + paragraph('of all')),
      frame('footer', paragraph('Port Office'), 1, 20),
      frame('page-number', paragraph('7'), 9, 20),
      '<draw:frame presentation:class="subtitle" presentation:placeholder="true"><draw:text-box/></draw:frame>',
      notes('First line</text:p><text:p>Second line'),
      `<office:annotation><dc:creator>Ada</dc:creator>${paragraph('Check')}</office:annotation>`,
    ]
    const document = await parse(tree.map((part) => part).join(''), 'Untitled')
    expect(linesOf(document)).toEqual([
      'heading1 Top of all',
      'list-item - One',
      'list-item - Two',
      'paragraph Right, upper',
      'paragraph Right, lower',
      'paragraph Bottom',
      'page-footer Port Office',
      'note First line\nSecond line',
      'note Ada: Check',
    ])
    expect(document.pages).toMatchObject([{ kind: 'slide', label: 'Top of all' }])
  })

  it('reads tables, and says which slides are hidden', async () => {
    const row = (...cells: string[]): string =>
      `<table:table-row>${cells.map((cell) => `<table:table-cell>${paragraph(cell)}</table:table-cell>`).join('')}</table:table-row>`
    const table = `<draw:frame svg:x="1cm" svg:y="5cm" svg:width="9cm" svg:height="3cm"><table:table>${row('Pier', 'Depth')}${row('West', '12')}</table:table><draw:image/></draw:frame>`
    const styles =
      '<style:style style:name="dp1" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    const bytes = makeOpenDocument('presentation', {
      body: page(table) + page(frame('title', paragraph('Spare')), ' draw:style-name="dp1"'),
      styles,
    })
    const document = await odpParser.create({}, { log: silentLog }).parse({ name: 'show.odp', bytes })
    checkParsedDocument(document)
    expect(linesOf(document)).toEqual(['table Pier | Depth\nWest | 12', 'heading1 Spare'])
    expect(document.elements[0]).toMatchObject({ headerRows: 1, page: 1 })
    expect(document.warnings).toEqual(['Slide 2 is hidden in the show; the text there is included.'])
    expect(document.title).toBe('Spare')
  })

  it('says when there is no text', async () => {
    await expect(parse('<draw:frame><draw:image/></draw:frame>', '')).rejects.toMatchObject({ code: 'file-empty' })
  })
})

async function parse(content: string, title: string): Promise<ParsedDocument> {
  const bytes = makeOpenDocument('presentation', { body: page(content), meta: `<dc:title>${title}</dc:title>` })
  const document = await odpParser.create({}, { log: silentLog }).parse({ name: 'show.odp', bytes })
  checkParsedDocument(document)
  return document
}

function linesOf(document: ParsedDocument): string[] {
  return document.elements.map(
    ({ kind, level, start, end }) => `${kind}${level ?? ''} ${document.text.slice(start, end)}`,
  )
}
