import { expect, it } from 'vitest'
import { createNetworkAttempts } from '../../library/network-attempts.ts'
import { silentLog } from '../../shared/log.ts'
import { migrate } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('leaves a workspace from before offline, its settings as they were, with an empty list', () => {
  const database = openSqlite(':memory:')
  try {
    migrate(database, migrations.slice(0, 3), () => {})
    database.exec(`INSERT INTO settings VALUES ('theme', '"dark"')`)
    let backups = 0
    migrate(database, migrations.slice(0, 4), () => (backups += 1))
    expect(backups).toBe(1)
    expect(database.prepare('SELECT key FROM settings').pluck().all()).toEqual(['theme'])
    const attempts = createNetworkAttempts(database, silentLog)
    expect(attempts.summary()).toEqual({ allowed: 0, refused: 0, lastAt: null })
    attempts.record({ at: 5, purpose: 'chat', host: 'a.example', method: 'GET', outcome: 'allowed', reason: null })
    expect(attempts.list({ limit: 10 })).toEqual([
      { number: 1, at: 5, purpose: 'chat', host: 'a.example', method: 'GET', outcome: 'allowed', reason: null },
    ])
  } finally {
    database.close()
  }
})
