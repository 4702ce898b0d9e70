import { Worker } from 'node:worker_threads'
import { AppError } from '../../contract/errors.ts'
import { cancelled } from '../../shared/abort.ts'
import type { Log } from '../../shared/log.ts'
import { corruptPicture } from './picture-header.ts'
import { resolveUnpacked } from './tesseract-files.ts'
import type { LanguageData } from './tesseract-languages.ts'

export interface TesseractBox {
  x0: number
  y0: number
  x1: number
  y1: number
}

/** What the engine says of a picture: pixels from its top left corner, confidence from 0 to 100. */
export interface TesseractPage {
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

export interface ReadingOptions {
  /** Turn the picture by half a turn first. Boxes are those of the turned one. */
  upsideDown?: boolean
  /** Only this part of the (turned) picture, a block of lines. */
  part?: { left: number; top: number; width: number; height: number }
}

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

export interface Engine {
  readonly alive: boolean
  /** It starts up or reads. */
  readonly busy: boolean
  /** The codes that it was started with, joined by '+'. */
  readonly languages: string
  /** Starts up first, if need be. One picture at a time. Errors: file-corrupt, model-invalid. */
  read(file: Uint8Array, options?: ReadingOptions): Promise<TesseractPage>
  /** Ends the thread after this time, unless it is asked to read before. */
  rest(idleMs: number, end: (engine: Engine) => Promise<void>): void
  end(): Promise<void>
}

/**
 * Runs the library's own worker script and speaks to it directly. Its main half would do the same but cannot be
 * stopped while it starts, throws out of its message handler, and takes the process along when the thread fails.
 */
export function startEngine(languages: readonly LanguageData[], log: Log): Engine {
  const worker = new Worker(resolveUnpacked('tesseract.js/src/worker-script/node/index.js'), {
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

  const codes = languages.map((language) => language.code).join('+')
  // Megabytes that nobody needs once the engine has them.
  let data = languages
  const start = async (): Promise<void> => {
    // 1 stands for the LSTM engine alone: the smaller of the two programs.
    await ask({ action: 'load', payload: { options: { lstmOnly: 1, logging: false } } })
    await ask({
      action: 'loadLanguage',
      payload: { langs: data, options: { cacheMethod: 'none', gzip: true, lstmOnly: true } },
    })
    data = []
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
    languages: codes,
    async read(file, { upsideDown = false, part } = {}) {
      clearTimeout(timer)
      worker.ref()
      busy = true
      try {
        ready ??= start()
        await ready.catch((error: unknown) => {
          alive = false
          throw error
        })
        const options = {
          ...(upsideDown ? { rotateRadians: Math.PI } : {}),
          // A part is of one column; with the search for columns the engine finds no words in it.
          ...(part ? { rectangle: part, tessedit_pageseg_mode: '6' } : {}),
        }
        const image = file.slice()
        const payload = { image, options, output: { text: false, blocks: true } }
        return (await ask({ action: 'recognize', payload }, [image.buffer])) as TesseractPage
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
