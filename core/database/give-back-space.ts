import type { Database } from 'better-sqlite3'
import { toAppError } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'

/** Pages that are kept for what comes next: growing a file costs more than filling it. */
const keptPages = 1000
const pagesAtATime = 2000
/** A database from before files could shrink is written anew only where that is quick: what is left is small. */
const quickBytes = 256 * 1024 * 1024

/**
 * Gives the space of what was removed back to the disk, in steps with pauses between them, so that it keeps no question
 * waiting. Never throws: a database that is larger than it need be is as good as any.
 */
export async function giveBackSpace(database: Database, log: Log, pause: () => Promise<void>): Promise<void> {
  try {
    const number = (name: string): number => (database.open ? (database.pragma(name, { simple: true }) as number) : 0)
    const free = number('freelist_count')
    if (free <= keptPages || database.inTransaction) return
    if (number('auto_vacuum') === 0) {
      const left = (number('page_count') - free) * number('page_size')
      // What goes must be more than what is written for it.
      if (free * 2 < number('page_count') || left > quickBytes) return
      database.pragma('auto_vacuum = INCREMENTAL')
      database.exec('VACUUM')
    }
    while (number('freelist_count') > keptPages && !database.inTransaction) {
      database.pragma(`incremental_vacuum(${pagesAtATime})`)
      await pause()
    }
    // The file itself becomes shorter when its log is copied into it.
    if (database.open) database.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    log.warn('Space could not be given back.', { code: toAppError(error).code })
  }
}
