import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { AppError, toAppError } from '../contract/errors.ts'
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
    makeFolder(folder)
    const filesFolder = join(folder, 'files')
    makeFolder(filesFolder)
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
    throw withFolder(toAppError(unwritable(error)), folder)
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

/**
 * Node's own recursive mkdir never returns where the parent is there and yet nothing can be made in it, as in /proc
 * (it takes ENOENT for a missing parent for ever).
 */
function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder && !existsSync(parent)) makeFolder(parent)
  mkdirSync(folder)
}

/** A person with several workspaces has to know which one. */
function withFolder(error: AppError, folder: string): AppError {
  const { code, details, retryable } = error
  if (code !== 'workspace-unwritable' && code !== 'workspace-corrupt' && code !== 'disk-full') return error
  return new AppError(code, `${folder}: ${error.message}`, { retryable, details: { ...details, folder }, cause: error })
}

function backUp(database: Database, databasePath: string, backupsFolder: string): void {
  mkdirSync(backupsFolder, { recursive: true })
  database.pragma('wal_checkpoint(TRUNCATE)')
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  copyFileSync(databasePath, join(backupsFolder, `workspace-${stamp}.sqlite`))
}
