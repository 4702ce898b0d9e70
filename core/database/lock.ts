import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'

/** Who holds a workspace, for the message to the second one. */
export interface Holder {
  /** 'quarry serve', 'quarry ingest', 'Quarry' … */
  program: string
  pid: number
  /** ISO 8601. */
  since: string
}

/**
 * Makes this process the only one with the workspace open. The lock is an exclusive transaction on a small SQLite
 * file: the operating system lets go of it when the process ends, however it ends, so there is no stale lock to
 * clear after a crash.
 */
export function lockWorkspace(folder: string, program: string): Disposable {
  mkdirSync(folder, { recursive: true })
  const holderFile = join(folder, 'lock.json')
  const lock = new BetterSqlite3(join(folder, 'lock.sqlite'), { timeout: 0 })
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw error
    const holder = readHolder(holderFile)
    throw new AppError('workspace-locked', lockedMessage(folder, holder), {
      retryable: true,
      details: { folder, ...(holder ? { holder } : {}) },
      cause: error,
    })
  }
  const holder: Holder = { program, pid: process.pid, since: new Date().toISOString() }
  writeFileSync(holderFile, JSON.stringify(holder))
  held.add(lock)
  return {
    [Symbol.dispose]() {
      held.delete(lock)
      if (!lock.open) return
      lock.exec('ROLLBACK')
      lock.close()
    },
  }
}

/** A connection that nothing refers to is closed by the garbage collector, and the lock would be gone with it. */
const held = new Set<BetterSqlite3.Database>()

function isBusy(error: unknown): boolean {
  return error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function lockedMessage(folder: string, holder: Holder | undefined): string {
  const who = holder
    ? `by ${holder.program} (process ${holder.pid}, since ${new Date(holder.since).toLocaleString('en-GB')})`
    : 'by another program'
  return `The workspace ${folder} is in use ${who}. Close that first, or choose another folder with --workspace.`
}
