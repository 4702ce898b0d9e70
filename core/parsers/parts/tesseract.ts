import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../contract/errors.ts'
import { abortable, cancelled, throwIfAborted } from '../../shared/abort.ts'
import type { Log } from '../../shared/log.ts'
import {
  meanConfidence,
  type Ocr,
  type OcrBox,
  type OcrLine,
  type OcrResult,
  type OcrWord,
  type Picture,
} from '../ocr.ts'
import { decodeBitmap } from './bitmap-file.ts'
import { corruptPicture, readPictureHeader } from './picture-header.ts'

export interface TesseractOptions {
  log: Log
  /** Tesseract's codes, such as 'eng', 'deu', 'chi_sim'. Default ['eng'], which is the one that is bundled. */
  languages?: readonly string[]
  /** Where further languages lie, as CODE.traineddata or CODE.traineddata.gz; looked into before the bundled data. */
  folder?: string
  /** Pictures that are read at the same time, each on a thread that takes some 100 to 150 MB. Default 1. */
  cores?: number
  /** A thread that had nothing to do for this long ends and gives its memory back. Default 20 seconds. */
  idleMs?: number
}

export interface TesseractOcr extends Ocr {
  /** Ends the threads; what is being read is cancelled. */
  dispose(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Decoding takes four bytes a pixel and reading as much again. */
export const maximumPicturePixels = 50_000_000

/**
 * Tesseract (LSTM engine, by way of tesseract.js) on threads of its own, which start with the first picture. All it
 * reads besides the picture are its program and language data from this machine's disk.
 */
export function createTesseractOcr(options: TesseractOptions): TesseractOcr {
  const { log, languages = ['eng'], folder, cores = 1, idleMs = 20_000 } = options
  const lanes = Math.max(1, Math.floor(cores))
  const idle: Engine[] = []
  const all = new Set<Engine>()
  const waiting: (() => void)[] = []
  let busy = 0
  let disposed = false

  const takeLane = async (signal: AbortSignal | undefined): Promise<void> => {
    if (busy < lanes) {
      busy += 1
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    try {
      await abortable(promise, signal)
    } catch (error) {
      const place = waiting.indexOf(resolve)
      // Its turn came in the same moment: the next one gets it.
      if (place < 0) leaveLane()
      else waiting.splice(place, 1)
      throw error
    }
  }
  const leaveLane = (): void => {
    const next = waiting.shift()
    if (next) next()
    else busy -= 1
  }

  const end = async (engine: Engine): Promise<void> => {
    all.delete(engine)
    const place = idle.indexOf(engine)
    if (place >= 0) idle.splice(place, 1)
    await engine.end()
  }

  const read = async (file: Uint8Array, signal: AbortSignal | undefined): Promise<TesseractPage> => {
    throwIfAborted(signal)
    if (disposed) throw cancelled()
    let engine = idle.pop()
    if (engine && !engine.alive) {
      await end(engine)
      engine = undefined
    }
    engine ??= startEngine(log)
    all.add(engine)
    try {
      return await abortable(
        engine.read(file, () => loadLanguages(languages, folder)),
        signal,
      )
    } finally {
      // A thread that computes hears nothing: what is cancelled ends with its thread.
      if (engine.alive && !engine.busy && !disposed) {
        idle.push(engine)
        engine.rest(idleMs, end)
      } else {
        await end(engine)
      }
    }
  }

  const dispose = async (): Promise<void> => {
    disposed = true
    await Promise.all([...all].map(end))
  }

  return {
    lanes,
    async recognise(picture, { signal } = {}) {
      throwIfAborted(signal)
      const { file, width, height } = toReadable(picture)
      await takeLane(signal)
      try {
        return toResult(await read(file, signal), width, height)
      } finally {
        leaveLane()
      }
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

// Pictures

/** As a file that Tesseract's picture library reads, with the size in pixels that its boxes refer to. */
function toReadable(picture: Picture): { file: Uint8Array; width: number; height: number } {
  if (!('file' in picture)) {
    const { width, height } = picture
    checkSize(width, height)
    return { file: toGraymap(picture), width, height }
  }
  const { format, width, height, orientation } = readPictureHeader(picture.file)
  checkSize(width, height)
  // The library's own way with bitmaps copies each byte into an object of its own.
  if (format === 'bmp') return { file: toGraymap(decodeBitmap(picture.file)), width, height }
  const file =
    format === 'jpeg' && orientation !== 1 ? withOrientation(picture.file, orientation) : picture.file.slice()
  // TIFF pictures are turned by the library itself.
  const lies = orientation >= 5
  return { file, width: lies ? height : width, height: lies ? width : height }
}

function checkSize(width: number, height: number): void {
  if (width * height <= maximumPicturePixels) return
  const millions = (count: number): number => Math.round(count / 1_000_000)
  throw new AppError(
    'file-too-large',
    `This picture has ${millions(width * height)} million pixels; the limit is ${millions(maximumPicturePixels)} ` +
      'million. Scale it down, then add that.',
    { details: { width, height } },
  )
}

/** Portable graymap (Netpbm): a line of text, then one byte a pixel. Transparent pixels are white. */
function toGraymap(picture: Exclude<Picture, { file: Uint8Array }>): Uint8Array {
  const { width, height } = picture
  const head = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`)
  const file = new Uint8Array(head.length + width * height)
  file.set(head)
  if ('gray' in picture) {
    file.set(picture.gray.subarray(0, width * height), head.length)
    return file
  }
  const { rgba } = picture
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 255] = [rgba[at], rgba[at + 1], rgba[at + 2], rgba[at + 3]]
    const light = 0.299 * red + 0.587 * green + 0.114 * blue
    file[head.length + pixel] = Math.round(255 + ((light - 255) * alpha) / 255)
  }
  return file
}

/**
 * The same JPEG with its orientation stated first and in the one byte order that the library looks for; half of all
 * cameras write the other.
 */
function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8]
  const entry = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const segment = [0xff, 0xe1, 0, 2 + exif.length + entry.length, ...exif, ...entry]
  const file = new Uint8Array(jpeg.length + segment.length)
  file.set(jpeg.subarray(0, 2))
  file.set(segment, 2)
  file.set(jpeg.subarray(2), 2 + segment.length)
  return file
}

// Language data

interface LanguageData {
  code: string
  /** Gzip or not: the library tells by the first bytes. */
  data: Uint8Array
}

async function loadLanguages(codes: readonly string[], folder: string | undefined): Promise<LanguageData[]> {
  if (codes.length === 0) throw new AppError('model-missing', 'Name at least one language for reading pictures.')
  return Promise.all(codes.map((code) => loadLanguage(code, folder)))
}

async function loadLanguage(code: string, folder: string | undefined): Promise<LanguageData> {
  if (!/^\w{1,40}$/.test(code)) {
    throw new AppError('model-missing', `"${code}" is no code of a language. Use codes such as eng, deu or chi_sim.`)
  }
  const places: string[] = []
  if (folder !== undefined) places.push(...['', '.gz'].map((end) => join(folder, `${code}.traineddata${end}`)))
  if (code === 'eng') places.push(join(bundledLanguages(), 'eng.traineddata.gz'))
  for (const place of places) {
    try {
      return { code, data: new Uint8Array(await readFile(place)) }
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw languageMissing(code, folder, error)
    }
  }
  throw languageMissing(code, folder, undefined)
}

function languageMissing(code: string, folder: string | undefined, cause: unknown): AppError {
  const where = folder === undefined ? 'the folder of language data' : folder
  return new AppError(
    'model-missing',
    `The data for reading pictures in the language "${code}" is missing. Put ${code}.traineddata into ${where}, ` +
      'or choose another language.',
    { cause, details: { language: code } },
  )
}

function bundledLanguages(): string {
  return join(dirname(unpacked('@tesseract.js-data/eng/package.json')), '4.0.0_best_int')
}

/** Threads and WebAssembly are not loaded from inside a packaged archive; electron-builder.yml lays these beside it. */
function unpacked(specifier: string): string {
  const path = createRequire(import.meta.url).resolve(specifier)
  return path.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`)
}

// The thread

/** What one thread does at a time. Messages are those of tesseract.js between its two halves. */
interface Request {
  action: 'load' | 'loadLanguage' | 'initialize' | 'setParameters' | 'recognize'
  payload: Record<string, unknown>
}

interface Answer {
  jobId: string
  status: 'resolve' | 'reject' | 'progress'
  data: unknown
}

interface Engine {
  readonly alive: boolean
  /** It starts up or reads. */
  readonly busy: boolean
  /** Starts up first, if need be. One picture at a time. */
  read(file: Uint8Array, loadLanguages: () => Promise<LanguageData[]>): Promise<TesseractPage>
  /** Ends the thread after this time, unless it is asked to read before. */
  rest(idleMs: number, end: (engine: Engine) => Promise<void>): void
  end(): Promise<void>
}

/**
 * Runs the library's own worker script and speaks to it directly. Its main half would do the same but cannot be
 * stopped while it starts, throws out of its message handler, and takes the process along when the thread fails.
 */
function startEngine(log: Log): Engine {
  const worker = new Worker(unpacked('tesseract.js/src/worker-script/node/index.js'), {
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 },
    argv: [],
    env: {},
    // The engine writes of every picture that it doubts.
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  worker.stderr.resume()
  let pending: PromiseWithResolvers<unknown> | undefined
  let jobs = 0
  let alive = true
  let busy = false
  let ready: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const fail = (error: AppError): void => {
    alive = false
    pending?.reject(error)
    pending = undefined
  }
  worker.on('message', (answer: Answer) => {
    if (answer.jobId !== String(jobs) || answer.status === 'progress') return
    if (answer.status === 'resolve') pending?.resolve(answer.data)
    else pending?.reject(answer.data)
    pending = undefined
  })
  worker.on('error', (error: unknown) => {
    log.warn('the thread that reads pictures failed', { text: String(error) })
    fail(crashed(error))
  })
  worker.on('exit', () => fail(crashed(undefined)))

  const ask = (request: Request, transfer: ArrayBuffer[] = []): Promise<unknown> => {
    if (!alive) return Promise.reject(crashed(undefined))
    pending = Promise.withResolvers<unknown>()
    jobs += 1
    worker.postMessage({ workerId: 'ocr', jobId: String(jobs), ...request }, transfer)
    return pending.promise
  }

  const start = async (load: () => Promise<LanguageData[]>): Promise<void> => {
    const languages = await load()
    // 1 stands for the LSTM engine alone: the smaller of the two programs.
    await ask({ action: 'load', payload: { options: { lstmOnly: 1, logging: false } } })
    await ask({
      action: 'loadLanguage',
      payload: { langs: languages, options: { cacheMethod: 'none', gzip: true, lstmOnly: true } },
    })
    const codes = languages.map((language) => language.code).join('+')
    await ask({ action: 'initialize', payload: { langs: codes, oem: 1 } }).catch((error: unknown) => {
      if (error instanceof AppError) throw error
      throw new AppError(
        'model-invalid',
        `The data for reading pictures in "${codes}" is damaged or for another engine. Get the "best" or "fast" ` +
          'data for Tesseract 4 or later.',
        { cause: error },
      )
    })
    // 3: find columns and blocks by itself, without a guess at the script, which would need further data.
    await ask({ action: 'setParameters', payload: { params: { tessedit_pageseg_mode: '3' } } })
  }

  return {
    get alive() {
      return alive
    },
    get busy() {
      return busy
    },
    async read(file, load) {
      clearTimeout(timer)
      worker.ref()
      busy = true
      try {
        ready ??= start(load)
        await ready.catch((error: unknown) => {
          alive = false
          throw error
        })
        const payload = { image: file, options: {}, output: { text: false, blocks: true } }
        return (await ask({ action: 'recognize', payload }, [file.buffer as ArrayBuffer])) as TesseractPage
      } catch (error) {
        if (error instanceof AppError) throw error
        // The engine itself is as good as before where only the picture was bad.
        if (!String(error).includes('read image')) alive = false
        throw corruptPicture(error)
      } finally {
        busy = false
      }
    },
    rest(idleMs, end) {
      worker.unref()
      timer = setTimeout(() => void end(this), idleMs)
      timer.unref()
    },
    async end() {
      clearTimeout(timer)
      fail(cancelled())
      await worker.terminate()
    },
  }
}

function crashed(cause: unknown): AppError {
  return new AppError(
    'file-corrupt',
    'Reading this picture failed: it may be damaged or too large. Save it as PNG at a lower resolution, then add that.',
    { cause },
  )
}

// Results

interface TesseractBox {
  x0: number
  y0: number
  x1: number
  y1: number
}

interface TesseractPage {
  blocks:
    | {
        paragraphs: {
          lines: {
            bbox: TesseractBox
            baseline: TesseractBox
            rowAttributes: { rowHeight: number }
            words: { text: string; confidence: number; bbox: TesseractBox }[]
          }[]
        }[]
      }[]
    | null
}

function toResult(page: TesseractPage, width: number, height: number): OcrResult {
  const toBox = ({ x0, y0, x1, y1 }: TesseractBox): OcrBox => {
    const x = clamp(x0, 0, width)
    const y = clamp(y0, 0, height)
    return { x, y, width: clamp(x1, x, width) - x, height: clamp(y1, y, height) - y }
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
      const baseline = clamp((line.baseline.y0 + line.baseline.y1) / 2, box.y, box.y + box.height)
      return [{ text, confidence: meanConfidence(words), box, paragraph, words, baseline, size }]
    }),
  )
  return { lines, confidence: meanConfidence(lines.flatMap((line) => line.words)), width, height }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
