import { flushCompileCache } from 'node:module'
import { AppError, fromErrorData, toErrorData } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { HostPort } from './host-port.ts'
import { createTextCollector, detachTexts, textPieces } from './long-texts.ts'

export interface ServedContext {
  signal: AbortSignal
  log: Log
  onProgress(progress: Progress): void
  /** Gives the asker a part of the result at once. Plain data; parts arrive in order, before the end of the task. */
  onPart(part: unknown): void
  /** What the host has and a worker has not: see the pool's `answer`. Errors: those of the host. */
  ask(question: unknown): Promise<unknown>
}

/** Answers a pool's messages with these handlers. Errors go back as data. */
export function serveTasks(
  port: HostPort,
  // Inputs were typed where the task was asked for; between processes they are plain data.
  handlers: Readonly<Record<string, (input: never, context: ServedContext) => Promise<unknown>>>,
): void {
  let tasksDone = 0
  const texts = createTextCollector()
  const running = new Map<number, AbortController>()
  const questions = new Map<number, PromiseWithResolvers<unknown>>()
  let lastQuestion = 0
  const entry = (level: 'info' | 'warn' | 'error') => (message: string, details?: Record<string, unknown>) =>
    void port.send({ type: 'log', level, message, ...(details ? { details } : {}) })
  const log: Log = { info: entry('info'), warn: entry('warn'), error: entry('error') }

  const run = async (id: number, name: string, input: unknown): Promise<void> => {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const handler = handlers[name]
      if (!handler) throw new AppError('internal', `There is no task called "${name}".`)
      const onProgress = (progress: Progress): void => void port.send({ type: 'progress', id, progress })
      const onPart = (part: unknown): void => void port.send({ type: 'part', id, part })
      const ask = (question: unknown): Promise<unknown> => {
        const number = ++lastQuestion
        const answer = Promise.withResolvers<unknown>()
        questions.set(number, answer)
        void port.send({ type: 'question', id, number, question })
        return answer.promise
      }
      const { value, paths, texts } = detachTexts(
        await handler(input as never, { signal: controller.signal, log, onProgress, onPart, ask }),
      )
      // What the task left lying about, and then the text itself, are more than the rest of the process: the host is
      // about to hold as much.
      if (texts.length > 0) collectGarbage()
      for (const piece of textPieces(id, texts)) await port.send(piece)
      if (texts.splice(0).length > 0) collectGarbage()
      await port.send({ type: 'done', id, result: value, longTexts: paths, residentMb: residentMb() })
      // Node would keep compiled code when it exits; a pool ends its workers without notice.
      tasksDone += 1
      if (tasksDone === 1 || tasksDone === 20) flushCompileCache()
    } catch (error) {
      await port.send({ type: 'failed', id, error: toErrorData(error), residentMb: residentMb() })
    } finally {
      running.delete(id)
    }
  }

  port.onMessage((message) => {
    if (message.type === 'text') texts.take(message)
    else if (message.type === 'run') {
      void run(message.id, message.name, texts.attach(message.input, message.longTexts))
    } else if (message.type === 'answer') {
      const question = questions.get(message.number)
      questions.delete(message.number)
      if (message.error) question?.reject(fromErrorData(message.error))
      else question?.resolve(message.value)
    } else running.get(message.id)?.abort()
  })
  process.on('uncaughtException', (error) => {
    void port.send({ type: 'crashed', error: toErrorData(error) }).then(() => process.exit(1))
  })
  void port.send({ type: 'ready' })
}

/** Where the process was started with the flag for it. */
function collectGarbage(): void {
  globalThis.gc?.()
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1024 / 1024
}
