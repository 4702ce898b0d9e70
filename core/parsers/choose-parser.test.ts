import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { chooseParser } from './choose-parser.ts'
import { docxParagraph, makeDocx, makePdf, seededRandom } from './parsers.suite.ts'

const detect = (name: string, content: string | Uint8Array): ReturnType<typeof chooseParser> => {
  const bytes = typeof content === 'string' ? strToU8(content) : content
  return chooseParser(name, bytes.subarray(0, 65_536), bytes.length)
}
const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'))
/** A compound file whose directory names these streams. */
const compound = (...streams: string[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
      Buffer.alloc(500),
      ...streams.map((stream) => Buffer.from(stream, 'utf16le')),
    ]),
  )

describe('chooseParser', () => {
  it.each([
    ['notes.txt', 'text'],
    ['README', 'text'],
    ['main.py', 'code'],
    ['movie.srt', 'subtitles'],
    ['a.markdown', 'markdown'],
    ['a.htm', 'html'],
    ['a.csv', 'csv'],
    ['a.TSV', 'tsv'],
  ])('believes the name %s of a text', (name, type) => {
    expect(detect(name, 'some, plain\ttext')).toMatchObject({ type, parserId: expect.any(String) as string })
  })

  it('believes the content before the name', () => {
    const pdf = makePdf([[{ text: 'Hello', x: 72, y: 72 }]])
    const docx = makeDocx(docxParagraph('Hello'))
    expect(detect('notes.txt', pdf).parserId).toBe('pdf')
    expect(detect('letter.pdf', docx).parserId).toBe('docx')
    expect(detect('page.md', '\n<!-- saved -->\n<!DOCTYPE html>\n<html><body>x</body></html>').parserId).toBe('html')
    expect(detect('really-text.pdf', 'No PDF at all').parserId).toBe('text')
    expect(detect('really-text.docx', 'No Word at all').parserId).toBe('text')
    expect(detect('wide.html', utf16('\uFEFF<html><body>x</body></html>')).parserId).toBe('html')
  })

  it('takes UTF-16 and UTF-32 for text', () => {
    expect(detect('a.txt', utf16('Wide text without a mark')).parserId).toBe('text')
    expect(detect('a.txt', utf16('\uFEFFмаяк и порт')).parserId).toBe('text')
    const utf32 = Uint8Array.from([...'Very wide text'].flatMap((sign) => [sign.charCodeAt(0), 0, 0, 0]))
    expect(detect('a.txt', utf32).parserId).toBe('text')
  })

  it('refuses binary content whatever its name', () => {
    const random = seededRandom(1)
    const noise = Uint8Array.from({ length: 4096 }, () => Math.floor(random() * 256))
    expect(detect('noise.txt', noise)).toMatchObject({ type: 'binary', reason: { code: 'type-unsupported' } })
    expect(detect('noise', noise)).toMatchObject({ type: 'binary', parserId: null })
  })

  it('leaves a damaged PDF or Word file to its parser, which says so', () => {
    const random = seededRandom(2)
    const noise = Uint8Array.from({ length: 4096 }, () => Math.floor(random() * 256))
    expect(detect('broken.pdf', noise).parserId).toBe('pdf')
    expect(detect('broken.docx', noise).parserId).toBe('docx')
  })

  it('tells encrypted, old and misnamed Office files apart', () => {
    expect(detect('a.docx', compound('EncryptionInfo', 'EncryptedPackage')).reason?.code).toBe('file-encrypted')
    expect(detect('a.docx', compound('WordDocument'))).toEqual({ type: 'doc', parserId: 'doc' })
    expect(detect('a.doc', compound('WordDocument')).type).toBe('doc')
    expect(detect('a.xls', compound('Workbook'))).toMatchObject({
      type: 'xls',
      reason: { code: 'type-unsupported', message: expect.stringContaining('soffice --convert-to xlsx') as string },
    })
    expect(detect('a.msg', compound('__properties_version1.0')).type).toBe('msg')
    expect(detect('a.docx', compound()).reason?.code).toBe('file-encrypted')
  })

  it('tells archives apart by their members', () => {
    const zip = (...names: string[]): Uint8Array =>
      zipSync(Object.fromEntries(names.map((name) => [name, strToU8('x')])))
    expect(detect('a.docx', zip('[Content_Types].xml', 'ppt/presentation.xml')).type).toBe('pptx')
    expect(detect('a.zip', zip('[Content_Types].xml', 'xl/workbook.xml')).type).toBe('xlsx')
    expect(detect('a.zip', zip('readme.txt')).type).toBe('zip')
    expect(detect('a.docx', zip('readme.txt'))).toMatchObject({ type: 'zip', reason: { code: 'type-unsupported' } })
    const epub = zipSync({ mimetype: [strToU8('application/epub+zip'), { level: 0 }] })
    expect(detect('a.epub', epub).type).toBe('epub')
  })

  it('says what a file is by its beginning or its name, and what to do where nothing reads it', () => {
    expect(detect('song.mp3', 'ID3 tune').reason?.message).toBe(
      'Audio files are not supported. Add a transcript as text instead.',
    )
    expect(detect('feed.xml', '<?xml version="1.0"?><rss/>').type).toBe('xml')
    expect(detect('export', '[{"name": "North"}]').type).toBe('json')
    expect(detect('notes', '[1] Smith, The harbour').type).toBe('text')
    expect(detect('photo.txt', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0])).type).toBe('image')
    expect(detect('mail.eml', 'From: a@b').type).toBe('email')
  })

  it('knows an empty file by its size', () => {
    expect(chooseParser('a.txt', new Uint8Array(), 0)).toMatchObject({ type: 'text', reason: { code: 'file-empty' } })
  })
})
