import type { Database } from 'better-sqlite3'
import { type ModelSpeed, modelSpeedSchema } from '../contract/models.ts'

export interface ModelSpeedLibrary {
  /** What was measured of a model with these contents on this machine; undefined where nothing was. */
  find(model: string, machine: string, contents: string): ModelSpeed | undefined
  /** In place of what is known of a model of that name on that machine. */
  save(model: string, contents: string, speed: ModelSpeed): void
}

export function createModelSpeedLibrary(database: Database): ModelSpeedLibrary {
  const select = database
    .prepare<[string, string, string], string>(
      'SELECT speed FROM model_speeds WHERE model = ? AND machine = ? AND contents = ?',
    )
    .pluck()
  const upsert = database.prepare(
    `INSERT INTO model_speeds (model, machine, contents, speed) VALUES (?, ?, ?, ?)
     ON CONFLICT (model, machine) DO UPDATE SET contents = excluded.contents, speed = excluded.speed`,
  )
  return {
    find(model, machine, contents) {
      const speed = select.get(model, machine, contents)
      return speed === undefined ? undefined : modelSpeedSchema.safeParse(JSON.parse(speed)).data
    },
    save(model, contents, speed) {
      upsert.run(model, speed.machine, contents, JSON.stringify(speed))
    },
  }
}
