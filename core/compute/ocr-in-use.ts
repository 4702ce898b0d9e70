import type { Ocr } from '../parsers/ocr.ts'
import type { TesseractOcr } from '../parsers/parts/tesseract.ts'
import type { Log } from '../shared/log.ts'

/** How text is read from pictures. The languages are an option of the parsers. */
export interface OcrInput {
  /** A folder with the data of languages, as CODE.traineddata or CODE.traineddata.gz; English is bundled. */
  folder?: string
}

/** One for the life of a worker, as long as what is asked for stays the same. */
let inUse: { key: string; ocr: TesseractOcr } | undefined

/**
 * What parsers read pictures with; undefined where it is switched off. Costs nothing until the first picture: only then
 * does its thread start, which ends by itself when idle, and with the worker at the latest.
 *
 * Languages are looked for in the folder that QUARRY_OCR_LANGUAGES names, then in `input.folder`, then in `ocr/` beside
 * the bundled models.
 */
export async function ocrInUse(input: OcrInput | false | undefined, log: Log): Promise<Ocr | undefined> {
  if (input === false) return undefined
  const [{ createTesseractOcr }, { programLanguages }] = await Promise.all([
    import('../parsers/parts/tesseract.ts'),
    import('../parsers/parts/tesseract-languages.ts'),
  ])
  const folders = [process.env.QUARRY_OCR_LANGUAGES, input?.folder, programLanguages()].flatMap(
    (folder) => folder || [],
  )
  const key = JSON.stringify(folders)
  if (inUse?.key === key) return inUse.ocr
  await inUse?.ocr.dispose()
  inUse = { key, ocr: createTesseractOcr({ log, folders }) }
  return inUse.ocr
}
