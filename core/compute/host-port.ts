import { Worker } from 'node:worker_threads'
import type { PortLike } from '../contract/channel.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { createPortLine } from './port-line.ts'

/** A worker's line to the pool that started it. */
export interface HostPort {
  /** Resolves when the message is on its way, or lost with the host. */
  send(message: FromWorker): Promise<void>
  onMessage(listener: (message: ToWorker) => void): void
}

/** Ends this process when the one that started it is gone: nobody is left to work for. */
export function connectToHost(): HostPort {
  const { parentPort } = process as typeof process & { parentPort?: ParentPort }
  if (!parentPort && !process.send) throw new Error('A worker runs as a process of the core host, not on its own.')
  // From a terminal this goes to every process of the group; the host decides when its workers end.
  process.on('SIGINT', () => {})
  watchMemory(Number(process.argv[2]))
  return parentPort ? overParentPort(parentPort) : overNodeChannel()
}

/** The member of Electron's `process.parentPort` that a worker uses. */
interface ParentPort {
  on(type: 'message', listener: (event: { ports: PortLike[] }) => void): unknown
}

/** In the desktop app the first message from the main process brings a port to the host. See `brokerWorkers`. */
function overParentPort(parentPort: ParentPort): HostPort {
  const line = createPortLine<FromWorker, ToWorker>()
  let connected = false
  parentPort.on('message', ({ ports: [port] }) => {
    if (connected || !port) return
    connected = true
    line.connect(port, () => process.exit(0))
  })
  // Electron's utility processes only warn of these; as in Node, nobody waits for them and the process ends.
  process.on('unhandledRejection', (reason) => {
    throw reason instanceof Error ? reason : new Error(String(reason))
  })
  return line
}

function overNodeChannel(): HostPort {
  process.on('disconnect', () => process.exit(0))
  return {
    send: (message) => new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve())),
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
  }
}

/**
 * Ends this process when it holds more than `residentMb` MiB. V8's own limit is about its heap alone, and buffers (of
 * pictures, of WebAssembly) are outside of it. A thread, because whatever takes all the memory does not stop to look.
 */
function watchMemory(residentMb: number): void {
  if (!(residentMb > 0)) return
  const program = `
    const { writeSync } = require('node:fs')
    setInterval(() => {
      if (process.memoryUsage.rss() < ${residentMb} * 1024 * 1024) return
      writeSync(2, 'memory limit')
      process.kill(process.pid, 'SIGKILL')
    }, 200)`
  const limits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 }
  new Worker(program, { eval: true, execArgv: [], resourceLimits: limits }).unref()
}
