import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { channelOverPort, type Channel } from '../../contract/channel.ts'
import type { MessageFromHost, MessageToHost } from '../utility.ts'
import type { Relayed } from './parent-port-shim.ts'

/**
 * The main process's side of a utility process that runs as a child process.
 * @param entry Another one than the toy, such as the built host.
 */
export function startUtilityChild(entry: string = here('./utility-child.ts')) {
  const child = fork(entry, { serialization: 'advanced', execArgv: ['--import', here('./parent-port-shim.ts')] })
  const ports = new Map<number, EventEmitter>()
  const answers: MessageFromHost[] = []
  const news = new EventEmitter()
  let lastPort = 0
  const send = (message: Relayed): void => {
    if (child.connected) child.send(message)
  }
  child.on('message', (message: Relayed) => {
    if (message.port === 0) {
      answers.push(message.data as MessageFromHost)
      news.emit('answer')
    } else ports.get(message.port)?.emit('closed' in message ? 'close' : 'message', message.data)
  })
  child.on('exit', () => {
    for (const port of ports.values()) port.emit('close')
  })
  return {
    child,
    tell: (data: MessageToHost<object>) => send({ port: 0, data }),
    /** The next word from the host. */
    hear: async (): Promise<MessageFromHost> => {
      while (answers.length === 0) await once(news, 'answer')
      return answers.shift() as MessageFromHost
    },
    connect: (): Channel => {
      const number = ++lastPort
      const port = new EventEmitter()
      ports.set(number, port)
      send({ port: 0, data: { type: 'connect' }, newPort: number })
      return channelOverPort({
        on: (type, listener) => port.on(type, listener),
        postMessage: (data) => send({ port: number, data }),
        close: () => send({ port: number, data: null, closed: true }),
      })
    },
  }
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
