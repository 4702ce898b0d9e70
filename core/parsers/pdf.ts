import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { garbageShare } from './parts/decode-text.ts'
import { collapse } from './parts/document-builder.ts'
import type { ParserDefinition } from './parser.ts'
import { readingOrder, type Region, type Run } from './parts/pdf-layout.ts'
import { type OutlineEntry, type PdfPage, writePdf } from './parts/pdf-structure.ts'

const options = z.object({
  tables: z.boolean().default(true).describe('Find tables whose cells stand in aligned columns.'),
})

/**
 * PDF (ISO 32000-2) with a text layer: reading order over columns, headings by size, weight and the document's own
 * outline, list items, aligned tables, running headers and footers, words joined over line ends; each element with its
 * page and its box. Nothing in the file runs or is fetched.
 * Errors: file-encrypted (a password is needed), file-scanned (pictures only), file-empty (blank pages), file-corrupt.
 */
export const pdfParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'pdf',
  label: 'PDF',
  summary: 'Reads PDF files that have text, with pages, positions, headings and tables.',
  version: 1,
  types: ['pdf'],
  capabilities: { pages: true, boxes: true, tables: true, headings: true },
  options,
  create: ({ tables }) => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const pdfjs = await loadPdfjs()
      // The library takes over the buffer it is given, so it gets its own.
      const task = pdfjs.getDocument({
        data: input.bytes.slice(),
        verbosity: 0,
        // Names of fonts tell which are bold; pictures are never wanted.
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
      })
      try {
        const document = await task.promise
        return await readDocument(document as unknown as LibraryDocument, tables, signal)
      } catch (error) {
        throw asAppError(error)
      } finally {
        await task.destroy().catch(() => {})
      }
    },
  }),
}

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
  getTextContent(options: { includeMarkedContent: false }): Promise<LibraryText>
  getOperatorList(): Promise<{ fnArray: number[] }>
  commonObjs: { has(id: string): boolean; get(id: string): unknown }
  cleanup(): void
}

interface LibraryText {
  items: { str: string; dir: string; transform: number[]; width: number; height: number; fontName: string }[]
  styles: Record<string, { ascent: number; descent: number; vertical: boolean; fontFamily: string }>
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

/** Character maps and standard fonts from the library's own folder, by file name only. */
class LibraryFiles {
  async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const folder = kind === 'cMapUrl' ? 'cmaps' : kind === 'standardFontDataUrl' ? 'standard_fonts' : undefined
    if (!folder || !/^[\w.-]+$/.test(filename)) throw new Error(`Not wanted: ${filename}`)
    const root = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
    return new Uint8Array(await readFile(join(root, folder, filename)))
  }
}

async function readDocument(
  document: LibraryDocument,
  tables: boolean,
  signal: AbortSignal | undefined,
): Promise<ParsedDocument> {
  const pages: PdfPage[] = []
  const unreadable: number[] = []
  const fonts: Fonts = { known: new Map(), budget: 12 }
  for (let number = 1; number <= document.numPages; number++) {
    throwIfAborted(signal)
    try {
      pages.push(await readPage(await document.getPage(number), fonts))
    } catch {
      unreadable.push(number)
      pages.push({ width: 612, height: 792, regions: [] })
    }
  }
  if (unreadable.length === pages.length) throw corrupt(undefined)
  const withoutText = pages.flatMap((page, index) =>
    page.regions.length === 0 && !unreadable.includes(index + 1) ? [index + 1] : [],
  )
  if (pages.every((page) => page.regions.length === 0)) throw await noText(document)
  throwIfAborted(signal)

  const info: Record<string, unknown> = await document.getMetadata().then(
    (metadata) => metadata.info,
    () => ({}),
  )
  const warnings: string[] = []
  if (unreadable.length > 0) warnings.push(`${pageList(unreadable)} could not be read: this part is damaged.`)
  if (withoutText.length > 0) {
    warnings.push(
      `${withoutText.length} of ${pages.length} pages have no text (${pageList(withoutText).toLowerCase()}): ` +
        'they are blank or pictures.',
    )
  }
  const written = writePdf(pages, { tables, outline: await readOutline(document), warnings })
  if (garbageShare(written.text) > 0.1 || privateShare(written.text) > 0.3) {
    throw new AppError(
      'file-corrupt',
      'The text in this PDF cannot be decoded: its fonts do not say which letters they show. Export it anew.',
    )
  }
  const title = statedTitle(info['Title'])
  if (title) written.title = title
  return written
}

interface Fonts {
  known: Map<string, { bold: boolean; monospace: boolean }>
  /** Pages that may still be drawn to learn the names of new fonts; drawing takes as long as reading. */
  budget: number
}

async function readPage(page: LibraryPage, fonts: Fonts): Promise<PdfPage> {
  const viewport = page.getViewport({ scale: 1 })
  const content = await page.getTextContent({ includeMarkedContent: false })
  const unknown = Object.keys(content.styles).filter((name) => !fonts.known.has(name))
  if (unknown.length > 0 && fonts.budget > 0) {
    fonts.budget--
    await page.getOperatorList().catch(() => undefined)
  }
  for (const name of unknown) {
    const font = page.commonObjs.has(name) ? (page.commonObjs.get(name) as { name?: unknown } | null) : null
    const fullName = typeof font?.name === 'string' ? font.name : ''
    fonts.known.set(name, {
      bold: isBoldName(fullName),
      monospace:
        content.styles[name]?.fontFamily === 'monospace' || /mono|courier|consol|typewriter|\+cmtt/i.test(fullName),
    })
  }
  const regions = toRegions(content, viewport, fonts)
  page.cleanup()
  return { width: viewport.width, height: viewport.height, regions }
}

/** By the habits of type foundries and of TeX: Arial-BoldMT, NimbusRomNo9L-Medi, CMBX10, SFBX1000. */
function isBoldName(name: string): boolean {
  return (
    /Bd(?:It|Cn)?(?:$|[^a-z])/.test(name) ||
    /bold|black|heavy|demi(?!tal)|[-,]medi|(?:^|\+)(?:cmb|sfb|cmssbx)|(?:-|_)(?:b|bd|bld)(?:$|[^a-z])/i.test(name)
  )
}

function toRegions(
  content: LibraryText,
  viewport: { width: number; height: number; transform: number[] },
  fonts: Fonts,
): Region[] {
  const byAngle = new Map<number, { runs: Run[]; characters: number }>()
  let spaceBefore = false
  for (const item of content.items) {
    if (item.str.trim() === '') {
      if (item.str !== '') spaceBefore = true
      continue
    }
    const style = content.styles[item.fontName]
    const [a, b, c, d, x, y] = multiply(viewport.transform, item.transform)
    const size = Math.hypot(c, d) || Math.hypot(a, b) || 1
    const angle = quarterTurn(Math.atan2(b, a))
    const ascent = within(style?.ascent, 0.5, 1.2, 0.8) * size
    const descent = within(style?.descent, -0.5, -0.05, -0.2) * size
    const along = style?.vertical ? size : item.width
    // Turned so that the text runs from left to right.
    const [startX, baseline] = turn(x, y, -angle)
    const corners = [
      [startX, baseline - ascent],
      [startX + along, baseline - descent],
    ].map(([cornerX = 0, cornerY = 0]) => turn(cornerX, cornerY, angle))
    const run: Run = {
      text: item.str,
      x: startX,
      right: startX + along,
      top: baseline - ascent,
      bottom: baseline - descent,
      baseline,
      size,
      bold: fonts.known.get(item.fontName)?.bold ?? false,
      monospace: fonts.known.get(item.fontName)?.monospace ?? false,
      rightToLeft: item.dir === 'rtl',
      spaceBefore: spaceBefore || /^\s/.test(item.str),
      box: boxOf(corners, viewport),
    }
    spaceBefore = /\s$/.test(item.str)
    if (![run.x, run.right, run.baseline, run.size].every(Number.isFinite)) continue
    const group = byAngle.get(angle) ?? { runs: [], characters: 0 }
    group.runs.push(run)
    group.characters += item.str.length
    byAngle.set(angle, group)
  }
  // The way most of the page is written comes first; stamps and axis labels at another angle follow.
  return [...byAngle.values()]
    .toSorted((one, other) => other.characters - one.characters)
    .flatMap((group, index) => readingOrder(group.runs, index > 0))
}

function boxOf(corners: readonly (readonly number[])[], page: { width: number; height: number }): Run['box'] {
  const xs = corners.map((corner) => clamp(corner[0] ?? 0, 0, page.width))
  const ys = corners.map((corner) => clamp(corner[1] ?? 0, 0, page.height))
  const x = Math.min(...xs)
  const y = Math.min(...ys)
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

function multiply(m: readonly number[], n: readonly number[]): [number, number, number, number, number, number] {
  const [ma = 1, mb = 0, mc = 0, md = 1, me = 0, mf = 0] = m
  const [na = 1, nb = 0, nc = 0, nd = 1, ne = 0, nf = 0] = n
  return [
    ma * na + mc * nb,
    mb * na + md * nb,
    ma * nc + mc * nd,
    mb * nc + md * nd,
    ma * ne + mc * nf + me,
    mb * ne + md * nf + mf,
  ]
}

/** 0, 1, 2 or 3 quarter turns, clockwise. */
function quarterTurn(angle: number): number {
  return ((Math.round(angle / (Math.PI / 2)) % 4) + 4) % 4
}

function turn(x: number, y: number, quarters: number): [number, number] {
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return [-y, x]
    case 2:
      return [-x, -y]
    case 3:
      return [y, -x]
    default:
      return [x, y]
  }
}

function within(value: number | undefined, low: number, high: number, otherwise: number): number {
  return value !== undefined && value >= low && value <= high ? value : otherwise
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

/** Producers write file names and placeholders into the title; those name nothing. */
function statedTitle(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const title = collapse(value.replaceAll('\0', '')).replace(/^microsoft (?:word|powerpoint) - /i, '')
  if (title.length < 3 || /^\(?(?:untitled|anonymous|document\d*|title|none)\)?$/i.test(title)) return undefined
  if (/\.(docx?|pptx?|xlsx?|pdf|dvi|tex|indd|qxd|fm|rtf|txt|html?)$/i.test(title) || garbageShare(title) > 0)
    return undefined
  return title.toWellFormed().slice(0, 300)
}

async function noText(document: LibraryDocument): Promise<AppError> {
  let drawings = 0
  for (let number = 1; number <= Math.min(3, document.numPages); number++) {
    const page = await document.getPage(number)
    const list = await page.getOperatorList().catch(() => ({ fnArray: [0] }))
    drawings += list.fnArray.length
  }
  if (drawings === 0) return new AppError('file-empty', 'Every page of this PDF is blank. There is nothing to index.')
  return new AppError(
    'file-scanned',
    'This PDF has only images, no text. Text recognition comes later; until then, run it through OCR software first.',
    { details: { pages: document.numPages } },
  )
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
