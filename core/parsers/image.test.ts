import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { parseKey } from '../shared/ingest-settings.ts'
import { silentLog } from '../shared/log.ts'
import { imageParser } from './image.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'
import { createTesseractOcr } from './parts/tesseract.ts'
import { drawText, encodeBitmap, encodePng, encodeTiff } from './picture.suite.ts'

const ocr = createTesseractOcr({ log: silentLog })
afterAll(() => ocr.dispose())

const note = drawText(420, 150, [
  { text: 'Harbour Tides', x: 20, y: 20, dot: 5 },
  { text: 'The tower was rebuilt', x: 20, y: 80, dot: 3 },
  { text: 'after the storm.', x: 20, y: 112, dot: 3 },
])

behavesAsParser(imageParser, {
  name: 'note.png',
  bytes: encodePng(note),
  holds: ['Harbour Tides', 'The tower was rebuilt after the storm.'],
  dependencies: { ocr },
})

const read = async (name: string, bytes: Uint8Array): Promise<ParsedDocument> => {
  const parser = imageParser.create(imageParser.options.parse({}), { log: silentLog, ocr })
  const document = await parser.parse({ name, bytes })
  checkParsedDocument(document)
  return document
}

describe('image', () => {
  it('finds headings, places and confidence, and sizes by the stated resolution', async () => {
    const { elements, pages, text, title } = await read('note.png', encodePng(note, 144))
    expect(elements).toMatchObject([
      { kind: 'heading', level: 1 },
      { kind: 'paragraph', boxes: [{ page: 1 }] },
    ])
    expect(title).toBe('Harbour Tides')
    expect(pages).toEqual([
      {
        number: 1,
        start: 0,
        end: text.length,
        width: 210,
        height: 75,
        ocr: { confidence: expect.any(Number) as number },
      },
    ])
    expect(pages[0]?.ocr?.confidence).toBeGreaterThan(60)
    const [box] = elements[0]?.boxes ?? []
    expect(box?.x).toBeCloseTo(10, -0.5)
    expect(box?.y).toBeCloseTo(10, -0.5)
    expect(box?.height).toBeCloseTo(17.5, -0.5)
  })

  it('reads Windows bitmaps, and each page of a TIFF in either byte order', async () => {
    expect((await read('note.bmp', encodeBitmap(note))).text).toContain('The tower was rebuilt')
    const other = drawText(300, 60, [{ text: 'Second sheet', x: 20, y: 20, dot: 3 }])
    for (const littleEndian of [true, false]) {
      const { pages, text } = await read('note.tiff', encodeTiff([note, other], littleEndian))
      expect(pages.map((page) => text.slice(page.start, page.end).trim().split('\n').at(-1))).toEqual([
        'The tower was rebuilt after the storm.',
        'Second sheet',
      ])
    }
  })

  it.each<[string, Uint8Array, string, RegExp]>([
    ['blank.png', encodePng(drawText(200, 100, [])), 'file-empty', /No text was found/],
    ['bomb.png', encodePng({ width: 20_000, height: 20_000, gray: new Uint8Array() }), 'file-too-large', /400 million/],
    ['a.svg', encode('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'type-unsupported', /SVG drawings .* PNG or PDF/],
    ['a.heic', encode('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), 'type-unsupported', /HEIC/],
    ['a.psd', encode('8BPS\0\x01\0\0\0\0\0\0\0\x03'), 'type-unsupported', /Photoshop/],
    ['a.png', encode('\x89PNG and nothing that follows'), 'file-corrupt', /damaged/],
  ])('says what is wrong with %s', async (name, bytes, code, message) => {
    await expect(read(name, bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string })
  })

  it('says that reading pictures is off, or cannot be had', async () => {
    const input = { name: 'note.png', bytes: encodePng(note) }
    const off = imageParser.create(imageParser.options.parse({ ocr: 'off' }), { log: silentLog, ocr })
    await expect(off.parse(input)).rejects.toMatchObject({ code: 'file-scanned' })
    const without = imageParser.create(imageParser.options.parse({}), { log: silentLog })
    await expect(without.parse(input)).rejects.toMatchObject({ code: 'file-scanned' })
  })

  it('reads in the languages that are asked for, which change how the document is known', async () => {
    const { options } = imageParser
    const parser = imageParser.create(options.parse({ languages: ['tlh'] }), { log: silentLog, ocr })
    await expect(parser.parse({ name: 'note.png', bytes: encodePng(note) })).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('tlh.traineddata') as string,
    })
    for (const languages of [[], ['../eng'], ['eng', ''], 'eng']) {
      expect(options.safeParse({ languages }).success).toBe(false)
    }
    const parts = { parserId: 'image', parserVersion: 1, defaultOptions: options.parse({}), cleaning: [] }
    const keyOf = (given: unknown): string => parseKey({ ...parts, parserOptions: options.parse(given) })
    expect(keyOf({ languages: ['eng'] })).toBe('image@1')
    expect(keyOf({ languages: ['eng', 'deu'] })).not.toBe('image@1')
    expect(keyOf({ languages: ['eng', 'deu'] })).not.toBe(keyOf({ languages: ['deu', 'eng'] }))
  })

  const photo = fileURLToPath(
    new URL('../../../shared/data/documents/markitdown/markitdown/tests/test_files/test_llm.jpg', import.meta.url),
  )
  it.skipIf(!existsSync(photo))('reads a real picture (skipped where ../shared/data is absent)', async () => {
    const { text } = await read('test_llm.jpg', new Uint8Array(readFileSync(photo)))
    expect(text).toContain('the primary color of the square')
  })
})
