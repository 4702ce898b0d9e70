import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker's line to the pool that started it. */
export interface HostPort {
  send(message: FromWorker): void
  onMessage(listener: (message: ToWorker) => void): void
}

/** Ends this process when the one that started it is gone: nobody is left to work for. */
export function connectToHost(): HostPort {
  if (!process.send) throw new Error('A worker runs as a process of the core host, not on its own.')
  process.on('disconnect', () => process.exit(0))
  // From a terminal this goes to every process of the group; the host decides when its workers end.
  process.on('SIGINT', () => {})
  watchMemory(Number(process.argv[2]))
  return {
    send: (message) => void process.send?.(message),
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
