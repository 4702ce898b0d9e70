import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { toAppError } from '../contract/errors.ts'
import { lockWorkspace } from './lock.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/list.ts'
import { openSqlite } from './sqlite.ts'

/** The open data folder: its database and the places of its files. */
export interface Workspace extends Disposable {
  folder: string
  /** Bytes of uploaded files, named by upload id. */
  filesFolder: string
  database: Database
  databasePath: string
}

/**
 * Opens a workspace, making it where there is none. Errors: workspace-locked, workspace-newer, workspace-corrupt,
 * workspace-unwritable, disk-full.
 */
export function openWorkspace(folder: string, program: string): Workspace {
  try {
    mkdirSync(folder, { recursive: true })
    const filesFolder = join(folder, 'files')
    mkdirSync(filesFolder, { recursive: true })
    const lock = lockWorkspace(folder, program)
    try {
      const databasePath = join(folder, 'workspace.sqlite')
      const database = openSqlite(databasePath)
      try {
        migrate(database, migrations, () => backUp(database, databasePath, join(folder, 'backups')))
      } catch (error) {
        database.close()
        throw error
      }
      return {
        folder,
        filesFolder,
        database,
        databasePath,
        [Symbol.dispose]() {
          if (database.open) database.close()
          lock[Symbol.dispose]()
        },
      }
    } catch (error) {
      lock[Symbol.dispose]()
      throw error
    }
  } catch (error) {
    throw toAppError(unwritable(error))
  }
}

/** "No permission" about the workspace itself is not about a document. */
function unwritable(error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOENT') {
    return Object.assign(new Error((error as Error).message), { code: 'SQLITE_CANTOPEN' })
  }
  return error
}

function backUp(database: Database, databasePath: string, backupsFolder: string): void {
  mkdirSync(backupsFolder, { recursive: true })
  database.pragma('wal_checkpoint(TRUNCATE)')
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  copyFileSync(databasePath, join(backupsFolder, `workspace-${stamp}.sqlite`))
}
