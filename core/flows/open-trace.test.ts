import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import { traceSchema } from '../contract/traces.ts'
import type { BotId, CollectionId, ConversationId, ReleaseId, TraceId } from '../shared/ids.ts'
import { beginTrace } from './open-trace.ts'

const question = { traceId: 'trc_1' as TraceId, collectionIds: ['col_1' as CollectionId], text: 'Who?' }

describe('a trace that is open', () => {
  it('is a tree of spans with their own times', async () => {
    let now = 1000
    const trace = beginTrace(question, () => now)
    now += 5
    const found = await trace.root.step('retrieve', 'retriever', {}, async (span) => {
      now += 10
      await span.step('embed', 'embedding', {}, async () => {
        now += 20
        return [null, 'vector']
      })
      return ['found', 'shown']
    })
    now += 1
    const { spans, durationMs, startedAt } = traceSchema.parse(trace.finish(null))
    expect(found).toBe('found')
    expect({ startedAt, durationMs }).toEqual({ startedAt: 1000, durationMs: 36 })
    expect(spans.map(({ name, startMs, durationMs }) => [name, startMs, durationMs])).toEqual([
      ['question', 0, 36],
      ['retrieve', 5, 30],
      ['embed', 15, 20],
    ])
    expect(spans.map(({ parentId }) => parentId)).toEqual([null, spans[0]?.id, spans[1]?.id])
    expect(spans.every(({ id }) => /^[0-9a-f]{16}$/.test(id))).toBe(true)
    expect(new Set(spans.map(({ id }) => id)).size).toBe(3)
  })

  it('closes what is open with the error, and leaves what was done without one', async () => {
    const trace = beginTrace(question, () => 0)
    await trace.root.step('fit', 'chain', {}, async () => [null, 'done'])
    const generate = trace.root.open('generate', 'chain', {})
    generate.open('chat', 'llm', {})
    const { spans, error } = trace.finish(new AppError('model-missing', 'No model.'))
    expect(spans.map(({ name, error }) => [name, error?.code])).toEqual([
      ['question', 'model-missing'],
      ['fit', undefined],
      ['generate', 'model-missing'],
      ['chat', 'model-missing'],
    ])
    expect(error?.code).toBe('model-missing')
  })

  it('says who asked, with which release', () => {
    const origin = { botId: 'bot_1' as BotId, conversationId: 'cnv_1' as ConversationId }
    const release = { releaseId: 'rel_1' as ReleaseId, line: 'Standard', number: 3 }
    const { spans, ...rest } = beginTrace({ ...question, origin, release }, () => 0).finish(null)
    expect(rest).toMatchObject({ origin, release, replayOf: null, collectionId: 'col_1' })
    expect(spans[0]?.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.conversation.id': 'cnv_1',
      'session.id': 'cnv_1',
      'quarry.release.number': 3,
    })
    // A line's name is a person's words.
    expect(Object.values(spans[0]?.attributes ?? {})).not.toContain('Standard')
  })
})

it('reads a trace from before spans were a tree', () => {
  const old = {
    ...{ id: 'trc_1', collectionId: 'col_1', question: 'Who?', answer: 'Ada.', refused: false, error: null },
    ...{ citations: [], passages: [], startedAt: 1, durationMs: 2 },
    spans: [{ name: 'retrieve', startMs: 0, durationMs: 1, input: {}, output: [], error: null }],
  }
  expect(traceSchema.parse(old)).toMatchObject({
    ...{ collectionIds: [], origin: null, release: null, rewritten: null, replayOf: null, rejected: [] },
    spans: [{ id: '', parentId: null, kind: 'chain', attributes: {} }],
  })
})
