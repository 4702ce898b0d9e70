import { useState, type FormEvent } from 'react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { RunId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'

const targets = [
  { id: 'server', label: 'A tracking server' },
  { id: 'folder', label: 'A folder "mlruns" on this machine' },
] as const
type Target = (typeof targets)[number]['id']

/** Sends runs to an MLflow server, or writes them as MLflow's own folder. */
export function MlflowDialog({ runIds, onClose }: { runIds: readonly RunId[]; onClose(): void }) {
  const [target, setTarget] = useState<Target>('server')
  const [address, setAddress] = useState('http://127.0.0.1:5000')
  const [folder, setFolder] = useState('')
  const [sending, setSending] = useState<AbortController | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [done, setDone] = useState<string | null>(null)

  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const controller = new AbortController()
    setSending(controller)
    setFailure(null)
    setDone(null)
    try {
      const to = target === 'server' ? { kind: target, address } : { kind: target, path: folder }
      const { written, known, withoutFiles } = await core().tracking.export(
        { runIds: [...runIds], to },
        { signal: controller.signal },
      )
      setDone(
        [
          `${formatNumberOf(written, 'run')} written.`,
          ...(known > 0 ? [`${formatNumberOf(known, 'run was', 'runs were')} there already.`] : []),
          ...(withoutFiles > 0 ? ['The server keeps files where only it can put them: they were left out.'] : []),
        ].join(' '),
      )
    } catch (error) {
      setFailure(toFailure(error))
    } finally {
      setSending(null)
    }
  }
  const close = (): void => {
    sending?.abort()
    onClose()
  }
  return (
    <Dialog isOpen onClose={close} title="Send to MLflow">
      <form onSubmit={(event) => void send(event)}>
        <div className="dialog-body">
          <SelectField label="Where to" value={target} entries={targets} onChange={(id) => setTarget(id as Target)} />
          {target === 'server' ? (
            <>
              <TextLine label="Address" value={address} onChange={setAddress} />
              <p className="soft">
                Parameters, metrics and the whole run leave for this address: questions, and the beginnings of the
                passages that were found. The Network page says whether it may be reached.
              </p>
            </>
          ) : (
            <TextLine label="Path of the folder" value={folder} onChange={setFolder} />
          )}
          {failure ? <FailureNote failure={failure} /> : null}
          {done ? <p role="status">{done}</p> : null}
        </div>
        <footer className="dialog-footer">
          <Button onPress={close}>{done ? 'Close' : 'Cancel'}</Button>
          <Button
            look="primary"
            type="submit"
            isDisabled={sending !== null || (target === 'server' ? address : folder).trim() === ''}
          >
            {sending ? 'Sending…' : 'Send'}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
