import { useState, type ReactNode } from 'react'
import { toFailure } from '../../state/failure.ts'
import { usePreferences } from '../../state/preferences.ts'
import { useReleaseChanges } from '../../state/releases.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm, TextLine } from '../../ui/dialog.tsx'
import { NoteField } from '../../ui/draft-dialog.tsx'

interface Props {
  title: string
  action: string
  look?: 'primary' | 'danger'
  /** Whether a name and a reason must be given. */
  mustSign?: boolean
  /** Says what happens. */
  children: ReactNode
  onSign(signature: { who: string; reason: string }): Promise<unknown>
  onClose(): void
}

/** Asks who does it and why: both stay in the history. Open while it is there. */
export function SignDialog({ title, action, look = 'primary', mustSign = false, children, onSign, onClose }: Props) {
  const [who, setWho] = useState(() => usePreferences.getState().signature)
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const isSigned = !mustSign || (who.trim() !== '' && reason.trim() !== '')
  const sign = async (): Promise<void> => {
    if (!isSigned) {
      setFailure('An override is signed: give your name and the reason. Both stay in the history.')
      return
    }
    setBusy(true)
    setFailure(null)
    try {
      await onSign({ who: who.trim(), reason: reason.trim() })
      usePreferences.getState().set({ signature: who.trim() })
      useReleaseChanges.getState().noteChange()
      onClose()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
      setBusy(false)
    }
  }
  return (
    <Dialog isOpen onClose={onClose} title={title}>
      <DialogForm
        failure={failure}
        onSubmit={() => void sign()}
        onClose={onClose}
        actions={
          <Button look={look} type="submit" isDisabled={busy}>
            {action}
          </Button>
        }
      >
        {children}
        <TextLine
          label={mustSign ? 'Your name' : 'Your name (empty: who is logged in on this machine)'}
          value={who}
          onChange={setWho}
        />
        <NoteField
          label={mustSign ? 'Reason' : 'Reason (optional)'}
          placeholder="Why, for those who read the history"
          value={reason}
          onChange={setReason}
        />
      </DialogForm>
    </Dialog>
  )
}
