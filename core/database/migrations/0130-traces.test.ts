import { expect, it } from 'vitest'
import { createTraceLibrary } from '../../library/traces.ts'
import type { TraceId } from '../../shared/ids.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('finds, counts and reads traces from before, and forgets the words of those that are removed', () => {
  const database = openSqlite(':memory:')
  try {
    const before = migrations.filter((migration) => numberOf(migration) < 130)
    migrate(database, before, () => {})
    const insert = database.prepare(
      'INSERT INTO traces (id, collection_id, question, refused, started_at, duration_ms, data) VALUES (?, NULL, ?, ?, ?, 5, ?)',
    )
    const old = (id: string, question: string, more: Record<string, unknown>) => {
      const data = {
        id,
        collectionId: null,
        question,
        answer: 'Ada wrote.',
        refused: false,
        error: null,
        citations: [],
      }
      const whole = { ...data, passages: [], spans: [], startedAt: 1, durationMs: 5, ...more }
      insert.run(id, question, whole.refused ? 1 : 0, whole.startedAt, JSON.stringify(whole))
    }
    const span = { name: 'generate', startMs: 1, durationMs: 3, input: {}, error: null }
    old('trc_1', 'Who wrote the notes?', { spans: [{ ...span, output: { promptTokens: 70, outputTokens: 9 } }] })
    old('trc_2', 'Où est le dépôt?', { refused: true, startedAt: 2 })
    old('trc_3', 'Why?', { error: { code: 'cancelled', message: '', retryable: false, details: {} }, startedAt: 3 })
    old('trc_4', 'How?', { error: { code: 'model-missing', message: '', retryable: false, details: {} }, startedAt: 4 })
    migrate(database, migrations, () => {})

    const traces = createTraceLibrary(database)
    expect(traces.list({}, { limit: 10, order: 'oldest' }).map(({ id, outcome }) => [id, outcome])).toEqual([
      ['trc_1', 'answered'],
      ['trc_2', 'refused'],
      ['trc_3', 'stopped'],
      ['trc_4', 'failed'],
    ])
    expect(traces.list({ query: 'notes' }, { limit: 10 })).toMatchObject([
      { id: 'trc_1', inputTokens: 70, outputTokens: 9, origin: null, release: null },
    ])
    expect(traces.list({ query: 'depot' }, { limit: 10 }).map(({ id }) => id)).toEqual(['trc_2'])
    expect(traces.count({ query: 'ada' })).toBe(4)

    // Its steps hang on one that stands for the question.
    const { spans } = traces.get('trc_1' as TraceId)
    expect(spans.map(({ name, parentId }) => [name, parentId])).toEqual([
      ['question', null],
      ['generate', spans[0]?.id],
    ])
    expect(traces.get('trc_1' as TraceId).spans).toEqual(spans)

    expect(traces.remove(['trc_1' as TraceId, 'trc_1' as TraceId])).toBe(1)
    expect(traces.count({ query: 'ada' })).toBe(3)
    expect(database.prepare('SELECT count(*) FROM trace_words').pluck().get()).toBe(3)
  } finally {
    database.close()
  }
})
