import { parentPort } from 'node:worker_threads'
import { AppError } from '../contract/errors.ts'
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
  thread: { input: null; output: number }
  /** Reports once when it begins to read. */
  recognise: { input: FixturePicture; output: string }
  steps: { input: { count: number; pauseMs?: number }; output: string }
}

if (parentPort) {
  const { threadId } = await import('node:worker_threads')
  serveTasks(parentPort, {
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
    thread: async () => threadId,
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
  })
}
