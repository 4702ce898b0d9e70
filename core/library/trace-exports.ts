import type { Database } from 'better-sqlite3'
import type { TraceId } from '../shared/ids.ts'

/** Traces that wait for the collector. A trace that is removed waits no more. */
export interface TraceExports {
  add(ids: readonly TraceId[]): void
  /** What somebody thinks of the answer follows by itself, where the collector has the trace. Gives whether it has. */
  addRating(id: TraceId): boolean
  /** Oldest first; at least one, further ones up to `bytes` of JSON together. */
  next(limit: number, bytes: number): WaitingTrace[]
  /** `ratedAt`: of what was sent. What was said of an answer meanwhile goes next. */
  sent(traces: readonly { id: TraceId; ratedAt: number | null }[]): void
  /** It could not be taken: it waits behind the others, or, after `mostAttempts`, no more. */
  postpone(id: TraceId, mostAttempts: number): 'waits' | 'dropped'
  waiting(): number
  /** How many were sent, and when the last one was. */
  done(): { sent: number; sentAt: number | null }
  /** Gives how many there were. */
  clear(): number
}

export interface WaitingTrace {
  id: TraceId
  /** 'rating': only what somebody thinks of the answer. */
  what: 'all' | 'rating'
}

export function createTraceExports(database: Database, now: () => number): TraceExports {
  const insert = database.prepare(
    `INSERT INTO trace_exports (trace_id, added_at) SELECT id, ? FROM traces WHERE id = ?
     ON CONFLICT DO UPDATE SET what = 'all'`,
  )
  const insertRating = database.prepare(
    `INSERT INTO trace_exports (trace_id, added_at, what)
     SELECT id, ?, 'rating' FROM traces WHERE id = ? AND exported_at IS NOT NULL ON CONFLICT DO NOTHING`,
  )
  const insertLateRating = database.prepare(
    `INSERT INTO trace_exports (trace_id, added_at, what) SELECT id, ?, 'rating' FROM traces WHERE id = ? AND rated_at IS NOT ?`,
  )
  const select = database.prepare<[number], WaitingTrace & { bytes: number }>(
    `SELECT e.trace_id AS id, e.what, length(t.data) AS bytes FROM trace_exports e JOIN traces t ON t.id = e.trace_id
     ORDER BY e.added_at, e.trace_id LIMIT ?`,
  )
  const remove = database.prepare('DELETE FROM trace_exports WHERE trace_id = ?')
  const again = database
    .prepare<[number, string], number>(
      'UPDATE trace_exports SET attempts = attempts + 1, added_at = ? WHERE trace_id = ? RETURNING attempts',
    )
    .pluck()
  const mark = database.prepare('UPDATE traces SET exported_at = ? WHERE id = ?')
  const count = database.prepare<[], number>('SELECT count(*) FROM trace_exports').pluck()
  const selectDone = database.prepare<[], { sent: number; sentAt: number | null }>(
    'SELECT count(*) AS sent, max(exported_at) AS sentAt FROM traces WHERE exported_at IS NOT NULL',
  )
  const removeAll = database.prepare('DELETE FROM trace_exports')
  return {
    add: database.transaction((ids: readonly TraceId[]) => {
      for (const id of ids) insert.run(now(), id)
    }),
    addRating: (id) => insertRating.run(now(), id).changes > 0,
    next(limit, bytes) {
      let total = 0
      return select.all(limit).flatMap(({ id, what, ...row }, index) => {
        total += row.bytes
        return index === 0 || total <= bytes ? [{ id, what }] : []
      })
    },
    sent: database.transaction((traces: Parameters<TraceExports['sent']>[0]) => {
      for (const { id, ratedAt } of traces) {
        remove.run(id)
        mark.run(now(), id)
        insertLateRating.run(now(), id, ratedAt)
      }
    }),
    postpone(id, mostAttempts) {
      const attempts = again.get(now(), id) ?? mostAttempts
      if (attempts < mostAttempts) return 'waits'
      remove.run(id)
      return 'dropped'
    },
    waiting: () => count.get() ?? 0,
    done: () => selectDone.get() ?? { sent: 0, sentAt: null },
    clear: () => removeAll.run().changes,
  }
}
