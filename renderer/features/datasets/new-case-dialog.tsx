import { useState } from 'react'
import { X } from 'lucide-react'
import { Switch } from 'react-aria-components'
import type { Dataset, ExpectedSpan, TestCase } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { TextArea } from './case-panel.tsx'
import { PassagePicker } from './passage-picker.tsx'

/** A test case by hand: a question, and the passages that should be found for it. */
export function NewCaseDialog({
  dataset,
  isOpen,
  onClose,
  onDone,
}: {
  dataset: Dataset
  isOpen: boolean
  onClose(): void
  onDone(testCase: TestCase): void
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="New test case" wide>
      <NewCaseForm dataset={dataset} onClose={onClose} onDone={onDone} />
    </Dialog>
  )
}

function NewCaseForm({
  dataset,
  onClose,
  onDone,
}: {
  dataset: Dataset
  onClose(): void
  onDone(testCase: TestCase): void
}) {
  const [question, setQuestion] = useState('')
  const [answer, setAnswer] = useState('')
  const [answerable, setAnswerable] = useState(true)
  const [expected, setExpected] = useState<ExpectedSpan[]>([])
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const isReady = question.trim() !== '' && (!answerable || expected.length > 0 || answer.trim() !== '')
  const save = async (): Promise<void> => {
    try {
      const made = await core().datasets.addCase({
        datasetId: dataset.id,
        case: {
          question,
          answer: answer.trim() === '' ? null : answer,
          answerable,
          expected: answerable
            ? expected.map(({ documentId, path, start, text, grade }) =>
                documentId === null ? { path, start, text, grade } : { documentId, start, text, grade },
              )
            : [],
        },
      })
      onClose()
      onDone(made)
    } catch (error) {
      setFailure(toFailure(error))
    }
  }
  return (
    <>
      <div className="dialog-body new-case">
        <TextArea label="Question" value={question} rows={2} reading onChange={setQuestion} />
        <TextArea label="What a good answer says (optional)" value={answer} rows={2} onChange={setAnswer} />
        <Switch className="switch" isSelected={!answerable} onChange={(refuse) => setAnswerable(!refuse)}>
          <span className="switch-track">
            <span className="switch-knob" />
          </span>
          The documents do not say it: the right answer is to refuse
        </Switch>
        {answerable ? (
          <>
            <TakenPassages passages={expected} onChange={setExpected} />
            {dataset.collectionId === null ? (
              <p className="soft">Choose the collection of this dataset first: passages are parts of its documents.</p>
            ) : (
              <PassagePicker
                collectionId={dataset.collectionId}
                taken={expected}
                onTake={(passage) => setExpected([...expected, passage])}
              />
            )}
          </>
        ) : null}
        {failure ? <FailureNote failure={failure} /> : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" isDisabled={!isReady} onPress={() => void save()}>
          Add it
        </Button>
      </footer>
    </>
  )
}

function TakenPassages({
  passages,
  onChange,
}: {
  passages: readonly ExpectedSpan[]
  onChange(passages: ExpectedSpan[]): void
}) {
  return (
    <section aria-labelledby="new-case-expected">
      <h3 id="new-case-expected">Expected passages</h3>
      {passages.length === 0 ? <p className="soft">None yet. Find them below.</p> : null}
      <ul className="case-documents" aria-label="Expected passages">
        {passages.map((passage) => (
          <li key={`${passage.path} ${passage.start} ${passage.end}`}>
            <span>
              <span className="mono">{passage.path}</span> “{passage.text.slice(0, 120)}
              {passage.text.length > 120 ? ' …' : ''}”
            </span>
            <IconButton
              label="Take this passage out"
              icon={<X size={14} aria-hidden />}
              onPress={() => onChange(passages.filter((each) => each !== passage))}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
