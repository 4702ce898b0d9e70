import type { FromWorker, ToWorker } from '../compute/messages.ts'
import { createPortLine } from '../compute/port-line.ts'
import type { StartWorker, WorkerEnd, WorkerKind, WorkerLimits, WorkerProcess } from '../compute/worker-process.ts'
import type { PortLike } from '../contract/channel.ts'

/** What the host's utility process asks of Electron's main process, which alone can start processes. */
export type WorkerRequest =
  { type: 'worker-start'; id: number; kind: WorkerKind; limits: WorkerLimits } | { type: 'worker-kill'; id: number }

/** What the main process answers: see `brokerWorkers`. */
export type WorkerAnswer =
  /** Comes with the host's end of a channel to the worker. */
  | { type: 'worker-port'; id: number }
  /** Once for every worker asked for: it ended, or was refused (then `lastWords` says why). */
  | { type: 'worker-exit'; id: number; code: number | null; lastWords: string }

/** The members of Electron's `process.parentPort` that are used. */
export interface WorkerParentPort {
  on(type: 'message', listener: (event: { data: unknown; ports: PortLike[] }) => void): unknown
  postMessage(message: WorkerRequest): void
}

/**
 * Workers that Electron's main process starts: with the fuse `runAsNode` off, a utility process cannot fork. The host
 * names a kind and limits, never a file. docs/decisions/0007-worker-processes.md says why.
 */
export function utilityWorkers(parentPort: WorkerParentPort): StartWorker {
  const workers = new Map<number, ReturnType<typeof openWorker>>()
  let lastId = 0
  parentPort.on('message', ({ data, ports: [port] }) => {
    const answer = data as WorkerAnswer
    if (answer.type === 'worker-port') {
      const worker = workers.get(answer.id)
      if (worker && port) worker.connect(port)
      else port?.close()
    } else if (answer.type === 'worker-exit') {
      const { code, lastWords } = answer
      workers.get(answer.id)?.end({ code, signal: signalOf(code), lastWords })
      workers.delete(answer.id)
    }
  })
  return (kind, limits) => {
    const id = ++lastId
    const worker = openWorker(() => parentPort.postMessage({ type: 'worker-kill', id }))
    workers.set(id, worker)
    parentPort.postMessage({ type: 'worker-start', id, kind, limits })
    return worker.process
  }
}

function openWorker(kill: () => void) {
  const line = createPortLine<ToWorker, FromWorker>()
  const gone = Promise.withResolvers<WorkerEnd>()
  let ended = false
  const process: WorkerProcess = {
    send: line.send,
    onMessage: line.onMessage,
    onExit: (listener) => void gone.promise.then(listener),
    async kill() {
      if (!ended) kill()
      await gone.promise
    },
    // A utility process lives until it is told to stop, whatever its ports do.
    ref: () => {},
    unref: () => {},
  }
  return {
    process,
    connect: (port: PortLike) => line.connect(port),
    end: (how: WorkerEnd) => {
      ended = true
      gone.resolve(how)
    },
  }
}

/**
 * Electron tells a code and no signal. On POSIX the code of a killed process is the number of the signal; workers
 * themselves end with 0 or 1. 9 is what the system does to a process when memory runs short.
 */
function signalOf(code: number | null): string | null {
  return code === 9 ? 'SIGKILL' : null
}
