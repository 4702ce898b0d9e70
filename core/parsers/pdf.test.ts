import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument, makePdf, type PdfText, prose, setLines } from './parsers.suite.ts'
import { pdfParser } from './pdf.ts'

behavesAsParser(pdfParser, {
  name: 'a.pdf',
  bytes: makePdf([
    [{ text: 'Piers', x: 72, y: 80, size: 18, bold: true }, ...setLines(prose, 72, 110, 80)],
    setLines(prose, 72, 110, 80),
  ]),
  holds: ['Piers', prose],
})

const parser = pdfParser.create(pdfParser.options.parse({}), { log: silentLog })
const read = async (...pages: PdfText[][]): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.pdf', bytes: makePdf(pages, { compress: true }) })
  checkParsedDocument(document)
  return document
}
const kinds = (document: ParsedDocument, kind: string): string[] =>
  document.elements
    .filter((element) => element.kind === kind)
    .map((element) => document.text.slice(element.start, element.end))

const left =
  'The harbour of the old town was rebuilt after the great storm and its two piers have since been measured every ' +
  'spring by the engineers of the port who publish their figures in the yearly report of the council'
const right =
  'Ships of more than ninety metres must take a pilot on board before they pass the outer light and the keeper of ' +
  'the lighthouse notes wind and swell in his book three times a day as his father did'

describe('pdf', () => {
  it('reads the left column before the right one', async () => {
    const document = await read([
      { text: 'A title over both columns of the page', x: 100, y: 60, size: 18 },
      ...setLines(left, 72, 100, 42),
      ...setLines(right, 320, 100, 42),
    ])
    const flat = document.text.replaceAll(/\s+/g, ' ')
    expect(flat).toContain(left)
    expect(flat).toContain(right)
    expect(flat.indexOf(left)).toBeLessThan(flat.indexOf(right))
  })

  it('joins words broken at line ends and keeps hyphens that belong', async () => {
    const document = await read([
      { text: 'A well-known engineer described the con-', x: 72, y: 100 },
      { text: 'struction of the pier, which is of the well-', x: 72, y: 112 },
      { text: 'known kind, and the pages 10-', x: 72, y: 124 },
      { text: '12 of the report tell the rest of the story.', x: 72, y: 136 },
    ])
    expect(document.text).toContain('the construction of')
    expect(document.text).toContain('well-known kind')
    expect(document.text).toMatch(/10-\s?12/)
  })

  it('finds headings by size and weight, with levels', async () => {
    const document = await read([
      { text: 'Report on the harbour', x: 72, y: 60, size: 20 },
      { text: 'The piers', x: 72, y: 100, size: 14 },
      ...setLines(left, 72, 130, 80),
      { text: 'Pilots', x: 72, y: 190, bold: true },
      ...setLines(right, 72, 210, 80),
    ])
    const headings = document.elements.filter((element) => element.kind === 'heading')
    expect(headings.map((heading) => document.text.slice(heading.start, heading.end))).toEqual([
      'Report on the harbour',
      'The piers',
      'Pilots',
    ])
    expect(headings.map((heading) => heading.level)).toEqual([1, 2, 3])
    expect(document.title).toBe('Report on the harbour')
  })

  it('tells running headers, footers and page numbers from the text', async () => {
    const pages = [1, 2, 3, 4].map((number) => [
      { text: 'Port authority, yearly report', x: 72, y: 40 },
      ...setLines(number % 2 ? left : right, 72, 110, 80),
      { text: String(number), x: 300, y: 760 },
    ])
    const document = await read(...pages)
    expect(kinds(document, 'page-header')).toHaveLength(4)
    expect(kinds(document, 'page-footer')).toEqual(['1', '2', '3', '4'])
    expect(kinds(document, 'paragraph')).toEqual([left, right, left, right])
    expect(document.pages).toHaveLength(4)
    expect(document.elements.map((element) => element.page)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
  })

  it('reads aligned cells as a table and bullets as list items', async () => {
    const rows = [
      ['Pier', 'Length', 'Built'],
      ['North', '120 m', '1908'],
      ['South', '95 m', '1911'],
      ['Outer', '300 m', '1954'],
    ]
    const document = await read([
      ...rows.flatMap((cells, row) => cells.map((text, cell) => ({ text, x: 72 + cell * 120, y: 100 + row * 16 }))),
      { text: '\u0095 The first item of the list', x: 72, y: 240 },
      { text: '\u0095 The second item of the list', x: 72, y: 254 },
    ])
    const table = document.elements.find((element) => element.kind === 'table')
    expect(table?.headerRows).toBe(1)
    expect(table?.rows?.map((row) => document.text.slice(row.start, row.end))).toEqual(
      rows.map((cells) => cells.join(' | ')),
    )
    expect(kinds(document, 'list-item')).toHaveLength(2)
  })

  it('takes a letter at the start of a line for an item only where no sentence goes on', async () => {
    const document = await read([
      { text: 'Divers bring up an unconscious diver over 50', x: 72, y: 100 },
      { text: 'm. It is valid for twelve months and a day.', x: 72, y: 112 },
      { text: 'a. Both divers have logged twenty dives each', x: 72, y: 140 },
      { text: 'b. Both divers have a medical and a dry suit', x: 72, y: 152 },
    ])
    expect(document.text.replaceAll(/\s+/g, ' ')).toContain('over 50 m. It is valid')
    expect(kinds(document, 'paragraph')).toHaveLength(1)
    expect(kinds(document, 'list-item').map((item) => item.slice(0, 2))).toEqual(['a.', 'b.'])
  })

  it('says where on the page an element stands', async () => {
    const document = await read([{ text: 'Here', x: 100, y: 200, size: 10 }])
    const [box] = document.elements[0]?.boxes ?? []
    expect(box).toMatchObject({ page: 1, x: 100 })
    expect(box?.y).toBeGreaterThan(185)
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(206)
  })

  it('warns about pages without text, and refuses a file without any', async () => {
    const document = await read([{ text: 'Only here', x: 72, y: 72 }], [], [])
    expect(document.warnings).toEqual(['2 of 3 pages have no text (pages 2-3): they are blank or pictures.'])
    const blank = parser.parse({ name: 'a.pdf', bytes: makePdf([[], []]) })
    await expect(blank).rejects.toMatchObject({ code: 'file-empty' })
  })
})
