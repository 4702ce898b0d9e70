import { fork } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { FromWorker, ToWorker } from './messages.ts'

/** The programs that run as workers. */
export type WorkerKind = 'compute'

/** How a worker went away. */
export interface WorkerEnd {
  code: number | null
  signal: string | null
  /** The last that it wrote to its error output: what V8 says when it runs out of memory. */
  lastWords: string
}

/**
 * A process that does tasks, as a pool sees it. A process and not a thread, because V8 ends the whole process, not the
 * thread, when a single large step (splitting a long text, say) runs out of memory.
 */
export interface WorkerProcess {
  /** Resolves when the message is on its way, or lost with the process. Rejects where it is not plain data. */
  send(message: ToWorker): Promise<void>
  onMessage(listener: (message: FromWorker) => void): void
  /** Called once, whether it ended by itself, crashed, was killed or could not be started. */
  onExit(listener: (end: WorkerEnd) => void): void
  /** Ends it at once. Resolves when it is gone. */
  kill(): Promise<void>
  /** Whether this process stays alive for it. A new one is referenced. */
  ref(): void
  unref(): void
}

export interface WorkerLimits {
  /** JavaScript heap in MiB. The process may hold twice as much of the system's memory, buffers included. */
  memoryMb: number
}

/** Starts a worker of a kind. What it is differs between Node and the desktop app. */
export type StartWorker = (kind: WorkerKind, limits: WorkerLimits) => WorkerProcess

/** Workers as child processes of Node. */
export function nodeWorkers(entries: Readonly<Record<WorkerKind, URL>>): StartWorker {
  return (kind, limits) => startChild(entries[kind], limits)
}

/**
 * What V8 is told. A small young generation: the default grows to some 100 MB and makes nothing here faster. Garbage is
 * collected on demand before a long text is handed over.
 */
export function heapFlags({ memoryMb }: WorkerLimits): string[] {
  return [`--max-old-space-size=${memoryMb}`, '--max-semi-space-size=16', '--expose-gc']
}

/** What the worker's program is told: the most that its process may hold, in MiB. See `watchMemory`. */
export function workerArguments({ memoryMb }: WorkerLimits): string[] {
  return [String(2 * memoryMb)]
}

/** Enough of the error output to know what happened. */
export const lastWordsLength = 4000

function startChild(entry: URL, limits: WorkerLimits): WorkerProcess {
  const child = fork(fileURLToPath(entry), workerArguments(limits), {
    execArgv: heapFlags(limits),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
  })
  let lastWords = ''
  child.stderr?.setEncoding('utf8')
  child.stderr?.on('data', (text: string) => (lastWords = (lastWords + text).slice(-lastWordsLength)))
  const gone = Promise.withResolvers<WorkerEnd>()
  // 'close' and not 'exit': what it wrote last is read by then.
  child.on('close', (code, signal) => gone.resolve({ code, signal, lastWords }))
  child.on('error', (error) => {
    if (child.pid === undefined) gone.resolve({ code: null, signal: null, lastWords: error.message })
  })
  // Typed as any readable stream; in fact it is a pipe.
  const errorOutput = child.stderr instanceof Socket ? child.stderr : undefined
  const handles = [child, child.channel, errorOutput]
  const ref = (): void => handles.forEach((handle) => handle?.ref())
  return {
    send: (message) => new Promise((resolve) => child.send(message, () => resolve())),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromWorker)),
    onExit: (listener) => void gone.promise.then(listener),
    async kill() {
      ref()
      child.kill('SIGKILL')
      await gone.promise
    },
    ref,
    unref: () => handles.forEach((handle) => handle?.unref()),
  }
}
