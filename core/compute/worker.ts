import { connectToHost } from './host-port.ts'
import { serveTasks } from './serve-tasks.ts'
import { taskHandlers } from './tasks.ts'

/** A compute worker's entry: a process that does the listed tasks, one at a time, and keeps nothing a user could miss. */
serveTasks(connectToHost(), taskHandlers)
