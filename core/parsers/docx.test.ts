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

describe('docx', () => {
  it('finds headings by style, also by styles that descend from one', async () => {
    const document = await read(
      makeDocx(docxParagraph('Top', 'Heading1') + docxParagraph('Ours', 'Own') + docxParagraph('Words.')),
    )
    expect(document.elements.map(({ kind, level }) => [kind, level])).toEqual([
      ['heading', 1],
      ['heading', 2],
      ['paragraph', undefined],
    ])
  })

  it('takes short bold paragraphs for headings where there are no others', async () => {
    const bold = '<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>The piers</w:t></w:r></w:p>'
    expect((await read(makeDocx(bold + docxParagraph('Words.')))).elements[0]?.kind).toBe('heading')
  })

  it('keeps formulas as text', async () => {
    const formula =
      '<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></w:p>'
    expect((await read(makeDocx(formula))).text).toBe('(a)/(b)')
  })

  it('reads tables', async () => {
    const cell = (text: string): string => `<w:tc>${docxParagraph(text)}</w:tc>`
    const row = (...cells: string[]): string => `<w:tr>${cells.map(cell).join('')}</w:tr>`
    const document = await read(makeDocx(`<w:tbl>${row('Pier', 'Length')}${row('North', '90')}</w:tbl>`))
    expect(document.text).toBe('Pier | Length\nNorth | 90')
    expect(document.elements[0]).toMatchObject({ kind: 'table', headerRows: 1 })
  })

  it('refuses what unpacks to far more than a document', async () => {
    const bomb = makeDocx(docxParagraph('Small'), { 'word/settings.xml': strToU8(' '.repeat(100 * 1024 * 1024)) })
    expect(bomb.length).toBeLessThan(1024 * 1024)
    await expect(parser.parse({ name: 'a.docx', bytes: bomb })).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('says that an encrypted or old file is one', async () => {
    const compound = (stream: string): Uint8Array =>
      new Uint8Array(
        Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600), Buffer.from(stream, 'utf16le')]),
      )
    await expect(parser.parse({ name: 'a.docx', bytes: compound('EncryptedPackage') })).rejects.toMatchObject({
      code: 'file-encrypted',
    })
    await expect(parser.parse({ name: 'a.docx', bytes: compound('WordDocument') })).rejects.toMatchObject({
      code: 'type-unsupported',
    })
  })
})
