/**
 * Loaded into a process before anything else (`node --import test-airgap-guard.ts?log=FILE`): writes every attempt to
 * reach the network to a file, one JSON line each, and refuses it. It is in worker processes and threads too. What
 * native code does it does not see; that is what the network namespace and strace are for.
 */
import childProcess, { type ForkOptions } from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { basename } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import workerThreads from 'node:worker_threads'

export interface Attempt {
  process: number
  thread: number
  /** 'connect', 'lookup', 'resolve', 'datagram', 'program'. */
  kind: string
  target: string
  /** Where in the sources it came from. */
  from: string[]
}

const log = new URL(import.meta.url).searchParams.get('log') ?? ''

function refuse(kind: string, target: string): Error {
  const from = (new Error().stack ?? '')
    .split('\n')
    .slice(3)
    .map((line) => line.trim())
  const attempt: Attempt = { process: process.pid, thread: threadId, kind, target, from }
  appendFileSync(log, `${JSON.stringify(attempt)}\n`)
  return Object.assign(new Error(`The guard of the air gap test refused: ${kind} ${target}`), { code: 'ENETUNREACH' })
}

type Call = (...given: unknown[]) => unknown
const replace = (object: object, name: string, make: (real: Call) => Call): void => {
  const own = object as Record<string, unknown>
  const real = own[name]
  if (typeof real === 'function') own[name] = make(real as Call)
}
const lastFunction = (given: readonly unknown[]): Call | undefined => {
  const last = given.at(-1)
  return typeof last === 'function' ? (last as Call) : undefined
}

// Connections of all kinds (http, https, fetch, WebSocket, tls) end here. Paths are pipes on this machine.
replace(
  net.Socket.prototype,
  'connect',
  (real) =>
    function (this: net.Socket, ...given: unknown[]) {
      const [first] = given.flat() as [unknown]
      const options = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined
      const path = options ? options['path'] : typeof first === 'string' && !/^\d+$/.test(first) ? first : undefined
      if (path) return real.apply(this, given)
      const port = options ? options['port'] : first
      const host = options ? options['host'] : given[1]
      const error = refuse('connect', `${typeof host === 'string' ? host : 'localhost'}:${String(port)}`)
      process.nextTick(() => this.destroy(error))
      return this
    },
)

const asks = /^(lookup|lookupService|resolve\w*|reverse)$/
for (const object of [dns, dns.Resolver.prototype]) {
  for (const name of Object.getOwnPropertyNames(object).filter((one) => asks.test(one))) {
    replace(
      object,
      name,
      (real) =>
        function (this: unknown, ...given: unknown[]) {
          if (isNumber(name, given)) return real.apply(this, given)
          const error = refuse(name.startsWith('lookup') ? 'lookup' : 'resolve', String(given[0]))
          process.nextTick(() => lastFunction(given)?.(error))
          return undefined
        },
    )
  }
}
for (const object of [dns.promises, dns.promises.Resolver.prototype]) {
  for (const name of Object.getOwnPropertyNames(object).filter((one) => asks.test(one))) {
    replace(
      object,
      name,
      (real) =>
        async function (this: unknown, ...given: unknown[]) {
          if (isNumber(name, given)) return real.apply(this, given)
          throw refuse(name.startsWith('lookup') ? 'lookup' : 'resolve', String(given[0]))
        },
    )
  }
}
/** Whoever listens on 127.0.0.1 "looks it up", too: what is a number already is asked of nobody. */
function isNumber(name: string, [host]: readonly unknown[]): boolean {
  return name === 'lookup' && typeof host === 'string' && net.isIP(host) !== 0
}

for (const name of ['send', 'connect']) {
  replace(dgram.Socket.prototype, name, () => (...given) => {
    const error = refuse(
      'datagram',
      given.filter((one) => typeof one !== 'function' && typeof one !== 'object').join(' '),
    )
    process.nextTick(() => lastFunction(given)?.(error))
  })
}

// Another program would be out of sight, unless it is Node, which the guard goes along with.
for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync']) {
  replace(childProcess, name, (real) => (...given) => {
    const program = String(given[0])
    if (basename(program).replace(/\.exe$/, '') !== basename(process.execPath).replace(/\.exe$/, '')) {
      throw refuse('program', program)
    }
    return real(...given)
  })
}
// `fork` starts Node with arguments of its own; NODE_OPTIONS would be lost with an environment of its own.
replace(childProcess, 'fork', (real) => (file, ...given) => {
  const passed = Array.isArray(given[0]) ? (given[0] as string[]) : []
  const options = (Array.isArray(given[0]) ? given[1] : given[0]) as ForkOptions | undefined
  const execArgv = options?.execArgv ?? process.execArgv
  return real(file, passed, { ...options, execArgv: withGuard(execArgv) })
})
const RealWorker = workerThreads.Worker
Object.defineProperty(workerThreads, 'Worker', {
  configurable: true,
  enumerable: true,
  writable: true,
  value: class Worker extends RealWorker {
    constructor(file: string | URL, options: workerThreads.WorkerOptions = {}) {
      super(file, { ...options, execArgv: withGuard(options.execArgv ?? process.execArgv.filter(isForThreads)) })
    }
  },
})

function withGuard(execArgv: readonly string[]): string[] {
  const others = execArgv.filter((argument, index) => {
    return argument !== import.meta.url && execArgv[index + 1] !== import.meta.url
  })
  return ['--import', import.meta.url, ...others]
}

/** A thread may not be given what concerns the whole process, such as the size of the heap. */
function isForThreads(argument: string): boolean {
  return !/^--max-|^--expose/.test(argument)
}

syncBuiltinESMExports()
if (isMainThread) appendFileSync(log, '')
