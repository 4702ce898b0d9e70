import { afterEach, describe, expect, it } from 'vitest'
import type { Client } from '../../../core/contract/client.ts'
import type { AnswerMessage, Message, QuestionMessage, SendEvent } from '../../../core/contract/conversations.ts'
import { AppError } from '../../../core/contract/errors.ts'
import type { ConversationId, MessageId } from '../../../core/shared/ids.ts'
import { provideClient } from '../../state/client.ts'
import { held } from '../../testing/held.ts'
import { useDrafts } from './drafts.ts'
import { useThreads } from './threads.ts'

const conversationId = 'cnv' as ConversationId
const scope = { documents: [], tags: [], reading: 'auto' as const }
const common = { conversationId, createdAt: 1, siblings: [] }
const question: QuestionMessage = {
  ...common,
  ...{ id: 'q' as MessageId, parentId: null, role: 'question', text: 'Why?', scope },
}
const answer: AnswerMessage = {
  ...common,
  ...{ id: 'a' as MessageId, parentId: question.id, role: 'answer', text: '', state: 'answering', error: null },
  ...{ rewritten: null, citations: [], unsupported: [], refused: false, passageMode: 'retrieved', lowRelevance: false },
  ...{ note: null, invented: 0, traceId: null, release: null, durationMs: null },
  feedback: { rating: null, comment: '' },
}
const start: SendEvent = { type: 'message-start', question, answer }
const words = (text: string): SendEvent => ({ type: 'ask', event: { type: 'answer-delta', text } })

/** A core that answers so. */
function answering(send: (signal: AbortSignal) => AsyncGenerator<SendEvent>, kept: Message[] = []): void {
  const conversations = {
    send: async (_: unknown, { signal }: { signal: AbortSignal }) => send(signal),
    messages: async () => ({ messages: kept, earlier: 0 }),
  }
  provideClient({ conversations } as unknown as Client)
}
const thread = () => useThreads.getState().threads[conversationId]
const ask = () => useThreads.getState().send(conversationId, { text: 'Why?', scope })

describe('a question that is sent', () => {
  afterEach(() => useThreads.setState({ threads: {} }))

  it('stands at once, its answer grows, and ends as the core says', async () => {
    const done: AnswerMessage = { ...answer, text: 'Because. [1]', state: 'done' }
    answering(async function* () {
      yield start
      yield words('Beca')
      expect(thread()?.live?.answerId).toBe('a')
      expect(thread()?.messages.map(({ text }) => text)).toEqual(['Why?', 'Beca'])
      yield { type: 'message-end', answer: done, conversation: {} as never }
    })
    await ask()
    expect(thread()).toMatchObject({ messages: [question, done], live: null, unsent: null })
  })

  it('leaves what there is when it is stopped', async () => {
    answering(async function* (signal) {
      yield start
      yield words('Beca')
      useThreads.getState().stop(conversationId)
      signal.throwIfAborted()
    })
    await ask()
    expect(thread()?.messages.at(-1)).toMatchObject({ text: 'Beca', state: 'stopped', error: null })
    expect(thread()?.live).toBeNull()
  })

  it('says why it failed in the answer, or, where it never arrived, beside the box', async () => {
    answering(async function* () {
      yield start
      throw new AppError('model-missing', 'The model is gone.')
    })
    await ask()
    expect(thread()?.messages.at(-1)).toMatchObject({ state: 'failed', error: { code: 'model-missing' } })
    expect(thread()?.unsent).toBeNull()
    useThreads.setState({ threads: {} })
    answering(async function* () {
      throw new AppError('input-invalid', 'Too long.')
    })
    await ask()
    expect(thread()).toMatchObject({ messages: [], unsent: { text: 'Why?', failure: { code: 'input-invalid' } } })
  })

  it('is looked for when it was stopped before it was heard of', async () => {
    const stopped: AnswerMessage = { ...answer, state: 'stopped' }
    answering(
      async function* (signal) {
        useThreads.getState().stop(conversationId)
        signal.throwIfAborted()
      },
      [question, stopped],
    )
    await ask()
    await expect.poll(() => thread()?.messages).toEqual([question, stopped])
  })

  it('is not sent while another one is being answered', async () => {
    let count = 0
    answering(async function* () {
      count += 1
      yield start
      await ask()
    })
    await ask()
    expect(count).toBe(1)
  })
})

describe('what is read of a conversation', () => {
  afterEach(() => {
    useThreads.setState({ threads: {} })
    useDrafts.setState({ drafts: {} })
  })

  it('is read again where a question was asked before it came: nothing of what was said is left out', async () => {
    const done: AnswerMessage = { ...answer, text: 'Because.', state: 'done' }
    const earlier = { ...question, id: 'q0' as MessageId, text: 'Who?' }
    const messages = held<{ messages: Message[]; earlier: number }>()
    const send = async () =>
      (async function* (): AsyncGenerator<SendEvent> {
        yield start
        yield { type: 'message-end', answer: done, conversation: {} as never }
      })()
    provideClient({ conversations: { send, messages: messages.ask } } as unknown as Client)
    void useThreads.getState().read(conversationId)
    await ask()
    await messages.answer(0, { messages: [earlier], earlier: 0 })
    // The question and its answer are not taken away by what is older than they are.
    expect(thread()?.messages.map(({ text }) => text)).toEqual(['Why?', 'Because.'])
    await messages.answer(1, { messages: [earlier, question, done], earlier: 0 })
    expect(thread()?.messages.map(({ text }) => text)).toEqual(['Who?', 'Why?', 'Because.'])
  })

  it('is the branch that was gone to last', async () => {
    const messages = held<{ messages: Message[]; earlier: number }>()
    provideClient({ conversations: { messages: messages.ask, show: async () => ({}) } } as unknown as Client)
    void useThreads.getState().read(conversationId)
    const shown = useThreads.getState().show(conversationId, answer.id)
    await new Promise((resolve) => setTimeout(resolve, 0))
    await messages.answer(1, { messages: [question], earlier: 0 })
    await messages.answer(0, { messages: [{ ...question, text: 'Before?' }], earlier: 0 })
    await shown
    expect(thread()?.messages.map(({ text }) => text)).toEqual(['Why?'])
  })

  it('a question that never arrived goes back into the box, before what was typed since', async () => {
    answering(async function* () {
      throw new AppError('input-invalid', 'Too long.')
    })
    await ask()
    expect(useDrafts.getState().drafts[conversationId]).toEqual({ text: 'Why?', scope })
    useDrafts.getState().set(conversationId, { text: 'And then?' })
    await ask()
    expect(useDrafts.getState().drafts[conversationId]?.text).toBe('Why?\nAnd then?')
  })
})
