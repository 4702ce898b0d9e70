import { create } from 'zustand'
import type { Feedback } from '../../../core/contract/ask.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type {
  AnswerMessage,
  Conversation,
  Message,
  MessageScope,
  SendEvent,
} from '../../../core/contract/conversations.ts'
import type { ConversationId, MessageId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { createLatest, type Latest } from '../../state/latest.ts'
import { sayFailure } from '../../state/notices.ts'
import { putBack } from './drafts.ts'
import { withEvent, withMessage, withStart } from './turns.ts'

/** A conversation as far as it has been read here. */
export interface Thread {
  /** Of the branch shown, oldest first. */
  messages: Message[]
  /** How many come before them. */
  earlier: number
  isRead: boolean
  failure: ErrorData | null
  /** The answer that is coming in here; others may be coming in elsewhere. */
  live: { answerId: MessageId | null; phase: 'searching' | 'reading'; controller: AbortController } | null
  /** The message whose branch was gone to last; null: the end. */
  shown: MessageId | null
  /** A question that never arrived. */
  unsent: { failure: ErrorData; text: string; scope: MessageScope } | null
}

export interface Question {
  text: string
  scope: MessageScope
  /** Absent: after the last message. */
  after?: MessageId | null
}

interface ThreadStore {
  threads: Record<string, Thread>
  /** Counts changes that a list of conversations shows: names, order, numbers. */
  changes: number
  /** Reads the end of it, once; `again`: also where it was read before. */
  read(conversationId: ConversationId, again?: boolean): Promise<void>
  readEarlier(conversationId: ConversationId): Promise<void>
  /** Asks; leaves nothing to be caught. */
  send(conversationId: ConversationId, question: Question): Promise<void>
  regenerate(conversationId: ConversationId, answerId: MessageId): Promise<void>
  stop(conversationId: ConversationId): void
  /** Shows the branch with this message. */
  show(conversationId: ConversationId, messageId: MessageId): Promise<void>
  /** Goes to a message, on whichever branch and however far back it is. */
  goTo(conversationId: ConversationId, messageId: MessageId): Promise<void>
  rate(conversationId: ConversationId, messageId: MessageId, feedback: Feedback): Promise<void>
  noteChange(): void
}

const pageMessages = 200
const mostMessages = 1000
const unread: Thread = { messages: [], earlier: 0, isRead: false, failure: null, live: null, shown: null, unsent: null }

export const useThreads = create<ThreadStore>((set, get) => ({
  threads: {},
  changes: 0,
  read: async (conversationId, again = false) => {
    const thread = get().threads[conversationId]
    if (thread?.live || (thread?.isRead && !again)) return
    const isNews = latestOf(conversationId).begin()
    try {
      const limit = Math.min(mostMessages, Math.max(pageMessages, thread?.messages.length ?? 0))
      const page = await core().conversations.messages({ conversationId, limit })
      if (isNews()) change(conversationId, () => ({ ...page, isRead: true, failure: null }))
    } catch (error) {
      if (isNews()) change(conversationId, () => ({ failure: toFailure(error) }))
    }
  },
  readEarlier: async (conversationId) => {
    const thread = get().threads[conversationId]
    const [first] = thread?.messages ?? []
    if (!thread || !first || thread.earlier === 0 || reading.has(conversationId)) return
    reading.add(conversationId)
    try {
      const page = await core().conversations.messages({ conversationId, before: first.id, limit: pageMessages })
      change(conversationId, ({ messages, earlier }) =>
        // Another branch may have been gone to meanwhile.
        messages[0]?.id === first.id
          ? { messages: [...page.messages, ...messages], earlier: page.earlier }
          : { messages, earlier },
      )
    } catch (error) {
      sayFailure(error)
    } finally {
      reading.delete(conversationId)
    }
  },
  send: async (conversationId, { text, scope, after }) => {
    const input = { conversationId, text, scope, ...(after === undefined ? {} : { after }) }
    const failure = await follow(conversationId, (signal) => core().conversations.send(input, { signal }))
    if (!failure) return
    change(conversationId, () => ({ unsent: { failure, text, scope } }))
    putBack(conversationId, { text, scope })
  },
  regenerate: async (conversationId, messageId) => {
    const failure = await follow(conversationId, (signal) => core().conversations.regenerate({ messageId }, { signal }))
    if (failure) sayFailure(failure)
  },
  stop: (conversationId) => get().threads[conversationId]?.live?.controller.abort(),
  show: async (conversationId, messageId) => {
    try {
      await core().conversations.show({ messageId })
      await get().read(conversationId, true)
      change(conversationId, () => ({ shown: messageId }))
    } catch (error) {
      sayFailure(error)
    }
  },
  goTo: async (conversationId, messageId) => {
    const thread = (): Thread => get().threads[conversationId] ?? unread
    const isThere = (): boolean => thread().messages.some(({ id }) => id === messageId)
    await get().read(conversationId)
    try {
      if (!isThere()) {
        await core().conversations.show({ messageId })
        await get().read(conversationId, true)
      }
      for (let left = thread().earlier; left > 0 && !isThere(); left = thread().earlier) {
        await get().readEarlier(conversationId)
        // It could not be read, which was said.
        if (thread().earlier === left) return
      }
      change(conversationId, () => ({ shown: messageId }))
    } catch (error) {
      sayFailure(error)
    }
  },
  rate: async (conversationId, messageId, feedback) => {
    try {
      const answer = await core().conversations.rate({ messageId, feedback })
      change(conversationId, ({ messages }) => ({ messages: withMessage(messages, answer) }))
    } catch (error) {
      sayFailure(error)
    }
  },
  noteChange: () => set(({ changes }) => ({ changes: changes + 1 })),
}))

const latest = new Map<string, Latest>()

/** Of what was read of a conversation. */
function latestOf(conversationId: string): Latest {
  const known = latest.get(conversationId) ?? createLatest()
  latest.set(conversationId, known)
  return known
}

/** Conversations whose earlier messages are being read. */
const reading = new Set<string>()

function change(conversationId: string, make: (thread: Thread) => Partial<Thread>): void {
  useThreads.setState(({ threads }) => {
    const thread = threads[conversationId] ?? unread
    return { threads: { ...threads, [conversationId]: { ...thread, ...make(thread) } } }
  })
}

/**
 * Takes an answer in as it comes. Going to another page does not stop it; closing the window does, and then the core
 * keeps what there is. Returns why the question did not even arrive, or null.
 */
async function follow(
  conversationId: ConversationId,
  start: (signal: AbortSignal) => Promise<AsyncIterable<SendEvent>>,
): Promise<ErrorData | null> {
  if (useThreads.getState().threads[conversationId]?.live) return null
  const controller = new AbortController()
  const { signal } = controller
  // What is being read has nothing of this question yet, and may be all that came before it.
  const isUnread = latestOf(conversationId).outdate()
  change(conversationId, () => ({
    live: { answerId: null, phase: 'searching', controller },
    shown: null,
    unsent: null,
    isRead: true,
    failure: null,
  }))
  let answerId: MessageId | null = null
  const changeAnswer = (make: (answer: AnswerMessage) => AnswerMessage): void =>
    change(conversationId, ({ messages }) => ({
      messages: messages.map((message) =>
        message.id === answerId && message.role === 'answer' ? make(message) : message,
      ),
    }))
  const take = (event: SendEvent): void => {
    switch (event.type) {
      case 'message-start':
        answerId = event.answer.id
        change(conversationId, ({ messages }) => ({
          messages: withStart(messages, event.question, event.answer),
          live: { answerId, phase: 'searching', controller },
        }))
        useThreads.getState().noteChange()
        break
      case 'ask':
        if (event.event.type === 'retrieval-end') {
          change(conversationId, () => ({ live: { answerId, phase: 'reading', controller } }))
        }
        changeAnswer((answer) => withEvent(answer, event.event))
        break
      case 'message-end':
        change(conversationId, ({ messages }) => ({ messages: withMessage(messages, event.answer) }))
        break
    }
  }
  try {
    for await (const event of await start(signal)) {
      if (signal.aborted) break
      take(event)
    }
    changeAnswer((answer) => (answer.state === 'answering' ? { ...answer, state: 'stopped' } : answer))
    return null
  } catch (error) {
    const failure = signal.aborted ? null : toFailure(error)
    if (answerId === null) return failure
    changeAnswer((answer) => ({ ...answer, state: failure ? 'failed' : 'stopped', error: failure }))
    return null
  } finally {
    change(conversationId, () => ({ live: null }))
    // Stopped before it was heard of: it may have arrived all the same.
    if (isUnread || (answerId === null && signal.aborted)) void useThreads.getState().read(conversationId, true)
    useThreads.getState().noteChange()
  }
}

/** What is known of a conversation besides its messages, by the last that was heard of it. */
export function titleOf(conversation: Pick<Conversation, 'title'> | null | undefined): string {
  return conversation?.title.trim() || 'New conversation'
}
