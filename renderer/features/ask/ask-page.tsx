import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { ArrowUp, ChevronDown, Filter, Library, Search, Square } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Collection } from '../../../core/contract/collections.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { usePreferences } from '../../state/preferences.ts'
import { goOn, hrefOf, navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { answerWithSources } from '../../ui/answer-text.ts'
import { AnswerNotes, AnswerView, Sources, UnsupportedNote, type ShownAnswer } from '../../ui/answer-view.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Passages } from '../../ui/passages.tsx'
import { AskFilter } from './ask-filter.tsx'
import { useAsk, type Turn } from './ask-store.ts'

/** Questions to one collection, and their answers in this session. */
export function AskPage({ collectionId }: { collectionId: CollectionId | null }) {
  const collections = useWorkspace((state) => state.collections)
  const last = usePreferences((state) => state.lastCollectionId)
  const collection = collections?.find((candidate) => candidate.id === collectionId)
  const fallback = collections?.find((candidate) => candidate.id === last) ?? collections?.[0]

  useEffect(() => {
    document.title = 'Ask · Quarry'
    if (collectionId !== null || !fallback) return
    goOn((now) => now.page === 'ask' && now.collectionId === null, { page: 'ask', collectionId: fallback.id })
  }, [collectionId, fallback])
  useEffect(() => {
    if (collection) usePreferences.getState().set({ lastCollectionId: collection.id })
  }, [collection])

  if (!collections || (collectionId === null && fallback)) return <PageHeader title="Ask" />
  if (!collection) {
    return (
      <>
        <PageHeader title="Ask" />
        <EmptyState
          icon={<Search size={28} aria-hidden />}
          title={collectionId ? 'This collection is not here' : 'Nothing to ask yet'}
          actions={
            <Button
              look="primary"
              onPress={() => navigate({ page: 'library', collectionId: null, documentId: null, span: null })}
            >
              Open the library
            </Button>
          }
        >
          Questions are answered from the documents of a collection. Create one and add documents first.
        </EmptyState>
      </>
    )
  }
  return <Conversation key={collection.id} collection={collection} />
}

function Conversation({ collection }: { collection: Collection }) {
  const collectionId = collection.id
  const allTurns = useAsk((state) => state.turns)
  const turns = allTurns.filter((turn) => turn.collectionId === collectionId)
  const asking = turns.some((turn) => turn.state === 'asking')
  const scroller = useRef<HTMLDivElement>(null)
  const questions = useSuggestions(collection)
  const lastId = turns.at(-1)?.id

  // Leaving the page stops the answer; what came so far stays.
  useEffect(() => () => useAsk.getState().stop(), [])
  useEffect(() => {
    if (lastId !== undefined) {
      scroller.current?.querySelector('.turn:last-of-type')?.scrollIntoView({ block: 'start' })
    }
  }, [lastId])

  const ask = (question: string): void => void useAsk.getState().ask(collectionId, question)
  return (
    <>
      <PageHeader
        title="Ask"
        scope={<ScopeChip collection={collection} />}
        actions={
          turns.length > 0 ? (
            <Button look="quiet" onPress={() => useAsk.getState().forget(collectionId)} isDisabled={asking}>
              Clear
            </Button>
          ) : null
        }
      />
      <div className="conversation" ref={scroller}>
        {turns.length === 0 ? (
          <Introduction collection={collection} questions={questions} onAsk={ask} />
        ) : (
          turns.map((turn) => <TurnView key={turn.id} turn={turn} isLast={turn.id === lastId} />)
        )}
      </div>
      <AskFilter collectionId={collectionId} />
      <Composer collectionId={collectionId} asking={asking} onAsk={ask} disabled={collection.ready === 0} />
      <Announcer turn={turns.at(-1)} />
    </>
  )
}

function ScopeChip({ collection }: { collection: Collection }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  return (
    <Menu
      label="Collection to ask"
      trigger={
        <AriaButton className="scope-chip">
          <Library size={13} aria-hidden />
          <span className="visually-hidden">Asking collection: </span>
          {collection.name}
          <span className="soft number">{formatCount(collection.ready)}</span>
          <ChevronDown size={13} aria-hidden />
        </AriaButton>
      }
      entries={collections.map((other) => ({
        id: other.id,
        label: other.name,
        hint: formatNumberOf(other.ready, 'document'),
        onAction: () => navigate({ page: 'ask', collectionId: other.id }),
      }))}
    />
  )
}

function Introduction({
  collection,
  questions,
  onAsk,
}: {
  collection: Collection
  questions: string[]
  onAsk(question: string): void
}) {
  if (collection.ready === 0) {
    return (
      <EmptyState
        icon={<Search size={28} aria-hidden />}
        title={collection.documents === 0 ? 'This collection is empty' : 'No document is ready yet'}
        actions={
          <Button
            look="primary"
            onPress={() => navigate({ page: 'library', collectionId: collection.id, documentId: null, span: null })}
          >
            {collection.documents === 0 ? 'Add documents' : 'See the progress'}
          </Button>
        }
      >
        {collection.documents === 0
          ? 'Drop files or a folder anywhere on this window, then ask.'
          : 'Documents are being read. Questions can be asked as soon as the first is ready.'}
      </EmptyState>
    )
  }
  return (
    <div className="introduction">
      <h2>Ask {collection.name}</h2>
      <p className="soft">
        Answers are made of sentences from {formatNumberOf(collection.ready, 'document')}, each with the place it comes
        from. When the documents do not say, the answer says so.
      </p>
      {questions.length > 0 ? (
        <ul className="suggestions" aria-label="Suggested questions">
          {questions.map((question) => (
            <li key={question}>
              <button type="button" className="suggestion" onClick={() => onAsk(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

function TurnView({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const again = (): void => void useAsk.getState().again(turn.id)
  const waiting = turn.state === 'asking' && turn.answer === ''
  const { answer: text, citations, unsupported, collectionId } = turn
  const answer: ShownAnswer = { text, citations, unsupported, collectionId, isStreaming: turn.state === 'asking' }
  return (
    <article className="turn" aria-label={turn.question}>
      <h2 className="question">{turn.question}</h2>
      {turn.filter ? (
        <p className="turn-filter soft">
          <Filter size={13} aria-hidden /> Only: <code>{turn.filter}</code>
        </p>
      ) : null}
      {waiting ? (
        <p className="waiting soft">{turn.passages ? 'Reading the passages …' : 'Searching the documents …'}</p>
      ) : null}
      {turn.refused ? <p className="refusal reading">{turn.answer}</p> : <AnswerView answer={answer} />}
      <UnsupportedNote answer={answer} />
      {turn.lowRelevance && !turn.refused && turn.answer !== '' ? (
        <p className="passage-mode soft">
          What was found has little to do with the question: read the answer with care, or ask in other words.
        </p>
      ) : null}
      <AnswerNotes {...turn} />
      {turn.state === 'stopped' ? (
        <p className="stopped soft">
          Stopped.{' '}
          <button type="button" className="link-button" onClick={again}>
            Ask again
          </button>
        </p>
      ) : null}
      {turn.failure ? <FailureNote failure={turn.failure} onRetry={again} /> : null}
      {turn.state === 'done' ? (
        <>
          <Sources answer={answer} />
          <div className="turn-foot">
            <CopyButton
              text={() => answerWithSources(turn.question, turn.answer, turn.citations)}
              label="Copy the answer with its sources"
              words={turn.refused ? 'Copy' : 'Copy with sources'}
            />
            {turn.traceId ? (
              <a className="quiet-link" href={hrefOf({ page: 'traces', traceId: turn.traceId })}>
                Trace
              </a>
            ) : null}
            {turn.durationMs === null ? null : <span className="soft number">{formatDuration(turn.durationMs)}</span>}
          </div>
        </>
      ) : null}
      {turn.passages && turn.state !== 'asking' ? (
        <Passages
          passages={turn.passages}
          collectionId={turn.collectionId}
          belowThreshold={turn.refused}
          openAtFirst={isLast}
        />
      ) : null}
    </article>
  )
}

function Composer({
  collectionId,
  asking,
  onAsk,
  disabled,
}: {
  collectionId: CollectionId
  asking: boolean
  onAsk(question: string): void
  disabled: boolean
}) {
  const draft = useAsk((state) => state.drafts[collectionId] ?? '')
  const box = useRef<HTMLTextAreaElement>(null)
  const send = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault()
    if (draft.trim() !== '' && !asking) onAsk(draft.trim())
  }
  useEffect(() => box.current?.focus({ preventScroll: true }), [collectionId])
  return (
    <form className="composer" onSubmit={send}>
      <div className="composer-box">
        <textarea
          id="page-search"
          ref={box}
          rows={1}
          value={draft}
          disabled={disabled}
          maxLength={200_000}
          placeholder={disabled ? 'No document is ready yet' : 'Ask the documents'}
          aria-label="Question"
          aria-describedby="composer-hint"
          onChange={(event) => useAsk.getState().setDraft(collectionId, event.target.value)}
          onKeyDown={(event) => {
            // Enter also ends a composition (Japanese, Chinese): that is not sending.
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event)
          }}
        />
        {asking ? (
          <IconButton
            label="Stop"
            icon={<Square size={14} fill="currentColor" aria-hidden />}
            onPress={() => useAsk.getState().stop()}
          />
        ) : (
          <AriaButton
            type="submit"
            className="send-button"
            aria-label="Send"
            isDisabled={disabled || draft.trim() === ''}
          >
            <ArrowUp size={16} aria-hidden />
          </AriaButton>
        )}
      </div>
      <p id="composer-hint" className="composer-hint soft">
        Enter sends, Shift-Enter makes a new line.
      </p>
    </form>
  )
}

/** Says the beginning and the end of an answer to screen readers, not every word of it. */
function Announcer({ turn }: { turn: Turn | undefined }) {
  const text =
    turn?.state === 'asking'
      ? 'Searching the documents.'
      : turn?.state === 'done'
        ? turn.refused
          ? turn.answer
          : `Answer with ${formatNumberOf(turn.citations.length, 'citation')}.`
        : turn?.state === 'stopped'
          ? 'Stopped.'
          : ''
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  )
}

/** The sample's own questions, where this is the sample's collection: its questions only make sense there. */
function useSuggestions(collection: Collection): string[] {
  const [questions, setQuestions] = useState<string[]>([])
  const sampleId = usePreferences((state) => state.sampleCollectionId)
  const isSample = collection.id === sampleId || /sample/i.test(`${collection.name} ${collection.description}`)
  useEffect(() => {
    if (!isSample) return undefined
    const controller = new AbortController()
    core()
      .workspace.sampleQuestions(undefined, { signal: controller.signal })
      .then(({ questions: all }) => {
        const answerable = all.filter((item) => item.answerable).slice(0, 5)
        const unanswerable = all.filter((item) => !item.answerable).slice(0, 1)
        setQuestions([...answerable, ...unanswerable].map((item) => item.question))
      })
      // Suggestions are a courtesy: without them the page works as well.
      .catch(() => {})
    return () => controller.abort()
  }, [isSample])
  return isSample ? questions : []
}
