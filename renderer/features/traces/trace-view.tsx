import { useEffect, useState, type ReactNode } from 'react'
import { ArrowLeft, Repeat2, ThumbsDown, ThumbsUp, Trash2 } from 'lucide-react'
import type { Trace } from '../../../core/contract/traces.ts'
import type { TraceId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { sayFailure } from '../../state/notices.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { AnswerView, UnsupportedNote } from '../../ui/answer-view.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { Passages } from '../../ui/passages.tsx'
import { JsonView } from './json-view.tsx'
import { MakeCase } from './make-case.tsx'
import { RejectedList } from './rejected-list.tsx'
import { ReplayDialog } from './replay-dialog.tsx'
import { SpanTree } from './span-tree.tsx'
import { outcomeLabels, outcomeOf, ratingLabels, tokensOf } from './trace-words.ts'

/** One question: what was answered, what it rests on, what was left out, and every step. */
export function TraceView({ traceId }: { traceId: TraceId }) {
  const { value: trace, failure, retry } = useRead((signal) => core().traces.get({ traceId }, { signal }), traceId)
  const [dialog, setDialog] = useState<'replay' | 'remove' | null>(null)
  useEffect(() => {
    document.title = 'Trace · Quarry'
  }, [])
  const remove = async (): Promise<void> => {
    const goBack = fromHere()
    try {
      await core().traces.remove({ traceIds: [traceId] })
      goBack({ page: 'traces', traceId: null })
    } catch (error) {
      sayFailure(error)
    }
  }
  return (
    <>
      <PageHeader
        title="Trace"
        scope={<code className="soft">{traceId}</code>}
        actions={
          <>
            {trace ? <MakeCase trace={trace} /> : null}
            {trace ? (
              <Button icon={<Repeat2 size={15} aria-hidden />} onPress={() => setDialog('replay')}>
                Replay with …
              </Button>
            ) : null}
            {trace ? (
              <CopyButton
                text={() => JSON.stringify(trace, null, 2)}
                label="Copy the trace as JSON"
                words="Copy JSON"
              />
            ) : null}
            {trace ? (
              <IconButton
                label="Remove this trace"
                icon={<Trash2 size={15} aria-hidden />}
                onPress={() => setDialog('remove')}
              />
            ) : null}
            <Button
              icon={<ArrowLeft size={15} aria-hidden />}
              onPress={() => navigate({ page: 'traces', traceId: null })}
            >
              All traces
            </Button>
          </>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {trace ? <TraceBody trace={trace} /> : null}
      </div>
      {trace ? <ReplayDialog trace={trace} isOpen={dialog === 'replay'} onClose={() => setDialog(null)} /> : null}
      <ConfirmDialog
        isOpen={dialog === 'remove'}
        onClose={() => setDialog(null)}
        onConfirm={() => void remove()}
        title="Remove this trace?"
        action="Remove it"
      >
        <p>
          What this question did is forgotten. The answer stays where it was asked, and so does a test case that was
          made of it.
        </p>
      </ConfirmDialog>
    </>
  )
}

function TraceBody({ trace }: { trace: Trace }) {
  const { citations, unsupported, collectionId, answer, passages, rejected } = trace
  const { value: replays } = useRead(
    (signal) => core().traces.list({ replayOf: trace.id, limit: 20 }, { signal }),
    trace.id,
  )
  const shown = { text: answer, citations, unsupported, isStreaming: false, collectionId }
  return (
    <div className="trace">
      <h2 className="question">{trace.question}</h2>
      {trace.rewritten ? <p className="soft">Searched for as: {trace.rewritten}</p> : null}
      {answer === '' ? null : <AnswerView answer={shown} />}
      <UnsupportedNote answer={shown} />
      {trace.error ? <FailureNote failure={trace.error} /> : null}
      <Feedback feedback={trace.feedback} />
      <Facts trace={trace} />
      {replays && replays.traces.length > 0 ? (
        <p className="soft number">
          Asked again:{' '}
          {replays.traces.map(({ id, startedAt }, index) => (
            <span key={id}>
              {index > 0 ? ', ' : null}
              <a href={hrefOf({ page: 'traces', traceId: trace.id, otherId: id })}>{formatWhen(startedAt)}</a>
            </span>
          ))}
        </p>
      ) : null}
      <h3>Steps</h3>
      <SpanTree trace={trace} />
      <Passages passages={passages} collectionId={collectionId} belowThreshold={trace.refused} openAtFirst={false} />
      {rejected.length > 0 ? (
        <>
          <h3>Found and not used ({formatCount(rejected.length)})</h3>
          <RejectedList trace={trace} />
        </>
      ) : null}
      <h3>How it was asked</h3>
      <JsonView label="Request" value={trace.request} />
      <JsonView label="Pipeline" value={trace.pipeline} />
    </div>
  )
}

/** What somebody thinks of the answer. */
function Feedback({ feedback }: Pick<Trace, 'feedback'>) {
  const { rating, comment } = feedback ?? { rating: null, comment: '' }
  if (rating === null && comment === '') return null
  const Thumb = rating === 'up' ? ThumbsUp : ThumbsDown
  return (
    <p className="trace-feedback">
      {rating ? <Thumb size={15} aria-hidden /> : null}
      <span>
        {rating ? `The answer was ${ratingLabels[rating]}` : 'The answer was commented on'}
        {comment === '' ? '.' : ': '}
        {comment === '' ? null : <q>{comment}</q>}
      </span>
    </p>
  )
}

/** Where it was said. Traces know the conversation as what they were told; the application layer knows whether it is there. */
function InConversation({ traceId }: { traceId: TraceId }) {
  const { value, failure } = useRead((signal) => core().conversations.ofTrace({ traceId }, { signal }), traceId)
  if (failure) return failure.code === 'item-missing' ? 'removed' : failure.message
  if (!value) return '…'
  const { answer, conversation } = value
  const { id: conversationId, botId, bot, title } = conversation
  return (
    <a href={hrefOf({ page: 'chat', botId, conversationId, messageId: answer.id })}>
      {title}
      <span className="soft"> with {bot}</span>
    </a>
  )
}

function Facts({ trace }: { trace: Trace }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const tokens = tokensOf(trace)
  const { release, origin, replayOf, collectionIds, passages, citations } = trace
  const names = collectionIds.map((id) => collections.find((each) => each.id === id)?.name ?? 'a removed collection')
  const facts: [string, ReactNode][] = [
    ['Outcome', `${outcomeLabels[outcomeOf(trace)]}${trace.lowRelevance ? ', what was found is weak' : ''}`],
    ['Time', `${formatDuration(trace.durationMs)}, ${formatWhen(trace.startedAt)}`],
    ['Tokens', tokens ? `${formatCount(tokens.input)} read, ${formatCount(tokens.output)} written` : null],
    ['Asked of', names.join(', ') || null],
    ['Answered by', release ? `${release.line} ${release.number ?? 'draft'}` : 'the collection’s pipeline'],
    ['Used', `${formatNumberOf(passages.length, 'passage')}, ${formatNumberOf(citations.length, 'citation')}`],
    ['In conversation', origin ? <InConversation traceId={trace.id} /> : null],
    [
      'Replay of',
      replayOf ? (
        <>
          <a href={hrefOf({ page: 'traces', traceId: replayOf })}>
            <code>{replayOf}</code>
          </a>
          {' · '}
          <a href={hrefOf({ page: 'traces', traceId: replayOf, otherId: trace.id })}>compare</a>
        </>
      ) : null,
    ],
  ]
  return (
    <dl className="trace-facts number">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
