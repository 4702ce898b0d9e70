import { isCancellation } from '../../contract/errors.ts'
import type { OcrBox, OcrLine, OcrResult, OcrWord } from '../ocr.ts'
import type { Engine, ReadingOptions, TesseractBox, TesseractPage } from './tesseract-engine.ts'
import type { ReadablePicture } from './tesseract-pictures.ts'

/**
 * Pages upside down are read with a confidence of 17 to 65 (72 samples: prose, figures, capitals, in three fonts and
 * sizes, sharp and blurred), the same pages the right way up with 82 to 96.
 */
const doubtfulConfidence = 70
/** What the other way has to be better by. */
const clearlyBetter = 10
/** Lines that are tried upside down before the whole page is. */
const triedLines = 5

/**
 * Reads a page whichever way it was laid on the scanner. The engine itself reads lines that run down the page as well
 * as those that run across; what stands on its head gives words that it doubts. Only then is a strip of the page tried
 * the other way up, and only where that is better the whole page.
 */
export async function readEitherWay(picture: ReadablePicture, readFile: Engine['read']): Promise<OcrResult> {
  const read = (turned: boolean, options: ReadingOptions = {}): Promise<TesseractPage> =>
    readFile(picture.file, { ...options, upsideDown: turned !== picture.upsideDown })
  const asItIs = await read(false)
  const lines = linesOf(asItIs)
  const certainty = certaintyOf(lines)
  if (lines.length === 0 || certainty >= doubtfulConfidence) return toResult(asItIs, picture, 0)
  try {
    // Where lines run down the page the engine cannot read a strip of them by itself.
    const isTried = runsDown(lines) || (await isBetterTurned(lines, picture, read))
    const turned = isTried ? await read(true) : undefined
    if (turned && certaintyOf(linesOf(turned)) >= certainty + clearlyBetter) return toResult(turned, picture, 2)
  } catch (error) {
    // What was read stands, whatever went wrong in doubting it.
    if (isCancellation(error)) throw error
  }
  return toResult(asItIs, picture, 0)
}

async function isBetterTurned(
  lines: readonly Line[],
  picture: ReadablePicture,
  read: (turned: boolean, options: ReadingOptions) => Promise<TesseractPage>,
): Promise<boolean> {
  const strip = stripOf(lines, picture)
  const turned = linesOf(await read(true, { part: strip.part }))
  return certaintyOf(turned) >= certaintyOf(strip.lines) + clearlyBetter
}

type Line = NonNullable<TesseractPage['blocks']>[number]['paragraphs'][number]['lines'][number]

function linesOf(page: TesseractPage): Line[] {
  return (page.blocks ?? []).flatMap((block) => block.paragraphs.flatMap((paragraph) => paragraph.lines))
}

/** Mean confidence over the letters, 0 to 100. */
function certaintyOf(lines: readonly Line[]): number {
  let letters = 0
  let sum = 0
  for (const { text, confidence } of lines.flatMap((line) => line.words)) {
    letters += text.length
    sum += text.length * confidence
  }
  return sum / Math.max(1, letters)
}

function lettersOf(line: Line): number {
  return line.words.reduce((sum, word) => sum + word.text.length, 0)
}

/** Whether most of the text runs along the sides of the picture. */
function runsDown(lines: readonly Line[]): boolean {
  let down = 0
  let all = 0
  for (const line of lines) {
    const letters = lettersOf(line)
    const { x0, y0, x1, y1 } = line.bbox
    all += letters
    if (letters > 3 && y1 - y0 > (x1 - x0) * 2) down += letters
  }
  return down > all / 2
}

/** The lines with the most text in a row, and where they are on the picture turned by half a turn. */
function stripOf(
  lines: readonly Line[],
  { width, height }: ReadablePicture,
): { lines: Line[]; part: NonNullable<ReadingOptions['part']> } {
  let best = 0
  let most = -1
  for (let first = 0; first <= Math.max(0, lines.length - triedLines); first++) {
    const letters = lines.slice(first, first + triedLines).reduce((sum, line) => sum + lettersOf(line), 0)
    if (letters <= most) continue
    most = letters
    best = first
  }
  const chosen = lines.slice(best, best + triedLines)
  const margin = Math.max(...chosen.map((line) => line.bbox.y1 - line.bbox.y0)) / 2
  const left = Math.floor(Math.max(0, Math.min(...chosen.map((line) => line.bbox.x0)) - margin))
  const top = Math.floor(Math.max(0, Math.min(...chosen.map((line) => line.bbox.y0)) - margin))
  const right = Math.ceil(Math.min(width, Math.max(...chosen.map((line) => line.bbox.x1)) + margin))
  const bottom = Math.ceil(Math.min(height, Math.max(...chosen.map((line) => line.bbox.y1)) + margin))
  return {
    lines: chosen,
    part: { left: width - right, top: height - bottom, width: right - left, height: bottom - top },
  }
}

/** `halfTurned`: 2 quarter turns where the picture was turned for reading. */
function toResult(page: TesseractPage, { width, height }: ReadablePicture, halfTurned: 0 | 2): OcrResult {
  const down = runsDown(linesOf(page))
  const [across, along] = down ? [height, width] : [width, height]
  const toBox = (given: TesseractBox): OcrBox => {
    // Text that runs down the picture: its top is the picture's right.
    const { x0, y0, x1, y1 } = down ? { x0: given.y0, y0: width - given.x1, x1: given.y1, y1: width - given.x0 } : given
    const x = clamp(x0, 0, across)
    const y = clamp(y0, 0, along)
    return { x, y, width: clamp(x1, x, across) - x, height: clamp(y1, y, along) - y }
  }
  const paragraphs = (page.blocks ?? []).flatMap((block) => block.paragraphs)
  const lines = paragraphs.flatMap(({ lines: ownLines }, paragraph) =>
    ownLines.flatMap((line): OcrLine[] => {
      const words = line.words
        .map((word): OcrWord => ({ text: word.text.trim(), confidence: word.confidence, box: toBox(word.bbox) }))
        .filter((word) => word.text !== '')
      if (words.length === 0) return []
      const box = toBox(line.bbox)
      const size = line.rowAttributes.rowHeight > 0 ? line.rowAttributes.rowHeight : box.height
      const text = words.map((word) => word.text).join(' ')
      const { x0, y0, x1, y1 } = line.baseline
      const baseline = clamp(down ? width - (x0 + x1) / 2 : (y0 + y1) / 2, box.y, box.y + box.height)
      return [{ text, confidence: meanConfidence(words), box, paragraph, words, baseline, size }]
    }),
  )
  const turn = ((down ? 1 : 0) + halfTurned) as OcrResult['turn']
  return { lines, confidence: meanConfidence(lines.flatMap((line) => line.words)), width, height, turn }
}

function meanConfidence(words: readonly OcrWord[]): number {
  if (words.length === 0) return 0
  return words.reduce((sum, word) => sum + word.confidence, 0) / words.length
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
