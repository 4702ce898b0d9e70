import { useCallback, useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { Check, ListChecks, Pencil, Undo2, X } from 'lucide-react'
import type { CaseState, TestCase } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { TextArea } from './case-panel.tsx'
import { PassageView } from './passage-view.tsx'

interface Decision {
  testCase: TestCase
  state: CaseState
}

/**
 * What is proposed, one question beside its passage after the other: a accepts, r rejects, e edits, u takes the last
 * decision back. Decisions are stored as they are made.
 */
export function ReviewQueue({ datasetId }: { datasetId: DatasetId }) {
  const { queue, left, made, failure, retry, decide, undo, replace } = useQueue(datasetId)
  const [isEditing, setEditing] = useState(false)
  const current = queue?.[0]
  useEffect(() => {
    document.title = 'Review · Quarry'
  }, [])
  useReviewKeys({
    a: () => current && decide(current, 'accepted'),
    r: () => current && decide(current, 'rejected'),
    e: () => setEditing(current !== undefined),
    u: undo,
  })
  const showAll = (): void => navigate({ page: 'datasets', datasetId, caseId: null })
  const total = left + made.length
  return (
    <>
      <PageHeader
        title="Review"
        scope={
          <span className="dataset-scope soft number">
            <a href={hrefOf({ page: 'datasets', datasetId, caseId: null })}>All cases</a>
            <span role="status">
              {' · '}
              {formatCount(left)} to review, {formatCount(made.length)} decided now
            </span>
          </span>
        }
        actions={
          <Button icon={<Undo2 size={15} aria-hidden />} onPress={undo} isDisabled={made.length === 0}>
            Undo <kbd>u</kbd>
          </Button>
        }
      />
      <div className="review-progress">
        <Meter
          share={total === 0 ? 1 : made.length / total}
          label="Reviewed"
          valueText={`${formatCount(made.length)} of ${formatCount(total)}`}
        />
      </div>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {queue === null && !failure ? <p className="page-note soft">Reading what is proposed …</p> : null}
      {queue?.length === 0 && left === 0 ? (
        <EmptyState
          icon={<ListChecks size={28} aria-hidden />}
          title="Nothing is left to review"
          actions={
            <Button look="primary" onPress={showAll}>
              Show all cases
            </Button>
          }
        >
          {made.length > 0
            ? `You decided ${formatNumberOf(made.length, 'question')}: ${tally(made)}.`
            : 'No question of this dataset waits to be accepted. Let some be proposed from its documents.'}
        </EmptyState>
      ) : null}
      {current ? (
        <div className="review" key={current.id}>
          <section className="review-case" aria-label="Question">
            {isEditing ? (
              <EditForm
                datasetId={datasetId}
                testCase={current}
                onDone={(changed) => {
                  if (changed) replace(changed)
                  setEditing(false)
                }}
              />
            ) : (
              <>
                <p className="review-question">{current.question}</p>
                {current.answer === null ? null : (
                  <div className="review-answer">
                    <h3>What a good answer says</h3>
                    <p className="reading">{current.answer}</p>
                  </div>
                )}
                {current.tags.length > 0 ? (
                  <p className="review-tags">
                    {current.tags.map((tag) => (
                      <span key={tag} className="tag">
                        {tag}
                      </span>
                    ))}
                  </p>
                ) : null}
                <div className="review-actions">
                  <Button
                    look="primary"
                    icon={<Check size={15} aria-hidden />}
                    onPress={() => decide(current, 'accepted')}
                  >
                    Accept <kbd>a</kbd>
                  </Button>
                  <Button icon={<X size={15} aria-hidden />} onPress={() => decide(current, 'rejected')}>
                    Reject <kbd>r</kbd>
                  </Button>
                  <Button icon={<Pencil size={15} aria-hidden />} onPress={() => setEditing(true)}>
                    Edit <kbd>e</kbd>
                  </Button>
                </div>
              </>
            )}
          </section>
          <section className="review-passages" aria-label="Expected passages">
            {current.expected.map((passage, index) => (
              <PassageView key={index} passage={passage} aroundCharacters={1200} />
            ))}
            {current.expected.length === 0 ? <p className="soft">It names no passage.</p> : null}
          </section>
        </div>
      ) : null}
    </>
  )
}

/** Enter saves, Shift with Enter makes a new line, Escape leaves it as it was. */
function EditForm({
  datasetId,
  testCase,
  onDone,
}: {
  datasetId: DatasetId
  testCase: TestCase
  onDone(changed: TestCase | null): void
}) {
  const [question, setQuestion] = useState(testCase.question)
  const [answer, setAnswer] = useState(testCase.answer ?? '')
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector('textarea')?.focus(), [])
  const save = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault()
    try {
      const change = { question, answer: answer.trim() === '' ? null : answer }
      onDone(await core().datasets.updateCase({ datasetId, caseId: testCase.id, change }))
    } catch (error) {
      setFailure(toFailure(error))
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onDone(null)
    } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      if (!(event.target instanceof HTMLTextAreaElement)) return
      event.preventDefault()
      void save()
    }
  }
  return (
    <form ref={form} className="review-edit" onKeyDown={onKeyDown} onSubmit={(event) => void save(event)}>
      <TextArea label="Question" value={question} rows={4} reading onChange={setQuestion} />
      <TextArea label="What a good answer says" value={answer} rows={2} onChange={setAnswer} />
      {failure ? <FailureNote failure={failure} /> : null}
      <div className="review-actions">
        <Button look="primary" type="submit" isDisabled={question.trim() === ''}>
          Save <kbd>Enter</kbd>
        </Button>
        <Button onPress={() => onDone(null)}>
          Cancel <kbd>Esc</kbd>
        </Button>
      </div>
    </form>
  )
}

/** What is proposed, and what was decided of it here; decisions are stored one after the other, in their order. */
function useQueue(datasetId: DatasetId) {
  const [queue, setQueue] = useState<TestCase[] | null>(null)
  const [left, setLeft] = useState(0)
  const [made, setMade] = useState<Decision[]>([])
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  const stored = useRef<Promise<void>>(Promise.resolve())
  const isEmpty = queue === null || queue.length === 0
  useEffect(() => {
    // Again when the last one known was decided: there may be more than one answer holds.
    if (!isEmpty) return undefined
    const controller = new AbortController()
    const { signal } = controller
    stored.current
      .then(() => core().datasets.cases({ datasetId, state: 'proposed', limit: 200 }, { signal }))
      .then(
        ({ cases, total }) => {
          if (signal.aborted) return
          setQueue(cases)
          setLeft(total)
          setFailure(null)
        },
        (error: unknown) => setFailure(signal.aborted ? null : toFailure(error)),
      )
    return () => controller.abort()
  }, [datasetId, isEmpty, attempt])

  const store = useCallback(
    (testCase: TestCase, state: CaseState, takeBack: () => void): void => {
      stored.current = stored.current
        .then(() => core().datasets.setCases({ datasetId, caseIds: [testCase.id], state }))
        .then(
          () => {},
          (error: unknown) => {
            takeBack()
            sayFailure(error)
          },
        )
    },
    [datasetId],
  )
  const toFront = (testCase: TestCase): void => {
    setQueue((known) => [testCase, ...(known ?? []).filter(({ id }) => id !== testCase.id)])
    setLeft((count) => count + 1)
  }
  const decide = (testCase: TestCase, state: CaseState): void => {
    const decision = { testCase, state }
    setQueue((known) => known?.filter(({ id }) => id !== testCase.id) ?? null)
    setLeft((count) => count - 1)
    setMade((known) => [...known, decision])
    store(testCase, state, () => {
      // It was not stored: it is to be decided again.
      setMade((known) => known.filter((each) => each !== decision))
      toFront(testCase)
    })
  }
  const undo = (): void => {
    const last = made.at(-1)
    if (!last) return
    setMade((known) => known.filter((each) => each !== last))
    toFront(last.testCase)
    store(last.testCase, 'proposed', () => {
      setQueue((known) => known?.filter(({ id }) => id !== last.testCase.id) ?? null)
      setLeft((count) => count - 1)
      setMade((known) => [...known, last])
    })
  }
  const replace = (changed: TestCase): void =>
    setQueue((known) => known?.map((each) => (each.id === changed.id ? changed : each)) ?? null)
  return { queue, left, made, failure, retry: () => setAttempt((count) => count + 1), decide, undo, replace }
}

/** Single keys stay out of text fields and dialogs, and can be turned off (WCAG 2.1.4). */
function useReviewKeys(actions: Record<string, () => void>): void {
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  useEffect(() => {
    // After "g" a letter leads to another page.
    let goPressedAt = 0
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      if (target?.closest('input, textarea, [role=dialog], [role=alertdialog], [role=menu], [role=listbox]')) return
      const afterGo = event.timeStamp - goPressedAt < 1200
      goPressedAt = event.key === 'g' ? event.timeStamp : 0
      const action = afterGo ? undefined : latest.current[event.key]
      if (!action || event.defaultPrevented || !usePreferences.getState().singleKeys) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', onKeyDown, { capture: true })
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true })
  }, [])
}

/** '12 accepted, 3 rejected'. */
function tally(made: readonly Decision[]): string {
  const counts = Object.entries(Object.groupBy(made, ({ state }) => state))
  return counts.map(([state, decisions]) => `${formatCount(decisions.length)} ${state}`).join(', ')
}
