import { useEffect, useState } from 'react'
import { FolderSync, History, MoreHorizontal, Pencil, Plus, RefreshCw, ShieldCheck, Trash2 } from 'lucide-react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Source } from '../../../core/contract/sources.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { sayFailure } from '../../state/notices.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatAgo, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { SyncCounts } from '../../ui/sync-counts.tsx'
import { AddSourceDialog, EditSourceDialog, RemoveSourceDialog } from './source-dialogs.tsx'
import { canSync, hasGlobs, kindLabels, mayAllowEmpty, nameOf, scheduleText, staleMark } from './source-facts.ts'
import { SyncListDialog } from './sync-list.tsx'

/** Where the documents of a collection come from, how fresh they are, and what the last look found. */
export function SourcesView({ collectionId }: { collectionId: CollectionId }) {
  const { sources, failure, reload } = useSources(collectionId)
  const now = useNow()
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<Source | null>(null)
  const [removing, setRemoving] = useState<Source | null>(null)
  const [emptying, setEmptying] = useState<Source | null>(null)
  const [listing, setListing] = useState<Source | null>(null)

  const sync = async (source: Source | null, more: { verify?: boolean; allowEmpty?: boolean } = {}): Promise<void> => {
    try {
      const which = source ? { sourceIds: [source.id] } : {}
      const { jobId } = await core().sources.sync({ collectionId, ...which, ...more })
      await noteStart(jobId)
    } catch (error) {
      sayFailure(error)
    }
  }
  const add = (
    <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setAdding(true)}>
      Add source
    </Button>
  )

  return (
    <>
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={reload} /> : null}
        {sources === null ? (
          failure ? null : (
            <p className="page-note soft">Reading the list of sources …</p>
          )
        ) : sources.length === 0 ? (
          <EmptyState icon={<FolderSync size={28} aria-hidden />} title="No sources yet" actions={add}>
            A source is a folder or a ZIP archive on this machine whose documents stay in step with it: files that are
            added, changed or removed there are taken over at the next sync. Nothing is ever written to it.
          </EmptyState>
        ) : (
          <>
            <div className="sources-bar">
              <p className="soft">
                {formatNumberOf(sources.length, 'source')}. Original files are only read, never changed.
              </p>
              {sources.some(canSync) ? (
                <Button icon={<RefreshCw size={15} aria-hidden />} onPress={() => void sync(null)}>
                  Sync all
                </Button>
              ) : null}
              {add}
            </div>
            <ul className="source-list" aria-label="Sources">
              {sources.map((source) => (
                <SourceItem
                  key={source.id}
                  source={source}
                  now={now}
                  onSync={(more) => void sync(source, more)}
                  onEdit={() => setEditing(source)}
                  onRemove={() => setRemoving(source)}
                  onAllowEmpty={() => setEmptying(source)}
                  onList={() => setListing(source)}
                />
              ))}
            </ul>
          </>
        )}
      </div>
      <AddSourceDialog
        isOpen={adding}
        collectionId={collectionId}
        onClose={() => setAdding(false)}
        onDone={(jobId) => {
          reload()
          void noteStart(jobId).catch(sayFailure)
        }}
      />
      <EditSourceDialog
        source={editing}
        onClose={() => setEditing(null)}
        onDone={(source, andSync) => {
          reload()
          if (andSync) void sync(source)
        }}
      />
      <RemoveSourceDialog source={removing} onClose={() => setRemoving(null)} onDone={reload} />
      <ConfirmDialog
        isOpen={emptying !== null}
        onClose={() => setEmptying(null)}
        onConfirm={() => emptying && void sync(emptying, { allowEmpty: true })}
        title={`Take “${emptying ? nameOf(emptying) : ''}” for empty?`}
        action="Sync as empty"
      >
        <p>
          If the folder is still empty, {formatNumberOf(emptying?.documents ?? 0, 'document')} that came from it will be
          removed from this collection. If a drive is not connected, connect it instead and sync again.
        </p>
      </ConfirmDialog>
      <SyncListDialog source={listing} onClose={() => setListing(null)} />
    </>
  )
}

function SourceItem({
  source,
  now,
  onSync,
  onEdit,
  onRemove,
  onAllowEmpty,
  onList,
}: {
  source: Source
  now: number
  onSync(more?: { verify: boolean }): void
  onEdit(): void
  onRemove(): void
  onAllowEmpty(): void
  onList(): void
}) {
  const { syncedAt, result, error, options, dueAt } = source
  const name = nameOf(source)
  const mark = staleMark(source, now)
  const isSynced = canSync(source)
  return (
    <li className="source-item">
      <section aria-label={name}>
        <div className="source-head">
          <h2 className="source-title">
            {name}
            {mark ? (
              <span className="source-mark">
                <History size={12} aria-hidden /> {mark}
              </span>
            ) : null}
          </h2>
          {isSynced ? (
            <Button
              small
              icon={<RefreshCw size={14} aria-hidden />}
              onPress={() => onSync()}
              aria-label={`Sync ${name} now`}
            >
              Sync now
            </Button>
          ) : null}
          <Menu
            label={`Actions for ${name}`}
            trigger={<IconButton label={`Actions for ${name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
            entries={[
              ...(isSynced
                ? [
                    {
                      id: 'verify',
                      label: 'Verify all files',
                      icon: <ShieldCheck size={14} aria-hidden />,
                      onAction: () => onSync({ verify: true }),
                    },
                    {
                      id: 'edit',
                      label: 'Edit …',
                      icon: <Pencil size={14} aria-hidden />,
                      onAction: onEdit,
                    },
                    null,
                  ]
                : []),
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
        {source.location ? <p className="source-place mono">{source.location}</p> : null}
        <p className="source-line soft number">
          {[
            kindLabels[source.kind],
            formatNumberOf(source.documents, 'document'),
            isSynced ? scheduleText(options.schedule) : '',
            dueAt === null ? '' : `next ${dueAt > now ? formatWhen(dueAt) : 'soon'}`,
            options.review ? 'new files wait for approval' : '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        {hasGlobs(source) ? <Globs source={source} /> : null}
        {isSynced ? (
          <p className="source-line number">
            {syncedAt === null ? (
              <span className="soft">Not synced yet</span>
            ) : (
              <span className="soft" title={formatWhen(syncedAt)}>
                Last synced {formatAgo(syncedAt, now)}
              </span>
            )}
            {result ? (
              <>
                <SyncCounts counts={result} />
                <button type="button" className="link-button" aria-label={`See the list of ${name}`} onClick={onList}>
                  See the list
                </button>
              </>
            ) : null}
          </p>
        ) : null}
        {error ? (
          <FailureNote
            failure={error}
            title="The last sync could not be done; the documents are kept"
            onRetry={() => onSync()}
            action={
              mayAllowEmpty(source) ? (
                <Button small onPress={onAllowEmpty}>
                  Allow empty …
                </Button>
              ) : null
            }
          />
        ) : null}
      </section>
    </li>
  )
}

function Globs({ source }: { source: Source }) {
  const { include, exclude, gitignore } = source.options
  const rules: [label: string, globs: string[]][] = [
    ['Only', include],
    ['Not', exclude],
  ]
  const given = rules.filter(([, globs]) => globs.length > 0)
  if (given.length === 0 && gitignore) return null
  return (
    <p className="source-line soft">
      {given.map(([label, globs]) => (
        <span key={label}>
          {label} <code>{globs.slice(0, 6).join(' ')}</code>
          {globs.length > 6 ? ` and ${globs.length - 6} more` : ''}
        </span>
      ))}
      {gitignore ? null : <span>.gitignore is not obeyed</span>}
    </p>
  )
}

/** Reads the sources, and again whenever a job of the collection has ended or the connection came back. */
function useSources(collectionId: CollectionId) {
  const [state, setState] = useState<{ sources: Source[] | null; failure: ErrorData | null }>({
    sources: null,
    failure: null,
  })
  const [reads, setReads] = useState(0)
  const generation = useConnection((connection) => connection.generation)
  const lastEnded = useJobs((jobs) => jobs.ended.find((job) => job.collectionId === collectionId)?.id)
  // A sync that the schedule began is not known to have ended before the list of active jobs says so.
  const active = useJobs((jobs) => jobs.active.filter((job) => job.collectionId === collectionId).length)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    core()
      .sources.list({ collectionId }, { signal })
      .then(
        ({ sources }) => {
          if (!signal.aborted) setState({ sources, failure: null })
        },
        (error: unknown) => {
          const failure = toFailure(error)
          if (!signal.aborted && failure) setState(({ sources }) => ({ sources, failure }))
        },
      )
    return () => controller.abort()
  }, [collectionId, generation, lastEnded, active, reads])
  return { ...state, reload: () => setReads((count) => count + 1) }
}

/** The time, twice a minute: "5 minutes ago" goes on by itself. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
