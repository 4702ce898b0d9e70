import { useState } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import type { Collection } from '../../../core/contract/collections.ts'
import type { LabText } from '../../../core/contract/lab.ts'
import type { Implementation } from '../../../core/contract/catalogue.ts'
import type { Choice, Pipeline, Rule } from '../../../core/contract/pipeline.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { labelOf } from '../../../core/contract/option-words.ts'
import { same } from '../../ui/schema-fields.ts'
import { SelectField } from '../../ui/select-field.tsx'

/** Makes a column's chunker that of a collection, after saying what a new index means. */
export function UsePipelineDialog({
  chunker,
  chunkers,
  text,
  onClose,
}: {
  /** Null: closed. */
  chunker: Choice | null
  /** Those that there are, for their names. */
  chunkers: readonly Implementation[]
  text: LabText
  onClose(): void
}) {
  const isOpen = chunker !== null
  const nameOf = (id: string): string => chunkers.find((each) => each.id === id)?.label ?? id
  const label = chunker ? nameOf(chunker.id) : ''
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={`Use “${label}” in a pipeline`}>
      {chunker ? <Form chunker={chunker} nameOf={nameOf} text={text} onClose={onClose} /> : null}
    </Dialog>
  )
}

function Form({
  chunker,
  nameOf,
  text,
  onClose,
}: {
  chunker: Choice
  nameOf(id: string): string
  text: LabText
  onClose(): void
}) {
  const label = nameOf(chunker.id)
  const collections = useWorkspace((state) => state.collections) ?? []
  const [chosen, setChosen] = useState<string | null>(text.collectionId)
  const [scope, setScope] = useState<'type' | 'all'>('type')
  const [busy, setBusy] = useState(false)
  const collection = collections.find(({ id }) => id === chosen) ?? collections[0]
  if (!collection) {
    return (
      <>
        <div className="dialog-body">
          <p>There is no collection yet. Make one in the library, then its pipeline can be set.</p>
        </div>
        <footer className="dialog-footer">
          <Button onPress={onClose}>Close</Button>
        </footer>
      </>
    )
  }
  const { pipeline } = collection
  const rule = pipeline.rules.find((candidate) => candidate.chunker && matchesType(candidate, text.type))
  const next = withChunker(pipeline, chunker, rule && scope === 'type' ? rule : null)
  const isSame = same(next, pipeline)
  const use = async (): Promise<void> => {
    setBusy(true)
    try {
      const { jobId } = await core().collections.setPipeline({ collectionId: collection.id, pipeline: next })
      if (jobId) await noteStart(jobId)
      void useWorkspace.getState().refresh()
      useNotices.getState().say(`“${collection.name}” is cut by “${label}” now. Its new index is being built.`)
      onClose()
    } catch (error) {
      sayFailure(error)
      setBusy(false)
    }
  }
  return (
    <>
      <div className="dialog-body">
        <SelectField
          label="Collection"
          value={collection.id}
          entries={collections.map(({ id, name }) => ({ id, label: name }))}
          onChange={setChosen}
        />
        <dl className="lab-change">
          <dt>Chunker now</dt>
          <dd>
            {choiceText(rule && scope === 'type' ? (rule.chunker ?? pipeline.chunker) : pipeline.chunker, nameOf)}
          </dd>
          <dt>Then</dt>
          <dd>{choiceText(chunker, nameOf)}</dd>
        </dl>
        {rule ? (
          <RadioGroup
            className="lab-rule"
            value={scope}
            onChange={(value) => setScope(value === 'all' ? 'all' : 'type')}
            aria-label="Which documents"
          >
            <Radio value="type">Documents of the types {rule.types.join(', ')}: the rule that cuts this one</Radio>
            <Radio value="all">All documents that no rule names</Radio>
          </RadioGroup>
        ) : null}
        <p>{meaning(collection)}</p>
        {isSame ? <p className="soft">The collection is cut like this already.</p> : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Keep the present one</Button>
        <Button look="primary" isDisabled={isSame || busy} onPress={() => void use()}>
          Use it
        </Button>
      </footer>
    </>
  )
}

function meaning({ ready }: Collection): string {
  if (ready === 0) return 'The collection has no documents yet: what is added will be cut like this.'
  return (
    `${formatNumberOf(ready, 'document')} ${ready === 1 ? 'is' : 'are'} cut and embedded anew, into a new index beside the present one. ` +
    'Questions are answered from the present index until the new one is complete, and you can go back for a week.'
  )
}

function matchesType(rule: Rule, type: string): boolean {
  return rule.paths.length === 0 && rule.types.some((name) => name.toLowerCase() === type.toLowerCase())
}

/** `rule`: the one whose chunker is meant; null for that of the pipeline itself. */
function withChunker(pipeline: Pipeline, chunker: Choice, rule: Rule | null): Pipeline {
  if (!rule) return { ...pipeline, chunker }
  return { ...pipeline, rules: pipeline.rules.map((each) => (each === rule ? { ...each, chunker } : each)) }
}

function choiceText({ id, options }: Choice, nameOf: (id: string) => string): string {
  const words = Object.entries(options).map(
    ([name, value]) => `${labelOf(name).toLowerCase()} ${JSON.stringify(value)}`,
  )
  return words.length === 0 ? `${nameOf(id)}, usual options` : `${nameOf(id)}: ${words.join(', ')}`
}
