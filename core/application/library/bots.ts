import type { Database } from 'better-sqlite3'
import { type BotSettings, botSettingsSchema } from '../../contract/bots.ts'
import { AppError } from '../../contract/errors.ts'
import { type BotId, createId } from '../../shared/ids.ts'

/** A bot as it is kept: without what the ML layer says of it. */
export interface StoredBot extends BotSettings {
  id: BotId
  template: string
  /** Starter questions are to be proposed as soon as there are documents. */
  wantsStarters: boolean
  conversations: number
  createdAt: number
  changedAt: number
}

export interface BotLibrary {
  /** By name. */
  list(): StoredBot[]
  /** Errors: item-missing. */
  get(id: BotId): StoredBot
  find(id: BotId): StoredBot | undefined
  findByName(name: string): StoredBot | undefined
  /** Errors: name-taken. */
  create(settings: BotSettings, about: { template: string; wantsStarters: boolean }): StoredBot
  /** Errors: item-missing, name-taken. */
  update(id: BotId, settings: BotSettings, wantsStarters: boolean): StoredBot
  /** Starters that were proposed: no change by a person. Nothing where they are not wanted any more. */
  giveStarters(id: BotId, starters: readonly string[]): void
  /** Its conversations keep its name, or go with it. */
  remove(id: BotId, withConversations: boolean): boolean
}

export function createBotLibrary(database: Database): BotLibrary {
  const columns = `b.*, (SELECT count(*) FROM conversations c WHERE c.bot_id = b.id) AS conversations`
  const selectAll = database.prepare<[], Row>(`SELECT ${columns} FROM bots b ORDER BY b.name COLLATE NOCASE`)
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM bots b WHERE b.id = ?`)
  const selectByName = database.prepare<[string], Row>(`SELECT ${columns} FROM bots b WHERE b.name = ?`)
  const insert = database.prepare(
    `INSERT INTO bots (id, name, template, settings, wants_starters, created_at, changed_at)
     VALUES (@id, @name, @template, @settings, @wantsStarters, @now, @now)`,
  )
  const update = database.prepare(
    'UPDATE bots SET name = @name, settings = @settings, wants_starters = @wantsStarters, changed_at = @now WHERE id = @id',
  )
  const updateStarters = database.prepare(
    `UPDATE bots SET settings = json_set(settings, '$.starters', json(?)), wants_starters = 0
     WHERE id = ? AND wants_starters = 1`,
  )
  const nameConversations = database.prepare('UPDATE conversations SET bot_name = ? WHERE bot_id = ?')
  const deleteConversations = database.prepare('DELETE FROM conversations WHERE bot_id = ?')
  const deleteOne = database.prepare('DELETE FROM bots WHERE id = ?')

  const requireFree = (name: string, own?: BotId): void => {
    const other = library.findByName(name)
    if (!other || other.id === own) return
    throw new AppError('name-taken', `There is a bot called "${other.name}" already. Choose another name.`)
  }
  const library: BotLibrary = {
    list: () => selectAll.all().map(toBot),
    get(id) {
      const bot = library.find(id)
      if (bot) return bot
      throw new AppError('item-missing', 'This bot is not there any more. Choose another, or make a new one.')
    },
    find(id) {
      const row = select.get(id)
      return row && toBot(row)
    },
    findByName(name) {
      const row = selectByName.get(name.trim())
      return row && toBot(row)
    },
    create(settings, { template, wantsStarters }) {
      requireFree(settings.name)
      const id = createId('bot')
      const now = Date.now()
      insert.run({ id, ...toColumns(settings), template, wantsStarters: wantsStarters ? 1 : 0, now })
      return library.get(id)
    },
    update(id, settings, wantsStarters) {
      library.get(id)
      requireFree(settings.name, id)
      update.run({ id, ...toColumns(settings), wantsStarters: wantsStarters ? 1 : 0, now: Date.now() })
      return library.get(id)
    },
    giveStarters: (id, starters) => void updateStarters.run(JSON.stringify(starters), id),
    remove: database.transaction((id: BotId, withConversations: boolean) => {
      const bot = library.get(id)
      if (withConversations) deleteConversations.run(id)
      else nameConversations.run(bot.name, id)
      return deleteOne.run(id).changes > 0
    }),
  }
  return library
}

interface Row {
  id: string
  name: string
  template: string
  settings: string
  wants_starters: number
  conversations: number
  created_at: number
  changed_at: number
}

function toColumns({ name, ...settings }: BotSettings) {
  return { name, settings: JSON.stringify(settings) }
}

function toBot(row: Row): StoredBot {
  return {
    ...botSettingsSchema.parse({ ...(JSON.parse(row.settings) as object), name: row.name }),
    id: row.id as BotId,
    template: row.template,
    wantsStarters: row.wants_starters === 1,
    conversations: row.conversations,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}
