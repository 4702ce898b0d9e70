import { statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../shared/log.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { giveBackSpace } from './give-back-space.ts'
import { openSqlite } from './sqlite.ts'

const pause = (): Promise<void> => Promise.resolve()

describe('the space of what was removed', () => {
  it('goes back to the disk, in steps', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'new.sqlite')
    using cleanup = new DisposableStack()
    const database = cleanup.adopt(openSqlite(path), (opened) => opened.close())
    fill(database)
    const before = statSync(path).size
    database.exec('DELETE FROM things WHERE id > 100')
    let pauses = 0
    await giveBackSpace(database, silentLog, () => Promise.resolve(void (pauses += 1)))
    expect(pauses).toBeGreaterThan(2)
    expect(statSync(path).size).toBeLessThan(before / 3)
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(database.prepare('SELECT count(*) FROM things').pluck().get()).toBe(100)
  })

  it('does so from a database of before, which could not shrink, once most of it is free', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'old.sqlite')
    const old = new Sqlite(path)
    fill(old)
    old.close()
    using cleanup = new DisposableStack()
    const database = cleanup.adopt(openSqlite(path), (opened) => opened.close())
    const before = statSync(path).size
    expect(database.pragma('auto_vacuum', { simple: true })).toBe(0)
    database.exec('DELETE FROM things WHERE id > 8000')
    await giveBackSpace(database, silentLog, pause)
    expect(database.pragma('auto_vacuum', { simple: true })).toBe(0)
    database.exec('DELETE FROM things WHERE id > 100')
    await giveBackSpace(database, silentLog, pause)
    expect(database.pragma('auto_vacuum', { simple: true })).toBe(2)
    expect(statSync(path).size).toBeLessThan(before / 3)
    expect(database.prepare('SELECT count(*) FROM things').pluck().get()).toBe(100)
  })

  it('is left where it is in the middle of a transaction', async () => {
    using folder = temporaryFolder()
    using cleanup = new DisposableStack()
    const database = cleanup.adopt(openSqlite(join(folder.path, 'new.sqlite')), (opened) => opened.close())
    fill(database)
    database.exec('BEGIN; DELETE FROM things')
    await giveBackSpace(database, silentLog, pause)
    database.exec('ROLLBACK')
    expect(database.prepare('SELECT count(*) FROM things').pluck().get()).toBe(12_000)
  })
})

/** Some 25 MB. */
function fill(database: Sqlite.Database): void {
  database.exec(`CREATE TABLE things (id INTEGER PRIMARY KEY, body BLOB);
    INSERT INTO things WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) SELECT i, zeroblob(2000) FROM n`)
  database.pragma('wal_checkpoint(TRUNCATE)')
}
