import type { MessageChannelMain, MessagePortMain, UtilityProcess } from 'electron'
import { AppError, fromErrorData } from '../core/contract/errors.ts'
import type { MessageFromHost, MessageToHost } from '../core/host/utility.ts'
import type { HostEnvironment } from '../core/host/utility-environment.ts'
import type { Log } from '../core/shared/log.ts'

export interface HostProcessOptions {
  fork(): Pick<UtilityProcess, 'on' | 'postMessage' | 'kill'>
  createChannel(): Pick<MessageChannelMain, 'port1' | 'port2'>
  environment: HostEnvironment
  log: Log
  /** Told when a running host went away; it is being started again. */
  onLost(): void
  /** Milliseconds; for deciding whether it dies too often. */
  now?: () => number
}

export interface HostProcess {
  /** The page's end of a new channel to the host, once that runs. Errors: what kept the host from starting. */
  connect(): Promise<MessagePortMain>
  /** Lets the host put its work away; kills it if it does not. */
  stop(): Promise<void>
}

/** As many deaths in a minute as are taken for accidents. */
const mostDeaths = 3
const deathWindowMs = 60_000
const stopPatienceMs = 8_000

/** Keeps the core host running in a process of its own: starts it again when it dies, but not for ever. */
export function createHostProcess(options: HostProcessOptions): HostProcess {
  const { log, now = Date.now } = options
  let running:
    { process: ReturnType<HostProcessOptions['fork']>; ready: Promise<void>; exited: Promise<void> } | undefined
  let deaths: number[] = []
  let stopping = false

  const start = (): NonNullable<typeof running> => {
    const process = options.fork()
    const ready = Promise.withResolvers<void>()
    const exited = Promise.withResolvers<void>()
    // Whoever waits for it hears of it; nobody waiting is no error.
    ready.promise.catch(() => {})
    let wasReady = false
    process.on('message', (message: MessageFromHost) => {
      if (message.type === 'ready') {
        wasReady = true
        ready.resolve()
      } else if (message.type === 'failed') {
        ready.reject(fromErrorData(message.error))
        if (running?.process === process) running = undefined
        process.kill()
      }
    })
    // 'exit' follows. Unheard, it would be an exception of the main process.
    process.on('error', (type, location) => log.error('The core host gave up', { type, location }))
    process.on('exit', (code) => {
      ready.reject(new AppError('internal', 'The core of Quarry stopped while it was starting. Try again.'))
      exited.resolve()
      if (running?.process !== process) return
      running = undefined
      if (stopping) return
      log.error('The core host stopped unexpectedly', { code })
      deaths = [...deaths, now()].filter((time) => now() - time < deathWindowMs)
      if (wasReady) options.onLost()
      if (deaths.length < mostDeaths) running = start()
    })
    const message: MessageToHost<HostEnvironment> = { type: 'start', environment: options.environment }
    process.postMessage(message)
    return { process, ready: ready.promise, exited: exited.promise }
  }

  return {
    connect: async () => {
      if (stopping) throw new AppError('connection-lost', 'Quarry is closing.')
      // Asking again after it gave up is a person's decision, so the count begins anew.
      if (!running && deaths.length >= mostDeaths) deaths = []
      const current = (running ??= start())
      await current.ready
      const { port1, port2 } = options.createChannel()
      const message: MessageToHost<HostEnvironment> = { type: 'connect' }
      current.process.postMessage(message, [port2])
      return port1
    },
    stop: async () => {
      stopping = true
      const current = running
      if (!current) return
      current.process.postMessage({ type: 'stop' } satisfies MessageToHost<HostEnvironment>)
      const timer = setTimeout(() => current.process.kill(), stopPatienceMs)
      await current.exited
      clearTimeout(timer)
    },
  }
}
