import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { type AllowedHost, allowedHostSchema } from '../contract/network.ts'

/** What people have decided about the network. */
export interface NetworkSettings {
  offline: boolean
  allowed: readonly AllowedHost[]
}

export interface NetworkSettingsLibrary {
  /** Offline with nothing allowed where nothing was set, and where what was set cannot be read. */
  read(): NetworkSettings
  write(settings: NetworkSettings): void
}

export function createNetworkSettingsLibrary(database: Database): NetworkSettingsLibrary {
  const select = database.prepare<[], string>(`SELECT value FROM settings WHERE key = 'network'`).pluck()
  const upsert = database.prepare(
    `INSERT INTO settings (key, value) VALUES ('network', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  return {
    read() {
      const value = select.get()
      return value === undefined ? closed : parse(value)
    },
    write({ offline, allowed }) {
      upsert.run(JSON.stringify({ offline, allowed }))
    },
  }
}

const settingsSchema = z.object({ offline: z.boolean(), allowed: z.array(allowedHostSchema) })
const closed: NetworkSettings = { offline: true, allowed: [] }

function parse(value: string): NetworkSettings {
  try {
    return settingsSchema.parse(JSON.parse(value))
  } catch {
    return closed
  }
}
