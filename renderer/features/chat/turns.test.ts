import { describe, expect, it } from 'vitest'
import type { AnswerMessage, Message, QuestionMessage } from '../../../core/contract/conversations.ts'
import type { ConversationId, MessageId, TraceId } from '../../../core/shared/ids.ts'
import { branchOf, turnsOf, withEvent, withStart } from './turns.ts'

const id = (name: string) => name as MessageId
const common = (name: string, parent: string | null) => ({
  id: id(name),
  conversationId: 'cnv' as ConversationId,
  parentId: parent === null ? null : id(parent),
  text: name,
  createdAt: 1,
  siblings: [id(name)],
})
function question(name: string, parent: string | null): QuestionMessage {
  return { ...common(name, parent), role: 'question', scope: { documents: [], tags: [], reading: 'auto' } }
}
function answer(name: string, parent: string): AnswerMessage {
  return {
    ...common(name, parent),
    ...{ role: 'answer', state: 'answering', error: null, rewritten: null, citations: [], unsupported: [] },
    ...{ refused: false, passageMode: 'retrieved', lowRelevance: false, note: null, invented: 0, traceId: null },
    ...{ release: null, durationMs: null, feedback: { rating: null, comment: '' } },
  }
}
const names = (messages: readonly Message[]): string[] => messages.map((message) => message.id)

describe('turns', () => {
  it('pair questions with their answers, and keep what stands alone', () => {
    const messages = [answer('a0', 'q0'), question('q1', 'a0'), answer('a1', 'q1'), question('q2', 'a1')]
    expect(turnsOf(messages).map((turn) => [turn.question?.id ?? null, turn.answer?.id ?? null])).toEqual([
      [null, 'a0'],
      ['q1', 'a1'],
      ['q2', null],
    ])
  })
})

describe('a question that is asked', () => {
  const messages = [question('q1', null), answer('a1', 'q1'), question('q2', 'a1'), answer('a2', 'q2')]
  it('follows the last answer', () => {
    expect(names(withStart(messages, question('q3', 'a2'), answer('a3', 'q3')))).toEqual([
      ...['q1', 'a1', 'q2', 'a2', 'q3', 'a3'],
    ])
  })
  it('begins a branch where it follows an earlier one, or none', () => {
    expect(names(withStart(messages, question('q2b', 'a1'), answer('a2b', 'q2b')))).toEqual(['q1', 'a1', 'q2b', 'a2b'])
    expect(names(withStart(messages, question('q1b', null), answer('a1b', 'q1b')))).toEqual(['q1b', 'a1b'])
  })
  it('that is answered again keeps its place', () => {
    expect(names(withStart(messages, question('q1', null), answer('a1b', 'q1')))).toEqual(['q1', 'a1b'])
  })
})

describe('an answer', () => {
  it('grows with what comes, and ends as the end says', () => {
    let now: AnswerMessage = { ...answer('a', 'q'), text: '' }
    now = withEvent(now, { type: 'ask-start', traceId: 'trc' as TraceId, release: null })
    now = withEvent(now, { type: 'rewrite-end', question: 'How long does the battery last?', how: 'carried-over' })
    now = withEvent(now, { type: 'answer-delta', text: 'Two ' })
    now = withEvent(now, { type: 'answer-delta', text: 'days.' })
    now = withEvent(now, { type: 'unsupported', start: 0, end: 9 })
    expect(now).toMatchObject({
      text: 'Two days.',
      traceId: 'trc',
      rewritten: 'How long does the battery last?',
      unsupported: [{ start: 0, end: 9 }],
    })
  })
  it('knows its branches', () => {
    expect(branchOf({ id: id('b'), siblings: [id('a'), id('b'), id('c')] })).toEqual({
      ...{ index: 1, count: 3, previous: 'a', next: 'c' },
    })
    expect(branchOf({ id: id('a'), siblings: [id('a')] })).toBeNull()
  })
})
