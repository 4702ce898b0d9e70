import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { garbageShare } from './parts/decode-text.ts'
import { inLanguages, languagesOption } from './ocr.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'
import { type ContentFont, type OperatorList, type OperatorNumbers, readContent } from './parts/pdf-content.ts'
import { describeFont, plainFont } from './parts/pdf-fonts.ts'
import { readScannedPages, type ScanContext, type ScanReading } from './parts/scanned-pages.ts'
import { readInformation } from './parts/pdf-metadata.ts'
import { layOut, type OutlineEntry, type PdfPage, writePdf } from './parts/pdf-structure.ts'

const options = z.object({
  tables: z.boolean().default(true).describe('Find tables whose cells stand in aligned columns.'),
  ocr: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe(
      'Read the text of pages that are pictures, as in scans: some seconds a page. Off: such pages stay empty.',
    ),
  languages: languagesOption,
})

/**
 * PDF (ISO 32000-2): reading order over columns, headings by size, weight, font and the document's own outline, list
 * items, ruled and aligned tables, footnotes, running headers and footers, words joined over line ends, what forms and
 * annotations show; each element with its page and its box. Pages that are pictures are read by recognition where there
 * is one. Nothing in the file runs or is fetched.
 * Errors: file-encrypted (a password is needed), file-scanned (pictures only, and they are not read), model-missing (only
 * pictures, in a language without data), file-empty
 * (nothing, or pictures without text), file-corrupt.
 */
export const pdfParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'pdf',
  label: 'PDF',
  summary: 'Reads PDF files with pages, positions, headings and tables; pages that are scans by recognition of text.',
  version: 4,
  types: ['pdf'],
  capabilities: { pages: true, boxes: true, tables: true, headings: true },
  options,
  create: ({ tables, ocr: mode, languages }, { ocr }) => ({
    async parse(input, options = {}) {
      throwIfAborted(options.signal)
      const pdfjs = await loadPdfjs()
      const task = pdfjs.getDocument(libraryOptions(input.bytes))
      const tasks = [task]
      // Pages that may be scans: only for them is the file opened once more, with its pictures.
      const scans: ScanContext | undefined =
        ocr && mode === 'auto'
          ? {
              ocr: inLanguages(ocr, languages),
              operators: pdfjs.OPS,
              open: async () => {
                const pictures = pdfjs.getDocument({ ...libraryOptions(input.bytes), ...withPictures })
                tasks.push(pictures)
                return await pictures.promise
              },
            }
          : undefined
      try {
        const document = await task.promise
        return await readDocument(document as unknown as LibraryDocument, pdfjs.OPS, { tables, scans }, options)
      } catch (error) {
        throw asAppError(error)
      } finally {
        for (const opened of tasks) await opened.destroy().catch(() => {})
      }
    },
  }),
}

function libraryOptions(bytes: Uint8Array): Record<string, unknown> {
  return {
    // The library takes over the buffer it is given, so it gets its own.
    data: bytes.slice(),
    verbosity: 0,
    // Names of fonts tell which are bold; pictures are wanted in scans alone.
    fontExtraProperties: true,
    maxImageSize: 1,
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    useWasm: false,
    stopAtErrors: false,
    cMapUrl: 'cmaps/',
    cMapPacked: true,
    standardFontDataUrl: 'standard_fonts/',
    BinaryDataFactory: LibraryFiles,
  }
}

/** An A3 page in colour at 600 dots an inch has 70 million pixels. */
const withPictures = { maxImageSize: 75_000_000, useWasm: true, wasmUrl: 'wasm/' }

interface LibraryDocument {
  numPages: number
  getPage(number: number): Promise<LibraryPage>
  getOutline(): Promise<LibraryOutline[] | null>
  getMetadata(): Promise<{ info: Record<string, unknown> }>
}

interface LibraryOutline {
  title: string
  items: LibraryOutline[]
}

interface LibraryPage {
  getViewport(options: { scale: number }): { width: number; height: number; transform: number[] }
  getOperatorList(): Promise<OperatorList>
  commonObjs: { has(id: string): boolean; get(id: string): unknown }
  cleanup(): void
}

let library: Promise<typeof import('pdfjs-dist/legacy/build/pdf.mjs')> | undefined

function loadPdfjs(): NonNullable<typeof library> {
  library ??= (async () => {
    // Only drawing needs these; without them the library warns on standard error.
    const scope = globalThis as Record<string, unknown>
    for (const name of ['DOMMatrix', 'ImageData', 'Path2D']) scope[name] ??= class {}
    // This thread is the worker already: the library's own half runs in it instead of in another one.
    // @ts-expect-error The library has no types for its worker; nothing of it is used but its presence.
    const worker: unknown = await import('pdfjs-dist/legacy/build/pdf.worker.mjs')
    scope['pdfjsWorker'] ??= worker
    return import('pdfjs-dist/legacy/build/pdf.mjs')
  })()
  return library
}

/** Character maps, standard fonts and decoders of pictures from the library's own folder, by file name only. */
class LibraryFiles {
  async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const folder = libraryFolders[kind]
    if (!folder || !/^[\w.-]+$/.test(filename)) throw new Error(`Not wanted: ${filename}`)
    const root = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
    return new Uint8Array(await readFile(join(root, folder, filename)))
  }
}

const libraryFolders: Record<string, string> = {
  cMapUrl: 'cmaps',
  standardFontDataUrl: 'standard_fonts',
  wasmUrl: 'wasm',
}

async function readDocument(
  document: LibraryDocument,
  operators: OperatorNumbers,
  { tables, scans }: { tables: boolean; scans: ScanContext | undefined },
  parseOptions: ParseOptions,
): Promise<ParsedDocument> {
  const { signal, onProgress } = parseOptions
  const pages: PdfPage[] = []
  const unreadable: number[] = []
  const fonts: Fonts = new Map()
  for (let number = 1; number <= document.numPages; number++) {
    throwIfAborted(signal)
    try {
      pages.push(await readPage(await document.getPage(number), operators, fonts))
    } catch {
      unreadable.push(number)
      pages.push({ width: 612, height: 792, regions: [], rules: [] })
    }
    onProgress?.({ done: number, total: document.numPages, unit: 'pages', label: 'Reading pages' })
  }
  if (unreadable.length === pages.length) throw corrupt(undefined)
  const scanned = scans ? await readScannedPages(pages, unreadable, scans, parseOptions) : undefined
  const withoutText = pages.flatMap((page, index) =>
    page.regions.length === 0 && !unreadable.includes(index + 1) ? [index + 1] : [],
  )
  if (pages.every((page) => page.regions.length === 0)) throw await noText(document, scanned)
  throwIfAborted(signal)

  const info: Record<string, unknown> = await document.getMetadata().then(
    (metadata) => metadata.info,
    () => ({}),
  )
  const warnings: string[] = []
  if (unreadable.length > 0) warnings.push(`${pageList(unreadable)} could not be read: this part is damaged.`)
  if (scanned) warnings.push(...scanWarnings(scanned))
  const unseen = withoutText.filter((number) => !scanned?.failed.some((failure) => failure.page === number))
  if (unseen.length > 0) {
    const [have, are] =
      unseen.length === 1 ? ['has no text', 'it is blank or a picture'] : ['have no text', 'they are blank or pictures']
    warnings.push(
      `${unseen.length} of ${pages.length} pages ${have} (${pageList(unseen).toLowerCase()}): ` +
        (scanned ? `${are} without text.` : `${are}.`),
    )
  }
  const written = writePdf(pages, { tables, outline: await readOutline(document), warnings })
  if (garbageShare(written.text) > 0.1 || privateShare(written.text) > 0.3) {
    throw new AppError(
      'file-corrupt',
      'The text in this PDF cannot be decoded: its fonts do not say which letters they show. Export it anew.',
    )
  }
  const metadata = readInformation(info)
  if (Object.keys(metadata).length > 0) written.metadata = metadata
  if (typeof metadata['title'] === 'string') written.title = metadata['title']
  return written
}

/** Fonts that were met, by the library's name for them. */
type Fonts = Map<string, ContentFont>

async function readPage(page: LibraryPage, operators: OperatorNumbers, fonts: Fonts): Promise<PdfPage> {
  const viewport = page.getViewport({ scale: 1 })
  const list = await page.getOperatorList()
  const fontOf = (name: string): ContentFont => {
    const known = fonts.get(name)
    if (known) return known
    if (!page.commonObjs.has(name)) return plainFont
    const font = describeFont(page.commonObjs.get(name) ?? {})
    fonts.set(name, font)
    return font
  }
  const content = readContent(list, operators, viewport, fontOf)
  page.cleanup()
  return layOut(content, viewport)
}

async function readOutline(document: LibraryDocument): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = []
  const visit = (items: readonly LibraryOutline[], depth: number): void => {
    for (const item of items) {
      if (entries.length > 5000 || depth > 6) return
      entries.push({ title: item.title, level: depth })
      visit(item.items, depth + 1)
    }
  }
  visit((await document.getOutline().catch(() => null)) ?? [], 1)
  return entries
}

async function noText(document: LibraryDocument, scanned: ScanReading | undefined): Promise<AppError> {
  const failure = scanned?.failed[0]
  if (failure) return failure.error
  let drawings = 0
  for (let number = 1; number <= Math.min(3, document.numPages); number++) {
    const page = await document.getPage(number)
    const list = await page.getOperatorList().catch(() => ({ fnArray: [0] }))
    drawings += list.fnArray.length
  }
  if (drawings === 0) return new AppError('file-empty', 'Every page of this PDF is blank. There is nothing to index.')
  if (scanned) {
    return new AppError('file-empty', 'This PDF has only pictures and drawings, and no text was found in them.')
  }
  return new AppError(
    'file-scanned',
    'This PDF has only images, no text. Switch on the reading of text from pictures, or run it through OCR software first.',
    { details: { pages: document.numPages } },
  )
}

function scanWarnings({ read, confidence, failed }: ScanReading): string[] {
  const warnings: string[] = []
  if (read.length > 0) {
    const were = read.length === 1 ? 'was a picture whose text was' : 'were pictures whose text was'
    warnings.push(
      `${pageList(read)} ${were} recognised (confidence ${Math.round(confidence)} of 100): it may have errors.`,
    )
  }
  const [first] = failed
  if (first) {
    const list = pageList(failed.map((failure) => failure.page))
    warnings.push(`The pictures on ${list.toLowerCase()} could not be read. ${first.error.message}`)
  }
  return warnings
}

function privateShare(text: string): number {
  return (text.slice(0, 200_000).match(/[\uE000-\uF8FF]/g)?.length ?? 0) / Math.max(1, Math.min(text.length, 200_000))
}

/** "Pages 2, 5-7" */
function pageList(numbers: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  const shown = ranges.slice(0, 12).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
  const rest = ranges.length > 12 ? ' …' : ''
  return `${numbers.length === 1 ? 'Page' : 'Pages'} ${shown.join(', ')}${rest}`
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof Error && error.name === 'PasswordException') {
    return new AppError(
      'file-encrypted',
      'This PDF is protected with a password. Save a copy without the password, then add that.',
    )
  }
  return corrupt(error)
}

function corrupt(cause: unknown): AppError {
  return new AppError(
    'file-corrupt',
    'This PDF is damaged or incomplete. Get a fresh copy, or open it in a PDF reader and save it again.',
    { cause },
  )
}
