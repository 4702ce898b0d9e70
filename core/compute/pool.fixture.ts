import { AppError } from '../contract/errors.ts'
import { connectToHost } from './host-port.ts'
import { type ServedContext, serveTasks } from './serve-tasks.ts'

interface FixturePicture {
  width: number
  height: number
  gray: Uint8Array
}

/** Tasks that misbehave on purpose, for the tests of the pool. */
export interface FixtureTasks {
  [name: string]: { input: unknown; output: unknown }
  echo: { input: unknown; output: unknown }
  wait: { input: { ms: number }; output: string }
  loop: { input: null; output: never }
  hoard: { input: null; output: never }
  crash: { input: null; output: never }
  refuse: { input: null; output: never }
  vectors: { input: { length: number }; output: { vectors: Float32Array } }
  process: { input: null; output: number }
  /** Takes memory outside of the heap. */
  buffers: { input: null; output: never }
  /** One step that needs more than the heap. */
  split: { input: null; output: never }
  /** Reports once when it begins to read. */
  recognise: { input: FixturePicture; output: string }
  steps: { input: { count: number; pauseMs?: number }; output: string }
  /** Asks the host each of these, one after the other. */
  ask: { input: { questions: unknown[] }; output: unknown[] }
  /** Streams numbers from 1 on until it is told to stop; with `deaf` it does not listen. */
  count: { input: { deaf?: boolean; upTo?: number }; output: string; part: { number: number } }
}

if (process.send) {
  serveTasks(connectToHost(), {
    echo: async (input: unknown) => input,
    wait: async ({ ms }: { ms: number }) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return 'waited'
    },
    loop: async () => {
      for (;;);
    },
    hoard: async () => {
      const held: unknown[] = []
      for (;;) held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })))
    },
    crash: async () => {
      setTimeout(() => {
        throw new Error('Out of nowhere.')
      }, 0)
      await new Promise(() => {})
    },
    refuse: async () => {
      throw new AppError('file-corrupt', 'This is damaged.', { details: { page: 3 } })
    },
    vectors: async ({ length }: { length: number }) => ({ vectors: new Float32Array(length).fill(0.5) }),
    process: async () => process.pid,
    buffers: async () => {
      const held: Uint8Array[] = []
      for (;;) held.push(new Uint8Array(1_000_000).fill(1))
    },
    split: async () => {
      'a '.repeat(100_000_000).split(' ')
    },
    recognise: async (picture: FixturePicture, { log, onProgress }: ServedContext) => {
      const { ocrInUse } = await import('./ocr-in-use.ts')
      const ocr = await ocrInUse(undefined, log)
      const reading = ocr?.recognise(picture)
      onProgress({ done: 0, unit: 'pictures', label: 'Reading' })
      return (await reading)?.lines.map((line) => line.text).join('\n') ?? ''
    },
    steps: async ({ count, pauseMs = 0 }: { count: number; pauseMs?: number }, { onProgress }: ServedContext) => {
      for (let done = 1; done <= count; done++) {
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
        onProgress({ done, total: count, unit: 'steps', label: 'Step' })
      }
      return 'done'
    },
    ask: async ({ questions }: { questions: unknown[] }, { ask }: ServedContext) => {
      const answers: unknown[] = []
      for (const question of questions) answers.push(await ask(question))
      return answers
    },
    count: async ({ deaf, upTo = Infinity }: { deaf?: boolean; upTo?: number }, { onPart, signal }: ServedContext) => {
      for (let number = 1; number <= upTo; number++) {
        if (!deaf) signal.throwIfAborted()
        onPart({ number })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return 'counted'
    },
  })
}
