import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
import { silentLog } from '../../shared/log.ts'
import { checkParsedDocument, makePdf, prose, setLines } from '../parsers.suite.ts'
import { pdfParser } from '../pdf.ts'
import { toLogical } from './pdf-bidi.ts'

const parser = pdfParser.create(pdfParser.options.parse({}), { log: silentLog })

async function read(bytes: Uint8Array): Promise<ParsedDocument> {
  const document = await parser.parse({ name: 'a.pdf', bytes })
  checkParsedDocument(document)
  return document
}

const texts = (document: ParsedDocument, kind: string): string[] =>
  document.elements.filter((one) => one.kind === kind).map((one) => document.text.slice(one.start, one.end))

/** A page's content in the language of PDF, in Helvetica (F1), Helvetica-Bold (F2) and Times-Italic (F3). */
function pdfWith(
  content: string,
  { page = '', trailer = '', objects = [] as string[], box = '0 0 612 792' } = {},
): Uint8Array {
  const font = (name: string): string =>
    `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`
  const all = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [${box}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R /F3 7 0 R >> /XObject << /X1 8 0 R >> >> ${page} >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    font('Helvetica'),
    font('Helvetica-Bold'),
    font('Times-Italic'),
    ...objects,
  ]
  const body = all.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join('')
  // Without a table of its objects the file is read through; that is enough here.
  return new TextEncoder().encode(
    `%PDF-1.7\n${body}trailer\n<< /Size ${all.length + 1} /Root 1 0 R ${trailer} >>\n%%EOF\n`,
  )
}

const show = (text: string, x: number, y: number, font = 'F1', size = 10): string =>
  `BT /${font} ${size} Tf ${x} ${792 - y} Td (${text.replaceAll(/[\\()]/g, '\\$&')}) Tj ET\n`

const line = (x: number, y: number, toX: number, toY: number): string => `${x} ${792 - y} m ${toX} ${792 - toY} l S\n`

describe('ruled tables in PDF', () => {
  it('are read by their lines: cells that wrap, cells that touch, cells that span', async () => {
    const rules =
      [100, 120, 160, 180].map((y) => line(72, y, 372, y)).join('') +
      [72, 172, 372].map((x) => line(x, 100, x, 180)).join('') +
      line(272, 120, 272, 180)
    const content =
      rules +
      show('Pier', 76, 114) +
      show('Length and year', 176, 114) +
      show('North, beside the', 76, 134) +
      show('fish market', 76, 148) +
      show('120 metres, at high', 180, 134) +
      show('1908', 276, 134) +
      show('water', 180, 148) +
      show('South', 76, 174) +
      show('95 m', 180, 174) +
      show('1911', 276, 174)
    const document = await read(pdfWith(content))
    expect(texts(document, 'table')).toEqual([
      'Pier | Length and year\nNorth, beside the fish market | 120 metres, at high water | 1908\nSouth | 95 m | 1911',
    ])
  })

  it('are not seen in the frame of a page', async () => {
    const frame = line(50, 50, 560, 50) + line(50, 740, 560, 740) + line(50, 50, 50, 740) + line(560, 50, 560, 740)
    const content = setLines(prose, 72, 100, 60)
      .map(({ text, x, y }) => show(text, x, y))
      .join('')
    const document = await read(pdfWith(frame + line(50, 400, 560, 400) + line(300, 400, 300, 740) + content))
    expect(texts(document, 'paragraph')).toEqual([prose])
  })
})

describe('what a PDF page shows', () => {
  it('is read from forms inside of it and from filled fields', async () => {
    const form = show('In a form', 0, 792)
    const field = show('Ada Lovelace', 2, 788)
    const document = await read(
      pdfWith(`${show('On the page', 72, 100)} q 1 0 0 1 72 600 cm /X1 Do Q`, {
        page: '/Annots [9 0 R]',
        objects: [
          `<< /Type /XObject /Subtype /Form /BBox [0 -20 300 20] /Resources << /Font << /F1 5 0 R >> >> /Length ${form.length} >>\nstream\n${form}\nendstream`,
          '<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /F 4 /Rect [72 500 300 520] /AP << /N 10 0 R >> >>',
          `<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F1 5 0 R >> >> /Length ${field.length} >>\nstream\n${field}\nendstream`,
        ],
      }),
    )
    expect(texts(document, 'paragraph')).toEqual(['On the page', 'In a form', 'Ada Lovelace'])
  })

  it('is read once where recognised text lies under the same words', async () => {
    const both = await read(pdfWith(`3 Tr ${show('The harbour', 72, 100.5)} 0 Tr ${show('The harbour', 72, 100)}`))
    expect(both.text).toBe('The harbour')
    const hidden = await read(pdfWith(`3 Tr ${show('The harbour', 72, 100)}`))
    expect(hidden.text).toBe('The harbour')
  })

  it('leaves out what stands beside the page', async () => {
    const document = await read(pdfWith(show('Seen', 72, 100) + show('Printer marks', 72, 1000)))
    expect(document.text).toBe('Seen')
  })

  it('keeps the order of two pages on one sheet, though their lines are short', async () => {
    const side = (name: string, x: number, shift: number): string =>
      ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
        .map((word, index) => {
          const long = index % 2 === 0 ? ', which is long enough to fill the whole of its column' : ''
          return show(`${name} side, line ${word}${long}.`, x, 80 + shift + index * 22)
        })
        .join('')
    const document = await read(pdfWith(side('Left', 60, 0) + side('Right', 640, 7), { box: '0 0 1224 792' }))
    expect(document.text.match(/Left|Right/g)?.join(' ')).toBe(`${'Left '.repeat(9)}${'Right '.repeat(9)}`.trim())
  })

  it('finds headings in italics where italics are kept for them', async () => {
    const part = (title: string, y: number): string =>
      show(title, 72, y, 'F3') +
      setLines(prose, 72, y + 14, 80)
        .map((one) => show(one.text, one.x, one.y))
        .join('')
    const document = await read(pdfWith(part('The piers', 100) + part('Pilots', 200) + part('The keeper', 300)))
    expect(texts(document, 'heading')).toEqual(['The piers', 'Pilots', 'The keeper'])
  })

  it('knows footnotes and page numbers that count up', async () => {
    const pages = [7, 8, 9].map((number) => [
      ...setLines(prose, 72, 110, 80),
      { text: `${number - 6}The yearly report of the port authority.`, x: 72, y: 700, size: 8 },
      { text: number % 2 ? `Chapter ${number}: a title ${number}` : `${number} Report`, x: 72, y: 760, size: 8 },
    ])
    const document = await read(makePdf(pages))
    expect(texts(document, 'note')[0]).toBe('1The yearly report of the port authority.')
    expect(texts(document, 'page-footer')).toEqual(['Chapter 7: a title 7', '8 Report', 'Chapter 9: a title 9'])
  })
})

describe('the information of a PDF', () => {
  const information = async (entries: string): Promise<ParsedDocument> =>
    read(pdfWith(show('Some text', 72, 100), { trailer: `/Info << ${entries} >>` }))

  it('becomes metadata, with dates in ISO 8601', async () => {
    const document = await information(
      "/Title (The harbour) /Author (Ada) /Keywords (pier; pilot, wind) /CreationDate (D:20240131235900+01'00') /ModDate (D:2024)",
    )
    expect(document.title).toBe('The harbour')
    expect(document.metadata).toEqual({
      title: 'The harbour',
      author: 'Ada',
      keywords: ['pier', 'pilot, wind'],
      created: '2024-01-31T23:59:00+01:00',
      modified: '2024',
    })
  })

  it('has no titles that are names of files, and no placeholders', async () => {
    for (const title of ['Microsoft Word - report.doc', 'Untitled-1', 'annual_report', 'PowerPoint Presentation']) {
      const document = await information(`/Title (${title}) /Author (\\(anonymous\\)) /CreationDate (D:nonsense)`)
      expect(document.metadata, title).toBeUndefined()
      expect(document.title, title).toBeUndefined()
    }
  })
})

describe('text that runs from right to left', () => {
  /** Glyphs as they stand, from left to right. */
  const standing = (glyphs: string[]): { text: string; x: number; right: number }[] =>
    glyphs.map((text, index) => ({ text, x: index * 10, right: index * 10 + 10 }))

  it('comes in the order in which it is read, with its numbers and words of other scripts', () => {
    expect(toLogical(standing([...'1403/09/19 םולש']), true)).toBe('שלום 1403/09/19')
    expect(toLogical(standing([...'Visual Code 3 םלוע']), true)).toBe('עולם Visual Code 3')
    for (const line of ['(2026 - 2024) םולש', ')2026 - 2024( םולש']) {
      expect(toLogical(standing([...line]), true)).toBe('שלום (2024 - 2026)')
    }
    expect(toLogical(standing([...'The word םולש here']), false)).toBe('The word שלום here')
  })

  it('keeps what one glyph stands for in its own order', () => {
    expect(toLogical(standing(['ت', 'لا', 'ك', 'ش', 'م']), true)).toBe('مشكلات')
  })
})
