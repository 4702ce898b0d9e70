/**
 * The utility process as an ordinary child process, for tests: `process.parentPort` is played over Node's own channel
 * between processes, and each port that arrives is one end of a real MessageChannel. With "real" as its argument it
 * runs the real app instead of the toy.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { AppError } from '../../contract/errors.ts'
import type { PortLike } from '../../contract/channel.ts'
import { runUtility, type ParentPort } from '../utility.ts'
import { createToy } from './toy.ts'

/** Between the two processes: to and from the parent port, or one of the numbered ports. */
export type Relayed = { port: 0; data: unknown; newPort?: number } | { port: number; data: unknown; closed?: boolean }

const ports = new Map<number, MessagePort>()
const send = (message: Relayed): void => void process.send?.(message)

const parentPort: ParentPort = {
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
  return port2 as PortLike
}

const toy = createToy()
runUtility<{ broken?: boolean }>({
  parentPort,
  createApp: async ({ broken }) => {
    if (broken) {
      throw new AppError('workspace-locked', 'Process 42 uses this workspace. Stop it first.', { details: { pid: 42 } })
    }
    return { router: toy.router, [Symbol.asyncDispose]: async () => {} }
  },
  log: toy.log,
  exit: (code) => process.exit(code),
})
process.on('disconnect', () => process.exit(0))
