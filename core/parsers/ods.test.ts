import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { odsParser } from './ods.ts'
import { behavesAsParser, checkParsedDocument } from './parsers.suite.ts'

const mime = 'application/vnd.oasis.opendocument.spreadsheet'
/** Styles: 'gone' hides its sheet. `members` are added to the archive. */
function makeOds(tables: string, members: Record<string, string> = {}): Uint8Array {
  const content = `<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:dc="d" xmlns:draw="w"><office:automatic-styles><style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>${tables}</office:spreadsheet></office:body></office:document-content>`
  return zipSync({
    mimetype: [strToU8(mime), { level: 0 }],
    'content.xml': strToU8(content),
    ...Object.fromEntries(Object.entries(members).map(([name, source]) => [name, strToU8(source)])),
  })
}
const text = (words: string, more = ''): string =>
  `<table:table-cell office:value-type="string"${more}><text:p>${words}</text:p></table:table-cell>`
const number = (value: number, shown = String(value), more = ''): string =>
  `<table:table-cell office:value-type="float" office:value="${value}"${more}><text:p>${shown}</text:p></table:table-cell>`
const row = (cells: string, more = ''): string => `<table:table-row${more}>${cells}</table:table-row>`
const table = (name: string, rows: string, more = ''): string =>
  `<table:table table:name="${name}"${more}>${rows}</table:table>`
const ships = row(text('Ship') + text('Length')) + row(text('North') + number(90)) + row(text('South') + number(80))

const read = async (bytes: Uint8Array, given: Record<string, unknown> = {}): Promise<ParsedDocument> => {
  const parser = odsParser.create(odsParser.options.parse(given), { log: silentLog })
  const document = await parser.parse({ name: 'a.ods', bytes })
  checkParsedDocument(document)
  return document
}

behavesAsParser(odsParser, {
  name: 'a.ods',
  bytes: makeOds(table('Ships', ships)),
  holds: ['Ships', 'Ship | Length', 'North | 90'],
})

describe('ods', () => {
  it('shows numbers as they were shown and dates in ISO 8601', async () => {
    const date =
      '<table:table-cell office:value-type="date" office:date-value="2024-03-01T00:00:00"><text:p>1. März</text:p></table:table-cell>'
    const { text: written } = await read(makeOds(table('S', row(number(1234.5, '1.234,50 €') + date))))
    expect(written).toBe('S\n\n1.234,50 € | 2024-03-01')
  })

  it('repeats cells and rows, and passes over a million blank ones', async () => {
    const blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    const rows = row(number(1, '1', ' table:number-columns-repeated="3"'), ' table:number-rows-repeated="2"')
    const document = await read(
      makeOds(
        table(
          'S',
          row(blank, ' table:number-rows-repeated="4"') + rows + row(blank, ' table:number-rows-repeated="1048000"'),
        ),
      ),
    )
    expect(document.text).toBe('S\n\n1 | 1 | 1\n1 | 1 | 1')
    expect(document.elements.at(-1)?.sheet).toEqual({ rows: [5, 6], column: 1 })
  })

  it('stops spreading repeated cells at its limit, and says so', async () => {
    const cell = number(1, '1', ' table:number-columns-repeated="16384"')
    const bytes = makeOds(table('S', row(cell, ' table:number-rows-repeated="1048576"')) + table('Rest', ships))
    const { text: written, warnings } = await read(bytes, { mostCells: 1000 })
    expect(written.length).toBeLessThan(10_000)
    expect(warnings).toEqual([expect.stringContaining('too large to be read whole')])
  })

  it('repeats merged cells down their rows', async () => {
    const merged = text('North', ' table:number-rows-spanned="2"')
    const covered = '<table:covered-table-cell/>'
    const { text: written } = await read(
      makeOds(table('S', row(text('Ship') + text('Length')) + row(merged + number(90)) + row(covered + number(91)))),
    )
    expect(written).toBe('S\n\nShip | Length\nNorth | 90\nNorth | 91')
  })

  it('keeps comments out of their cells, reads text boxes, and leaves hidden sheets out', async () => {
    const note =
      '<office:annotation><dc:creator>Ann</dc:creator><dc:date>2024-01-01</dc:date><text:p>Measured twice</text:p></office:annotation>'
    const noted = `<table:table-cell office:value-type="float" office:value="90">${note}<text:p>9<text:s text:c="2"/>0</text:p></table:table-cell>`
    const box =
      '<table:shapes><draw:frame><draw:text-box><text:p>Mind the pier</text:p></draw:text-box></draw:frame></table:shapes>'
    const document = await read(
      makeOds(table('S', box + row(text('North') + noted)) + table('Secret', ships, ' table:style-name="gone"')),
    )
    expect(document.text).toBe('S\n\nNorth | 9 0\n\nMind the pier\n\nComment on B1 by Ann: Measured twice')
    expect(document.warnings).toEqual(['Hidden sheets were left out (1): "Secret".'])
  })

  it('reads what the file says of itself', async () => {
    const members = {
      'meta.xml':
        '<office:document-meta xmlns:office="o" xmlns:dc="d" xmlns:meta="m"><office:meta><dc:title>Fleet</dc:title><meta:initial-creator>Ann</meta:initial-creator><dc:creator>Bob</dc:creator><meta:keyword>ships</meta:keyword><meta:creation-date>2024-03-01T10:00:00</meta:creation-date></office:meta></office:document-meta>',
    }
    const { title, metadata } = await read(makeOds(table('S', ships), members))
    expect(title).toBe('Fleet')
    expect(metadata).toMatchObject({ author: 'Ann', keywords: ['ships'], date: '2024-03-01T10:00:00' })
  })

  it('says that a locked file is locked and that a blank one is empty', async () => {
    const members = {
      'META-INF/manifest.xml':
        '<manifest:manifest xmlns:manifest="m"><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>',
    }
    await expect(read(makeOds('', members))).rejects.toMatchObject({ code: 'file-encrypted' })
    await expect(read(makeOds(table('S', '')))).rejects.toMatchObject({ code: 'file-empty' })
  })
})
