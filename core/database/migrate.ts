import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import type { Migration } from './migrations/list.ts'

/**
 * Brings a database up to the newest migration. `PRAGMA user_version` holds the number of the last one applied
 * (10, 20 …). Each migration is one transaction; `backup` runs once before the first one that changes existing data.
 * A database from a newer Quarry is refused untouched.
 */
export function migrate(database: Database, migrations: readonly Migration[], backup: () => void): void {
  const current = database.pragma('user_version', { simple: true }) as number
  const newest = migrations.reduce((highest, migration) => Math.max(highest, numberOf(migration)), 0)
  if (current > newest) {
    throw new AppError(
      'workspace-newer',
      `This workspace was made by a newer version of Quarry (its database is at ${current}, this version knows ${newest}). Update Quarry, or choose another workspace folder.`,
      { details: { current, newest } },
    )
  }
  const pending = migrations.filter((migration) => numberOf(migration) > current)
  if (pending.length === 0) return
  if (current > 0) backup()
  for (const migration of pending) {
    const apply = database.transaction(() => {
      database.exec(migration.sql)
      database.pragma(`user_version = ${numberOf(migration)}`)
    })
    apply.exclusive()
  }
}

/** The number at the head of a migration's name. */
export function numberOf(migration: Migration): number {
  return Number.parseInt(migration.name, 10)
}
