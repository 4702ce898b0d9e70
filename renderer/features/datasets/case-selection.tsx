import { useState } from 'react'
import { Check, Shuffle, Tag, Trash2, X } from 'lucide-react'
import { type Dataset, noSplit } from '../../../core/contract/datasets.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog, TextLine } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { readTags } from './case-draft.ts'

type Change = Omit<Parameters<ReturnType<typeof core>['datasets']['setCases']>[0], 'datasetId' | 'caseIds'>

export type SelectionDialog = 'tags' | 'split' | 'remove'

/** What can be done with many cases at once; each makes one version. */
export function CaseSelection({
  dataset,
  selected,
  onSelect,
  onChanged,
  dialog,
  onDialog: setDialog,
}: {
  dataset: Dataset
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
  onChanged(): void
  /** The one that is open: a key of the table opens one, too. */
  dialog: SelectionDialog | null
  onDialog(dialog: SelectionDialog | null): void
}) {
  const caseIds = [...selected]
  const count = formatNumberOf(caseIds.length, 'case')
  const set = async (change: Change): Promise<void> => {
    const { changed } = await core().datasets.setCases({ datasetId: dataset.id, caseIds, ...change })
    useNotices.getState().say(changed === 0 ? 'They were like that already.' : `Changed ${changed} of ${count}.`)
    onChanged()
  }
  const remove = async (): Promise<void> => {
    const { removed } = await core().datasets.removeCases({ datasetId: dataset.id, caseIds })
    useNotices.getState().say(`Removed ${formatNumberOf(removed, 'case')}. Earlier versions keep them.`)
    onSelect(new Set())
    onChanged()
  }
  const close = (): void => setDialog(null)
  return (
    <div className="selection-bar">
      <span className="number" role="status">
        {count} selected
      </span>
      <Button
        look="quiet"
        small
        icon={<Check size={14} aria-hidden />}
        onPress={() => void set({ state: 'accepted' }).catch(sayFailure)}
      >
        Accept
      </Button>
      <Button
        look="quiet"
        small
        icon={<X size={14} aria-hidden />}
        onPress={() => void set({ state: 'rejected' }).catch(sayFailure)}
      >
        Reject
      </Button>
      <Button look="quiet" small icon={<Tag size={14} aria-hidden />} onPress={() => setDialog('tags')}>
        Tags …
      </Button>
      <Button look="quiet" small icon={<Shuffle size={14} aria-hidden />} onPress={() => setDialog('split')}>
        Split …
      </Button>
      <Button look="quiet" small icon={<Trash2 size={14} aria-hidden />} onPress={() => setDialog('remove')}>
        Remove …
      </Button>
      <Button look="quiet" small onPress={() => onSelect(new Set())}>
        Clear
      </Button>
      <Dialog isOpen={dialog === 'tags'} onClose={close} title={`Tags of ${count}`}>
        <TagsForm onClose={close} onSave={set} />
      </Dialog>
      <Dialog isOpen={dialog === 'split'} onClose={close} title={`Split of ${count}`}>
        <SplitForm onClose={close} onSave={set} />
      </Dialog>
      <ConfirmDialog
        isOpen={dialog === 'remove'}
        onClose={close}
        onConfirm={() => void remove().catch(sayFailure)}
        title={`Remove ${count}?`}
        action="Remove them"
      >
        <p>They go out of “{dataset.name}”. Earlier versions of the dataset keep them.</p>
      </ConfirmDialog>
    </div>
  )
}

interface FormProps {
  onClose(): void
  onSave(change: Change): Promise<void>
}

function TagsForm({ onClose, onSave }: FormProps) {
  const [add, setAdd] = useState('')
  const [remove, setRemove] = useState('')
  const isReady = readTags(add).length + readTags(remove).length > 0
  return (
    <ChangeForm
      change={{ addTags: readTags(add), removeTags: readTags(remove) }}
      isReady={isReady}
      onClose={onClose}
      onSave={onSave}
    >
      {(failure) => (
        <>
          <TextLine label="Add, parted by ;" value={add} onChange={setAdd} failure={failure} autoFocus />
          <TextLine label="Take away, parted by ;" value={remove} onChange={setRemove} />
        </>
      )}
    </ChangeForm>
  )
}

function SplitForm({ onClose, onSave }: FormProps) {
  const [split, setSplit] = useState('')
  return (
    <ChangeForm
      change={{ split: split.trim() === '' ? noSplit : split.trim() }}
      isReady
      onClose={onClose}
      onSave={onSave}
    >
      {(failure) => (
        <>
          <TextLine label="Split" value={split} onChange={setSplit} failure={failure} autoFocus />
          <p className="soft">Such as train or test. Leave it empty to take them out of every split.</p>
        </>
      )}
    </ChangeForm>
  )
}

function ChangeForm({
  change,
  isReady,
  onClose,
  onSave,
  children,
}: FormProps & { change: Change; isReady: boolean; children(failure: string | null): React.ReactNode }) {
  const [failure, setFailure] = useState<string | null>(null)
  const save = async (): Promise<void> => {
    try {
      await onSave(change)
      onClose()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) void save()
      }}
    >
      <div className="dialog-body">{children(failure)}</div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={!isReady}>
          Save
        </Button>
      </footer>
    </form>
  )
}
