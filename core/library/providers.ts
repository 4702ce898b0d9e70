import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import type { ProviderKind, ProviderTimeouts } from '../contract/providers.ts'

/** A provider as it is stored: everything but its key. */
export interface StoredProvider {
  id: string
  kind: ProviderKind
  label: string
  baseUrl: string
  timeouts: ProviderTimeouts
}

export interface ProviderLibrary {
  /** Sorted by id. */
  list(): StoredProvider[]
  /** Errors: item-missing. */
  get(id: string): StoredProvider
  /** Errors: name-taken. */
  add(provider: StoredProvider): void
  /** Errors: item-missing. */
  set(provider: StoredProvider): void
  /** Gives whether there was one. */
  remove(id: string): boolean
}

export function createProviderLibrary(database: Database): ProviderLibrary {
  const selectAll = database.prepare<[], Row>('SELECT * FROM providers ORDER BY id')
  const select = database.prepare<[string], Row>('SELECT * FROM providers WHERE id = ?')
  const insert = database.prepare(
    `INSERT OR IGNORE INTO providers (id, kind, label, base_url, first_byte_ms, idle_ms, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const update = database.prepare(
    'UPDATE providers SET label = ?, base_url = ?, first_byte_ms = ?, idle_ms = ? WHERE id = ?',
  )
  const deleteOne = database.prepare('DELETE FROM providers WHERE id = ?')
  const missing = (id: string): AppError => {
    const known = selectAll.all().map((row) => row.id)
    const hint = known.length === 0 ? 'There are none yet: quarry providers add' : `There are: ${known.join(', ')}.`
    return new AppError('item-missing', `There is no provider called "${id}". ${hint}`, { details: { known } })
  }
  return {
    list: () => selectAll.all().map(toProvider),
    get(id) {
      const row = select.get(id)
      if (!row) throw missing(id)
      return toProvider(row)
    },
    add({ id, kind, label, baseUrl, timeouts }) {
      const { changes } = insert.run(id, kind, label, baseUrl, timeouts.firstByteMs, timeouts.idleMs, Date.now())
      if (changes === 0) {
        throw new AppError(
          'name-taken',
          `There is a provider called "${id}" already. Change it, or choose another name.`,
        )
      }
    },
    set({ id, label, baseUrl, timeouts }) {
      const { changes } = update.run(label, baseUrl, timeouts.firstByteMs, timeouts.idleMs, id)
      if (changes === 0) throw missing(id)
    },
    remove: (id) => deleteOne.run(id).changes > 0,
  }
}

interface Row {
  id: string
  kind: string
  label: string
  base_url: string
  first_byte_ms: number
  idle_ms: number
}

function toProvider({ id, kind, label, base_url, first_byte_ms, idle_ms }: Row): StoredProvider {
  return {
    id,
    kind: kind as ProviderKind,
    label,
    baseUrl: base_url,
    timeouts: { firstByteMs: first_byte_ms, idleMs: idle_ms },
  }
}
