import { abortable, cancelled, throwIfAborted } from '../../shared/abort.ts'
import type { Log } from '../../shared/log.ts'
import type { Ocr, OcrResult } from '../ocr.ts'
import { type Engine, startEngine } from './tesseract-engine.ts'
import { loadLanguages } from './tesseract-languages.ts'
import { type ReadablePicture, toReadable } from './tesseract-pictures.ts'
import { readEitherWay } from './tesseract-turns.ts'

export interface TesseractOptions {
  log: Log
  /** Where languages lie, as CODE.traineddata or CODE.traineddata.gz; looked into before the bundled English data. */
  folders?: readonly string[]
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

/**
 * Tesseract (LSTM engine, by way of tesseract.js) on threads of its own, which start with the first picture. All it
 * reads besides the picture are its program and language data from this machine's disk.
 *
 * Pages that lie on their side or stand on their head are found by what was read (see `readEitherWay`).
 */
export function createTesseractOcr(options: TesseractOptions): TesseractOcr {
  const { log, folders = [], cores = 1, idleMs = 20_000 } = options
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

  /** An idle one that has these languages, else a new one, in the place of another that is idle. */
  const takeEngine = async (languages: readonly string[]): Promise<Engine> => {
    const codes = languages.join('+')
    const place = idle.findLastIndex((engine) => engine.alive && engine.languages === codes)
    const [known] = place < 0 ? [] : idle.splice(place, 1)
    if (known) return known
    const data = await loadLanguages(languages, folders)
    if (disposed) throw cancelled()
    await Promise.all(idle.filter((engine) => !engine.alive || all.size >= lanes).map(end))
    const engine = startEngine(data, log)
    all.add(engine)
    return engine
  }

  const read = async (
    picture: ReadablePicture,
    languages: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<OcrResult> => {
    throwIfAborted(signal)
    if (disposed) throw cancelled()
    const engine = await takeEngine(languages)
    try {
      const reading = readEitherWay(picture, (file, readingOptions) => {
        throwIfAborted(signal)
        return engine.read(file, readingOptions)
      })
      return await abortable(reading, signal)
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
    async recognise(picture, { languages = ['eng'], signal } = {}) {
      throwIfAborted(signal)
      const readable = toReadable(picture)
      await takeLane(signal)
      try {
        return await read(readable, languages, signal)
      } finally {
        leaveLane()
      }
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}
