import { useId, useState } from 'react'
import type { Dataset } from '../../core/contract/datasets.ts'
import type { CollectionId, DocumentId } from '../../core/shared/ids.ts'
import { core } from '../state/client.ts'
import { datasetsOf, makeDatasetFor } from '../state/datasets.ts'
import { toFailure } from '../state/failure.ts'
import { useNotices } from '../state/notices.ts'
import { useRead } from '../state/use-read.ts'
import { useCollection } from '../state/workspace.ts'
import { Button } from './button.tsx'
import { Dialog, DialogForm } from './dialog.tsx'
import { formatNumberOf } from './format.ts'
import { SelectField } from './select-field.tsx'

/** A passage of a document, as its text stands now. */
export interface CasePassage {
  collectionId: CollectionId
  documentId: DocumentId
  /** File name. */
  name: string
  start: number
  end: number
  text: string
}

/** A question is asked for, and becomes a test case that expects this passage. */
export function CaseDialog({ passage, onClose }: { passage: CasePassage | null; onClose(): void }) {
  return (
    <Dialog isOpen={passage !== null} onClose={onClose} title="Add to test cases">
      {passage ? <CaseForm passage={passage} onClose={onClose} /> : null}
    </Dialog>
  )
}

const newDataset = 'new'
/** As the contract has it. */
const longestPassage = 100_000
const shownCharacters = 600

function CaseForm({ passage, onClose }: { passage: CasePassage; onClose(): void }) {
  const { collectionId, documentId, start, end, text, name } = passage
  const collection = useCollection(collectionId)
  const { value: datasets } = useRead(() => datasetsOf(collectionId), collectionId)
  const [chosen, setChosen] = useState<string | null>(null)
  const [question, setQuestion] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [isSaving, setSaving] = useState(false)
  const questionId = useId()
  const dataset = chosen ?? datasets?.[0]?.id ?? newDataset

  const save = async (): Promise<void> => {
    if (isSaving) return
    if (question.trim() === '') return setFailure('Type the question that this passage answers.')
    if (!collection) return setFailure('The collection of this document is not there any more.')
    setSaving(true)
    try {
      const known: Dataset =
        datasets?.find((each) => each.id === dataset) ??
        (await makeDatasetFor({ id: collectionId, name: collection.name }))
      const words = text.length > 0 && text.length <= longestPassage ? { text } : {}
      const expected = [{ documentId, start, end, ...words }]
      await core().datasets.addCase({ datasetId: known.id, case: { question: question.trim(), expected } })
      useNotices.getState().say(`Saved as a test case in “${known.name}”.`)
      onClose()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
      setSaving(false)
    }
  }

  return (
    <DialogForm
      failure={failure}
      onSubmit={() => void save()}
      onClose={onClose}
      actions={
        <Button look="primary" type="submit" isDisabled={isSaving || datasets === null}>
          Add
        </Button>
      }
    >
      <figure className="case-quote">
        <blockquote className="reading" tabIndex={0}>
          {text.slice(0, shownCharacters)}
          {text.length > shownCharacters ? ' …' : ''}
        </blockquote>
        <figcaption className="soft number">
          {name} · {formatNumberOf(end - start, 'character')}
        </figcaption>
      </figure>
      <div className="field">
        <label htmlFor={questionId}>Question that this passage answers</label>
        <textarea
          id={questionId}
          className="input"
          rows={2}
          value={question}
          maxLength={10_000}
          autoFocus
          onChange={(event) => {
            setQuestion(event.target.value)
            setFailure(null)
          }}
        />
      </div>
      <SelectField
        label="Dataset"
        value={dataset}
        entries={[
          ...(datasets ?? []).map((each) => ({
            id: each.id,
            label: each.name,
            hint: formatNumberOf(each.cases, 'case'),
          })),
          { id: newDataset, label: 'A new dataset' },
        ]}
        onChange={setChosen}
      />
    </DialogForm>
  )
}
