import type { Database } from 'better-sqlite3'
import type { Feedback } from '../contract/ask.ts'
import { AppError } from '../contract/errors.ts'
import {
  type Trace,
  type TraceFilter,
  type TraceOrder,
  type TraceOutcome,
  traceSchema,
  type TraceSummary,
} from '../contract/traces.ts'
import { sha256 } from '../shared/hash.ts'
import type { BotId, CollectionId, ConversationId, ReleaseId, TraceId } from '../shared/ids.ts'
import { attributeNames } from '../shared/trace-attributes.ts'

/** Everything each question did. */
export interface TraceLibrary {
  /** `forExport`: it waits for the collector from the moment that it is stored. */
  save(trace: Trace, options?: { forExport?: boolean }): void
  list(filter: TraceFilter, options: { order?: TraceOrder; limit: number; offset?: number }): TraceSummary[]
  count(filter: TraceFilter): number
  /** What charts are made of, oldest first. */
  figures(filter: TraceFilter): Iterable<TraceFigures>
  /** Errors: item-missing. */
  get(id: TraceId): Trace
  /** What somebody thinks of the answer from now on. Errors: item-missing. */
  rate(id: TraceId, feedback: Feedback, at: number): void
  /** Gives how many there were. */
  remove(ids: readonly TraceId[]): number
  /** At most `limit`, so that nobody waits for long. Gives how many there were. */
  removeBefore(time: number, limit: number): number
  oldestAt(): number | null
}

export interface TraceFigures {
  startedAt: number
  outcome: TraceOutcome
  lowRelevance: boolean
  durationMs: number
  inputTokens: number | null
  outputTokens: number | null
}

export function createTraceLibrary(database: Database): TraceLibrary {
  // The collection may have been removed while the question was under way: the trace stays, without it.
  const insert = database.prepare(
    `INSERT INTO traces (id, number, collection_id, question, refused, outcome, bot_id, conversation_id, release_id,
       release_line, release_number, replay_of, low_relevance, input_tokens, output_tokens, passages, citations, started_at,
       duration_ms, data)
     VALUES (@id, (SELECT coalesce(max(number), 0) + 1 FROM traces), (SELECT id FROM collections WHERE id = @collectionId),
       @question, @refused, @outcome, @botId, @conversationId, @releaseId, @releaseLine, @releaseNumber, @replayOf,
       @lowRelevance, @inputTokens, @outputTokens, @passages, @citations, @startedAt, @durationMs, @data)
     RETURNING number`,
  )
  const insertCollection = database.prepare('INSERT OR IGNORE INTO trace_collections VALUES (?, ?)')
  const insertWords = database.prepare('INSERT INTO trace_words (rowid, question, answer) VALUES (?, ?, ?)')
  const insertExport = database.prepare('INSERT INTO trace_exports (trace_id, added_at) VALUES (?, ?)')
  const selectOne = database.prepare<[string], FeedbackRow & { data: string }>(
    'SELECT data, rating, comment, rated_at FROM traces WHERE id = ?',
  )
  const updateFeedback = database.prepare('UPDATE traces SET rating = ?, comment = ?, rated_at = ? WHERE id = ?')
  const selectOldest = database.prepare<[], number | null>('SELECT min(started_at) FROM traces').pluck()
  const deleteOne = database.prepare('DELETE FROM traces WHERE id = ?')
  const deleteBefore = database.prepare(
    'DELETE FROM traces WHERE id IN (SELECT id FROM traces WHERE started_at < ? ORDER BY started_at LIMIT ?)',
  )

  return {
    save: database.transaction((trace: Trace, { forExport = false }: { forExport?: boolean } = {}) => {
      const { number } = insert.get(toRow(trace)) as { number: number }
      for (const collectionId of trace.collectionIds) insertCollection.run(trace.id, collectionId)
      insertWords.run(number, trace.question, trace.answer)
      if (forExport) insertExport.run(trace.id, trace.startedAt)
    }),
    list(filter, { order = 'newest', limit, offset = 0 }) {
      const { where, parameters } = conditions(filter)
      const rows = database
        .prepare<[Record<string, unknown>], Row>(
          `SELECT ${columns} FROM traces t WHERE ${where} ORDER BY ${orders[order]}, t.id DESC LIMIT :limit OFFSET :offset`,
        )
        .all({ ...parameters, limit, offset })
      return rows.map(toSummary)
    },
    count(filter) {
      const { where, parameters } = conditions(filter)
      return (
        database
          .prepare<[Record<string, unknown>], number>(`SELECT count(*) FROM traces t WHERE ${where}`)
          .pluck()
          .get(parameters) ?? 0
      )
    },
    figures(filter) {
      const { where, parameters } = conditions(filter)
      const rows = database
        .prepare<[Record<string, unknown>], Omit<TraceFigures, 'lowRelevance'> & { lowRelevance: number }>(
          `SELECT started_at AS startedAt, outcome, low_relevance AS lowRelevance, duration_ms AS durationMs,
             input_tokens AS inputTokens, output_tokens AS outputTokens
           FROM traces t WHERE ${where} ORDER BY started_at`,
        )
        .all(parameters)
      return rows.map((row) => ({ ...row, lowRelevance: row.lowRelevance === 1 }))
    },
    get(id) {
      const row = selectOne.get(id)
      if (!row) throw missing(id)
      return { ...withTree(traceSchema.parse(JSON.parse(row.data))), feedback: toFeedback(row) }
    },
    rate(id, { rating, comment }, at) {
      if (updateFeedback.run(rating, comment, at, id).changes === 0) throw missing(id)
    },
    remove: database.transaction((ids: readonly TraceId[]) =>
      ids.reduce((removed, id) => removed + deleteOne.run(id).changes, 0),
    ),
    removeBefore: (time, limit) => deleteBefore.run(time, limit).changes,
    oldestAt: () => selectOldest.get() ?? null,
  }
}

function missing(id: TraceId): AppError {
  return new AppError('item-missing', `There is no trace ${id}. It may have been removed.`, { details: { id } })
}

interface FeedbackRow {
  rating: Feedback['rating']
  comment: string
  rated_at: number | null
}

function toFeedback({ rating, comment, rated_at: at }: FeedbackRow): Trace['feedback'] {
  return at === null ? null : { rating, comment, at }
}

const columns = `t.id, t.collection_id, t.question, t.refused, t.outcome, t.bot_id, t.conversation_id, t.release_id,
  t.release_line, t.release_number, t.replay_of, t.low_relevance, t.input_tokens, t.output_tokens, t.passages, t.citations,
  t.started_at, t.duration_ms, t.exported_at, t.rating, t.comment <> '' AS commented,
  (SELECT json_group_array(c.collection_id) FROM trace_collections c WHERE c.trace_id = t.id) AS collection_ids`

const orders: Record<TraceOrder, string> = {
  newest: 't.started_at DESC',
  oldest: 't.started_at',
  slowest: 't.duration_ms DESC',
  fastest: 't.duration_ms',
  'most-tokens': 'coalesce(t.input_tokens, 0) + coalesce(t.output_tokens, 0) DESC',
}

interface Row {
  id: string
  collection_id: string | null
  collection_ids: string
  question: string
  refused: number
  outcome: TraceOutcome
  bot_id: string | null
  conversation_id: string | null
  release_id: string | null
  release_line: string | null
  release_number: number | null
  replay_of: string | null
  low_relevance: number
  input_tokens: number | null
  output_tokens: number | null
  passages: number
  citations: number
  started_at: number
  duration_ms: number
  exported_at: number | null
  rating: Feedback['rating']
  commented: number
}

function toRow(trace: Trace) {
  const { origin, release } = trace
  return {
    id: trace.id,
    collectionId: trace.collectionId,
    question: trace.question,
    refused: trace.refused ? 1 : 0,
    outcome: outcomeOf(trace),
    botId: origin?.botId ?? null,
    conversationId: origin?.conversationId ?? null,
    releaseId: release?.releaseId ?? null,
    releaseLine: release?.line ?? null,
    releaseNumber: release?.number ?? null,
    replayOf: trace.replayOf,
    lowRelevance: trace.lowRelevance ? 1 : 0,
    inputTokens: tokens(trace, attributeNames.inputTokens),
    outputTokens: tokens(trace, attributeNames.outputTokens),
    passages: trace.passages.length,
    citations: trace.citations.length,
    startedAt: trace.startedAt,
    durationMs: trace.durationMs,
    data: JSON.stringify(trace),
  }
}

export function outcomeOf({ error, refused }: Pick<Trace, 'error' | 'refused'>): TraceOutcome {
  if (error) return error.code === 'cancelled' ? 'stopped' : 'failed'
  return refused ? 'refused' : 'answered'
}

/** Of all calls of language models together. */
function tokens({ spans }: Trace, name: string): number | null {
  const counts = spans.flatMap(({ attributes }) => {
    const value = attributes[name]
    return typeof value === 'number' ? [value] : []
  })
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0)
}

function toSummary(row: Row): TraceSummary {
  return {
    id: row.id as TraceId,
    collectionId: row.collection_id as CollectionId | null,
    collectionIds: JSON.parse(row.collection_ids) as CollectionId[],
    origin:
      row.bot_id !== null && row.conversation_id !== null
        ? { botId: row.bot_id as BotId, conversationId: row.conversation_id as ConversationId }
        : null,
    release:
      row.release_id !== null && row.release_line !== null
        ? { releaseId: row.release_id as ReleaseId, line: row.release_line, number: row.release_number }
        : null,
    question: row.question,
    refused: row.refused === 1,
    lowRelevance: row.low_relevance === 1,
    replayOf: row.replay_of as TraceId | null,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    passages: row.passages,
    citations: row.citations,
    rating: row.rating,
    commented: row.commented === 1,
    exported: row.exported_at !== null,
  }
}

function conditions(filter: TraceFilter): { where: string; parameters: Record<string, unknown> } {
  const parts: string[] = []
  const parameters: Record<string, unknown> = {}
  const add = (sql: string, name: string, value: unknown): void => {
    if (value === undefined) return
    parts.push(sql)
    parameters[name] = value
  }
  const flag = (value: boolean | undefined): number | undefined => (value === undefined ? undefined : value ? 1 : 0)
  add(
    't.id IN (SELECT trace_id FROM trace_collections WHERE collection_id = :collectionId)',
    'collectionId',
    filter.collectionId,
  )
  add('t.bot_id = :botId', 'botId', filter.botId)
  add('t.conversation_id = :conversationId', 'conversationId', filter.conversationId)
  add('t.release_id = :releaseId', 'releaseId', filter.releaseId)
  add('t.outcome = :outcome', 'outcome', filter.outcome)
  add('t.low_relevance = :lowRelevance', 'lowRelevance', flag(filter.lowRelevance))
  if (filter.rated === 'any') parts.push(`t.rated_at IS NOT NULL AND (t.rating IS NOT NULL OR t.comment <> '')`)
  else add('t.rated_at IS NOT NULL AND t.rating = :rated', 'rated', filter.rated)
  add('t.duration_ms > :slowerThanMs', 'slowerThanMs', filter.slowerThanMs)
  add('(t.replay_of IS NOT NULL) = :isReplay', 'isReplay', flag(filter.isReplay))
  add('t.replay_of = :replayOf', 'replayOf', filter.replayOf)
  add('t.started_at >= :from', 'from', filter.from)
  add('t.started_at < :to', 'to', filter.to)
  wordsOf(filter.query ?? '').forEach((word, index) => {
    // The index is of runs of three letters: shorter words are looked for without it.
    if ([...word].length >= 3) {
      add(
        `t.number IN (SELECT rowid FROM trace_words WHERE trace_words MATCH :word${index})`,
        `word${index}`,
        quote(word),
      )
    } else {
      const like = `LIKE :word${index} ESCAPE '\\'`
      const within = `SELECT rowid FROM trace_words WHERE question ${like} OR answer ${like}`
      add(`t.number IN (${within})`, `word${index}`, `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)
    }
  })
  return { where: parts.length === 0 ? 'TRUE' : parts.join(' AND '), parameters }
}

const mostWords = 16

function wordsOf(query: string): string[] {
  return query
    .split(/[\s\0]+/u)
    .filter((word) => word !== '')
    .slice(0, mostWords)
}

const quote = (word: string): string => `"${word.replaceAll('"', '""')}"`

/** Spans of a trace from before they were a tree hang on one that stands for the question. */
function withTree(trace: Trace): Trace {
  if (trace.spans.every(({ id }) => id !== '')) return trace
  const idOf = (place: number): string => sha256(`${trace.id} ${place}`).slice(0, 16)
  const { question, answer, error, durationMs } = trace
  const root = {
    ...({ id: idOf(0), parentId: null, name: 'question', kind: 'chain', startMs: 0 } as const),
    durationMs,
    error,
  }
  return {
    ...trace,
    collectionIds: trace.collectionId && trace.collectionIds.length === 0 ? [trace.collectionId] : trace.collectionIds,
    spans: [
      { ...root, input: { question }, output: { answer }, attributes: {} },
      ...trace.spans.map((span, index) => ({ ...span, id: idOf(index + 1), parentId: root.id })),
    ],
  }
}
