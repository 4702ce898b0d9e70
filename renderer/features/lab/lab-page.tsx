import { useCallback, useEffect, useRef, useState } from 'react'
import { FlaskConical, Plus, SlidersHorizontal } from 'lucide-react'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { Choice } from '../../../core/contract/pipeline.ts'
import type { Picked } from '../../platform/shell-api.ts'
import { useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { goOn } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import { fromQuery, mostColumns, toQuery, type LabSettings, type LabState } from './address.ts'
import { LabBench } from './lab-bench.tsx'
import { QuestionBar } from './question-bar.tsx'
import { SubjectBar, subjectOfPicked } from './subject-bar.tsx'
import { newColumn, useAnswers, useCuts, useLabText, type Column } from './use-lab.ts'
import { UsePipelineDialog } from './use-pipeline-dialog.tsx'

/** One text under up to four chunkers side by side. All that it shows is in its address. */
export function LabPage({ query }: { query: string }) {
  const [lab, setLab] = useLab(query)
  const { columns } = lab
  const { opened, failure, busy, again } = useLabText(lab.subject, lab.collectionId)
  const chunkers = useChunkers()
  const [using, setUsing] = useState<Choice | null>(null)
  const optionsShown = usePreferences((preferences) => preferences.labOptions)

  const change = useCallback((next: Partial<LabSettings>) => setLab((before) => ({ ...before, ...next })), [setLab])
  const changeColumns = useCallback(
    (act: (columns: Column[]) => Column[]) => setLab((before) => ({ ...before, columns: act(before.columns) })),
    [setLab],
  )
  useEffect(() => {
    document.title = 'Chunk lab · Quarry'
  }, [])
  // Files dropped here are looked at, not added.
  useEffect(() => {
    const take = (picked: Picked): void => {
      subjectOfPicked(picked).then(
        (subject) => {
          if (subject) change({ subject, expected: null })
          else useNotices.getState().say('The lab looks at one file at a time: drop a file, not a folder.')
        },
        (error: unknown) => sayFailure(error),
      )
    }
    useAdding.getState().setTaker({
      title: 'Look at it in the chunk lab',
      text: 'It is read and cut here. It is not added to a collection.',
      take,
    })
    return () => useAdding.getState().setTaker(null)
  }, [change])
  // The first columns: what the collection does, and a baseline.
  useEffect(() => {
    if (!opened || columns.length > 0 || !chunkers) return
    const own = opened.text.chunker
    const baseline = own.id === 'fixed' ? 'recursive' : 'fixed'
    changeColumns(() => [newColumn(own), newColumn({ id: baseline, options: {} })])
  }, [opened, columns.length, chunkers, changeColumns])

  const cuts = useCuts(opened, columns)
  const answers = useAnswers(opened, columns, lab)
  const setExpected = useCallback((expected: Span | null) => change({ expected }), [change])
  const add = (): void =>
    changeColumns((all) => {
      const used = new Set(all.map(({ chunker }) => chunker.id))
      const next = chunkers?.find(({ id }) => !used.has(id)) ?? chunkers?.[0]
      return next ? [...all, newColumn({ id: next.id, options: {} })] : all
    })

  return (
    <>
      <PageHeader
        title="Chunk lab"
        scope={<SubjectBar settings={lab} opened={opened} onChange={change} />}
        actions={
          <>
            <Button
              look="quiet"
              small
              icon={<SlidersHorizontal size={14} aria-hidden />}
              aria-expanded={optionsShown}
              isDisabled={columns.length === 0}
              onPress={() => usePreferences.getState().set({ labOptions: !optionsShown })}
            >
              Options
            </Button>
            <CopyButton text={() => addressOf(lab)} label="Copy the address of this comparison" />
            <Button
              small
              icon={<Plus size={14} aria-hidden />}
              isDisabled={!opened || !chunkers || columns.length >= mostColumns}
              onPress={add}
            >
              Add column
            </Button>
          </>
        }
      />
      {failure ? <FailureNote failure={failure} title="This cannot be looked at" onRetry={again} /> : null}
      {!lab.subject ? <Introduction /> : null}
      {busy && !opened ? <p className="page-note soft">Reading the text …</p> : null}
      {opened && chunkers && columns.length > 0 ? (
        <>
          <QuestionBar settings={lab} opened={opened} onChange={change} />
          <LabBench
            key={opened.text.labId}
            opened={opened}
            columns={columns}
            chunkers={chunkers}
            cutOf={cuts}
            answerOf={answers}
            expected={lab.expected}
            asked={lab.question.trim() !== ''}
            optionsShown={optionsShown}
            onExpected={setExpected}
            onColumns={changeColumns}
            onUse={setUsing}
          />
        </>
      ) : null}
      {opened ? (
        <UsePipelineDialog
          chunker={using}
          chunkers={chunkers ?? []}
          text={opened.text}
          onClose={() => setUsing(null)}
        />
      ) : null}
    </>
  )
}

function Introduction() {
  return (
    <EmptyState icon={<FlaskConical size={28} aria-hidden />} title="See how a document is cut">
      Choose a document above, paste a text, or drop a file anywhere on this window. Up to four ways of cutting it stand
      side by side: where each one begins its chunks, what it tears apart, and which of its chunks a question finds.
      Nothing you do here changes a collection.
    </EmptyState>
  )
}

interface Lab extends LabSettings {
  columns: Column[]
}

function toLab(state: LabState): Lab {
  return { ...state, columns: state.columns.map(newColumn) }
}

function queryOf(lab: Lab): string {
  return toQuery({ ...lab, columns: lab.columns.map(({ chunker }) => chunker) })
}

/** The state, kept in the address and from visit to visit. */
function useLab(query: string) {
  const [lab, setLab] = useState(() => toLab(fromQuery(query === '' ? usePreferences.getState().lab : query)))
  const written = useRef(query)
  useEffect(() => {
    const next = queryOf(lab)
    if (next === written.current) return undefined
    // Not at each step of a slider: browsers refuse too many.
    const timer = setTimeout(() => {
      written.current = next
      usePreferences.getState().set({ lab: next })
      goOn(({ page }) => page === 'lab', { page: 'lab', query: next })
    }, 300)
    return () => clearTimeout(timer)
  }, [lab])
  // An address that was typed or followed, or "back".
  useEffect(() => {
    if (query === written.current) return
    written.current = query
    setLab(toLab(fromQuery(query === '' ? usePreferences.getState().lab : query)))
  }, [query])
  return [lab, setLab] as const
}

function addressOf(lab: Lab): string {
  const { origin, pathname } = window.location
  return `${origin}${pathname}#/lab?${queryOf(lab)}`
}

/** Every chunker there is, with its options. */
function useChunkers(): Implementation[] | null {
  const [chunkers, setChunkers] = useState<Implementation[] | null>(null)
  useEffect(() => {
    const controller = new AbortController()
    core()
      .catalogue.list(undefined, { signal: controller.signal })
      .then(
        ({ families }) => setChunkers(families.chunker),
        (error: unknown) => void (controller.signal.aborted || sayFailure(error)),
      )
    return () => controller.abort()
  }, [])
  return chunkers
}
