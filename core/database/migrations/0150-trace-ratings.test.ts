import { expect, it } from 'vitest'
import { createTraceExports } from '../../library/trace-exports.ts'
import { createTraceLibrary } from '../../library/traces.ts'
import type { TraceId } from '../../shared/ids.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('puts what people said of answers before with their traces, and sends what waited as a whole', () => {
  const database = openSqlite(':memory:')
  try {
    migrate(
      database,
      migrations.filter((migration) => numberOf(migration) < 150),
      () => {},
    )
    const data = { collectionId: null, question: 'Why?', answer: 'So.', refused: false, error: null, citations: [] }
    const rest = { passages: [], spans: [], startedAt: 1, durationMs: 5 }
    for (const id of ['trc_1', 'trc_2', 'trc_3']) {
      database
        .prepare(
          `INSERT INTO traces (id, question, refused, started_at, duration_ms, data) VALUES (?, 'Why?', 0, 1, 5, ?)`,
        )
        .run(id, JSON.stringify({ ...data, ...rest, id }))
    }
    database.exec(`
      INSERT INTO trace_exports (trace_id, added_at) VALUES ('trc_1', 9);
      INSERT INTO conversations (id, bot_name, title, folder, created_at, used_at) VALUES ('cnv_1', 'Bot', '', '', 1, 1);
      INSERT INTO messages (id, conversation_id, depth, role, text, state, details, trace_id, rating, comment, created_at)
        VALUES ('msg_1', 'cnv_1', 1, 'answer', 'So.', 'done', '{}', 'trc_1', 'down', 'No.', 7),
               ('msg_2', 'cnv_1', 3, 'answer', 'So.', 'done', '{}', 'trc_2', NULL, '', 8),
               ('msg_3', 'cnv_1', 5, 'answer', 'So.', 'done', '{}', 'trc_gone', 'up', '', 9);
    `)
    migrate(database, migrations, () => {})
    const traces = createTraceLibrary(database)
    expect(traces.get('trc_1' as TraceId).feedback).toEqual({ rating: 'down', comment: 'No.', at: 7 })
    expect(traces.get('trc_2' as TraceId).feedback).toBeNull()
    expect(traces.get('trc_3' as TraceId).feedback).toBeNull()
    expect(traces.list({ rated: 'any' }, { limit: 9 }).map(({ id }) => id)).toEqual(['trc_1'])
    expect(createTraceExports(database, Date.now).next(9, 1000)).toEqual([{ id: 'trc_1', what: 'all' }])
  } finally {
    database.close()
  }
})
