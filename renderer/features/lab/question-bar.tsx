import { useEffect, useState } from 'react'
import { BookmarkPlus, ChevronDown, Target, X } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Dataset } from '../../../core/contract/datasets.ts'
import type { LabText } from '../../../core/contract/lab.ts'
import type { SearchMode } from '../../../core/contract/values.ts'
import { core } from '../../state/client.ts'
import { datasetsOf, makeDatasetFor } from '../../state/datasets.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu, type MenuEntry } from '../../ui/menu.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import type { LabSettings } from './address.ts'
import type { OpenedText } from './use-lab.ts'

const modes: { id: SearchMode; label: string; hint: string }[] = [
  { id: 'hybrid', label: 'Both', hint: 'Words and meaning together, as questions are answered' },
  { id: 'text', label: 'Words', hint: 'The words alone: BM25' },
  { id: 'vector', label: 'Meaning', hint: 'The vectors alone: cosine' },
]
const counts = [1, 3, 5, 8, 10, 20]

/** A question to every column, and the passage that it should find. */
export function QuestionBar({
  settings,
  opened,
  onChange,
}: {
  settings: LabSettings
  opened: OpenedText
  onChange(change: Partial<LabSettings>): void
}) {
  const { question, mode, k, expected } = settings
  const passage = usePassage(opened, expected)
  return (
    <section className="lab-question" aria-label="Question">
      <input
        id="page-search"
        className="input lab-question-input"
        value={question}
        maxLength={20_000}
        placeholder="Ask a question: what each column finds lights up"
        aria-label="Question"
        autoComplete="off"
        onChange={(event) => onChange({ question: event.target.value })}
      />
      <div className="lab-modes" role="radiogroup" aria-label="Search by">
        {modes.map(({ id, label, hint }) => (
          <label key={id} className="lab-mode" title={hint} data-chosen={mode === id || undefined}>
            <input
              type="radio"
              name="lab-mode"
              className="visually-hidden"
              checked={mode === id}
              onChange={() => onChange({ mode: id })}
            />
            {label}
          </label>
        ))}
      </div>
      <label className="lab-count">
        <span>First</span>
        <select className="input number" value={k} onChange={(event) => onChange({ k: Number(event.target.value) })}>
          {[...new Set([...counts, k])]
            .sort((a, b) => a - b)
            .map((count) => (
              <option key={count} value={count}>
                {count}
              </option>
            ))}
        </select>
      </label>
      <div className="lab-expected">
        <Target size={14} aria-hidden />
        {expected ? (
          <>
            <span className="lab-expected-text" title={passage ?? undefined}>
              <span className="visually-hidden">Expected passage: </span>
              {passage === null ? 'The marked passage' : `“${shorten(passage)}”`}
            </span>
            <IconButton
              label="Unmark the expected passage"
              icon={<X size={13} aria-hidden />}
              onPress={() => onChange({ expected: null })}
            />
          </>
        ) : (
          <span className="soft">Select what it should find</span>
        )}
      </div>
      <SaveCase
        text={opened.text}
        question={question.trim()}
        expected={expected}
        passage={passage}
        collectionId={opened.text.collectionId}
      />
    </section>
  )
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length <= 60 ? line : `${line.slice(0, 58).trimEnd()} …`
}

/** The words of the expected passage; null until they are there. */
function usePassage(opened: OpenedText, expected: Span | null): string | null {
  const [read, setRead] = useState<{ key: string; text: string } | null>(null)
  const key = expected ? `${opened.text.labId} ${expected.start}-${expected.end}` : ''
  const { start = 0, end = 0 } = expected ?? {}
  useEffect(() => {
    if (key === '') return undefined
    const controller = new AbortController()
    const { signal } = controller
    opened
      .ask((labId) => core().lab.text({ labId, start, end }, { signal }))
      .then(
        ({ text }) => setRead({ key, text }),
        // The chip says less without it.
        () => {},
      )
    return () => controller.abort()
  }, [opened, key, start, end])
  return read?.key === key ? read.text : null
}

/** One press keeps the question and its passage as a test case: in the collection's dataset that was changed last. */
function SaveCase({
  text,
  question,
  expected,
  passage,
  collectionId,
}: {
  text: LabText
  question: string
  expected: Span | null
  passage: string | null
  collectionId: LabText['collectionId']
}) {
  const [saved, setSaved] = useState('')
  const [saving, setSaving] = useState(false)
  const collection = useWorkspace((state) => state.collections?.find(({ id }) => id === collectionId))
  const { documentId } = text
  const key = JSON.stringify([documentId, question, expected])
  // Read before the menu opens: it opens as the button goes down, and may take the rest of the press.
  const { value: datasets } = useRead(
    () => (collectionId === null ? Promise.resolve([]) : datasetsOf(collectionId)),
    `${collectionId} ${saved}`,
  )
  const isReady = documentId !== null && collection !== undefined && question !== '' && expected !== null
  const save = async (given: Dataset | 'new' | null): Promise<void> => {
    if (!isReady || saving) return
    setSaving(true)
    try {
      const known = given === null ? ((await datasetsOf(collection.id))[0] ?? 'new') : given
      const dataset = known === 'new' ? await makeDatasetFor(collection) : known
      const span = { documentId, ...expected, ...(passage === null ? {} : { text: passage }) }
      await core().datasets.addCase({ datasetId: dataset.id, case: { question, expected: [span] } })
      setSaved(key)
      useNotices.getState().say(`Saved as a test case in “${dataset.name}”.`)
    } catch (error) {
      sayFailure(error)
    } finally {
      setSaving(false)
    }
  }
  const isSaved = saved === key
  const why =
    documentId === null
      ? 'Only passages of a collection’s documents can be test cases'
      : question === ''
        ? 'Type a question first'
        : expected === null
          ? 'Mark the expected passage first'
          : 'Keep the question and its passage'
  const entries: MenuEntry[] = (datasets ?? []).map((dataset) => ({
    id: dataset.id,
    label: dataset.name,
    hint: formatNumberOf(dataset.cases, 'case'),
    onAction: () => void save(dataset),
  }))
  return (
    <div className="lab-save" title={why}>
      <Button
        small
        icon={<BookmarkPlus size={14} aria-hidden />}
        isDisabled={!isReady || isSaved || saving}
        onPress={() => void save(null)}
      >
        {isSaved ? 'Saved' : 'Save as test case'}
      </Button>
      <Menu
        label="Dataset to save in"
        trigger={
          <AriaButton className="icon-button" aria-label="Choose the dataset" isDisabled={!isReady || saving}>
            <ChevronDown size={14} aria-hidden />
          </AriaButton>
        }
        entries={[
          ...entries,
          { id: 'new', label: 'A new dataset', icon: <BookmarkPlus size={14} />, onAction: () => void save('new') },
        ]}
      />
    </div>
  )
}
