import { parentPort } from 'node:worker_threads'
import { serveTasks } from './serve-tasks.ts'
import { taskHandlers } from './tasks.ts'

/** A compute worker's entry: a thread that does the listed tasks, one at a time, and keeps nothing a user could miss. */
if (!parentPort) throw new Error('The compute worker runs as a thread of createComputePool, not on its own.')
serveTasks(parentPort, taskHandlers)
