import { z } from 'zod'

/**
 * A picture as a file (PNG, JPEG, GIF, WebP, BMP, TIFF: its first page) or as pixels, row by row from the top: four
 * bytes each (red, green, blue, alpha), or one byte each (0 is black).
 */
export type Picture =
  | { file: Uint8Array }
  | { width: number; height: number; rgba: Uint8Array }
  | { width: number; height: number; gray: Uint8Array }

/**
 * Pixels of the picture from its top left corner, once it is turned so that its writing can be read (`turn` of the
 * result).
 */
export interface OcrBox {
  x: number
  y: number
  width: number
  height: number
}

export interface OcrWord {
  text: string
  /** 0 to 100. */
  confidence: number
  box: OcrBox
}

/** A line of text found in a picture. */
export interface OcrLine {
  text: string
  /** Mean over its words, 0 to 100. */
  confidence: number
  box: OcrBox
  /** Lines of one paragraph have the same number, counted from 0 down the page. */
  paragraph: number
  /** From left to right. */
  words: OcrWord[]
  /** Where the letters stand, from the top of the picture, in the middle of the line. */
  baseline: number
  /** Height of the writing from its tallest letters to its deepest, in pixels, as far as it could be told. */
  size: number
}

export interface OcrResult {
  /** In reading order. */
  lines: OcrLine[]
  /** Mean over the words, 0 to 100; 0 where there are none. */
  confidence: number
  /** Pixels of the picture as a person sees it: turned the way a photograph says it has to be. */
  width: number
  height: number
  /** How the writing lies in that: quarter turns clockwise. 1: it runs down, as on a page that was scanned sideways. */
  turn: 0 | 1 | 2 | 3
}

export interface RecogniseOptions {
  /** Tesseract's codes, such as 'eng', 'deu', 'chi_sim'; the most likely first. Default ['eng']. */
  languages?: readonly string[]
  signal?: AbortSignal
}

/**
 * Reads text from pictures, on this machine. Errors: file-corrupt (no picture that can be read), file-too-large (too
 * many pixels), type-unsupported (a kind of picture that cannot be read), model-missing and model-invalid (the data of
 * a language), cancelled.
 */
export interface Ocr {
  recognise(picture: Picture, options?: RecogniseOptions): Promise<OcrResult>
  /** How many pictures it reads at the same time; what goes beyond waits. */
  readonly lanes: number
}

/** Mean over words, 0 to 100; 0 where there are none. */
export function meanConfidence(words: readonly OcrWord[]): number {
  return words.reduce((sum, word) => sum + word.confidence, 0) / Math.max(1, words.length)
}

/** The option of parsers that read pictures. */
export const languagesOption = z
  .array(z.string().regex(/^\w{2,40}$/, 'Use codes such as eng, deu or chi_sim.'))
  .min(1)
  .max(8)
  .default(['eng'])
  .describe(
    'Languages in the pictures, as codes of Tesseract, the most frequent first: eng, deu, fra, chi_sim … Each makes ' +
      'reading slower. All but eng need their data on this machine: CODE.traineddata.',
  )

/** The same recognition, in these languages where none are asked for. */
export function inLanguages(ocr: Ocr, languages: readonly string[]): Ocr {
  return {
    lanes: ocr.lanes,
    recognise: (picture, options) => ocr.recognise(picture, { languages, ...options }),
  }
}
