import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { type TraceExportChoice, traceExportChoiceSchema } from '../contract/traces.ts'

/** What people have decided about traces. */
export interface TraceSettings {
  /** 0: for ever. */
  retentionDays: number
  export: TraceExportChoice
}

export interface TraceSettingsLibrary {
  /** Nothing leaves, and nothing is removed, where nothing was set, and where what was set cannot be read. */
  read(): TraceSettings
  write(change: Partial<TraceSettings>): void
}

export function createTraceSettingsLibrary(database: Database): TraceSettingsLibrary {
  const select = database.prepare<[], string>(`SELECT value FROM settings WHERE key = 'traces'`).pluck()
  const upsert = database.prepare(
    `INSERT INTO settings (key, value) VALUES ('traces', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  const read = (): TraceSettings => {
    const value = select.get()
    return value === undefined ? untouched : parse(value)
  }
  return { read, write: (change) => void upsert.run(JSON.stringify({ ...read(), ...change })) }
}

const settingsSchema = z.object({
  retentionDays: z.int().min(0),
  export: traceExportChoiceSchema,
})
const untouched: TraceSettings = { retentionDays: 0, export: traceExportChoiceSchema.parse({}) }

function parse(value: string): TraceSettings {
  try {
    return settingsSchema.parse(JSON.parse(value))
  } catch {
    return untouched
  }
}
