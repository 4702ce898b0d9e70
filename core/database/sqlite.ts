import { sep } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { getLoadablePath } from 'sqlite-vec'

export interface OpenSqliteOptions {
  /** A connection that cannot write; the file must exist. */
  readOnly?: boolean
  /** How long to wait for another connection's lock. */
  busyTimeoutMs?: number
}

/**
 * Opens a database with the pragmas that the whole product relies on, and with sqlite-vec loaded. Migrations are the
 * caller's. `:memory:` gives a private database. The opener closes it. Errors: SQLite's own (SQLITE_CANTOPEN,
 * SQLITE_NOTADB …), which `toAppError` knows.
 */
export function openSqlite(path: string, options: OpenSqliteOptions = {}): Database {
  const readOnly = options.readOnly ?? false
  const database = new Sqlite(path, { readonly: readOnly, fileMustExist: readOnly })
  try {
    database.pragma(`busy_timeout = ${Math.trunc(options.busyTimeoutMs ?? 5000)}`)
    // Says something only to a new file; `giveBackSpace` brings older ones to it.
    if (!readOnly) database.pragma('auto_vacuum = INCREMENTAL')
    if (!readOnly) database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    // Ingest touches pages all over the file; with the default of 2 MB they are written and read again and again.
    database.pragma(`cache_size = -${readOnly ? 16_384 : 65_536}`)
    // Copying the log into the file means waiting for the disk: less often, in larger steps.
    if (!readOnly) database.pragma('wal_autocheckpoint = 8000')
    // Sorting and merging stay in memory: nothing of a document is written to the system's temporary folder.
    database.pragma('temp_store = MEMORY')
    database.loadExtension(vectorExtensionPath())
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Where the operating system can load sqlite-vec from. Inside a packaged app the resolver answers with a path in
 * app.asar, which only Electron's own file functions can read; the packager unpacks the file beside it.
 */
export function vectorExtensionPath(path: string = getLoadablePath()): string {
  return path.replace(`${sep}app.asar${sep}`, `${sep}app.asar.unpacked${sep}`)
}
