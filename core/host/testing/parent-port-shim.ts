/**
 * Plays Electron's `process.parentPort` in an ordinary child process, for tests: messages travel over Node's own channel
 * between processes, and each port that arrives is one end of a real MessageChannel. Loaded before the entry of the
 * utility process.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { PortLike } from '../../contract/channel.ts'
import type { ParentPort } from '../utility.ts'

/** Between the two processes: to and from the parent port, or one of the numbered ports. */
export type Relayed = { port: 0; data: unknown; newPort?: number } | { port: number; data: unknown; closed?: boolean }

const ports = new Map<number, MessagePort>()
const send = (message: Relayed): void => void process.send?.(message)

export const parentPort: ParentPort = {
  on: (_type, listener) =>
    process.on('message', (message: Relayed) => {
      if (message.port !== 0) {
        const port = ports.get(message.port)
        if ('closed' in message) port?.close()
        else port?.postMessage(message.data)
        return
      }
      const number = 'newPort' in message ? message.newPort : undefined
      listener({ data: message.data, ports: number === undefined ? [] : [openPort(number)] })
    }),
  postMessage: (data) => send({ port: 0, data }),
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
