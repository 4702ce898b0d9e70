import { memo, useRef, useState, type KeyboardEvent } from 'react'
import {
  ChevronLeft,
  ChevronRight,
  FileText,
  Hash,
  MessageSquareMore,
  Pencil,
  RotateCcw,
  Search,
  ThumbsDown,
  ThumbsUp,
  TriangleAlert,
} from 'lucide-react'
import type { Feedback } from '../../../core/contract/ask.ts'
import type { AnswerMessage, MessageScope, QuestionMessage } from '../../../core/contract/conversations.ts'
import type { ConversationId, MessageId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useInspector } from '../../state/inspector.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { answerWithSources } from '../../ui/answer-text.ts'
import { AnswerNotes, AnswerView, Sources, UnsupportedNote, type ShownAnswer } from '../../ui/answer-view.tsx'
import { Button, LightIconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration } from '../../ui/format.ts'
import { useThreads } from './threads.ts'
import { branchOf } from './turns.ts'

interface Props {
  conversationId: ConversationId
  question: QuestionMessage | null
  answer: AnswerMessage | null
  /** What is being done for this answer here; null: nothing. */
  phase: 'searching' | 'reading' | null
  /** Something is being answered here, or the bot is gone: nothing else can be asked. */
  isBusy: boolean
  isEditing: boolean
  /** Null: no longer. */
  onEdit(questionId: MessageId | null): void
}

/** A question and its answer. Messages are the same objects until they change, so it is drawn only then. */
export const TurnView = memo(function TurnView(props: Props) {
  const { question, answer, phase } = props
  return (
    <article className="turn" aria-label={question ? clipped(question.text, 120) : 'Answer'}>
      {question ? <QuestionView {...props} question={question} /> : null}
      {answer ? <AnswerPart {...props} answer={answer} /> : null}
      {!answer && phase ? <p className="waiting soft">{phaseWords[phase]}</p> : null}
    </article>
  )
})

const phaseWords = { searching: 'Searching the documents …', reading: 'Reading the passages …' }

/** Characters of a question that are shown until more are asked for. */
const mostShown = 1200

function QuestionView({
  conversationId,
  question,
  isBusy,
  isEditing,
  onEdit,
}: Omit<Props, 'question'> & { question: QuestionMessage }) {
  const [isWhole, setWhole] = useState(false)
  const { text, scope } = question
  const isLong = text.length > mostShown
  if (isEditing) {
    return (
      <QuestionEditor
        text={text}
        onClose={() => onEdit(null)}
        onSend={(changed) => {
          onEdit(null)
          const after = question.parentId
          void useThreads.getState().send(conversationId, { text: changed, scope, after })
        }}
      />
    )
  }
  return (
    <div className="chat-question">
      <h2 className="question">{isLong && !isWhole ? clipped(text, mostShown) : text}</h2>
      {isLong ? (
        <button type="button" className="link-button" onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
          {isWhole ? 'Show less' : `Show all of it (${formatCount(text.length)} characters)`}
        </button>
      ) : null}
      <ScopeLine scope={scope} />
      <div className="question-tools">
        <Branches conversationId={conversationId} message={question} noun="question" />
        <LightIconButton
          label="Edit the question"
          icon={<Pencil size={14} aria-hidden />}
          disabled={isBusy}
          onClick={() => onEdit(question.id)}
        />
      </div>
    </div>
  )
}

/** What the question was asked of, where that is not everything. */
function ScopeLine({ scope }: { scope: MessageScope }) {
  if (scope.documents.length + scope.tags.length === 0) return null
  return (
    <p className="scope-line soft">
      {scope.reading === 'document' ? 'Whole document: ' : 'Only: '}
      {scope.documents.map(({ documentId, name }) => (
        <span key={documentId} className="tag">
          <FileText size={12} aria-hidden />
          {name}
        </span>
      ))}
      {scope.tags.map((tag) => (
        <span key={tag} className="tag">
          <Hash size={12} aria-hidden />
          {tag}
        </span>
      ))}
    </p>
  )
}

function QuestionEditor({ text, onClose, onSend }: { text: string; onClose(): void; onSend(text: string): void }) {
  const [draft, setDraft] = useState(text)
  const send = (): void => {
    if (draft.trim() !== '') onSend(draft.trim())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onClose()
    else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send()
    else return
    event.preventDefault()
  }
  return (
    <form
      className="question-editor"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        className="input"
        aria-label="Change the question"
        value={draft}
        rows={2}
        maxLength={200_000}
        autoFocus
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
      />
      <div className="question-editor-foot">
        <span className="soft">It is asked as a branch: what was there before stays.</span>
        <Button small onPress={onClose}>
          Cancel
        </Button>
        <Button small look="primary" type="submit" isDisabled={draft.trim() === ''}>
          Ask
        </Button>
      </div>
    </form>
  )
}

function AnswerPart({
  conversationId,
  question,
  answer: message,
  phase,
  isBusy,
}: Omit<Props, 'answer'> & { answer: AnswerMessage }) {
  const { state, text, citations, unsupported, rewritten, refused, error } = message
  const isStreaming = state === 'answering'
  const answer: ShownAnswer = { text, citations, unsupported, isStreaming, collectionId: null }
  const again = (): void => void useThreads.getState().regenerate(conversationId, message.id)
  return (
    <div className="chat-answer">
      {rewritten && rewritten !== question?.text ? (
        <p className="searched-for soft">
          <Search size={13} aria-hidden />
          <span>
            Searched for: <q>{rewritten}</q>
          </span>
        </p>
      ) : null}
      {isStreaming && text === '' ? (
        <p className="waiting soft">{phase ? phaseWords[phase] : 'This is being answered in another window …'}</p>
      ) : null}
      {message.lowRelevance && !refused && text !== '' ? (
        <p className="low-relevance">
          <TriangleAlert size={14} aria-hidden />
          What was found has little to do with the question. Read this answer with care.
        </p>
      ) : null}
      {refused ? <p className="refusal reading">{text}</p> : <AnswerView answer={answer} />}
      <UnsupportedNote answer={answer} />
      <AnswerNotes {...message} />
      {refused && !isStreaming ? (
        <AfterRefusal conversationId={conversationId} question={question} answer={message} isBusy={isBusy} />
      ) : null}
      {state === 'stopped' ? (
        <p className="stopped soft">
          Stopped.{' '}
          <button type="button" className="link-button" onClick={again} disabled={isBusy}>
            Answer again
          </button>
        </p>
      ) : null}
      {state === 'failed' && error ? <FailureNote failure={error} {...(isBusy ? {} : { onRetry: again })} /> : null}
      {state === 'done' ? <Sources answer={answer} /> : null}
      {isStreaming ? null : (
        <AnswerFoot
          conversationId={conversationId}
          question={question}
          answer={message}
          isBusy={isBusy}
          onAgain={again}
        />
      )}
    </div>
  )
}

/** What a person can do who got no answer: look at what came closest, or ask all documents. */
function AfterRefusal({
  conversationId,
  question,
  answer: { traceId },
  isBusy,
}: Pick<Props, 'conversationId' | 'question' | 'isBusy'> & { answer: AnswerMessage }) {
  const isNarrowed = question !== null && question.scope.documents.length + question.scope.tags.length > 0
  const look = async (): Promise<void> => {
    if (!traceId) return
    try {
      const { passages } = await core().traces.get({ traceId })
      if (passages.length === 0) return useNotices.getState().say('Nothing was found that comes close to the question.')
      useInspector.getState().open(
        passages.map(({ documentId, document, start, end }, index) => ({
          label: `Closest passage ${index + 1}`,
          collectionId: null,
          documentId,
          name: document,
          span: { start, end },
        })),
        0,
      )
    } catch (error) {
      sayFailure(error)
    }
  }
  if (!traceId && !isNarrowed) return null
  return (
    <p className="after-refusal">
      {traceId ? (
        <button type="button" className="link-button" onClick={() => void look()}>
          Show what came closest
        </button>
      ) : null}
      {isNarrowed ? (
        <button
          type="button"
          className="link-button"
          disabled={isBusy}
          onClick={() => {
            const scope = { documents: [], tags: [], reading: 'auto' as const }
            const asked = { text: question.text, scope, after: question.parentId }
            void useThreads.getState().send(conversationId, asked)
          }}
        >
          Ask all documents
        </button>
      ) : null}
    </p>
  )
}

function AnswerFoot({
  conversationId,
  question,
  answer,
  isBusy,
  onAgain,
}: Pick<Props, 'conversationId' | 'question' | 'isBusy'> & { answer: AnswerMessage; onAgain(): void }) {
  const { id, state, text, citations, refused, feedback, traceId, release, durationMs } = answer
  const [isCommenting, setCommenting] = useState(false)
  const rate = (change: Partial<Feedback>): void =>
    void useThreads.getState().rate(conversationId, id, { ...feedback, ...change })
  return (
    <>
      <div className="turn-foot chat-foot">
        {text === '' ? null : (
          <CopyButton
            text={() => answerWithSources(question?.text ?? '', text, citations).trim()}
            label="Copy the answer with its sources"
            words={refused || citations.length === 0 ? 'Copy' : 'Copy with sources'}
          />
        )}
        {state === 'done' ? (
          <>
            <LightIconButton
              label="Good answer"
              icon={<ThumbsUp size={15} aria-hidden />}
              aria-pressed={feedback.rating === 'up'}
              onClick={() => rate({ rating: feedback.rating === 'up' ? null : 'up' })}
            />
            <LightIconButton
              label="Bad answer"
              icon={<ThumbsDown size={15} aria-hidden />}
              aria-pressed={feedback.rating === 'down'}
              onClick={() => {
                const isOn = feedback.rating !== 'down'
                rate({ rating: isOn ? 'down' : null })
                if (isOn && feedback.comment === '') setCommenting(true)
              }}
            />
            <LightIconButton
              label={feedback.comment ? 'Change the comment' : 'Comment on this answer'}
              icon={<MessageSquareMore size={15} aria-hidden />}
              aria-expanded={isCommenting}
              onClick={() => setCommenting(!isCommenting)}
            />
          </>
        ) : null}
        <LightIconButton
          label="Answer again"
          icon={<RotateCcw size={15} aria-hidden />}
          disabled={isBusy}
          onClick={onAgain}
        />
        <Branches conversationId={conversationId} message={answer} noun="answer" />
        <span className="chat-facts soft">
          {traceId ? (
            <a className="quiet-link" href={hrefOf({ page: 'traces', traceId })}>
              Trace
            </a>
          ) : null}
          {release ? (
            <span title="The release that answered">
              {release.line} <span className="number">{release.number ?? 'draft'}</span>
            </span>
          ) : null}
          {durationMs === null ? null : <span className="number">{formatDuration(durationMs)}</span>}
        </span>
      </div>
      {isCommenting ? (
        <CommentForm
          comment={feedback.comment}
          onClose={() => setCommenting(false)}
          onSave={(comment) => {
            setCommenting(false)
            rate({ comment })
          }}
        />
      ) : feedback.comment ? (
        <p className="chat-comment soft">
          Your comment: <q>{feedback.comment}</q>
        </p>
      ) : null}
    </>
  )
}

function CommentForm({
  comment,
  onClose,
  onSave,
}: {
  comment: string
  onClose(): void
  onSave(comment: string): void
}) {
  const [text, setText] = useState(comment)
  const form = useRef<HTMLFormElement>(null)
  return (
    <form
      ref={form}
      className="comment-form"
      onSubmit={(event) => {
        event.preventDefault()
        onSave(text.trim())
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onClose()
      }}
    >
      <textarea
        className="input"
        aria-label="What is good or wrong about this answer"
        placeholder="What is good or wrong about this answer"
        rows={2}
        maxLength={4000}
        value={text}
        autoFocus
        onChange={(event) => setText(event.target.value)}
      />
      <Button small onPress={onClose}>
        Cancel
      </Button>
      <Button small look="primary" type="submit">
        Save comment
      </Button>
    </form>
  )
}

/** '2 / 3' with the way to the others, where a question was changed or answered again. */
function Branches({
  conversationId,
  message,
  noun,
}: {
  conversationId: ConversationId
  message: QuestionMessage | AnswerMessage
  noun: string
}) {
  const branch = branchOf(message)
  const isLive = useThreads((state) => Boolean(state.threads[conversationId]?.live))
  if (!branch) return null
  const { index, count, previous, next } = branch
  const go = (messageId: typeof previous): void => {
    if (messageId) void useThreads.getState().show(conversationId, messageId)
  }
  return (
    <span className="branches number" role="group" aria-label={`Branches of this ${noun}`}>
      <LightIconButton
        label={`Previous ${noun}`}
        icon={<ChevronLeft size={14} aria-hidden />}
        disabled={!previous || isLive}
        onClick={() => go(previous)}
      />
      <span>
        {index + 1} / {count}
      </span>
      <LightIconButton
        label={`Next ${noun}`}
        icon={<ChevronRight size={14} aria-hidden />}
        disabled={!next || isLive}
        onClick={() => go(next)}
      />
    </span>
  )
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).trimEnd()} …`
}
