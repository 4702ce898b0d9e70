import { useId, useState } from 'react'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { Checkbox } from 'react-aria-components'
import { networkPurposes, type NetworkPurpose, type NetworkStatus } from '../../../core/contract/network.ts'
import { toFailure } from '../../state/failure.ts'
import { useNetwork } from '../../state/network.ts'
import { sayFailure } from '../../state/notices.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog } from '../../ui/dialog.tsx'
import { purposeLabels, purposeMeaning, purposesText } from '../../ui/network-words.ts'
import { changesOf, forceText } from './network-facts.ts'

type Entry = NetworkStatus['allowed'][number]

/** The hosts that may be connected to, each for what. */
export function AllowedHosts({ status: { allowed, lock } }: { status: NetworkStatus }) {
  const [editing, setEditing] = useState<Entry | 'new' | null>(null)
  const [removing, setRemoving] = useState<Entry | null>(null)
  return (
    <section className="network-section" aria-labelledby="network-hosts-title">
      <div className="network-head">
        <h2 id="network-hosts-title">Allowed hosts</h2>
        <p className="soft">Only these, and each only for what it is allowed for.</p>
        {lock ? null : (
          <Button icon={<Plus size={15} aria-hidden />} onPress={() => setEditing('new')}>
            Allow a host
          </Button>
        )}
      </div>
      {allowed.length === 0 ? (
        <p className="network-none">
          No host is allowed, so nothing can be connected to, online or offline.
          {lock ? '' : ' Allow one when you want a model downloaded or a provider asked.'}
        </p>
      ) : (
        <ul className="host-list">
          {allowed.map((entry) => (
            <li key={entry.host} className="host-item">
              <div className="host-text">
                <h3 className="host-name mono">{entry.host}</h3>
                <p>
                  {entry.purposes.map((purpose) => (
                    <span key={purpose} className="tag">
                      {purposeLabels[purpose]}
                    </span>
                  ))}
                  {entry.plainHttp && !entry.thisMachine ? (
                    <span className="tag tag-warning">http too: others can read it</span>
                  ) : null}
                </p>
              </div>
              <p className="host-force soft">
                Can be reached now:{' '}
                <span className={entry.inForce ? 'tone-success' : undefined}>{forceText(entry)}</span>
              </p>
              {lock ? null : (
                <div className="host-actions">
                  <IconButton
                    label={`Change ${entry.host}`}
                    icon={<Pencil size={15} aria-hidden />}
                    onPress={() => setEditing(entry)}
                  />
                  <IconButton
                    label={`Take ${entry.host} from the list`}
                    icon={<Trash2 size={15} aria-hidden />}
                    onPress={() => setRemoving(entry)}
                  />
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      <Dialog
        isOpen={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === null || editing === 'new' ? 'Allow a host' : `Change ${editing.host}`}
      >
        {editing ? <HostForm entry={editing === 'new' ? null : editing} onClose={() => setEditing(null)} /> : null}
      </Dialog>
      <ConfirmDialog
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={() => {
          if (removing) void useNetwork.getState().disallow(removing.host).catch(sayFailure)
        }}
        title={`Take ${removing?.host ?? ''} from the list?`}
        action="Take it off"
      >
        <p>
          It is not connected to any more, for {purposesText(removing?.purposes ?? [])}. Nothing is deleted; it can be
          allowed again.
        </p>
      </ConfirmDialog>
    </section>
  )
}

function HostForm({ entry, onClose }: { entry: Entry | null; onClose(): void }) {
  const id = useId()
  const [host, setHost] = useState(entry?.host ?? '')
  const [purposes, setPurposes] = useState<NetworkPurpose[]>(entry?.purposes ?? [])
  const [plainHttp, setPlainHttp] = useState(entry?.plainHttp ?? false)
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const offline = useNetwork((state) => state.status?.offline ?? true)
  const save = async (): Promise<void> => {
    const problem =
      host.trim() === '' ? 'Give a host.' : purposes.length === 0 ? 'Choose what it is allowed for.' : null
    setFailure(problem)
    if (problem) return
    setBusy(true)
    try {
      const { allow, disallow } = useNetwork.getState()
      const changes = changesOf(entry ?? { purposes: [], plainHttp: false }, { purposes, plainHttp })
      // `allow` needs a purpose even where only http changes.
      const added = changes.allow.length > 0 ? changes.allow : purposes
      if (changes.allow.length > 0 || changes.plainHttp !== undefined) await allow(host, added, changes.plainHttp)
      if (changes.disallow.length > 0) await disallow(host, changes.disallow)
      onClose()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
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
        {entry ? null : (
          <div className="field">
            <label htmlFor={`${id}-host`}>Host or address</label>
            <input
              id={`${id}-host`}
              className="input mono"
              value={host}
              autoFocus
              maxLength={2000}
              autoComplete="off"
              spellCheck={false}
              placeholder="api.example.com"
              aria-describedby={`${id}-help`}
              onChange={(event) => setHost(event.target.value)}
            />
            <p id={`${id}-help`} className="field-help soft">
              Such as huggingface.co, 127.0.0.1:11434 for a server on this machine, or *.example.com for all below a
              domain.
            </p>
          </div>
        )}
        <fieldset className="purposes">
          <legend>Allowed for</legend>
          {networkPurposes.map((purpose) => (
            <Checkbox
              key={purpose}
              className="purpose-line"
              isSelected={purposes.includes(purpose)}
              onChange={(on) =>
                setPurposes(on ? [...purposes, purpose] : purposes.filter((other) => other !== purpose))
              }
            >
              <span className="check-box" data-checked={purposes.includes(purpose) || undefined} aria-hidden />
              <span>
                {purposeLabels[purpose]}
                <span className="purpose-meaning">It gets: {purposeMeaning[purpose]}</span>
              </span>
            </Checkbox>
          ))}
        </fieldset>
        <Checkbox className="purpose-line" isSelected={plainHttp} onChange={setPlainHttp}>
          <span className="check-box" data-checked={plainHttp || undefined} aria-hidden />
          <span>
            Plain http will do
            <span className="purpose-meaning">
              Others on the way can read and change it. On this machine http is always allowed.
            </span>
          </span>
        </Checkbox>
        {offline ? (
          <p className="soft">Quarry is offline: other machines are reached only after that is turned off.</p>
        ) : null}
        {failure ? (
          <p className="field-failure" role="alert">
            {failure}
          </p>
        ) : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={busy}>
          {entry ? 'Save' : 'Allow'}
        </Button>
      </footer>
    </form>
  )
}
