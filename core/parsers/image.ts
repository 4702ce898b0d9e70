import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { inLanguages, languagesOption, type Ocr } from './ocr.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'
import { type ReadPicture, toPageContents } from './parts/ocr-page.ts'
import { layOut, type PdfPage, writePdf } from './parts/pdf-structure.ts'
import { readPictureHeader } from './parts/picture-header.ts'
import { selectTiffPage } from './parts/tiff-pages.ts'

const options = z.object({
  ocr: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe('Read the text that the picture shows: a second or more each. Off: pictures are left out.'),
  languages: languagesOption,
})

/**
 * Pictures by what is written on them: PNG, JPEG, GIF (its first frame), WebP, BMP and TIFF (all its pages), read by
 * recognition on this machine. Sizes are in points by the resolution that the file states, else at 72 dots an inch.
 * Errors: file-empty (no text in it), file-scanned (reading pictures is off), file-too-large (more pixels than can be
 * read), model-missing (of a language), type-unsupported (HEIC, SVG … or a compression that is not known), file-corrupt.
 */
export const imageParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'image',
  label: 'Pictures',
  summary: 'Reads the text in photographs, screenshots and scans, with positions, headings and tables.',
  version: 2,
  types: ['image'],
  capabilities: { pages: true, boxes: true, tables: true, headings: true },
  options,
  create: ({ ocr: mode, languages }, { ocr }) => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      if (input.bytes.length === 0) throw new AppError('file-empty', 'This file is empty. There is nothing to index.')
      const { pages } = readPictureHeader(input.bytes)
      if (!ocr || mode === 'off') throw notRead()
      const { read, failed } = await readPages(input.bytes, pages.length, inLanguages(ocr, languages), parseOptions)
      const contents = toPageContents(read.map((page) => page.picture))
      const laid: PdfPage[] = Array.from({ length: pages.length }, () => ({
        width: 0,
        height: 0,
        regions: [],
        rules: [],
      }))
      read.forEach(({ index, picture }, place) => {
        const { result, pixelsPerPoint } = picture
        const size = { width: result.width / pixelsPerPoint, height: result.height / pixelsPerPoint }
        const scanned = contents[place]
        const page = scanned ? layOut(scanned.content, size) : undefined
        if (page && scanned) laid[index] = { ...page, ocr: { confidence: scanned.confidence } }
      })
      if (laid.every((page) => page.regions.length === 0)) {
        throw failed[0]?.error ?? new AppError('file-empty', 'No text was found in this picture.')
      }
      return writePdf(laid, { tables: true, outline: [], warnings: warningsOf(laid, failed) })
    },
  }),
}

interface PictureReading {
  read: { index: number; picture: ReadPicture }[]
  failed: { page: number; error: AppError }[]
}

async function readPages(
  bytes: Uint8Array,
  count: number,
  ocr: Ocr,
  { signal, onProgress }: ParseOptions,
): Promise<PictureReading> {
  const reading: PictureReading = { read: [], failed: [] }
  for (let index = 0; index < count; index++) {
    throwIfAborted(signal)
    try {
      const { dotsPerInch = 72 } = readPictureHeader(bytes, index)
      const file = count === 1 ? bytes : selectTiffPage(bytes, index)
      const result = await ocr.recognise({ file }, signal ? { signal } : {})
      reading.read.push({ index, picture: { result, pixelsPerPoint: dotsPerInch / 72 } })
    } catch (error) {
      throwIfAborted(signal)
      if (!(error instanceof AppError) || count === 1) throw error
      reading.failed.push({ page: index + 1, error })
    }
    onProgress?.({ done: index + 1, total: count, unit: 'pages', label: 'Reading text from pictures' })
  }
  return reading
}

function warningsOf(pages: readonly PdfPage[], failed: PictureReading['failed']): string[] {
  const warnings: string[] = []
  const withText = pages.filter((page) => page.ocr && page.regions.length > 0)
  const sum = withText.reduce((total, page) => total + (page.ocr?.confidence ?? 0), 0)
  const confidence = Math.round(sum / Math.max(1, withText.length))
  if (confidence < lowConfidence) {
    warnings.push(
      `The text of this picture is uncertain (confidence ${confidence} of 100): compare it with the picture. ` +
        'A sharper or larger one may give better text.',
    )
  }
  const [first] = failed
  if (first) {
    const numbers = failed.slice(0, 20).map((failure) => failure.page)
    const list = numbers.join(', ') + (failed.length > numbers.length ? ' …' : '')
    warnings.push(`${failed.length} of ${pages.length} pages could not be read (${list}). ${first.error.message}`)
  }
  return warnings
}

const lowConfidence = 60

function notRead(): AppError {
  return new AppError(
    'file-scanned',
    'This is a picture. Switch on the reading of text from pictures, or add a document that has the text.',
  )
}
