import { AppError, toErrorData } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { HostPort } from './host-port.ts'

export interface ServedContext {
  signal: AbortSignal
  log: Log
  onProgress(progress: Progress): void
}

/** Answers a pool's messages with these handlers. Errors go back as data. */
export function serveTasks(
  port: HostPort,
  // Inputs were typed where the task was asked for; between processes they are plain data.
  handlers: Readonly<Record<string, (input: never, context: ServedContext) => Promise<unknown>>>,
): void {
  const running = new Map<number, AbortController>()
  const entry = (level: 'info' | 'warn' | 'error') => (message: string, details?: Record<string, unknown>) =>
    port.send({ type: 'log', level, message, ...(details ? { details } : {}) })
  const log: Log = { info: entry('info'), warn: entry('warn'), error: entry('error') }

  const run = async (id: number, name: string, input: unknown): Promise<void> => {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const handler = handlers[name]
      if (!handler) throw new AppError('internal', `There is no task called "${name}".`)
      const onProgress = (progress: Progress): void => port.send({ type: 'progress', id, progress })
      const result = await handler(input as never, { signal: controller.signal, log, onProgress })
      port.send({ type: 'done', id, result, residentMb: residentMb() })
    } catch (error) {
      port.send({ type: 'failed', id, error: toErrorData(error), residentMb: residentMb() })
    } finally {
      running.delete(id)
    }
  }

  port.onMessage((message) => {
    if (message.type === 'run') void run(message.id, message.name, message.input)
    else running.get(message.id)?.abort()
  })
  process.on('uncaughtException', (error) => {
    port.send({ type: 'crashed', error: toErrorData(error) })
    process.exitCode = 1
    setImmediate(() => process.exit())
  })
  port.send({ type: 'ready' })
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1024 / 1024
}
