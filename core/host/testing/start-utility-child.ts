import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import type { WorkerKind } from '../../compute/worker-process.ts'
import { channelOverPort, type Channel } from '../../contract/channel.ts'
import { consoleLog } from '../../shared/log.ts'
import { brokerWorkers } from '../utility-broker.ts'
import type { WorkerRequest } from '../utility-workers.ts'
import type { MessageFromHost, MessageToHost } from '../utility.ts'
import { forkPlayed } from './fork-played.ts'

/**
 * Plays Electron's main process to a core host that runs as a child process: it starts real workers for it.
 * @param entry Another one than the toy, such as the built host.
 * @param workers The files that run as workers.
 */
export function startUtilityChild(
  entry: string = here('./utility-child.ts'),
  workers: Readonly<Record<WorkerKind, string>> = { compute: here('../../compute/worker.ts') },
) {
  const host = forkPlayed(entry)
  const createChannel = () => new MessageChannel()
  const started: ReturnType<typeof forkPlayed>[] = []
  const fork: typeof forkPlayed = (...given) => {
    const worker = forkPlayed(...given)
    started.push(worker)
    return worker
  }
  brokerWorkers({ host, fork, createChannel, entries: workers, log: consoleLog() })

  const answers: MessageFromHost[] = []
  const news = new EventEmitter()
  host.on('message', (data) => {
    const message = data as MessageFromHost | WorkerRequest
    if (message.type === 'worker-start' || message.type === 'worker-kill') return
    answers.push(message)
    news.emit('answer')
  })
  return {
    child: host.child,
    /** The workers that were started so far. */
    workers: started,
    tell: (message: MessageToHost<object>) => host.postMessage(message),
    /** The next word from the host. */
    hear: async (): Promise<MessageFromHost> => {
      while (answers.length === 0) await once(news, 'answer')
      return answers.shift() as MessageFromHost
    },
    connect: (): Channel => {
      const { port1, port2 } = createChannel()
      const message: MessageToHost<object> = { type: 'connect' }
      host.postMessage(message, [port2])
      return channelOverPort(port1)
    },
  }
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
