import { expect, it } from 'vitest'
import { createBotLibrary } from '../../application/library/bots.ts'
import { createConversationLibrary } from '../../application/library/conversations.ts'
import { botSettingsSchema } from '../../contract/bots.ts'
import type { LineId } from '../../shared/ids.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('adds bots and conversations; what is searched for goes with its messages, however long the branch', () => {
  const database = openSqlite(':memory:')
  try {
    migrate(
      database,
      migrations.filter((migration) => numberOf(migration) < 120),
      () => {},
    )
    database.exec(`INSERT INTO collections VALUES ('c1', 'One', '', '{}', 1)`)
    let backups = 0
    migrate(database, migrations, () => (backups += 1))
    expect(backups).toBe(1)
    expect(database.prepare('SELECT id FROM collections').pluck().all()).toEqual(['c1'])

    const release = { kind: 'production' as const, lineId: 'line' as LineId }
    const bots = createBotLibrary(database)
    const bot = bots.create(botSettingsSchema.parse({ name: 'Bot', release }), { template: '', wantsStarters: false })
    const conversations = createConversationLibrary(database)
    const { id } = conversations.create(bot.id)
    const scope = { documents: [], tags: [], reading: 'auto' as const }
    // Deeper than SQLite lets triggers and foreign keys call one another.
    database.transaction(() => {
      for (let number = 0; number < 1500; number++) {
        const parentId = conversations.leaf(id)
        conversations.ask({ conversationId: id, parentId, text: `Frage ${number}`, scope, title: 'Fragen' })
      }
    })()
    expect(conversations.get(id).messages).toBe(3000)
    const words = database.prepare(`SELECT count(*) FROM message_words WHERE message_words MATCH '"frage"'`).pluck()
    expect(words.get()).toBe(1500)

    bots.remove(bot.id, true)
    expect(words.get()).toBe(0)
    for (const table of ['bots', 'conversations', 'messages']) {
      expect(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0)
    }
    expect(database.pragma('foreign_key_check')).toEqual([])
  } finally {
    database.close()
  }
})
