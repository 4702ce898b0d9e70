import { AppError } from '../../contract/errors.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import type { Ocr } from '../ocr.ts'
import type { ParseOptions } from '../parser.ts'
import { type ReadPicture, toPageContents } from './ocr-page.ts'
import type { OperatorNumbers } from './pdf-content.ts'
import { unite } from './pdf-layout.ts'
import { findPictures, type PicturePage } from './pdf-pictures.ts'
import { layOut, type PdfPage } from './pdf-structure.ts'

/** A PDF that was opened with its pictures. */
export interface PictureDocument {
  getPage(number: number): Promise<PicturePage & { cleanup(): void }>
}

export interface ScanContext {
  /** Opens the document once more; called when there is a page that may be a scan. */
  open(): Promise<PictureDocument>
  operators: OperatorNumbers
  ocr: Ocr
}

/** Page numbers count from 1. */
export interface ScanReading {
  /** Pages that now have the text of their pictures. */
  read: number[]
  /** Mean over those pages, 0 to 100. */
  confidence: number
  /** Pages in whose pictures no text was found. */
  blank: number[]
  /** Pages whose pictures could not be read, and why. */
  failed: { page: number; error: AppError }[]
}

/** A stamp of the scanner, a page number. A page with more text than that is a page with an illustration. */
const fewCharacters = 60
/** Of a page without text; a logo is not worth the seconds. */
const smallestCoverage = 0.04
/** Of a page with next to no text. */
const scanCoverage = 0.5

/**
 * Reads the pictures on those pages that have next to no text, and lays what they say on the pages in `pages`. The
 * numbers in `skip` are left alone. Errors: cancelled.
 */
export async function readScannedPages(
  pages: PdfPage[],
  skip: readonly number[],
  context: ScanContext,
  options: ParseOptions,
): Promise<ScanReading> {
  const candidates = pages.flatMap((page, index) =>
    skip.includes(index + 1) || countCharacters(page) > fewCharacters ? [] : [index + 1],
  )
  const reading: ScanReading = { read: [], confidence: 0, blank: [], failed: [] }
  if (candidates.length === 0) return reading
  const pictures = await readPictures(candidates, pages, context, options, reading)
  const contents = toPageContents(pictures.map((picture) => picture.picture))
  pictures.forEach(({ page: number }, index) => {
    const page = pages[number - 1]
    const scanned = contents[index]
    if (!page || !scanned) return
    if (scanned.content.groups.length === 0) {
      reading.blank.push(number)
      return
    }
    const { regions } = layOut(scanned.content, page)
    pages[number - 1] = { ...page, regions: inOrder(page.regions, regions), ocr: { confidence: scanned.confidence } }
    reading.read.push(number)
    reading.confidence += scanned.confidence
  })
  reading.confidence /= Math.max(1, reading.read.length)
  return reading
}

function countCharacters(page: PdfPage): number {
  const lines = page.regions.flatMap((region) => region.lines)
  return lines.reduce((sum, line) => sum + (line.text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0)
}

interface PageReading {
  page: number
  picture: ReadPicture
}

async function readPictures(
  candidates: readonly number[],
  pages: readonly PdfPage[],
  { open, operators, ocr }: ScanContext,
  { signal, onProgress }: ParseOptions,
  reading: ScanReading,
): Promise<PageReading[]> {
  const document = await open()
  const found: PageReading[] = []
  let next = 0
  let done = 0

  const readOne = async (number: number): Promise<void> => {
    const page = await document.getPage(number)
    try {
      const drawing = await findPictures(page, operators)
      const own = pages[number - 1]
      const hasText = own !== undefined && own.regions.length > 0
      if (!drawing || drawing.coverage < (hasText ? scanCoverage : smallestCoverage)) return
      const { pixelsPerPoint, ...picture } = drawing.draw()
      const result = await ocr.recognise(picture, signal ? { signal } : {})
      found.push({ page: number, picture: { result, pixelsPerPoint } })
    } finally {
      page.cleanup()
    }
  }
  const lane = async (): Promise<void> => {
    for (let number = candidates[next++]; number !== undefined; number = candidates[next++]) {
      throwIfAborted(signal)
      try {
        await readOne(number)
      } catch (error) {
        throwIfAborted(signal)
        reading.failed.push({ page: number, error: asPictureError(error) })
      }
      done += 1
      onProgress?.({ done, total: candidates.length, unit: 'pages', label: 'Reading text from pictures' })
    }
  }
  await Promise.all(Array.from({ length: Math.min(ocr.lanes, candidates.length) }, lane))
  reading.failed.sort((one, other) => one.page - other.page)
  return found.toSorted((one, other) => one.page - other.page)
}

function asPictureError(error: unknown): AppError {
  if (error instanceof AppError && error.code !== 'cancelled') return error
  return new AppError('file-corrupt', 'The picture on this page is damaged.', { cause: error })
}

/** What the page had as text stands above or below the scan. */
function inOrder(own: PdfPage['regions'], scanned: PdfPage['regions']): PdfPage['regions'] {
  const top = Math.min(...scanned.flatMap((region) => region.lines.map((line) => line.box.y)))
  const isAbove = (region: PdfPage['regions'][number]): boolean => {
    const box = unite(region.lines.map((line) => line.box))
    return box.y + box.height / 2 < top
  }
  return [...own.filter(isAbove), ...scanned, ...own.filter((region) => !isAbove(region))]
}
