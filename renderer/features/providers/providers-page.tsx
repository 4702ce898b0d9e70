import { useEffect, useState } from 'react'
import { CircleAlert, CircleCheck, KeyRound, MoreHorizontal, Pencil, Plus, Trash2, Waypoints } from 'lucide-react'
import type { Provider, ProviderKindInfo } from '../../../core/contract/providers.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { useNetwork } from '../../state/network.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { KeyDialog, ProviderDialog, RemoveProviderDialog } from './provider-dialogs.tsx'
import { keySentence, leavesSentence, useLabels, usesText, usesToAllow } from './provider-facts.ts'
import { ProviderTestPanel } from './provider-test.tsx'

/** Servers that may be asked for answers, vectors and orders; what each of them gets to see. */
export function ProvidersPage() {
  const generation = useConnection((state) => state.generation)
  // What can be reached, and who uses what, changes elsewhere.
  const network = useNetwork((state) => state.status)
  const collections = useWorkspace((state) => state.collections)
  const [changes, setChanges] = useState(0)
  const key = JSON.stringify([generation, network?.offline, network?.allowed, changes, collections?.length])
  const { value, failure, retry } = useRead((signal) => core().providers.list(undefined, { signal }), key)
  const [editing, setEditing] = useState<Provider | 'new' | null>(null)
  const [keying, setKeying] = useState<Provider | null>(null)
  const [unkeying, setUnkeying] = useState<Provider | null>(null)
  const [removing, setRemoving] = useState<Provider | null>(null)
  useEffect(() => {
    document.title = 'Providers · Quarry'
  }, [])
  const reload = (): void => setChanges((count) => count + 1)
  const removeKey = async ({ id, label }: Provider): Promise<void> => {
    await core().providers.removeKey({ id })
    useNotices.getState().say(`The key for ${label} is removed.`)
    reload()
  }
  const add = (
    <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setEditing('new')}>
      Add provider
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Providers"
        scope={
          value ? (
            <span className="soft number">{formatNumberOf(value.providers.length, 'server')} that may be asked</span>
          ) : null
        }
        actions={value && value.providers.length > 0 ? add : null}
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value === null ? (
          failure ? null : (
            <p className="page-note soft">Reading the list of providers …</p>
          )
        ) : value.providers.length === 0 ? (
          <EmptyState icon={<Waypoints size={28} aria-hidden />} title="No providers" actions={add}>
            Quarry needs none: everything works on this machine. A provider is a server that may be asked for answers,
            embeddings or reranking, on this machine (Ollama, LM Studio, llama.cpp) or elsewhere. Adding one connects to
            nothing; each says what it would get to see.
          </EmptyState>
        ) : (
          <div className="providers">
            <ul className="source-list" aria-label="Providers">
              {value.providers.map((provider) => (
                <ProviderItem
                  key={provider.id}
                  provider={provider}
                  info={value.kinds.find(({ kind }) => kind === provider.kind)}
                  onEdit={() => setEditing(provider)}
                  onKey={() => setKeying(provider)}
                  onRemoveKey={() => setUnkeying(provider)}
                  onRemove={() => setRemoving(provider)}
                />
              ))}
            </ul>
            <p className="providers-keys soft">
              <KeyRound size={14} aria-hidden /> Keys: {value.keys.message}
            </p>
          </div>
        )}
      </div>
      {value ? (
        <>
          <ProviderDialog
            editing={editing}
            kinds={value.kinds}
            taken={new Set(value.providers.map(({ id }) => id))}
            keys={value.keys}
            onClose={() => setEditing(null)}
            onDone={reload}
          />
          <KeyDialog provider={keying} keys={value.keys} onClose={() => setKeying(null)} onDone={reload} />
        </>
      ) : null}
      <ConfirmDialog
        isOpen={unkeying !== null}
        onClose={() => setUnkeying(null)}
        onConfirm={() => unkeying && void removeKey(unkeying).catch(sayFailure)}
        title={`Remove the key for “${unkeying?.label ?? ''}”?`}
        action="Remove the key"
      >
        <p>It is deleted from this machine and has to be given again to be used again.</p>
      </ConfirmDialog>
      <RemoveProviderDialog provider={removing} onClose={() => setRemoving(null)} onDone={reload} />
    </>
  )
}

function ProviderItem({
  provider,
  info,
  onEdit,
  onKey,
  onRemoveKey,
  onRemove,
}: {
  provider: Provider
  info: ProviderKindInfo | undefined
  onEdit(): void
  onKey(): void
  onRemoveKey(): void
  onRemove(): void
}) {
  const { id, label, kind, baseUrl, uses, key, thisMachine, usedBy } = provider
  return (
    <li className="source-item">
      <section aria-label={label} className="provider">
        <div className="source-head">
          <h2 className="source-title">
            {label}
            {thisMachine ? <span className="tag">on this machine</span> : null}
            {uses.map((use) => (
              <span key={use} className="tag">
                {useLabels[use]}
              </span>
            ))}
          </h2>
          <Button small icon={<KeyRound size={14} aria-hidden />} onPress={onKey} aria-label={`Key for ${label}`}>
            {key.from === 'stored' ? 'Replace key …' : 'Set key …'}
          </Button>
          <Menu
            label={`Actions for ${label}`}
            trigger={<IconButton label={`Actions for ${label}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
            entries={[
              { id: 'edit', label: 'Edit …', icon: <Pencil size={14} aria-hidden />, onAction: onEdit },
              ...(key.from === 'stored'
                ? [
                    {
                      id: 'key',
                      label: 'Remove the key …',
                      icon: <KeyRound size={14} aria-hidden />,
                      onAction: onRemoveKey,
                    },
                  ]
                : []),
              null,
              {
                id: 'remove',
                label: 'Remove …',
                tone: 'danger' as const,
                icon: <Trash2 size={14} aria-hidden />,
                onAction: onRemove,
              },
            ]}
          />
        </div>
        <p className="source-place">
          <span className="mono">{baseUrl}</span> · {info?.label ?? kind} · <code>{id}</code>
        </p>
        <p className="provider-leaves">{leavesSentence(provider)}</p>
        <p className={`provider-line${key.needed && key.from === 'none' ? ' tone-warning' : ''}`}>
          {key.needed && key.from === 'none' ? <CircleAlert size={14} aria-hidden /> : null}
          {keySentence(provider)}
        </p>
        <Reach provider={provider} />
        {usedBy.length > 0 ? (
          <p className="provider-line">
            Used by{' '}
            {usedBy.map(({ collectionId, name }) => (
              <a
                key={collectionId}
                href={hrefOf({ page: 'library', collectionId, documentId: null, span: null, view: 'pipeline' })}
              >
                {name}
              </a>
            ))}
          </p>
        ) : null}
        <ProviderTestPanel provider={provider} info={info} />
      </section>
    </li>
  )
}

/** Whether the network lets it be asked; where the host is not in the list, the one action that puts it there. */
function Reach({ provider }: { provider: Provider }) {
  const { reach, host, thisMachine, baseUrl } = provider
  const network = useNetwork((state) => state.status)
  const closed = reach.filter(({ allowed }) => !allowed).map(({ use }) => use)
  if (closed.length === 0) {
    return (
      <p className="provider-line">
        <CircleCheck size={14} aria-hidden className="tone-success" />
        The network lets it be asked for {usesText(provider.uses)}.
      </p>
    )
  }
  const missing = network ? usesToAllow(provider, network) : []
  const offline = Boolean(network?.offline) && !thisMachine
  const plainHttp = /^http:/i.test(baseUrl) && !thisMachine
  const allow = (): void => void useNetwork.getState().allow(host, missing).catch(sayFailure)
  return (
    <div className="model-note">
      <p>
        {offline ? (
          <>
            <strong>Quarry is offline</strong>, so {host} is not asked.{' '}
          </>
        ) : missing.length > 0 ? (
          <>
            <strong>{host} is not allowed</strong> for {usesText(missing)}.{' '}
          </>
        ) : (
          <>
            <strong>{host} cannot be asked</strong> for {usesText(closed)}
            {plainHttp ? ': plain http to another machine has to be allowed expressly' : ''}.{' '}
          </>
        )}
        {network?.lock ? network.lock.message : null}
        {network?.lock === null && (offline || missing.length === 0) ? (
          <a href={hrefOf({ page: 'network' })}>Go to the Network page</a>
        ) : null}
      </p>
      {missing.length > 0 && network?.lock === null ? (
        <Button small onPress={allow}>{`Allow ${host} for ${usesText(missing)}`}</Button>
      ) : null}
    </div>
  )
}
