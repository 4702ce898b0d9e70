import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import type { PromptRecord, PromptVersion } from '../contract/prompts.ts'
import { createId, type PromptId } from '../shared/ids.ts'

export interface PromptWords {
  system: string
  user: string
  note: string
}

/** Prompts and their versions, which never change. */
export interface PromptLibrary {
  /** By name. */
  list(): PromptRecord[]
  /** Errors: item-missing. */
  get(id: PromptId): PromptRecord
  /** Newest first. */
  versions(id: PromptId): PromptVersion[]
  /** With its first version. Errors: name-taken. */
  create(name: string, words: PromptWords): PromptRecord
  addVersion(id: PromptId, words: PromptWords): void
  remove(id: PromptId): boolean
}

export function createPromptLibrary(database: Database): PromptLibrary {
  const columns = `p.*, (SELECT max(number) FROM prompt_versions v WHERE v.prompt_id = p.id) AS version,
    (SELECT max(created_at) FROM prompt_versions v WHERE v.prompt_id = p.id) AS changed_at FROM prompts p`
  const selectAll = database.prepare<[], Row>(`SELECT ${columns} ORDER BY p.name`)
  const selectOne = database.prepare<[string], Row>(`SELECT ${columns} WHERE p.id = ?`)
  const selectByName = database.prepare<[string], Row>(`SELECT ${columns} WHERE p.name = ?`)
  const selectVersions = database.prepare<[string], VersionRow>(
    'SELECT * FROM prompt_versions WHERE prompt_id = ? ORDER BY number DESC',
  )
  const insert = database.prepare('INSERT INTO prompts (id, name, created_at) VALUES (?, ?, ?)')
  const insertVersion = database.prepare(
    `INSERT INTO prompt_versions (prompt_id, number, system, user, note, created_at)
     VALUES (@id, 1 + (SELECT coalesce(max(number), 0) FROM prompt_versions WHERE prompt_id = @id), @system, @user, @note, @now)`,
  )
  const deleteOne = database.prepare('DELETE FROM prompts WHERE id = ?')

  const library: PromptLibrary = {
    list: () => selectAll.all().map(toRecord),
    get(id) {
      const row = selectOne.get(id)
      if (row) return toRecord(row)
      throw new AppError('item-missing', `There is no prompt ${id}. It may have been removed.`, { details: { id } })
    },
    versions(id) {
      const { name } = library.get(id)
      return selectVersions.all(id).map(({ number, system, user, note, created_at }) => ({
        number,
        prompt: { name, version: number, system, user },
        note,
        createdAt: created_at,
      }))
    },
    create: database.transaction((name: string, words: PromptWords) => {
      const other = selectByName.get(name.trim())
      if (other) {
        throw new AppError('name-taken', `There is already a prompt called "${other.name}". Choose another name.`, {
          details: { name },
        })
      }
      const id = createId('prompt')
      insert.run(id, name.trim(), Date.now())
      library.addVersion(id, words)
      return library.get(id)
    }),
    addVersion: (id, words) => void insertVersion.run({ id, ...words, now: Date.now() }),
    remove: (id) => deleteOne.run(id).changes > 0,
  }
  return library
}

interface Row {
  id: string
  name: string
  version: number
  created_at: number
  changed_at: number
}

interface VersionRow {
  number: number
  system: string
  user: string
  note: string
  created_at: number
}

function toRecord(row: Row): PromptRecord {
  const { id, name, version, created_at: createdAt, changed_at: changedAt } = row
  return { id: id as PromptId, name, version, createdAt, changedAt }
}
