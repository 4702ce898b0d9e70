import { afterAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../shared/log.ts'
import type { OcrResult, Picture } from '../ocr.ts'
import { type Drawing, drawText, turnDrawing } from '../picture.suite.ts'
import { createTesseractOcr } from './tesseract.ts'
import { startEngine } from './tesseract-engine.ts'
import { loadLanguages } from './tesseract-languages.ts'
import { toReadable } from './tesseract-pictures.ts'
import { readEitherWay } from './tesseract-turns.ts'

const ocr = createTesseractOcr({ log: silentLog })
afterAll(() => ocr.dispose())

const drawing = drawText(420, 150, [
  { text: 'Harbour Tides', x: 20, y: 20, dot: 5 },
  { text: 'The tower was rebuilt', x: 20, y: 80, dot: 3 },
  { text: 'after the storm.', x: 20, y: 112, dot: 3 },
])

/** A TIFF file that says how its pixels have to be turned. */
function orientedTiff(
  { width, height, gray }: Drawing,
  orientation: number,
  colour: boolean,
  little: boolean,
): Uint8Array {
  const samples = colour ? 3 : 1
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [259, 4, 1],
    [262, 4, colour ? 2 : 1],
    [273, 4, 134],
    [274, 3, orientation],
    [277, 4, samples],
    [278, 4, height],
    [279, 4, gray.length * samples],
    // Eight bits; three such numbers would not fit, but all samples have as many as the first.
    [258, 3, 8],
  ].toSorted(([one = 0], [other = 0]) => one - other)
  const file = new Uint8Array(134 + gray.length * samples)
  const view = new DataView(file.buffer)
  file.set(new TextEncoder().encode(little ? 'II' : 'MM'))
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, entries.length, little)
  entries.forEach(([tag = 0, type = 0, value = 0], index) => {
    const at = 10 + index * 12
    view.setUint16(at, tag, little)
    view.setUint16(at + 2, type, little)
    view.setUint32(at + 4, 1, little)
    if (type === 3) view.setUint16(at + 8, value, little)
    else view.setUint32(at + 8, value, little)
  })
  gray.forEach((value, index) => file.fill(value, 134 + index * samples, 134 + (index + 1) * samples))
  return file
}

const textOf = (result: OcrResult): string[] => result.lines.map((line) => line.text)
const text = ['Harbour Tides', 'The tower was rebuilt', 'after the storm.']

describe('pages that lie', () => {
  it.each([0, 1, 2, 3])('are read turned by %d quarters, with places as on the page read upright', async (quarters) => {
    const picture = turnDrawing(drawing, quarters)
    const result = await ocr.recognise(picture)
    expect(textOf(result)).toEqual(text)
    expect(result).toMatchObject({ turn: quarters, width: picture.width, height: picture.height })
    expect(result.confidence).toBeGreaterThan(80)
    for (const [index, line] of result.lines.entries()) {
      const { x, y, height } = line.box
      expect(Math.abs(x - 20)).toBeLessThan(4)
      expect(Math.abs(y - ([20, 80, 112][index] ?? 0))).toBeLessThan(4)
      expect(Math.abs(line.baseline - y - height)).toBeLessThan(5)
      expect(line.words.map((word) => word.box.x)).toEqual(
        line.words.map((word) => word.box.x).toSorted((a, b) => a - b),
      )
    }
  })

  it('cost one reading where they are upright or blank, and little more where they are doubtful either way', async () => {
    const engine = startEngine(await loadLanguages(['eng'], []), silentLog)
    const readings = async (picture: Picture): Promise<string[]> => {
      const asked: string[] = []
      await readEitherWay(toReadable(picture), (file, options = {}) => {
        asked.push((options.upsideDown ? 'turned' : 'as it is') + (options.part ? ', a part' : ''))
        return engine.read(file, options)
      })
      return asked
    }
    expect(await readings(drawing)).toEqual(['as it is'])
    expect(await readings(drawText(420, 150, []))).toEqual(['as it is'])
    expect(await readings(turnDrawing(drawing, 2))).toEqual(['as it is', 'turned, a part', 'turned'])
    expect(await readings(turnDrawing(drawing, 3))).toEqual(['as it is', 'turned'])
    const mirrored = drawing.gray.map((_, at, gray) => gray[at - 2 * (at % 420) + 419] ?? 0)
    expect(await readings({ ...drawing, gray: mirrored })).toEqual(['as it is', 'turned, a part'])
    await engine.end()
  })

  // What has to be turned by three, two and one quarters back: the first row is on the left, at the bottom, on the right.
  it.each([
    [3, 2],
    [6, 3],
    [8, 1],
  ])('are turned by what the file says: TIFF orientation %d', async (orientation, quarters) => {
    for (const colour of [false, true]) {
      for (const little of [false, true]) {
        const file = orientedTiff(turnDrawing(drawing, quarters), orientation, colour, little)
        const result = await ocr.recognise({ file })
        expect(textOf(result)).toEqual(text)
        expect(result).toMatchObject({ turn: 0, width: 420, height: 150 })
        expect(Math.abs((result.lines[0]?.box.y ?? 0) - 20)).toBeLessThan(4)
      }
    }
  })
})
