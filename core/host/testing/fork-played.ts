import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { MessagePort } from 'node:worker_threads'
import type { BrokeredForkOptions, BrokeredProcess } from '../utility-broker.ts'
import type { Relayed } from './parent-port-shim.ts'

export interface PlayedProcess extends BrokeredProcess<MessagePort> {
  readonly child: ChildProcess
}

/** Plays Electron's `utilityProcess.fork` with a child process of Node, for tests. */
export function forkPlayed(entry: string, args: string[] = [], options?: BrokeredForkOptions): PlayedProcess {
  const child = fork(entry, args, {
    serialization: 'advanced',
    execArgv: [...v8Flags(options), ...likeElectron, '--import', shim],
    stdio: options ? ['ignore', 'ignore', 'pipe', 'ipc'] : ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const stderr = child.stderr?.pipe(new PassThrough()) ?? null
  const events = new EventEmitter()
  const ports = new Map<number, MessagePort>()
  let lastPort = 0
  let killed = false
  const send = (message: Relayed): void => {
    if (child.connected) child.send(message, () => {})
  }
  const hold = (port: MessagePort): number => {
    const number = ++lastPort
    ports.set(number, port)
    port.on('message', (data) => send({ port: number, data }))
    port.on('close', () => {
      ports.delete(number)
      send({ port: number, data: null, closed: true })
    })
    return number
  }

  child.on('spawn', () => events.emit('spawn'))
  child.on('message', (message: Relayed) => {
    if (message.port === 0) events.emit('message', message.data)
    else if ('closed' in message) ports.get(message.port)?.close()
    else ports.get(message.port)?.postMessage(message.data)
  })
  child.on('exit', (code, signal) => {
    for (const port of ports.values()) port.close()
    events.emit('exit', killed ? 0 : (code ?? (signal ? constants.signals[signal] : 1)))
    stderr?.removeAllListeners()
  })

  return Object.assign(events, {
    child,
    stderr,
    postMessage: (data: unknown, [port]: MessagePort[] = []) =>
      send({ port: 0, data, ...(port ? { newPort: hold(port) } : {}) }),
    kill: () => {
      killed = true
      return child.kill()
    },
  })
}

const shim = fileURLToPath(new URL('./parent-port-shim.ts', import.meta.url))
/** What Electron does with promises that nobody waits for in a utility process. */
const likeElectron = ['--unhandled-rejections=warn-with-error-code']

/** Of the switches that Electron's own processes are given, V8 sees those in `--js-flags`. */
function v8Flags(options: BrokeredForkOptions | undefined): string[] {
  const prefix = '--js-flags='
  const switches = options?.execArgv.filter((argument) => argument.startsWith(prefix)) ?? []
  return switches.flatMap((argument) => argument.slice(prefix.length).split(' '))
}
