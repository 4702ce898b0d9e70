import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { migrate, numberOf } from './migrate.ts'
import { migrations } from './migrations/list.ts'
import { openSqlite } from './sqlite.ts'

const names = (database: ReturnType<typeof openSqlite>): string[] =>
  database.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all()

describe('migrate', () => {
  it('lists every file of the folder, numbered in tens, in order', () => {
    const folder = fileURLToPath(new URL('migrations', import.meta.url))
    const files = readdirSync(folder).filter((name) => /^\d/.test(name) && !name.includes('.test.'))
    expect(files.map((name) => name.replace('.ts', ''))).toEqual(migrations.map((migration) => migration.name))
    const numbers = migrations.map(numberOf)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(numbers.filter((number) => number % 10 !== 0)).toEqual([])
  })

  it('makes every table STRICT', () => {
    using database = disposable(openSqlite(':memory:'))
    migrate(database.value, migrations, () => expect.unreachable('nothing to back up'))
    // Of a virtual table, and of the tables that it keeps its own things in, the module decides.
    const tables = database.value
      .prepare<[], { name: string; strict: number }>(
        `SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'`,
      )
      .all()
    expect(tables.length).toBeGreaterThan(8)
    expect(tables.filter(({ strict }) => strict === 0)).toEqual([])
  })

  it('applies each migration once and backs up before it changes existing data', () => {
    using database = disposable(openSqlite(':memory:'))
    const first = { name: '0010-a', sql: 'CREATE TABLE a (x TEXT) STRICT; INSERT INTO a VALUES (1);' }
    const second = { name: '0020-b', sql: 'CREATE TABLE b (x TEXT) STRICT;' }
    let backups = 0
    migrate(database.value, [first], () => (backups += 1))
    expect(backups).toBe(0)
    migrate(database.value, [first, second], () => (backups += 1))
    migrate(database.value, [first, second], () => (backups += 1))
    expect(backups).toBe(1)
    expect(names(database.value)).toEqual(expect.arrayContaining(['a', 'b']))
    expect(database.value.prepare('SELECT count(*) AS n FROM a').get()).toEqual({ n: 1 })
  })

  it('leaves nothing of a migration that fails', () => {
    using database = disposable(openSqlite(':memory:'))
    const broken = { name: '0010-a', sql: 'CREATE TABLE a (x TEXT) STRICT; CREATE TABLE a (x TEXT) STRICT;' }
    expect(() => migrate(database.value, [broken], () => {})).toThrow(/already exists/)
    expect(names(database.value)).toEqual([])
    expect(database.value.pragma('user_version', { simple: true })).toBe(0)
  })

  it('refuses a database from the future and does not touch it', () => {
    using database = disposable(openSqlite(':memory:'))
    database.value.pragma('user_version = 9990')
    expect(() => migrate(database.value, migrations, () => {})).toThrow(
      expect.objectContaining({ code: 'workspace-newer' }) as Error,
    )
    expect(names(database.value)).toEqual([])
  })
})

function disposable(value: ReturnType<typeof openSqlite>) {
  return { value, [Symbol.dispose]: () => void value.close() }
}
