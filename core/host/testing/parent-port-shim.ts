/**
 * Plays Electron's `process.parentPort` in an ordinary child process, for tests: messages travel over Node's own channel
 * between processes, and each port that arrives is one end of a real MessageChannel. Loaded before the entry of the
 * utility process. The other side is `forkPlayed`.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { PortLike } from '../../contract/channel.ts'
import type { ParentPort } from '../utility.ts'

/** Between the two processes: to and from the parent port, or one of the numbered ports. */
export type Relayed = { port: 0; data: unknown; newPort?: number } | { port: number; data: unknown; closed?: boolean }

type Listener = Parameters<ParentPort['on']>[1]

const listeners: Listener[] = []
const ports = new Map<number, MessagePort>()
const send = (message: Relayed): void => void process.send?.(message)

export const parentPort: ParentPort = {
  on: (_type, listener) => {
    // Node keeps messages until there is a listener, as Electron does.
    if (listeners.push(listener) === 1) process.on('message', receive)
  },
  postMessage: (data) => send({ port: 0, data }),
}

function receive(message: Relayed): void {
  if (message.port !== 0) {
    const port = ports.get(message.port)
    if ('closed' in message) port?.close()
    else port?.postMessage(message.data)
    return
  }
  const number = 'newPort' in message ? message.newPort : undefined
  const event = { data: message.data, ports: number === undefined ? [] : [openPort(number)] }
  for (const listener of listeners) listener(event)
}

function openPort(number: number): PortLike {
  const { port1, port2 } = new MessageChannel()
  ports.set(number, port1)
  port1.on('message', (data) => send({ port: number, data }))
  port1.on('close', () => process.connected && send({ port: number, data: null, closed: true }))
  return port2
}

Object.assign(process, { parentPort })
process.on('disconnect', () => process.exit(0))
