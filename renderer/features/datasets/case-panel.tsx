import { useEffect, useLayoutEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { BookOpen, CircleAlert, Plus, Trash2, X } from 'lucide-react'
import { Switch } from 'react-aria-components'
import { create } from 'zustand'
import { type CaseState, caseStates, type Dataset, type TestCase } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useInspector, usePagePanel, type PassageLink } from '../../state/inspector.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog, TextLine } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatWhen } from '../../ui/format.ts'
import { SidePanel } from '../../ui/side-panel.tsx'
import { changeOf, draftOf, type CaseDraft } from './case-draft.ts'
import { PassagePicker } from './passage-picker.tsx'
import { PassageView } from './passage-view.tsx'

/** What was typed and not saved, by dataset and case: stepping to another case and back loses nothing. */
const useDrafts = create<{ drafts: Record<string, CaseDraft> }>(() => ({ drafts: {} }))

function keep(key: string, draft: CaseDraft | null): void {
  useDrafts.setState(({ drafts: { [key]: _, ...others } }) => ({
    drafts: draft === null ? others : { ...others, [key]: draft },
  }))
}

/** Beside the table, in the inspector's place: one case, to be read and changed. */
export function CasePanel({
  dataset,
  caseId,
  version,
  place,
  onStep,
  onChanged,
  onClose,
}: {
  dataset: Dataset
  caseId: string
  /** Changes when what was read may not hold any more. */
  version: string
  place: { index: number; count: number } | null
  onStep(by: 1 | -1): void
  onChanged(): void
  onClose(): void
}) {
  const { value, failure, retry } = useRead(
    (signal) => core().datasets.case({ datasetId: dataset.id, caseId }, { signal }),
    version,
  )
  // In the commit itself: a quick key comes before a later effect.
  useLayoutEffect(() => {
    usePagePanel.setState({ panel: { step: onStep, close: onClose } })
    return () => usePagePanel.setState({ panel: null })
  })
  // A passage that was opened belongs to this case.
  useEffect(() => () => useInspector.getState().close({ restoreFocus: false }), [])
  return (
    <SidePanel
      name="Test case"
      label={value ? `Test case, ${value.state}` : 'Test case'}
      place={place}
      onStep={onStep}
      onClose={onClose}
    >
      {failure && !value ? (
        failure.code === 'item-missing' ? (
          <p className="page-note soft">This case is not in the dataset any more.</p>
        ) : (
          <FailureNote failure={failure} onRetry={retry} />
        )
      ) : null}
      {value ? <CaseEditor dataset={dataset} testCase={value} onChanged={onChanged} onClose={onClose} /> : null}
      {!value && !failure ? <p className="page-note soft">Opening the case …</p> : null}
    </SidePanel>
  )
}

function CaseEditor({
  dataset,
  testCase,
  onChanged,
  onClose,
}: {
  dataset: Dataset
  testCase: TestCase
  onChanged(): void
  onClose(): void
}) {
  const key = `${dataset.id} ${testCase.id}`
  const kept = useDrafts((state) => state.drafts[key])
  const draft = kept ?? draftOf(testCase)
  const change = changeOf(testCase, draft)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [isSaving, setSaving] = useState(false)
  const [isRemoving, setRemoving] = useState(false)
  const set = (part: Partial<CaseDraft>): void => keep(key, { ...draft, ...part })
  const save = async (): Promise<void> => {
    if (!change || isSaving) return
    setSaving(true)
    try {
      await core().datasets.updateCase({ datasetId: dataset.id, caseId: testCase.id, change })
      // What was typed while it was being saved stays typed.
      if (useDrafts.getState().drafts[key] === kept) keep(key, null)
      setFailure(null)
      onChanged()
    } catch (error) {
      setFailure(toFailure(error))
    } finally {
      setSaving(false)
    }
  }
  const remove = async (): Promise<void> => {
    try {
      await core().datasets.removeCases({ datasetId: dataset.id, caseIds: [testCase.id] })
      keep(key, null)
      onChanged()
      onClose()
    } catch (error) {
      sayFailure(error)
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    void save()
  }
  return (
    <>
      <form
        className="case-form"
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {testCase.stale === null ? null : (
          <p className="case-warning">
            <CircleAlert size={15} aria-hidden /> {testCase.stale}
          </p>
        )}
        <TextArea label="Question" value={draft.question} rows={3} reading onChange={(question) => set({ question })} />
        <Expectation dataset={dataset} draft={draft} onChange={set} />
        <TextArea
          label="What a good answer says"
          value={draft.answer}
          rows={2}
          onChange={(answer) => set({ answer })}
        />
        <Switch className="switch" isSelected={!draft.answerable} onChange={(refuse) => set({ answerable: !refuse })}>
          <span className="switch-track">
            <span className="switch-knob" />
          </span>
          The documents do not say it: the right answer is to refuse
        </Switch>
        <StateChoice value={draft.state} onChange={(state) => set({ state })} />
        <div className="case-pair">
          <TextLine label="Tags, parted by ;" value={draft.tags} onChange={(tags) => set({ tags })} />
          <TextLine label="Split" value={draft.split} onChange={(split) => set({ split })} />
        </div>
        <TextArea label="Notes" value={draft.notes} rows={2} onChange={(notes) => set({ notes })} />
        <p className="soft case-facts">
          <code>{testCase.id}</code> · {originWords[testCase.origin]} · {formatWhen(testCase.createdAt)}
        </p>
        {failure ? <FailureNote failure={failure} /> : null}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      <footer className="case-footer">
        <Button look="quiet" icon={<Trash2 size={15} aria-hidden />} onPress={() => setRemoving(true)}>
          Remove …
        </Button>
        <span className="case-unsaved soft" role="status">
          {change ? 'Not saved' : ''}
        </span>
        <Button
          onPress={() => {
            keep(key, null)
            setFailure(null)
          }}
          isDisabled={!change}
        >
          Discard
        </Button>
        <Button look="primary" isDisabled={!change || isSaving} onPress={() => void save()}>
          {isSaving ? 'Saving …' : 'Save'}
        </Button>
      </footer>
      <ConfirmDialog
        isOpen={isRemoving}
        onClose={() => setRemoving(false)}
        onConfirm={() => void remove()}
        title="Remove this case?"
        action="Remove it"
      >
        <p>
          “{testCase.question}” goes out of “{dataset.name}”. Earlier versions of the dataset keep it.
        </p>
      </ConfirmDialog>
    </>
  )
}

const originWords: Record<TestCase['origin'], string> = {
  manual: 'made by hand',
  trace: 'made of a trace',
  import: 'imported',
  generated: 'proposed by Quarry',
}

/** The passages and documents that should be found; each opens where it stands. */
function Expectation({
  dataset,
  draft,
  onChange,
}: {
  dataset: Dataset
  draft: CaseDraft
  onChange(part: Partial<CaseDraft>): void
}) {
  const { expected, relevant } = draft
  const [isPicking, setPicking] = useState(false)
  const openPassage = useOpenPassage()
  const links: (PassageLink | null)[] = expected.map((passage, index) =>
    passage.documentId === null || passage.lost !== null
      ? null
      : {
          label: `Expected ${index + 1}`,
          collectionId: dataset.collectionId,
          documentId: passage.documentId,
          name: passage.path,
          span: { start: passage.start, end: passage.end },
        },
  )
  const present = links.filter((link) => link !== null)
  return (
    <section className="case-expected-passages" aria-labelledby="case-expected">
      <h3 id="case-expected">{expected.length === 1 ? 'Expected passage' : 'Expected passages'}</h3>
      {expected.length + relevant.length === 0 ? (
        <p className="soft">
          None yet. Passages are found here, marked in the chunk lab, or come with a trace that is kept as a test case.
        </p>
      ) : null}
      {expected.map((passage, index) => {
        const link = links[index] ?? null
        return (
          <div key={`${passage.path} ${passage.judgedStart} ${index}`} className="case-passage">
            <PassageView passage={passage} aroundCharacters={160} />
            <div className="case-passage-actions">
              {link ? (
                <Button
                  small
                  look="quiet"
                  icon={<BookOpen size={14} aria-hidden />}
                  onPress={() => openPassage(present, present.indexOf(link))}
                >
                  Open in the document
                </Button>
              ) : null}
              {passage.grade === 1 ? null : <span className="soft number">grade {passage.grade}</span>}
              <IconButton
                label="Take this passage out"
                icon={<X size={14} aria-hidden />}
                onPress={() => onChange({ expected: expected.filter((each) => each !== passage) })}
              />
            </div>
          </div>
        )
      })}
      {dataset.collectionId ? (
        <div>
          <Button small icon={<Plus size={14} aria-hidden />} onPress={() => setPicking(true)}>
            Add a passage …
          </Button>
          <Dialog isOpen={isPicking} onClose={() => setPicking(false)} title="Add a passage" wide>
            <div className="dialog-body">
              <PassagePicker
                collectionId={dataset.collectionId}
                taken={expected}
                onTake={(passage) => {
                  onChange({ expected: [...expected, passage] })
                  setPicking(false)
                }}
              />
            </div>
          </Dialog>
        </div>
      ) : null}
      {relevant.length > 0 ? (
        <ul className="case-documents" aria-label="Judged documents">
          {relevant.map((document, index) => (
            <li key={`${document.path} ${index}`}>
              {document.documentId && dataset.collectionId ? (
                <a
                  href={hrefOf({
                    page: 'library',
                    collectionId: dataset.collectionId,
                    documentId: document.documentId,
                    span: null,
                  })}
                >
                  {document.path}
                </a>
              ) : (
                <span>{document.path}</span>
              )}
              <span className="soft number">
                {document.grade === 0 ? 'not relevant' : `grade ${document.grade}`}
                {document.documentId ? '' : ', not in the collection'}
              </span>
              <IconButton
                label="Take this document out"
                icon={<X size={14} aria-hidden />}
                onPress={() => onChange({ relevant: relevant.filter((each) => each !== document) })}
              />
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  )
}

/** In a narrow window the document stands where the case was: the focus goes back once the case is there again. */
function useOpenPassage(): (links: PassageLink[], index: number) => void {
  const opener = useRef<HTMLElement | null>(null)
  const isOpen = useInspector((state) => state.items.length > 0)
  useEffect(() => {
    if (isOpen || !opener.current) return
    if (document.activeElement === document.body) opener.current.focus()
    opener.current = null
  }, [isOpen])
  return (links, index) => {
    opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null
    useInspector.getState().open(links, index)
  }
}

function StateChoice({ value, onChange }: { value: CaseState; onChange(state: CaseState): void }) {
  return (
    <div className="field">
      <span id="case-state" className="case-label">
        State
      </span>
      <div className="chips" role="group" aria-labelledby="case-state">
        {caseStates.map((state) => (
          <button
            key={state}
            type="button"
            className="chip"
            aria-pressed={state === value}
            onClick={() => onChange(state)}
          >
            {state}
          </button>
        ))}
      </div>
    </div>
  )
}

/** A labelled text of several lines. */
export function TextArea({
  label,
  value,
  rows,
  reading = false,
  onChange,
}: {
  label: string
  value: string
  rows: number
  /** As large as what is read, not as data. */
  reading?: boolean
  onChange(value: string): void
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className={`input case-text${reading ? ' reading' : ''}`}
        rows={rows}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
