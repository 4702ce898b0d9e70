/** A picture as a file (PNG, JPEG …) or as pixels: 4 bytes each (red, green, blue, alpha), row by row from the top. */
export type Picture = { file: Uint8Array } | { width: number; height: number; rgba: Uint8Array }

/** A line of text found in a picture; the box in pixels of the picture from its top left corner. */
export interface OcrLine {
  text: string
  /** 0 to 100. */
  confidence: number
  box: { x: number; y: number; width: number; height: number }
  /** Lines of one paragraph have the same number, counted from 0 down the page. */
  paragraph: number
}

export interface OcrResult {
  lines: OcrLine[]
  /** Mean over the words, 0 to 100. */
  confidence: number
  width: number
  height: number
}

/** Reads text from pictures, on this machine. Errors: file-corrupt (no picture that can be read), cancelled. */
export interface Ocr {
  recognise(picture: Picture, options?: { signal?: AbortSignal }): Promise<OcrResult>
}
