import { expect, it } from 'vitest'
import type { ModelSpeed } from '../../contract/models.ts'
import { createModelSpeedLibrary } from '../../library/model-speeds.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('keeps one measurement a model and machine, for the contents that were measured', () => {
  const database = openSqlite(':memory:')
  try {
    migrate(
      database,
      migrations.filter((migration) => numberOf(migration) < 50),
      () => {},
    )
    migrate(database, migrations, () => {})
    const speeds = createModelSpeedLibrary(database)
    const speed = (perSecond: number, machine: string): ModelSpeed => ({
      unit: 'tokens',
      perSecond,
      loadMs: 1,
      firstTokenMs: null,
      promptTokens: null,
      memoryMb: null,
      machine,
      measuredAt: 1,
    })
    speeds.save('a', 'one', speed(1, 'here'))
    speeds.save('a', 'one', speed(2, 'there'))
    expect(speeds.find('a', 'here', 'one')?.perSecond).toBe(1)
    expect(speeds.find('a', 'there', 'one')?.perSecond).toBe(2)
    speeds.save('a', 'two', speed(3, 'here'))
    expect(speeds.find('a', 'here', 'one')).toBeUndefined()
    expect(speeds.find('a', 'here', 'two')?.perSecond).toBe(3)
    expect(speeds.find('b', 'here', 'two')).toBeUndefined()
  } finally {
    database.close()
  }
})
