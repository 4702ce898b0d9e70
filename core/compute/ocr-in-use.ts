import type { Ocr } from '../parsers/ocr.ts'
import type { TesseractOcr } from '../parsers/parts/tesseract.ts'
import type { Log } from '../shared/log.ts'

/** How text is read from pictures. */
export interface OcrInput {
  /** Tesseract's codes, such as 'eng' or 'deu'. */
  languages: string[]
  /** Where the data of further languages lies, as CODE.traineddata; English is bundled. */
  folder?: string
}

/** One for the life of a worker, as long as what is asked for stays the same. */
let inUse: { key: string; ocr: TesseractOcr } | undefined

/**
 * What parsers read pictures with; undefined where it is switched off. Costs nothing until the first picture: only then
 * does its thread start, which ends by itself when idle, and with the worker at the latest.
 */
export async function ocrInUse(input: OcrInput | false | undefined, log: Log): Promise<Ocr | undefined> {
  if (input === false) return undefined
  const wanted = input ?? { languages: ['eng'] }
  const key = JSON.stringify(wanted)
  if (inUse?.key === key) return inUse.ocr
  await inUse?.ocr.dispose()
  const { createTesseractOcr } = await import('../parsers/parts/tesseract.ts')
  inUse = { key, ocr: createTesseractOcr({ log, ...wanted }) }
  return inUse.ocr
}
