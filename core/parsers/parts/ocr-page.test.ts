import { afterAll, describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
import { silentLog } from '../../shared/log.ts'
import { imageParser } from '../image.ts'
import { checkParsedDocument } from '../parsers.suite.ts'
import { pdfParser } from '../pdf.ts'
import { drawText, encodePng, makePicturePdf, turnDrawing } from '../picture.suite.ts'
import { createTesseractOcr } from './tesseract.ts'

const ocr = createTesseractOcr({ log: silentLog })
afterAll(() => ocr.dispose())

const page = drawText(612, 300, [
  { text: 'Harbour Tides', x: 40, y: 30, dot: 6 },
  { text: 'The tower was rebuilt after the', x: 40, y: 110, dot: 3 },
  { text: 'storm of that winter and stands', x: 40, y: 140, dot: 3 },
  { text: 'on the western side of the land', x: 40, y: 170, dot: 3 },
])

const paragraph = 'The tower was rebuilt after the storm of that winter and stands on the western side of the land'

function expectSame(document: ParsedDocument, boxes: readonly (readonly number[])[], tolerance: number): void {
  checkParsedDocument(document)
  const { elements, text } = document
  expect(elements.map((element) => [element.kind, text.slice(element.start, element.end)])).toEqual([
    ['heading', 'Harbour Tides'],
    ['paragraph', paragraph],
  ])
  elements.forEach((element, index) => {
    const { x, y, width, height } = element.boxes?.[0] ?? { x: 0, y: 0, width: 0, height: 0 }
    const expected = boxes[index] ?? []
    ;[x, y, x + width, y + height].forEach((value, edge) =>
      expect(Math.abs(value - (expected[edge] ?? 0))).toBeLessThan(tolerance),
    )
  })
}

/** Edges on the upright page: left, top, right, bottom; then of the same on the page turned. */
const places = [
  [40, 30, 502, 72],
  [40, 110, 595, 191],
] as const

function turnedPlaces(quarters: number): number[][] {
  return places.map(([left, top, right, bottom]) => {
    if (quarters === 1) return [300 - bottom, left, 300 - top, right]
    if (quarters === 2) return [612 - right, 300 - bottom, 612 - left, 300 - top]
    if (quarters === 3) return [top, 612 - right, bottom, 612 - left]
    return [left, top, right, bottom]
  })
}

describe('toPageContents', () => {
  it.each([0, 1, 2])('finds the same in a picture turned by %d quarters, each in its place', async (quarters) => {
    const picture = turnDrawing(page, quarters)
    const parser = imageParser.create(imageParser.options.parse({}), { log: silentLog, ocr })
    const document = await parser.parse({ name: 'a.png', bytes: encodePng(picture) })
    expect(document.pages[0]).toMatchObject({ width: picture.width, height: picture.height })
    expectSame(document, turnedPlaces(quarters), 8)
  })

  it('finds the same in a scan that lies on a page of a PDF', async () => {
    const parser = pdfParser.create(pdfParser.options.parse({}), { log: silentLog, ocr })
    const shown = { drawing: turnDrawing(page, 3), x: 100, y: 100, width: 300, height: 612 }
    const document = await parser.parse({ name: 'a.pdf', bytes: makePicturePdf([{ pictures: [shown] }]) })
    const boxes = turnedPlaces(3).map(([left = 0, top = 0, right = 0, bottom = 0]) => [
      left + 100,
      top + 80,
      right + 100,
      bottom + 80,
    ])
    expectSame(document, boxes, 8)
  })
})
