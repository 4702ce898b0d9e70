import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Bot } from '../../../core/contract/bots.ts'
import type { Conversation } from '../../../core/contract/conversations.ts'
import type { ConversationId, MessageId } from '../../../core/shared/ids.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { sayFailure } from '../../state/notices.ts'
import { BotIcon } from '../../ui/bot-icon.tsx'
import { BotProblems } from '../../ui/bot-problems.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { rowsInRange } from '../../ui/rows-in-range.ts'
import { ReadingProgress, useReadiness } from '../../ui/reading-progress.tsx'
import { Composer } from './composer.tsx'
import { useDrafts } from './drafts.ts'
import { useThreads, type Question, type Thread } from './threads.ts'
import { TurnView } from './turn-view.tsx'
import { turnsOf, type Turn } from './turns.ts'

/** A conversation with a bot, or a new one with it: it begins with the first question. */
export function ChatThread({
  bot,
  conversationId,
  messageId,
  isTrial = false,
  onConversation,
}: {
  /** Null: it was removed. What was said can be read. */
  bot: Bot | null
  conversationId: ConversationId | null
  /** What to go to in it; absent: its end. */
  messageId?: MessageId | undefined
  /** Beside the bot's settings, where its problems are shown already. */
  isTrial?: boolean
  /** One has begun. */
  onConversation(conversation: Conversation): void
}) {
  const thread = useThreads((state) => (conversationId ? state.threads[conversationId] : undefined))
  const generation = useConnection((state) => state.generation)
  const readiness = useReadiness(bot)
  const [editingId, setEditingId] = useState<MessageId | null>(null)
  const [isBeginning, setBeginning] = useState(false)
  const turns = useMemo(() => turnsOf(thread?.messages ?? []), [thread?.messages])
  const isAnswering = Boolean(thread?.live)
  const draftKey = conversationId ?? `new ${bot?.id ?? ''}`
  const last = turns.at(-1)

  useEffect(() => {
    if (conversationId) void useThreads.getState().read(conversationId, generation > 0)
  }, [conversationId, generation])
  useEffect(() => {
    if (conversationId && messageId) void useThreads.getState().goTo(conversationId, messageId)
  }, [conversationId, messageId])
  // Answered in another window, or left there: looked at again until it has come to an end.
  const isElsewhere = !isAnswering && last?.answer?.state === 'answering'
  useEffect(() => {
    if (!isElsewhere || !conversationId) return undefined
    const timer = setInterval(() => void useThreads.getState().read(conversationId, true), 1500)
    return () => clearInterval(timer)
  }, [isElsewhere, conversationId])
  const unsent = thread?.unsent

  const send = async (question: Question): Promise<void> => {
    if (!bot) return
    try {
      setBeginning(true)
      let id = conversationId
      if (!id) {
        const conversation = await core().conversations.create({ botId: bot.id })
        id = conversation.id
        useDrafts.getState().set(id, { scope: question.scope, text: '' })
        useDrafts.getState().forget(draftKey)
        onConversation(conversation)
      } else {
        useDrafts.getState().set(id, { text: '' })
      }
      void useThreads.getState().send(id, question)
    } catch (error) {
      sayFailure(error)
    } finally {
      setBeginning(false)
    }
  }
  const ask = (text: string): void =>
    void send({
      text,
      scope: useDrafts.getState().drafts[draftKey]?.scope ?? { documents: [], tags: [], reading: 'auto' },
    })
  const blocked = !bot
    ? 'The bot of this conversation was removed'
    : readiness.ready === 0
      ? bot.collectionIds.length === 0
        ? 'This bot has no documents yet'
        : 'No document is ready yet'
      : null

  return (
    <section className="chat-thread" aria-label="Conversation">
      {conversationId && thread?.failure && !thread.isRead ? (
        <div className="chat-messages">
          <FailureNote failure={thread.failure} onRetry={() => void useThreads.getState().read(conversationId, true)} />
        </div>
      ) : turns.length > 0 && conversationId && thread ? (
        <Messages
          key={conversationId}
          conversationId={conversationId}
          thread={thread}
          turns={turns}
          isBusy={isAnswering || blocked !== null}
          editingId={editingId}
          onEdit={setEditingId}
        />
      ) : conversationId && !thread?.isRead ? (
        <div className="chat-messages" />
      ) : (
        <div className="chat-messages conversation">
          {bot ? (
            <Introduction bot={bot} isReady={blocked === null && !isAnswering} onAsk={ask}>
              {isTrial ? null : <BotProblems bot={bot} isReading={readiness.isReading} />}
            </Introduction>
          ) : null}
        </div>
      )}
      {unsent ? (
        <div className="chat-unsent">
          <FailureNote title="The question was not sent." failure={unsent.failure} />
        </div>
      ) : null}
      {bot ? <ReadingProgress readiness={readiness} /> : null}
      <Composer
        draftKey={draftKey}
        collectionIds={bot?.collectionIds ?? []}
        isAnswering={isAnswering || isBeginning}
        blocked={blocked}
        isTrial={isTrial}
        readsWhole={bot?.tools.includes('summarise-document') ?? false}
        onSend={(text, scope) => void send({ text, scope })}
        onStop={() => conversationId && useThreads.getState().stop(conversationId)}
        onEditLast={() => {
          const { question } = turns.at(-1) ?? {}
          if (question && !isAnswering) setEditingId(question.id)
        }}
      />
      <Announcer turn={last} isLive={isAnswering} />
    </section>
  )
}

/** The greeting of a bot and what to begin with. */
function Introduction({
  bot,
  isReady,
  onAsk,
  children,
}: {
  bot: Bot
  isReady: boolean
  onAsk(question: string): void
  children: ReactNode
}) {
  useEffect(() => {
    void useBots.getState().refresh()
  }, [bot.id])
  return (
    <div className="introduction">
      <h2>
        <BotIcon icon={bot.icon} name={bot.name} /> {bot.name}
      </h2>
      <p className="soft chat-greeting">
        {bot.greeting ||
          bot.description ||
          'Every answer says where it comes from. When the documents do not say, the answer says so.'}
      </p>
      {children}
      {bot.starters.length > 0 ? (
        <ul className="suggestions" aria-label="Questions to begin with">
          {bot.starters.map((question) => (
            <li key={question}>
              <button type="button" className="suggestion" disabled={!isReady} onClick={() => onAsk(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

/** Pixels, before a turn is measured. */
const estimatedTurn = 320
/** Pixels from the beginning at which what came before is read. */
const readAhead = 2000

/**
 * The turns of a conversation, of which only those in sight exist. The last one is given the height of the window, so
 * that a new question stands at the top and its answer grows below it without pushing anything about.
 */
function Messages({
  conversationId,
  thread,
  turns,
  isBusy,
  editingId,
  onEdit,
}: {
  conversationId: ConversationId
  thread: Thread
  turns: Turn[]
  isBusy: boolean
  editingId: MessageId | null
  onEdit(messageId: MessageId | null): void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  // What is being changed stays, wherever one looks meanwhile.
  const kept = turns.findIndex(({ question }) => editingId !== null && question?.id === editingId)
  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimatedTurn,
    getItemKey: (index) => turns[index]?.key ?? index,
    overscan: 2,
    paddingStart: 16,
    paddingEnd: 8,
    // What is put before the first turn does not move what is in sight.
    anchorTo: 'end',
    initialOffset: () => Number.MAX_SAFE_INTEGER / 2,
    useFlushSync: false,
    rangeExtractor: (range) => (kept < 0 ? defaultRangeExtractor(range) : rowsInRange(range, kept)),
  })
  const items = virtualizer.getVirtualItems()
  const height = virtualizer.scrollRect?.height ?? 0

  const lastIndex = turns.length - 1
  const lastKey = turns[lastIndex]?.key
  const { shown } = thread
  const toPlace = useRef(() => {})
  useEffect(() => {
    toPlace.current = () => {
      const at = turns.findIndex(({ question, answer }) => shown && (question?.id === shown || answer?.id === shown))
      virtualizer.scrollToIndex(at < 0 ? lastIndex : at, { align: 'start' })
      if (at < 0) return
      // What had the focus may have gone with the branch before.
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return
        scroller.current?.querySelector<HTMLElement>(`[data-index="${at}"] .branches button:enabled`)?.focus()
      })
    }
  })
  // To the end at first and at each new question; to where another branch begins when it is shown.
  useEffect(() => toPlace.current(), [lastKey, shown])

  const isNearStart = (items[0]?.start ?? 0) < readAhead && height > 0
  const { earlier } = thread
  const [isSettled, setSettled] = useState(false)
  useEffect(() => {
    // The first scroll goes to the end: only then does being near the start mean anything.
    const timer = setTimeout(() => setSettled(true), 250)
    return () => clearTimeout(timer)
  }, [])
  useEffect(() => {
    if (isSettled && isNearStart && earlier > 0) void useThreads.getState().readEarlier(conversationId)
  }, [isSettled, isNearStart, earlier, conversationId])

  return (
    <div ref={scroller} className="chat-messages" role="region" aria-label="Messages" tabIndex={0}>
      {earlier > 0 ? (
        <p className="chat-earlier soft number" role="status">
          {formatNumberOf(earlier, 'earlier message')}
        </p>
      ) : null}
      <div className="chat-length" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const turn = turns[item.index]
          if (!turn) return null
          const isLast = item.index === lastIndex
          return (
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              className="chat-turn"
              style={{
                transform: `translateY(${item.start}px)`,
                minHeight: isLast && height > 0 ? height - 24 : undefined,
              }}
            >
              <TurnView
                conversationId={conversationId}
                question={turn.question}
                answer={turn.answer}
                phase={isLast && thread.live ? thread.live.phase : null}
                isBusy={isBusy}
                isEditing={editingId !== null && editingId === turn.question?.id}
                onEdit={onEdit}
              />
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** Says the beginning and the end of an answer to screen readers, not every word of it. */
function Announcer({ turn, isLive }: { turn: Turn | undefined; isLive: boolean }) {
  const [wasLive, setWasLive] = useState(false)
  if (isLive && !wasLive) setWasLive(true)
  const answer = turn?.answer
  const text = isLive
    ? 'Searching the documents.'
    : !wasLive || !answer
      ? ''
      : answer.state === 'stopped'
        ? 'Stopped.'
        : answer.refused
          ? answer.text
          : `Answer with ${formatCount(answer.citations.length)} citations.`
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  )
}
