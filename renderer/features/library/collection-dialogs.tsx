import { useState, type FormEvent } from 'react'
import type { Collection } from '../../../core/contract/collections.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { fromHere, type navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog, TextLine } from '../../ui/dialog.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'

/** Creates a collection, or renames `collection`. */
export function NameDialog({
  isOpen,
  collection,
  onClose,
  onDone,
}: {
  isOpen: boolean
  collection?: Collection | undefined
  onClose(): void
  onDone?(collection: Collection): void
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={collection ? 'Rename collection' : 'New collection'}>
      <NameForm collection={collection} onClose={onClose} onDone={onDone} />
    </Dialog>
  )
}

function NameForm({
  collection,
  onClose,
  onDone,
}: {
  collection: Collection | undefined
  onClose(): void
  onDone: ((collection: Collection) => void) | undefined
}) {
  const [name, setName] = useState(collection?.name ?? '')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (name.trim() === '') {
      setFailure('Give it a name.')
      return
    }
    setBusy(true)
    try {
      const done = collection
        ? await core().collections.rename({ collectionId: collection.id, name })
        : await core().collections.create({ name })
      await useWorkspace.getState().refresh()
      onClose()
      onDone?.(done)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div className="dialog-body">
        <p className="soft">A collection is a set of documents that are searched together.</p>
        <TextLine label="Name" value={name} onChange={setName} failure={failure} autoFocus />
      </div>
      <footer className="dialog-footer">
        <Button look="plain" onPress={onClose}>
          Cancel
        </Button>
        <Button look="primary" type="submit" isDisabled={busy}>
          {collection ? 'Rename' : 'Create'}
        </Button>
      </footer>
    </form>
  )
}

/** Says what will be lost, then removes the collection. */
export function RemoveCollectionDialog({
  collection,
  onClose,
  onDone,
}: {
  collection: Collection | null
  onClose(): void
  /** Removed, which may have taken a while. */
  onDone?(goBack: typeof navigate): void
}) {
  const remove = async (target: Collection): Promise<void> => {
    const goBack = fromHere()
    try {
      await core().collections.remove({ collectionId: target.id })
      useNotices.getState().say(`Removed “${target.name}”.`)
      onDone?.(goBack)
      await useWorkspace.getState().refresh()
    } catch (error) {
      sayFailure(error)
    }
  }
  return (
    <ConfirmDialog
      isOpen={collection !== null}
      onClose={onClose}
      onConfirm={() => collection && void remove(collection)}
      title={`Remove “${collection?.name ?? ''}”?`}
      action="Remove collection"
    >
      <p>
        {formatNumberOf(collection?.documents ?? 0, 'document')}, {formatCount(collection?.chunks ?? 0)} chunks and
        their index will be removed from this workspace. This cannot be undone.
      </p>
      <p className="soft">The original files stay where they are.</p>
    </ConfirmDialog>
  )
}
