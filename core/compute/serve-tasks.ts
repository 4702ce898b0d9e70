import { getHeapStatistics } from 'node:v8'
import type { MessagePort } from 'node:worker_threads'
import { AppError, toErrorData } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { FromWorker, ToWorker } from './messages.ts'

export interface ServedContext {
  signal: AbortSignal
  log: Log
  onProgress(progress: Progress): void
}

/** Answers a pool's messages with these handlers. Errors go back as data, large memory is moved and not copied. */
export function serveTasks(
  port: MessagePort,
  // Inputs were typed where the task was asked for; between threads they are plain data.
  handlers: Readonly<Record<string, (input: never, context: ServedContext) => Promise<unknown>>>,
): void {
  const running = new Map<number, AbortController>()
  const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
  const entry = (level: 'info' | 'warn' | 'error') => (message: string, details?: Record<string, unknown>) =>
    send({ type: 'log', level, message, ...(details ? { details } : {}) })
  const log: Log = { info: entry('info'), warn: entry('warn'), error: entry('error') }

  const run = async (id: number, name: string, input: unknown): Promise<void> => {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const handler = handlers[name]
      if (!handler) throw new AppError('internal', `There is no task called "${name}".`)
      const onProgress = (progress: Progress): void => send({ type: 'progress', id, progress })
      const result = await handler(input as never, { signal: controller.signal, log, onProgress })
      send({ type: 'done', id, result, heapMb: heapMb() }, transferables(result))
    } catch (error) {
      send({ type: 'failed', id, error: toErrorData(error), heapMb: heapMb() })
    } finally {
      running.delete(id)
    }
  }

  port.on('message', (message: ToWorker) => {
    if (message.type === 'run') void run(message.id, message.name, message.input)
    else running.get(message.id)?.abort()
  })
  send({ type: 'ready' })
}

/** What this thread's heap holds of the system's memory, garbage included. */
function heapMb(): number {
  return getHeapStatistics().total_heap_size / 1024 / 1024
}

/** Memory of a result that may move to the other thread instead of being copied. */
function transferables(result: unknown): ArrayBuffer[] {
  if (typeof result !== 'object' || result === null) return []
  const buffers = new Set<ArrayBuffer>()
  for (const value of Object.values(result)) {
    const buffer: unknown = ArrayBuffer.isView(value) ? value.buffer : value
    // A view of a part of a larger buffer (such as Node's shared pool) must not take the rest with it.
    const whole = !ArrayBuffer.isView(value) || value.byteLength === value.buffer.byteLength
    if (buffer instanceof ArrayBuffer && whole) buffers.add(buffer)
  }
  return [...buffers]
}
