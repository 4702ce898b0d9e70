import type { AnyRouter } from '@orpc/server'
import { channelOverPort, type PortLike } from '../contract/channel.ts'
import { toAppError, toErrorData, type ErrorData } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'
import { serveChannel, type ServedChannel } from '../wire/serve-channel.ts'
import type { KeychainRequest } from './utility-keychain.ts'
import type { WorkerRequest } from './utility-workers.ts'

/** What Electron's main process tells the utility process. `connect` comes with one port. */
export type MessageToHost<Environment> =
  { type: 'start'; environment: Environment } | { type: 'connect' } | { type: 'stop' }

export type MessageFromHost =
  | { type: 'ready' }
  /** The app could not be built (locked workspace, full disk …); the process ends after this. */
  | { type: 'failed'; error: ErrorData }
  | { type: 'stopped' }

/** The members of Electron's `process.parentPort` that are used. */
export interface ParentPort {
  on(type: 'message', listener: (event: { data: unknown; ports: PortLike[] }) => void): unknown
  postMessage(message: MessageFromHost | WorkerRequest | KeychainRequest): void
}

export interface UtilityOptions<Environment> {
  parentPort: ParentPort
  createApp(environment: Environment): Promise<{ router: AnyRouter } & AsyncDisposable>
  log: Log
  exit(code: number): void
}

/**
 * Runs the core host behind a parent port: builds the app when told to start, serves it on every port that comes, puts
 * it away when told to stop. Ports that come while it starts are served as soon as it has started.
 */
export function runUtility<Environment>(options: UtilityOptions<Environment>): void {
  const { parentPort, log, exit } = options
  let app: Awaited<ReturnType<typeof options.createApp>> | undefined
  let starting: Promise<void> | undefined
  const waiting: PortLike[] = []
  const served = new Set<ServedChannel>()

  const serve = (port: PortLike): void => {
    if (!app) {
      waiting.push(port)
      return
    }
    const channel = channelOverPort(port)
    const entry = serveChannel(app.router, channel, { log })
    served.add(entry)
    channel.onClose(() => served.delete(entry))
  }
  const start = async (environment: Environment): Promise<void> => {
    try {
      app = await options.createApp(environment)
      parentPort.postMessage({ type: 'ready' })
      for (const port of waiting.splice(0)) serve(port)
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'internal') log.error('The host could not start', { text: known.message })
      parentPort.postMessage({ type: 'failed', error: toErrorData(known) })
    }
  }
  const stop = async (): Promise<void> => {
    await starting
    try {
      await Promise.all([...served].map((each) => each[Symbol.asyncDispose]()))
      await app?.[Symbol.asyncDispose]()
      parentPort.postMessage({ type: 'stopped' })
      exit(0)
    } catch (error) {
      log.error('The host could not stop cleanly', { text: toAppError(error).message })
      exit(1)
    }
  }

  parentPort.on('message', ({ data, ports }) => {
    const message = data as MessageToHost<Environment>
    if (message.type === 'start') starting ??= start(message.environment)
    else if (message.type === 'connect' && ports[0]) serve(ports[0])
    else if (message.type === 'stop') void stop()
  })
}
