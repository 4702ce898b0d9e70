import { useEffect, useState } from 'react'
import { Checkbox, CheckboxGroup, FieldError, Label } from 'react-aria-components'
import { type Dataset, type QuestionMaker, questionMakers } from '../../../core/contract/datasets.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useModels } from '../../state/models.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { follow } from './dataset-work.tsx'

/** Makes a dataset, or changes the name and the collection of one. */
export function DatasetDialog({
  dataset = null,
  isOpen,
  onClose,
  onDone,
}: {
  dataset?: Dataset | null
  isOpen: boolean
  onClose(): void
  onDone(dataset: Dataset): void
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={dataset ? `Settings of “${dataset.name}”` : 'New dataset'}>
      <DatasetForm dataset={dataset} onClose={onClose} onDone={onDone} />
    </Dialog>
  )
}

const noCollection = 'none'

function DatasetForm({
  dataset,
  onClose,
  onDone,
}: {
  dataset: Dataset | null
  onClose(): void
  onDone(dataset: Dataset): void
}) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const [name, setName] = useState(dataset?.name ?? '')
  const [description, setDescription] = useState(dataset?.description ?? '')
  const [chosen, setChosen] = useState<string>(
    dataset ? (dataset.collectionId ?? noCollection) : (collections[0]?.id ?? noCollection),
  )
  const [failure, setFailure] = useState<string | null>(null)
  const save = async (): Promise<void> => {
    try {
      const collectionId = chosen === noCollection ? null : (chosen as CollectionId)
      const input = { name: name.trim(), description, collectionId }
      const saved = dataset
        ? await core().datasets.update({ datasetId: dataset.id, ...input })
        : await core().datasets.create(input)
      onClose()
      onDone(saved)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <div className="dialog-body">
        <TextLine label="Name" value={name} onChange={setName} failure={failure} autoFocus />
        <TextLine label="Description (optional)" value={description} onChange={setDescription} />
        <SelectField
          label="Documents of"
          value={chosen}
          entries={[
            ...collections.map((each) => ({ id: each.id, label: each.name })),
            { id: noCollection, label: 'No collection' },
          ]}
          onChange={setChosen}
          help="The passages of its cases are in the documents of this collection."
        />
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={name.trim() === ''}>
          {dataset ? 'Save' : 'Make it'}
        </Button>
      </footer>
    </form>
  )
}

/** Proposes questions, from the structure of documents or with a language model of this machine. */
export function GenerateDialog({ dataset, isOpen, onClose }: { dataset: Dataset; isOpen: boolean; onClose(): void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Propose questions">
      {dataset.collectionId === null ? (
        <p className="dialog-body">Questions are made of documents. Choose the collection of this dataset first.</p>
      ) : (
        <GenerateForm dataset={dataset} onClose={onClose} />
      )}
    </Dialog>
  )
}

const makerLabels: Record<QuestionMaker, string> = {
  heading: 'Headings',
  definition: 'Definitions',
  cell: 'Table cells',
  cloze: 'Sentences with a gap',
}
const withoutModel = 'none'

function GenerateForm({ dataset, onClose }: { dataset: Dataset; onClose(): void }) {
  const models = useModels((state) => state.models)
  useEffect(() => void useModels.getState().refresh(), [])
  const [limit, setLimit] = useState('50')
  const [model, setModel] = useState(withoutModel)
  const [makers, setMakers] = useState<readonly string[]>(questionMakers)
  const installed = (models ?? []).filter(
    ({ manifest, origin }) => origin !== null && manifest.kind === 'generator' && manifest.format === 'gguf',
  )
  const count = Number(limit)
  const isWhole = Number.isInteger(count) && count >= 1 && count <= 100_000
  const isReady = isWhole && (model !== withoutModel || makers.length > 0)
  const propose = async (): Promise<void> => {
    onClose()
    const chosen = questionMakers.filter((maker) => makers.includes(maker))
    const way = model === withoutModel ? { makers: chosen } : { generator: { id: 'llama', options: { model } } }
    const end = await follow('Proposing questions', (signal) =>
      core().datasets.generate({ datasetId: dataset.id, limit: count, ...way }, { signal }),
    )
    if (end?.type === 'generate-end') {
      const { added } = end
      useNotices
        .getState()
        .say(
          added === 0
            ? 'No new question could be made of these documents.'
            : `Proposed ${formatNumberOf(added, 'question')}. They count once you have accepted them.`,
        )
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) void propose()
      }}
    >
      <div className="dialog-body">
        <TextLine
          label="How many at most"
          value={limit}
          onChange={setLimit}
          failure={isWhole ? null : 'Give a whole number from 1 to 100,000.'}
          autoFocus
        />
        <SelectField
          label="Made by"
          value={model}
          entries={[
            { id: withoutModel, label: 'The structure of the documents', hint: 'the same ones each time' },
            ...installed.map(({ manifest }) => ({ id: manifest.id, label: manifest.label, hint: 'language model' })),
          ]}
          onChange={setModel}
          help="They are proposed until you accept them. What you reject is not proposed again."
        />
        {model === withoutModel ? (
          <CheckboxGroup className="field" value={[...makers]} onChange={setMakers} isInvalid={makers.length === 0}>
            <Label>Of</Label>
            <div className="maker-choices">
              {questionMakers.map((maker) => (
                <Checkbox key={maker} value={maker} className="maker-choice">
                  {({ isSelected }) => (
                    <>
                      <span className="check-box" data-checked={isSelected || undefined} />
                      {makerLabels[maker]}
                    </>
                  )}
                </Checkbox>
              ))}
            </div>
            <FieldError className="field-failure">Choose at least one.</FieldError>
          </CheckboxGroup>
        ) : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={!isReady}>
          Propose
        </Button>
      </footer>
    </form>
  )
}

export function SplitDialog({
  dataset,
  isOpen,
  onClose,
  onDone,
}: {
  dataset: Dataset
  isOpen: boolean
  onClose(): void
  onDone(): void
}) {
  const [share, setShare] = useState('20')
  const percent = Number(share)
  const isValid = percent > 0 && percent < 100
  const split = async (): Promise<void> => {
    try {
      const parts = [
        { name: 'train', share: 1 - percent / 100 },
        { name: 'test', share: percent / 100 },
      ]
      await core().datasets.split({ datasetId: dataset.id, parts, byTag: true })
      onClose()
      onDone()
    } catch (error) {
      sayFailure(error)
    }
  }
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Split into train and test">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void split()
        }}
      >
        <div className="dialog-body">
          <TextLine
            label="Share of test, in per cent"
            value={share}
            onChange={setShare}
            failure={isValid ? null : 'More than 0 and less than 100.'}
            autoFocus
          />
          <p className="soft">
            Each tag is dealt out by itself, by a hash of the cases’ ids: the same cases come to the same part again.
          </p>
        </div>
        <footer className="dialog-footer">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" type="submit" isDisabled={!isValid}>
            Split
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
