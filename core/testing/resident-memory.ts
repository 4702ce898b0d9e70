import { Worker } from 'node:worker_threads'

export interface ResidentMemory extends Disposable {
  /** Megabytes (of 1,000,000 bytes): the most that was seen so far. */
  peakMb(): number
}

/**
 * Watches what this process and its children hold of the system's memory together, twenty times a second, from a thread
 * of its own: what takes much of it seldom lets others look. What is mapped from files (Node itself, most of all) is
 * the same in all of them and counted once: where it is most. Linux only.
 */
export function watchResidentMemory(): ResidentMemory {
  const shared = new SharedArrayBuffer(8)
  const peak = new Float64Array(shared)
  const thread = new Worker(program, { eval: true, execArgv: [], workerData: { shared, pid: process.pid } })
  thread.unref()
  return {
    peakMb: () => (peak[0] ?? 0) / 1e6,
    [Symbol.dispose]: () => void thread.terminate(),
  }
}

const program = `
  const { readFileSync, readdirSync } = require('node:fs')
  const { shared, pid } = require('node:worker_threads').workerData
  const peak = new Float64Array(shared)
  const read = (path) => { try { return readFileSync(path, 'utf8') } catch { return '' } }
  const tree = (pid) => [pid, ...tasksOf(pid).flatMap((task) => childrenOf(pid, task).flatMap(tree))]
  const tasksOf = (pid) => { try { return readdirSync('/proc/' + pid + '/task') } catch { return [] } }
  const childrenOf = (pid, task) =>
    read('/proc/' + pid + '/task/' + task + '/children').split(' ').filter(Boolean).map(Number)
  // In pages: size resident shared …
  const pagesOf = (pid) => read('/proc/' + pid + '/statm').split(' ').map(Number)
  setInterval(() => {
    let own = 0
    let mapped = 0
    for (const each of tree(pid)) {
      const [, resident = 0, shared = 0] = pagesOf(each)
      own += resident - shared
      mapped = Math.max(mapped, shared)
    }
    peak[0] = Math.max(peak[0], (own + mapped) * 4096)
  }, 50)`
