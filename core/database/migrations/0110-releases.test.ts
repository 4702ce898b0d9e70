import { describe, expect, it } from 'vitest'
import { createCollectionLibrary } from '../../library/collections.ts'
import { createReleaseLibrary } from '../../library/releases.ts'
import { defaultPipeline } from '../../services/default-pipeline.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

function openLibrary() {
  const database = openSqlite(':memory:')
  migrate(
    database,
    migrations.filter((migration) => numberOf(migration) < 110),
    () => {},
  )
  const { id } = createCollectionLibrary(database).create('Old', '', defaultPipeline)
  const insert = database.prepare(
    `INSERT INTO indexes (collection_id, fingerprint, dimensions, state, created_at, purpose) VALUES (?, ?, 4, ?, 7, ?)`,
  )
  insert.run(id, 'a', 'active', 'answers')
  insert.run(id, 'b', 'building', 'evaluation')
  migrate(database, migrations, () => {})
  const library = createReleaseLibrary(database)
  const line = library.createLine('Line', '')
  const draft = (note = '') => library.createDraft({ lineId: line.id, pipeline: defaultPipeline, note, basedOn: null })
  return { database, library, line, draft }
}

describe('releases in the database', () => {
  it('know of indexes from before whether they are complete', () => {
    const { database } = openLibrary()
    expect(database.prepare('SELECT complete_at FROM indexes ORDER BY id').pluck().all()).toEqual([7, null])
    database.close()
  })

  it('are never changed once they are no drafts, whoever tries', () => {
    const { database, library, draft } = openLibrary()
    const { id } = draft()
    library.edit(id, { note: 'may change' })
    expect(library.makeCandidate(id, null)).toMatchObject({ number: 1, stage: 'candidate', note: 'may change' })
    const change = (sql: string) => () => database.prepare(`UPDATE releases SET ${sql} WHERE id = ?`).run(id)
    for (const stage of ['candidate', 'production', 'retired'] as const) {
      library.setStage(id, stage)
      for (const sql of [`pipeline = '{}'`, 'number = 9', `run_id = 'x'`, `note = 'x'`, `based_on = 'x'`, `id = 'x'`])
        expect(change(sql), `${stage}: ${sql}`).toThrow('never changes')
    }
    expect(change(`stage = 'candidate'`)).toThrow('cannot go')
    expect(change(`stage = 'draft', number = NULL`)).toThrow()
    expect(() => library.remove(id)).toThrow('not removed')
    database.close()
  })

  it('have one in production a line, and numbers that are never used again', () => {
    const { database, library, line, draft } = openLibrary()
    const numbered = [1, 2, 3].map(() => library.makeCandidate(draft().id, null))
    expect(numbered.map(({ number }) => number)).toEqual([1, 2, 3])
    library.setStage(numbered[0]!.id, 'production')
    expect(() => library.setStage(numbered[1]!.id, 'production')).toThrow('UNIQUE')
    const event = { fromNumber: null, who: 'a', reason: '', isOverride: false, runId: null, gate: null } as const
    library.addEvent(line.id, { ...event, action: 'discarded', releaseId: numbered[2]!.id, releaseNumber: 3 })
    expect(library.remove(numbered[2]!.id)).toBe(true)
    expect(library.makeCandidate(draft().id, null).number).toBe(4)
    expect(library.line(line.id)).toMatchObject({
      production: { number: 1 },
      counts: { draft: 0, candidate: 2, retired: 0 },
    })
    database.close()
  })

  it('keep what happened as it happened', () => {
    const { database, library, line } = openLibrary()
    const event = { releaseId: null, releaseNumber: null, fromNumber: null, reason: 'why', isOverride: false } as const
    library.addEvent(line.id, { ...event, action: 'gate-changed', who: 'Ada', runId: null, gate: null })
    library.addEvent(line.id, { ...event, action: 'gate-changed', who: 'Bob', runId: null, gate: null })
    expect(library.events(line.id).map(({ number, who }) => [number, who])).toEqual([
      [2, 'Bob'],
      [1, 'Ada'],
    ])
    expect(() => database.prepare(`UPDATE release_events SET data = '{}'`).run()).toThrow('not rewritten')
    expect(() => database.prepare('DELETE FROM release_events').run()).toThrow('not removed')
    expect(() => database.prepare('DELETE FROM lines WHERE id = ?').run(line.id)).toThrow('FOREIGN KEY')
    database.close()
  })
})
