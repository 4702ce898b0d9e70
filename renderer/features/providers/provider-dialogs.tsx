import { useId, useState } from 'react'
import type { KeyStorage, Provider, ProviderKindInfo } from '../../../core/contract/providers.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { draftInput, draftProblem, suggestId, type ProviderDraft } from './provider-facts.ts'

/** Asks which server, and how it is called. Nothing is connected to. */
export function ProviderDialog({
  editing,
  kinds,
  taken,
  keys,
  onClose,
  onDone,
}: {
  editing: Provider | 'new' | null
  kinds: readonly ProviderKindInfo[]
  taken: ReadonlySet<string>
  keys: KeyStorage
  onClose(): void
  onDone(): void
}) {
  const provider = editing === 'new' ? null : editing
  return (
    <Dialog isOpen={editing !== null} onClose={onClose} title={provider ? `Edit “${provider.label}”` : 'Add provider'}>
      {editing ? (
        <ProviderForm provider={provider} kinds={kinds} taken={taken} keys={keys} onClose={onClose} onDone={onDone} />
      ) : null}
    </Dialog>
  )
}

function ProviderForm({
  provider,
  kinds,
  taken,
  keys,
  onClose,
  onDone,
}: {
  provider: Provider | null
  kinds: readonly ProviderKindInfo[]
  taken: ReadonlySet<string>
  keys: KeyStorage
  onClose(): void
  onDone(): void
}) {
  const [draft, setDraft] = useState<ProviderDraft>(() => draftOf(provider, kinds, taken))
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const set = (change: Partial<ProviderDraft>): void => {
    setFailure(null)
    setDraft((before) => ({ ...before, ...change }))
  }
  const info = kinds.find(({ kind }) => kind === draft.kind)
  const save = async (): Promise<void> => {
    const problem = draftProblem(draft, kinds)
    setFailure(problem)
    if (problem) return
    setBusy(true)
    try {
      const { id, kind } = draft
      const input = draftInput(draft)
      if (provider) await core().providers.set({ id, ...input })
      else await core().providers.add({ id, kind, ...input })
      onClose()
      // The provider is there; a key that cannot be kept is told by itself.
      const key = draft.key.trim()
      if (key !== '') await core().providers.setKey({ id, key }).catch(sayFailure)
      onDone()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DialogForm
      failure={failure}
      actions={
        <Button look="primary" type="submit" isDisabled={busy}>
          {provider ? 'Save' : 'Add'}
        </Button>
      }
      onClose={onClose}
      onSubmit={() => void save()}
    >
      {provider ? null : (
        <>
          <SelectField
            label="Kind"
            value={draft.kind}
            entries={kinds.map(({ kind, label, summary }) => ({ id: kind, label, hint: summary }))}
            onChange={(next) => {
              const kind = next as ProviderDraft['kind']
              const untouched = draft.id === suggestId(draft.kind, taken)
              set({ kind, ...(untouched ? { id: suggestId(kind, taken) } : {}) })
            }}
            help={info?.summary}
          />
          <Line
            label="Name in pipelines and on the command line"
            value={draft.id}
            onChange={(id) => set({ id })}
            mono
            maxLength={40}
            help="Small letters and digits, parted by “-”. It stays as it is."
          />
        </>
      )}
      <Line
        label="Label"
        value={draft.label}
        onChange={(label) => set({ label })}
        maxLength={120}
        placeholder={info?.label ?? ''}
      />
      <Line
        label="Address where the API begins"
        value={draft.baseUrl}
        onChange={(baseUrl) => set({ baseUrl })}
        mono
        maxLength={500}
        placeholder={info?.baseUrl ?? 'http://127.0.0.1:1234/v1'}
        help={
          provider
            ? 'Another server: a stored key is removed, because it was given to the one before.'
            : info?.baseUrl
              ? 'Leave it empty for the usual one.'
              : 'Such as http://127.0.0.1:1234/v1 for a server on this machine.'
        }
      />
      {provider ? null : (
        <Line
          label={info?.keyNeeded ? 'Key' : 'Key, if it asks for one'}
          value={draft.key}
          onChange={(key) => set({ key })}
          mono
          secret
          maxLength={4000}
          help={keys.message}
        />
      )}
      <div className="glob-fields">
        <Line
          label="Seconds until an answer begins"
          value={draft.firstByteSeconds}
          onChange={(firstByteSeconds) => set({ firstByteSeconds })}
          maxLength={10}
          placeholder="as usual"
        />
        <Line
          label="Seconds between its pieces"
          value={draft.idleSeconds}
          onChange={(idleSeconds) => set({ idleSeconds })}
          maxLength={10}
          placeholder="as usual"
        />
      </div>
      <p className="soft">Nothing is connected to yet, and its host still has to be allowed.</p>
    </DialogForm>
  )
}

function draftOf(
  provider: Provider | null,
  kinds: readonly ProviderKindInfo[],
  taken: ReadonlySet<string>,
): ProviderDraft {
  const kind = provider?.kind ?? kinds[0]?.kind ?? 'openai-compatible'
  return {
    kind,
    id: provider?.id ?? suggestId(kind, taken),
    label: provider?.label ?? '',
    baseUrl: provider?.baseUrl ?? '',
    key: '',
    firstByteSeconds: provider ? String(provider.timeouts.firstByteMs / 1000) : '',
    idleSeconds: provider ? String(provider.timeouts.idleMs / 1000) : '',
  }
}

/** Asks for a key. It is written, never shown again. */
export function KeyDialog({
  provider,
  keys,
  onClose,
  onDone,
}: {
  provider: Provider | null
  keys: KeyStorage
  onClose(): void
  onDone(): void
}) {
  return (
    <Dialog isOpen={provider !== null} onClose={onClose} title={`Key for “${provider?.label ?? ''}”`}>
      {provider ? <KeyForm provider={provider} keys={keys} onClose={onClose} onDone={onDone} /> : null}
    </Dialog>
  )
}

function KeyForm({
  provider,
  keys,
  onClose,
  onDone,
}: {
  provider: Provider
  keys: KeyStorage
  onClose(): void
  onDone(): void
}) {
  const [key, setKey] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const save = async (): Promise<void> => {
    if (key.trim() === '') return setFailure('Give a key.')
    setBusy(true)
    try {
      await core().providers.setKey({ id: provider.id, key: key.trim() })
      useNotices.getState().say(`The key for ${provider.label} is kept.`)
      onClose()
      onDone()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DialogForm
      failure={failure}
      actions={
        <Button look="primary" type="submit" isDisabled={busy}>
          Keep the key
        </Button>
      }
      onClose={onClose}
      onSubmit={() => void save()}
    >
      <Line label="Key" value={key} onChange={setKey} mono secret autoFocus maxLength={4000} help={keys.message} />
      <p className="soft">
        It is sent to {provider.host} and nowhere else, and is in no log, trace or export. The variable{' '}
        <code>{provider.key.variable}</code> goes before it where it is set.
      </p>
    </DialogForm>
  )
}

/** Says what goes; of a provider in use, who uses it, and then it stays. */
export function RemoveProviderDialog({
  provider,
  onClose,
  onDone,
}: {
  provider: Provider | null
  onClose(): void
  onDone(): void
}) {
  const inUse = (provider?.usedBy.length ?? 0) > 0
  const [busy, setBusy] = useState(false)
  const remove = async (id: string): Promise<void> => {
    setBusy(true)
    try {
      await core().providers.remove({ id })
      useNotices.getState().say(`Removed ${provider?.label ?? id}.`)
      onClose()
      onDone()
    } catch (error) {
      sayFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      isOpen={provider !== null}
      onClose={onClose}
      title={inUse ? `“${provider?.label ?? ''}” is in use` : `Remove “${provider?.label ?? ''}”?`}
      role="alertdialog"
    >
      {provider ? (
        <>
          <div className="dialog-body">
            {inUse ? (
              <>
                <p>It stays as long as a collection’s pipeline names it. Choose something else there first:</p>
                <ul className="model-users">
                  {provider.usedBy.map(({ collectionId, name }) => (
                    <li key={collectionId}>
                      <a
                        href={hrefOf({ page: 'library', collectionId, documentId: null, span: null, view: 'pipeline' })}
                        onClick={onClose}
                      >
                        {name}
                      </a>
                    </li>
                  ))}
                </ul>
              </>
            ) : (
              <p>
                Its settings go{provider.key.from === 'stored' ? ', and its stored key with them' : ''}. What is allowed
                on the network page stays.
              </p>
            )}
          </div>
          <footer className="dialog-footer">
            <Button onPress={onClose} autoFocus>
              {inUse ? 'Close' : 'Keep'}
            </Button>
            {inUse ? null : (
              <Button look="danger" isDisabled={busy} onPress={() => void remove(provider.id)}>
                Remove
              </Button>
            )}
          </footer>
        </>
      ) : null}
    </Dialog>
  )
}

function Line({
  label,
  value,
  onChange,
  help,
  mono = false,
  secret = false,
  ...rest
}: {
  label: string
  value: string
  onChange(value: string): void
  help?: string | undefined
  mono?: boolean
  secret?: boolean
  autoFocus?: boolean
  maxLength: number
  placeholder?: string
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...rest}
        id={id}
        type={secret ? 'password' : 'text'}
        className={`input${mono ? ' mono' : ''}`}
        value={value}
        // A browser is not to keep a key, nor to fill one in.
        autoComplete={secret ? 'new-password' : 'off'}
        spellCheck={false}
        aria-describedby={help ? `${id}-help` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {help ? (
        <p id={`${id}-help`} className="field-help soft">
          {help}
        </p>
      ) : null}
    </div>
  )
}
