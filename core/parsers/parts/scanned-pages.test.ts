import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
import { silentLog } from '../../shared/log.ts'
import type { Progress } from '../../shared/progress.ts'
import type { Ocr } from '../ocr.ts'
import { checkParsedDocument } from '../parsers.suite.ts'
import { pdfParser } from '../pdf.ts'
import { drawText, type Drawing, makePicturePdf } from '../picture.suite.ts'
import { createTesseractOcr } from './tesseract.ts'

const ocr = createTesseractOcr({ log: silentLog })
afterAll(() => ocr.dispose())

const lines = [
  { text: 'Harbour Tides', x: 60, y: 60, dot: 6 },
  { text: 'The tower was rebuilt after the storm.', x: 60, y: 160, dot: 3 },
  { text: 'Boats must take a local sailor on board.', x: 60, y: 200, dot: 3 },
]
/** Half the size of the page in points, in which it is shown at 108 pixels an inch. */
const scan = drawText(918, 300, lines)
const whole = { x: 0, y: 592, width: 612, height: 200 }

interface Reading {
  document: ParsedDocument
  progress: Progress[]
}

async function read(bytes: Uint8Array, using: Ocr | null = ocr, options: unknown = {}): Promise<Reading> {
  const parser = pdfParser.create(pdfParser.options.parse(options), {
    log: silentLog,
    ...(using ? { ocr: using } : {}),
  })
  const progress: Progress[] = []
  const document = await parser.parse({ name: 'a.pdf', bytes }, { onProgress: (step) => progress.push(step) })
  checkParsedDocument(document)
  return { document, progress }
}

/** A part of a drawing, in whole rows. */
function strip({ width, gray }: Drawing, from: number, to: number): Drawing {
  return { width, height: to - from, gray: gray.slice(from * width, to * width) }
}

const textOf = (document: ParsedDocument): string[] =>
  document.elements.map((element) => document.text.slice(element.start, element.end))

describe('PDF pages that are pictures', () => {
  it('are read, with headings, places, confidence, a warning and progress', async () => {
    const { document, progress } = await read(makePicturePdf([{ pictures: [{ drawing: scan, ...whole }] }]))
    expect(textOf(document)).toEqual([
      'Harbour Tides',
      'The tower was rebuilt after the storm. Boats must take a local sailor on board.',
    ])
    expect(document.elements[0]).toMatchObject({ kind: 'heading', page: 1 })
    const [box] = document.elements[0]?.boxes ?? []
    expect(Math.abs((box?.x ?? 0) - 40)).toBeLessThan(3)
    expect(Math.abs((box?.y ?? 0) - 40)).toBeLessThan(3)
    expect(document.pages[0]?.ocr?.confidence).toBeGreaterThan(60)
    expect(document.warnings).toEqual([
      expect.stringMatching(/^Page 1 was a picture whose text was recognised \(confidence \d+ of 100\)/) as string,
    ])
    expect(progress.at(-1)).toEqual({ done: 1, total: 1, unit: 'pages', label: 'Reading text from pictures' })
  })

  it('are put together from strips and masks, and turned as the page is', async () => {
    const strips = [
      { drawing: strip(scan, 0, 130), x: 0, y: 792 - (130 / 918) * 612, width: 612, height: (130 / 918) * 612 },
      {
        drawing: strip(scan, 130, 300),
        x: 0,
        y: 592,
        width: 612,
        height: (170 / 918) * 612,
        mask: true,
      },
    ]
    const upsideDown = { ...scan, gray: scan.gray.toReversed() }
    const { document } = await read(
      makePicturePdf([{ pictures: strips }, { pictures: [{ drawing: upsideDown, ...whole, y: 0 }], rotate: 180 }]),
    )
    for (const page of document.pages) {
      const text = document.text.slice(page.start, page.end)
      expect(text).toContain('Harbour Tides')
      expect(text).toContain('The tower was rebuilt after the storm.')
    }
    const turned = document.elements.find((element) => element.page === 2)
    expect(Math.abs((turned?.boxes?.[0]?.y ?? 0) - 40)).toBeLessThan(3)
  })

  it('keep what little text stands beside the scan; blank pages and pages with text are left alone', async () => {
    const logo = drawText(60, 60, [{ text: 'A', x: 10, y: 10, dot: 5 }])
    const { document, progress } = await read(
      makePicturePdf([
        {
          pictures: [{ drawing: drawText(918, 700, lines), x: 0, y: 792 - 467, width: 612, height: 467 }],
          text: 'Received 1953',
        },
        { pictures: [] },
        { pictures: [{ drawing: logo, x: 300, y: 300, width: 40, height: 40 }], text: 'A page with a logo' },
      ]),
    )
    const [first] = document.pages
    expect(document.text.slice(0, first?.end).trim()).toMatch(/^Harbour Tides[^]*Received 1953$/)
    expect(document.pages.map((page) => page.ocr !== undefined)).toEqual([true, false, false])
    expect(document.text).toContain('A page with a logo')
    expect(document.warnings).toEqual([
      expect.stringContaining('Page 1 was a picture') as string,
      '1 of 3 pages has no text (page 2): it is blank or a picture without text.',
    ])
    expect(progress.filter((step) => step.label === 'Reading text from pictures')).toHaveLength(3)
  })

  it('are named as such where pictures are not read', async () => {
    const bytes = makePicturePdf([{ pictures: [{ drawing: scan, ...whole }] }])
    const expected = { code: 'file-scanned', message: expect.stringContaining('Switch on') as string }
    await expect(read(bytes, null)).rejects.toMatchObject(expected)
    await expect(read(bytes, ocr, { ocr: 'off' })).rejects.toMatchObject(expected)
  })

  it('say that there is no text in them', async () => {
    const empty = makePicturePdf([{ pictures: [{ drawing: drawText(600, 200, []), ...whole }] }])
    await expect(read(empty)).rejects.toMatchObject({ code: 'file-empty' })
  })

  it('give the reason why they cannot be read: alone where nothing else has text', async () => {
    const inKlingon = { languages: ['eng', 'tlh'] }
    const pictures = [{ drawing: scan, ...whole }]
    await expect(read(makePicturePdf([{ pictures }]), ocr, inKlingon)).rejects.toMatchObject({ code: 'model-missing' })
    const text = 'This page has a text layer that is longer than what a scanner stamps on a page'
    const { document } = await read(makePicturePdf([{ pictures: [], text }, { pictures }]), ocr, inKlingon)
    expect(document.warnings).toEqual([
      expect.stringMatching(/^The pictures on page 2 could not be read\. .*tlh\.traineddata/) as string,
    ])
  })

  it('stop when they are cancelled', async () => {
    const controller = new AbortController()
    const parser = pdfParser.create(pdfParser.options.parse({}), { log: silentLog, ocr })
    const bytes = makePicturePdf(Array.from({ length: 30 }, () => ({ pictures: [{ drawing: scan, ...whole }] })))
    const onProgress = ({ label }: Progress): void => {
      if (label.includes('pictures')) controller.abort()
    }
    const parsing = parser.parse({ name: 'a.pdf', bytes }, { signal: controller.signal, onProgress })
    await expect(parsing).rejects.toMatchObject({ code: 'cancelled' })
  })

  const invoice = fileURLToPath(
    new URL(
      '../../../../shared/data/documents/markitdown/markitdown-ocr/tests/ocr_test_data/pdf_scanned_invoice.pdf',
      import.meta.url,
    ),
  )
  it.skipIf(!existsSync(invoice))('reads a real scan (skipped where ../shared/data is absent)', async () => {
    const { document } = await read(new Uint8Array(readFileSync(invoice)))
    expect(document.text).toContain('Invoice Number: INV-2024-001')
    expect(document.text).toContain('TOTAL AMOUNT DUE: $5,000.00')
    expect(document.pages[0]?.ocr?.confidence).toBeGreaterThan(85)
  })
})
