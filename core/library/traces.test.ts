import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from 'better-sqlite3'
import type { Trace } from '../contract/traces.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/list.ts'
import { openSqlite } from '../database/sqlite.ts'
import { beginTrace } from '../flows/open-trace.ts'
import type { BotId, CollectionId, ConversationId, ReleaseId, TraceId } from '../shared/ids.ts'
import { createTraceExports } from './trace-exports.ts'
import { createTraceLibrary, type TraceLibrary } from './traces.ts'

let database: Database
let traces: TraceLibrary

beforeEach(() => {
  database = openSqlite(':memory:')
  migrate(database, migrations, () => {})
  traces = createTraceLibrary(database)
})
afterEach(() => database.close())

function save(id: string, change: Partial<Trace>): void {
  const { collectionIds = ['col_a' as CollectionId] } = change
  const trace = beginTrace({ traceId: id as TraceId, collectionIds, text: change.question ?? 'What?' }, () => 0)
  traces.save({ ...trace.finish(null), ...change })
}
const ids = (filter: Parameters<TraceLibrary['list']>[0]): string[] =>
  traces.list(filter, { limit: 100, order: 'oldest' }).map(({ id }) => id)

describe('traces', () => {
  it('are found by everything that a filter may say', () => {
    const origin = { botId: 'bot_1' as BotId, conversationId: 'cnv_1' as ConversationId }
    const release = { releaseId: 'rel_1' as ReleaseId, line: 'Standard', number: 2 }
    save('trc_1', { startedAt: 1000, durationMs: 10, question: 'Where do terns nest?', answer: 'On the spit.' })
    save('trc_2', { startedAt: 2000, durationMs: 900, origin, collectionIds: ['col_a', 'col_b'] as CollectionId[] })
    save('trc_3', { startedAt: 3000, durationMs: 20, release, refused: true, lowRelevance: true })
    save('trc_4', { startedAt: 4000, replayOf: 'trc_1' as TraceId, collectionIds: ['col_b'] as CollectionId[] })
    expect(ids({})).toEqual(['trc_1', 'trc_2', 'trc_3', 'trc_4'])
    expect(ids({ collectionId: 'col_a' as CollectionId })).toEqual(['trc_1', 'trc_2', 'trc_3'])
    expect(ids({ collectionId: 'col_b' as CollectionId })).toEqual(['trc_2', 'trc_4'])
    expect(ids({ botId: origin.botId, conversationId: origin.conversationId })).toEqual(['trc_2'])
    expect(ids({ releaseId: release.releaseId })).toEqual(['trc_3'])
    expect(ids({ outcome: 'refused' })).toEqual(['trc_3'])
    expect(ids({ lowRelevance: true })).toEqual(['trc_3'])
    expect(ids({ lowRelevance: false, isReplay: false })).toEqual(['trc_1', 'trc_2'])
    expect(ids({ isReplay: true })).toEqual(['trc_4'])
    expect(ids({ replayOf: 'trc_1' as TraceId })).toEqual(['trc_4'])
    expect(ids({ slowerThanMs: 20 })).toEqual(['trc_2'])
    expect(ids({ from: 2000, to: 4000 })).toEqual(['trc_2', 'trc_3'])
    expect(traces.count({ from: 2000, to: 4000, outcome: 'answered' })).toBe(1)
    expect(traces.list({}, { limit: 1, offset: 1, order: 'slowest' }).map(({ id }) => id)).toEqual(['trc_3'])
    expect(traces.list({ botId: origin.botId }, { limit: 1 })[0]).toMatchObject({
      origin,
      collectionIds: ['col_a', 'col_b'],
    })
  })

  it('keep what somebody thinks of the answer, the last thing that was said, and are found by it', () => {
    for (const number of [1, 2, 3, 4]) save(`trc_${number}`, { startedAt: number })
    const rate = (number: number, rating: 'up' | 'down' | null, comment = '', at = 50) =>
      traces.rate(`trc_${number}` as TraceId, { rating, comment }, at)
    rate(1, 'up')
    rate(2, 'down', 'The year is wrong.')
    rate(3, null, 'Where is this from?')
    expect(ids({ rated: 'up' })).toEqual(['trc_1'])
    expect(ids({ rated: 'down' })).toEqual(['trc_2'])
    expect(ids({ rated: 'any' })).toEqual(['trc_1', 'trc_2', 'trc_3'])
    expect(traces.count({ rated: 'any', from: 2 })).toBe(2)
    expect(traces.list({}, { limit: 9, order: 'oldest' }).map(({ rating, commented }) => [rating, commented])).toEqual([
      ['up', false],
      ['down', true],
      [null, true],
      [null, false],
    ])
    expect(traces.get('trc_2' as TraceId).feedback).toEqual({ rating: 'down', comment: 'The year is wrong.', at: 50 })
    expect(traces.get('trc_4' as TraceId).feedback).toBeNull()
    rate(2, null, '', 60)
    expect(traces.get('trc_2' as TraceId).feedback).toEqual({ rating: null, comment: '', at: 60 })
    expect(ids({ rated: 'any' })).toEqual(['trc_1', 'trc_3'])
    expect(() => rate(5, 'up')).toThrow(expect.objectContaining({ code: 'item-missing' }))
  })

  it('are searched by words, or parts of them, in every script, and never by what only looks like an expression', () => {
    save('trc_1', { question: 'Where do Arctic terns nest?', answer: 'On the spit [1].' })
    save('trc_2', { question: '東京都の人口は？', answer: '約1400万人。' })
    save('trc_3', { question: 'What does 100% mean?', answer: 'All of "it" OR none_at_all' })
    expect(ids({ query: 'tern spit' })).toEqual(['trc_1'])
    expect(ids({ query: 'ARCTIC' })).toEqual(['trc_1'])
    expect(ids({ query: 'tern nowhere' })).toEqual([])
    expect(ids({ query: '京都' })).toEqual(['trc_2'])
    expect(ids({ query: '人' })).toEqual(['trc_2'])
    expect(ids({ query: '%' })).toEqual(['trc_3'])
    expect(ids({ query: '_a' })).toEqual(['trc_3'])
    expect(ids({ query: 'terns OR none' })).toEqual([])
    for (const query of [
      '"',
      'a"b"c',
      'NEAR(',
      '*',
      '-',
      "'; DROP TABLE traces; --",
      'question:tern',
      '\0\0\0',
      'ab\0c',
    ]) {
      expect(() => ids({ query })).not.toThrow()
    }
    expect(ids({ query: '   ' })).toHaveLength(3)
  })

  it('keep their words when the file is written anew, and rows with others between them are gone', () => {
    for (let number = 1; number <= 30; number++) save(`trc_${number}`, { question: `Question number${number}.` })
    traces.remove(Array.from({ length: 20 }, (_, index) => `trc_${index + 1}` as TraceId))
    database.exec('VACUUM')
    save('trc_99', { question: 'Question number99.' })
    expect(ids({ query: 'number25.' })).toEqual(['trc_25'])
    expect(ids({ query: 'number99.' })).toEqual(['trc_99'])
  })

  it('wait for the collector from the moment that they are stored, until they are sent or removed', () => {
    const exports = createTraceExports(database, () => 77)
    const trace = (id: string) =>
      beginTrace({ traceId: id as TraceId, collectionIds: [], text: id }, () => 0).finish(null)
    traces.save(trace('trc_0'))
    for (const id of ['trc_1', 'trc_2', 'trc_3']) traces.save(trace(id), { forExport: true })
    expect(exports.waiting()).toBe(3)
    const next = (limit: number, bytes: number): string[] => exports.next(limit, bytes).map(({ id }) => id)
    expect(next(2, 1_000_000)).toEqual(['trc_1', 'trc_2'])
    expect(next(10, 1)).toEqual(['trc_1'])
    exports.sent([{ id: 'trc_1' as TraceId, ratedAt: null }])
    traces.remove(['trc_2' as TraceId])
    expect(next(10, 1_000_000)).toEqual(['trc_3'])
    expect(exports.done()).toEqual({ sent: 1, sentAt: 77 })
    expect(traces.list({}, { limit: 9, order: 'oldest' }).map(({ exported }) => exported)).toEqual([false, true, false])
    expect(exports.postpone('trc_3' as TraceId, 2)).toBe('waits')
    expect(exports.postpone('trc_3' as TraceId, 2)).toBe('dropped')
    expect(exports.waiting()).toBe(0)
    exports.add(['trc_0', 'trc_none'] as TraceId[])
    expect(exports.clear()).toBe(1)
  })

  it('that the collector has wait for what is said of their answers, also while they are on their way', () => {
    const exports = createTraceExports(database, () => 77)
    const [id, other] = ['trc_1', 'trc_2'] as TraceId[]
    const trace = (traceId: TraceId) => beginTrace({ traceId, collectionIds: [], text: traceId }, () => 0).finish(null)
    traces.save(trace(id!), { forExport: true })
    traces.save(trace(other!))
    const rate = (at: number) => traces.rate(id!, { rating: 'up', comment: '' }, at)
    rate(5)
    // It goes with the trace, and a trace that was not sent is not begun with its end.
    expect([exports.addRating(id!), exports.addRating(other!)]).toEqual([false, false])
    expect(exports.next(9, 1000)).toEqual([{ id, what: 'all' }])
    rate(6)
    exports.sent([{ id: id!, ratedAt: 5 }])
    expect(exports.next(9, 1000)).toEqual([{ id, what: 'rating' }])
    exports.sent([{ id: id!, ratedAt: 6 }])
    expect(exports.waiting()).toBe(0)
    expect(exports.addRating(id!)).toBe(true)
    exports.add([id!])
    expect(exports.next(9, 1000)).toEqual([{ id, what: 'all' }])
  })
})
