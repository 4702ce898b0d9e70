import { useId, useState } from 'react'
import type { Conversation } from '../../../core/contract/conversations.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog, DialogForm, TextLine } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { titleOf, useThreads } from './threads.ts'

/** Name and folder of a conversation. */
export function RenameDialog({
  conversation,
  folders,
  onClose,
  onDone,
}: {
  conversation: Conversation | null
  folders: readonly string[]
  onClose(): void
  onDone(conversation: Conversation): void
}) {
  return (
    <Dialog isOpen={conversation !== null} onClose={onClose} title="Name and folder">
      {conversation ? (
        <RenameForm conversation={conversation} folders={folders} onClose={onClose} onDone={onDone} />
      ) : null}
    </Dialog>
  )
}

function RenameForm({
  conversation,
  folders,
  onClose,
  onDone,
}: {
  conversation: Conversation
  folders: readonly string[]
  onClose(): void
  onDone(conversation: Conversation): void
}) {
  const [title, setTitle] = useState(conversation.title)
  const [folder, setFolder] = useState(conversation.folder)
  const [failure, setFailure] = useState<string | null>(null)
  const id = useId()
  const save = async (): Promise<void> => {
    try {
      const input = { conversationId: conversation.id, folder: folder.trim() }
      const saved = await core().conversations.update(title.trim() === '' ? input : { ...input, title: title.trim() })
      useThreads.getState().noteChange()
      onClose()
      onDone(saved)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <DialogForm
      failure={failure}
      onSubmit={() => void save()}
      onClose={onClose}
      actions={
        <Button look="primary" type="submit">
          Save
        </Button>
      }
    >
      <TextLine label="Name" value={title} onChange={setTitle} autoFocus />
      <div className="field">
        <label htmlFor={`${id}-folder`}>Folder (none, one of those there are, or a new one)</label>
        <input
          id={`${id}-folder`}
          className="input"
          list={`${id}-folders`}
          value={folder}
          maxLength={120}
          autoComplete="off"
          onChange={(event) => setFolder(event.target.value)}
        />
        <datalist id={`${id}-folders`}>
          {folders.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
    </DialogForm>
  )
}

/** Says what will be lost, then removes the conversation. */
export function RemoveDialog({
  conversation,
  onClose,
  onDone,
}: {
  conversation: Conversation | null
  onClose(): void
  onDone(conversation: Conversation): void
}) {
  const remove = async (target: Conversation): Promise<void> => {
    try {
      await core().conversations.remove({ conversationId: target.id })
      useThreads.getState().noteChange()
      useNotices.getState().say(`Removed “${titleOf(target)}”.`)
      onDone(target)
    } catch (error) {
      sayFailure(error)
    }
  }
  return (
    <ConfirmDialog
      isOpen={conversation !== null}
      onClose={onClose}
      onConfirm={() => conversation && void remove(conversation)}
      title={`Remove “${titleOf(conversation)}”?`}
      action="Remove conversation"
    >
      <p>
        {formatNumberOf(conversation?.messages ?? 0, 'message')} on the branch that is shown, all other branches, and
        what was said of the answers will be removed. This cannot be undone.
      </p>
      <p className="soft">The traces of its questions stay until they are removed themselves.</p>
    </ConfirmDialog>
  )
}
