import { availableParallelism } from 'node:os'
import { z } from 'zod'
import {
  heapFlags,
  lastWordsLength,
  workerArguments,
  type WorkerKind,
  type WorkerLimits,
} from '../compute/worker-process.ts'
import type { Log } from '../shared/log.ts'
import type { WorkerAnswer } from './utility-workers.ts'

/** The members of Electron's `UtilityProcess` that are used. */
export interface BrokeredProcess<Port> {
  on(type: 'message', listener: (message: unknown) => void): unknown
  /** On POSIX the code is the number of the signal where one ended it. */
  on(type: 'exit', listener: (code: number) => void): unknown
  on(type: 'spawn', listener: () => void): unknown
  /** V8 gave up. `report` is a diagnostic report of Node: JSON, long. Unheard, it would end the main process. */
  on(type: 'error', listener: (type: 'FatalError', location: string, report: string) => void): unknown
  /** Does nothing when the process is gone. */
  postMessage(message: unknown, ports?: Port[]): void
  /** False before the process has spawned and after it ended. One that does not go by itself is killed hard. */
  kill(): boolean
  readonly stderr: NodeJS.ReadableStream | null
}

/** Those of the options of `utilityProcess.fork` that are used. */
export interface BrokeredForkOptions {
  execArgv: string[]
  stdio: ('ignore' | 'pipe')[]
  serviceName: string
}

export interface WorkerBrokerOptions<Port> {
  /** The core host, for whom workers are started. */
  host: BrokeredProcess<Port>
  /** `utilityProcess.fork`. */
  fork(entry: string, args: string[], options: BrokeredForkOptions): BrokeredProcess<Port>
  createChannel(): { port1: Port; port2: Port }
  /** The files that run as workers. The host names a kind, never a file. */
  entries: Readonly<Record<WorkerKind, string>>
  log: Log
  /** How many run at once. By default more than the pools of the host ever ask for. */
  mostWorkers?: number
}

/**
 * The part of Electron's main process that starts workers for the core host, which as a utility process cannot. Each
 * worker gets one end of a channel and the host the other, after which the main process is not involved until the
 * worker ends. When the host goes away, all its workers are ended. Requests that make no sense are left unanswered.
 */
export function brokerWorkers<Port>(options: WorkerBrokerOptions<Port>): void {
  const { host, entries, log, mostWorkers = defaultMostWorkers() } = options
  const workers = new Map<number, BrokeredProcess<Port>>()
  let hostGone = false

  const answer = (message: WorkerAnswer, ports?: Port[]): void => {
    if (!hostGone) host.postMessage(message, ports)
  }
  const refuse = (id: number, why: string): void => {
    log.warn('A worker was not started', { why })
    answer({ type: 'worker-exit', id, code: null, lastWords: why })
  }
  const start = (id: number, kind: string, limits: WorkerLimits): void => {
    if (workers.has(id)) return log.warn('A worker was not started', { why: 'Its number is taken.' })
    if (!isKind(kind, entries)) return refuse(id, 'There is no such kind of worker.')
    if (workers.size >= mostWorkers) return refuse(id, `There are ${mostWorkers} workers already.`)
    const worker = options.fork(entries[kind], workerArguments(limits), {
      // The heap is set up before Node reads its own flags, which Electron filters; V8's go by this switch.
      execArgv: [`--js-flags=${heapFlags(limits).join(' ')}`],
      stdio: ['ignore', 'ignore', 'pipe'],
      serviceName: 'Quarry worker',
    })
    workers.set(id, worker)
    const words = listenForLastWords(worker)
    worker.on('exit', (code) => {
      workers.delete(id)
      void words.rest().then((lastWords) => answer({ type: 'worker-exit', id, code, lastWords }))
    })
    const { port1, port2 } = options.createChannel()
    worker.postMessage({ type: 'host-port' }, [port1])
    answer({ type: 'worker-port', id }, [port2])
  }

  host.on('message', (message) => {
    const request = requestSchema.safeParse(message).data
    if (request?.type === 'worker-start') start(request.id, request.kind, request.limits)
    else if (request) kill(workers.get(request.id))
  })
  host.on('exit', () => {
    hostGone = true
    workers.forEach(kill)
  })
}

/** What is said beyond this is of no use, and what comes after it is not waited for. */
const restPatienceMs = 200

/** Bounded, because they go on the command line of a process. */
const limitsSchema = z.object({ memoryMb: z.int().min(16).max(65_536) })
const requestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('worker-start'), id: z.int().positive(), kind: z.string(), limits: limitsSchema }),
  z.object({ type: z.literal('worker-kill'), id: z.int().positive() }),
])

/** Two pools, one of them with a worker for each core, and as many again that are just being replaced. */
function defaultMostWorkers(): number {
  return Math.max(32, 2 * availableParallelism() + 8)
}

function isKind(kind: string, entries: WorkerBrokerOptions<never>['entries']): kind is WorkerKind {
  return Object.hasOwn(entries, kind)
}

function kill<Port>(worker: BrokeredProcess<Port> | undefined): void {
  // One that has not spawned yet cannot be killed yet.
  if (worker && !worker.kill()) worker.on('spawn', () => void worker.kill())
}

/** The end of a worker's error output, and what V8 said when it gave up, as far as they say why it ended. */
function listenForLastWords<Port>(worker: BrokeredProcess<Port>): { rest(): Promise<string> } {
  let words = ''
  const add = (text: string): void => void (words = (words + text).slice(-lastWordsLength))
  const { stderr } = worker
  stderr?.setEncoding('utf8')
  stderr?.on('data', add)
  worker.on('error', (type, location, report) => {
    // The report begins with what happened ("… JavaScript heap out of memory"); the rest is about this machine.
    const event = /"event":\s*"([^"]{0,200})"/.exec(report.slice(0, 1000))?.[1] ?? ''
    add(`${type}: ${location}: ${event}\n`)
  })
  return {
    rest: async () => {
      if (!stderr?.readable) return words
      // Electron takes all listeners off the stream once 'exit' was told, though it may not be read to its end.
      await new Promise((resolve) => setImmediate(resolve))
      const ended = Promise.withResolvers<void>()
      stderr.on('data', add).on('end', ended.resolve)
      const timer = setTimeout(ended.resolve, restPatienceMs)
      await ended.promise
      clearTimeout(timer)
      return words
    },
  }
}
