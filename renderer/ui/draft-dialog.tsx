import { useId, useState } from 'react'
import type { Pipeline } from '../../core/contract/pipeline.ts'
import { core } from '../state/client.ts'
import { toFailure } from '../state/failure.ts'
import { useReleaseChanges } from '../state/releases.ts'
import { fromHere } from '../state/route.ts'
import { useRead } from '../state/use-read.ts'
import { Button } from './button.tsx'
import { Dialog, DialogForm, TextLine } from './dialog.tsx'
import { FailureNote } from './failure-note.tsx'
import { SelectField } from './select-field.tsx'

const newLine = 'new'

/** Makes a pipeline from elsewhere (a collection, a run, a trial) a draft: of a line that is there, or of a new one. */
export function DraftDialog({
  isOpen,
  pipeline,
  from,
  onClose,
}: {
  isOpen: boolean
  pipeline: Pipeline
  /** Where it comes from, for the note: 'the collection Station', 'the run "words only"'. */
  from: string
  onClose(): void
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Release this pipeline">
      <DraftForm pipeline={pipeline} from={from} onClose={onClose} />
    </Dialog>
  )
}

function DraftForm({ pipeline, from, onClose }: { pipeline: Pipeline; from: string; onClose(): void }) {
  const { value, failure, retry } = useRead((signal) => core().lines.list(undefined, { signal }), 'lines')
  const lines = value?.lines ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const [name, setName] = useState('')
  const [note, setNote] = useState(`As ${from} has it.`)
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const lineId = chosen ?? lines.find(({ isStandard }) => isStandard)?.id ?? null
  const make = async (): Promise<void> => {
    if (lineId === null) return
    setBusy(true)
    setProblem(null)
    const goThere = fromHere()
    try {
      const draft =
        lineId === newLine ? await begin(name.trim()) : await core().releases.createDraft({ lineId, pipeline, note })
      useReleaseChanges.getState().noteChange()
      onClose()
      goThere({ page: 'pipelines', lineId: draft.lineId, releaseId: draft.id })
    } catch (error) {
      setProblem(toFailure(error)?.message ?? null)
      setBusy(false)
    }
  }
  const begin = async (title: string) => {
    const { draft } = await core().lines.create({ name: title })
    return core().releases.edit({ releaseId: draft.id, pipeline, note })
  }
  return (
    <DialogForm
      failure={problem}
      onSubmit={() => void make()}
      onClose={onClose}
      actions={
        <Button
          look="primary"
          type="submit"
          isDisabled={busy || lineId === null || (lineId === newLine && name.trim() === '')}
        >
          Make the draft
        </Button>
      }
    >
      <p>
        Bots are answered by releases of a pipeline. These settings become a draft of one: it can still be changed, then
        measured, and put into production when it passes its gate. Nothing answers differently until then.
      </p>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      <SelectField
        label="Of which pipeline"
        value={lineId}
        entries={[
          ...lines.map((line) => ({
            id: line.id,
            label: line.name,
            hint: line.production ? `release ${line.production.number ?? ''} in production` : 'nothing in production',
          })),
          { id: newLine, label: 'A new one' },
        ]}
        onChange={setChosen}
      />
      {lineId === newLine ? <TextLine label="Name" value={name} onChange={setName} autoFocus /> : null}
      <NoteField value={note} onChange={setNote} />
    </DialogForm>
  )
}

/** What a draft changes and why. */
export function NoteField({
  value,
  onChange,
  label = 'Note',
  placeholder = 'What it changes, and why',
}: {
  value: string
  onChange(value: string): void
  label?: string
  placeholder?: string
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="input input-note"
        rows={2}
        maxLength={2000}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
