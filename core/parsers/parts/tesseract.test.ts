import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AppError } from '../../contract/errors.ts'
import { silentLog } from '../../shared/log.ts'
import { drawText, encodePng } from '../picture.suite.ts'
import { createTesseractOcr, type TesseractOcr, type TesseractOptions } from './tesseract.ts'

const opened: TesseractOcr[] = []
const open = (options: Partial<TesseractOptions> = {}): TesseractOcr => {
  const ocr = createTesseractOcr({ log: silentLog, ...options })
  opened.push(ocr)
  return ocr
}
afterEach(async () => {
  for (const ocr of opened.splice(0)) await ocr.dispose()
})

const drawing = drawText(420, 130, [
  { text: 'The tower was rebuilt', x: 20, y: 20, dot: 3 },
  { text: 'after the storm.', x: 20, y: 80, dot: 3 },
])

describe('createTesseractOcr', () => {
  it('gives lines with words, places and confidence', async () => {
    const result = await open().recognise(drawing)
    expect(result).toMatchObject({ width: 420, height: 130 })
    expect(result.confidence).toBeGreaterThan(60)
    expect(result.lines.map((line) => line.text)).toEqual(['The tower was rebuilt', 'after the storm.'])
    const [first] = result.lines
    expect(first?.words.map((word) => word.text)).toEqual(['The', 'tower', 'was', 'rebuilt'])
    // Letters are 21 pixels high and begin at (20, 20).
    expect(Math.abs((first?.box.x ?? 0) - 20)).toBeLessThan(4)
    expect(Math.abs((first?.box.y ?? 0) - 20)).toBeLessThan(4)
    expect(Math.abs((first?.box.height ?? 0) - 21)).toBeLessThan(5)
    expect(Math.abs((first?.baseline ?? 0) - 41)).toBeLessThan(5)
  })

  it('takes transparent pixels for white', async () => {
    const rgba = new Uint8Array(drawing.gray.length * 4)
    drawing.gray.forEach((gray, index) => (rgba[index * 4 + 3] = 255 - gray))
    const { lines } = await open().recognise({ width: drawing.width, height: drawing.height, rgba })
    expect(lines[0]?.text).toBe('The tower was rebuilt')
  })

  it('reads several at a time, as many as it has cores, and the rest after them', async () => {
    const ocr = open({ cores: 2 })
    const results = await Promise.all([drawing, drawing, drawing].map((picture) => ocr.recognise(picture)))
    expect(ocr.lanes).toBe(2)
    expect(results.map((result) => result.lines.length)).toEqual([2, 2, 2])
    expect(results[1]).toEqual(results[0])
  })

  it('is cancelled while it starts and while it waits, and then goes on', async () => {
    const ocr = open()
    const controllers = [new AbortController(), new AbortController()]
    const readings = controllers.map(({ signal }) => ocr.recognise(drawing, { signal }))
    for (const controller of controllers) controller.abort()
    for (const reading of await Promise.allSettled(readings)) {
      expect(reading).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
    }
    expect((await ocr.recognise(drawing)).lines).toHaveLength(2)
  })

  it('goes on after a picture that cannot be read', async () => {
    const ocr = open()
    const broken = encodePng(drawing)
    broken.fill(7, 60)
    await expect(ocr.recognise({ file: broken })).rejects.toMatchObject({ code: 'file-corrupt' })
    expect((await ocr.recognise({ file: encodePng(drawing) })).lines).toHaveLength(2)
  })

  it('refuses more pixels than it can hold before decoding any', async () => {
    const picture = { width: 10_000, height: 10_000, gray: new Uint8Array() }
    await expect(open().recognise(picture)).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it('cancels what runs when it is disposed, and refuses more', async () => {
    const ocr = open()
    const reading = ocr.recognise(drawing)
    const refused = expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    await ocr.dispose()
    await refused
    await expect(ocr.recognise(drawing)).rejects.toMatchObject({ code: 'cancelled' })
  })

  describe('languages', () => {
    let folder = ''
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'quarry-languages-'))
      const bundled = createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json')
      const packed = await readFile(join(dirname(bundled), '4.0.0_best_int', 'eng.traineddata.gz'))
      await writeFile(join(folder, 'xxx.traineddata.gz'), packed)
      await writeFile(join(folder, 'yyy.traineddata'), gunzipSync(packed))
      await writeFile(join(folder, 'zzz.traineddata'), 'no such data')
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    it('finds them in the given folders, packed or not, and reads in several at once', async () => {
      const ocr = open({ folders: ['/nowhere/languages', folder] })
      for (const languages of [['xxx'], ['yyy', 'eng']]) {
        const { lines } = await ocr.recognise(drawing, { languages })
        expect(lines[0]?.text).toBe('The tower was rebuilt')
      }
    })

    it('keeps to the language of each picture while it reads several', async () => {
      const ocr = open({ folders: [folder], cores: 2 })
      const wanted = [['xxx'], ['zzz'], ['eng'], ['tlh']]
      const results = await Promise.allSettled(wanted.map((languages) => ocr.recognise(drawing, { languages })))
      const codes = results.map((one) => (one.status === 'fulfilled' ? 'read' : (one.reason as AppError).code))
      expect(codes).toEqual(['read', 'model-invalid', 'read', 'model-missing'])
    })

    it('names the file that is missing, and what is no language', async () => {
      const ocr = open({ folders: ['/nowhere/languages', folder] })
      await expect(ocr.recognise(drawing, { languages: ['eng', 'deu'] })).rejects.toMatchObject({
        code: 'model-missing',
        message: expect.stringContaining('Put deu.traineddata into /nowhere/languages') as string,
      })
      await expect(ocr.recognise(drawing, { languages: ['../eng'] })).rejects.toMatchObject({ code: 'model-missing' })
      await expect(ocr.recognise(drawing, { languages: [] })).rejects.toMatchObject({ code: 'model-missing' })
    })

    it('says that data of a language is damaged', async () => {
      const reading = open({ folders: [folder] }).recognise(drawing, { languages: ['zzz'] })
      await expect(reading).rejects.toMatchObject({ code: 'model-invalid' })
    })
  })
})
