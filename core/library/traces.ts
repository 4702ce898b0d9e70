import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import { type Trace, traceSchema } from '../contract/traces.ts'
import type { CollectionId, TraceId } from '../shared/ids.ts'

export type TraceSummary = Pick<Trace, 'id' | 'collectionId' | 'question' | 'refused' | 'startedAt' | 'durationMs'>

/** Everything each question did. */
export interface TraceLibrary {
  save(trace: Trace): void
  /** Newest first. */
  list(options: { collectionId?: CollectionId; limit: number }): TraceSummary[]
  /** Errors: item-missing. */
  get(id: TraceId): Trace
}

export function createTraceLibrary(database: Database): TraceLibrary {
  // The collection may have been removed while the question was under way: the trace stays, without it.
  const insert = database.prepare(
    `INSERT INTO traces (id, collection_id, question, refused, started_at, duration_ms, data)
     VALUES (?, (SELECT id FROM collections WHERE id = ?), ?, ?, ?, ?, ?)`,
  )
  const columns = 'id, collection_id, question, refused, started_at, duration_ms'
  const selectAll = database.prepare<[number], Row>(
    `SELECT ${columns} FROM traces ORDER BY started_at DESC, id DESC LIMIT ?`,
  )
  const selectIn = database.prepare<[string, number], Row>(
    `SELECT ${columns} FROM traces WHERE collection_id = ? ORDER BY started_at DESC, id DESC LIMIT ?`,
  )
  const selectOne = database.prepare<[string], string>('SELECT data FROM traces WHERE id = ?').pluck()

  return {
    save(trace) {
      const { id, collectionId, question, refused, startedAt, durationMs } = trace
      insert.run(id, collectionId, question, refused ? 1 : 0, startedAt, durationMs, JSON.stringify(trace))
    },
    list({ collectionId, limit }) {
      const rows = collectionId ? selectIn.all(collectionId, limit) : selectAll.all(limit)
      return rows.map((row) => ({
        id: row.id as TraceId,
        collectionId: row.collection_id as CollectionId | null,
        question: row.question,
        refused: row.refused === 1,
        startedAt: row.started_at,
        durationMs: row.duration_ms,
      }))
    },
    get(id) {
      const data = selectOne.get(id)
      if (!data) throw new AppError('item-missing', `There is no trace ${id}.`, { details: { id } })
      return traceSchema.parse(JSON.parse(data))
    },
  }
}

interface Row {
  id: string
  collection_id: string | null
  question: string
  refused: number
  started_at: number
  duration_ms: number
}
