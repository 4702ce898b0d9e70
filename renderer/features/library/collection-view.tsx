import { useDeferredValue, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import {
  Check,
  ChevronDown,
  CircleSlash,
  Columns3,
  Download,
  FilePlus2,
  FolderPlus,
  Hourglass,
  LibraryBig,
  MessageSquareText,
  MoreHorizontal,
  Pencil,
  Plus,
  RotateCcw,
  Tag,
  Trash2,
  Upload,
} from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { Collection } from '../../../core/contract/collections.ts'
import type { Document } from '../../../core/contract/documents.ts'
import type { CollectionId, DocumentId, JobId } from '../../../core/shared/ids.ts'
import { shell } from '../../platform/shell.ts'
import { useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { useInspector, type PassageLink } from '../../state/inspector.ts'
import { keepFollowing } from '../../state/keep-following.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { toFailure } from '../../state/failure.ts'
import { navigate, type LibraryView } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { CollectionTabs } from '../../ui/collection-tabs.tsx'
import { saveCsv } from '../../ui/csv.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { facetsOf, FilterField, QuickFilters } from '../../ui/filter-field.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { PageSearch } from '../../ui/list-filters.tsx'
import { CheckMenu, Menu, type MenuEntry } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { NameDialog, RemoveCollectionDialog } from './collection-dialogs.tsx'
import {
  countGroups,
  documentColumns,
  documentsCsv,
  filterDocuments,
  sortDocuments,
  type StatusGroup,
  statusGroups,
  widenStatus,
} from './document-columns.ts'
import { DocumentTable } from './document-table.tsx'
import { followDocuments, forgetDocuments, useDocuments } from './documents-store.ts'
import { JobCards } from './job-card.tsx'
import { TagDialog } from './tags.tsx'

/** One collection: its jobs, its documents and what can be done with them, or another view of it. */
export function CollectionView({
  collection,
  documentId,
  view,
}: {
  collection: Collection
  documentId: DocumentId | null
  view: { name: LibraryView; content: ReactNode } | null
}) {
  const collectionId = collection.id
  const { documents, failure, reads } = useDocumentsOf(collectionId)
  const preferences = usePreferences()
  const [filter, setFilter] = useState('')
  const matches = useFilterMatches(collectionId, reads)
  const { condition, setCondition } = matches
  const [group, setGroup] = useState<StatusGroup>('all')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [removing, setRemoving] = useState<Document[]>([])
  const [turningAway, setTurningAway] = useState(false)
  const [tagging, setTagging] = useState<Document[]>([])
  const [dialog, setDialog] = useState<'rename' | 'remove' | 'create' | null>(null)

  useEffect(() => {
    document.title = `${collection.name} · Quarry`
  }, [collection.name])

  const { sort, hiddenColumns } = preferences
  const deferredFilter = useDeferredValue(filter)
  const sorted = useMemo(
    () => sortDocuments(documents ?? [], sort.column, sort.descending),
    [documents, sort.column, sort.descending],
  )
  const rows = useMemo(
    () => filterDocuments(sorted, deferredFilter, group, matches.ids),
    [sorted, deferredFilter, group, matches.ids],
  )
  const counts = useMemo(() => countGroups(documents ?? []), [documents])
  const facets = useMemo(() => facetsOf(documents ?? []), [documents])
  const hasTags = facets.tags.length > 0
  const columns = useMemo(
    () =>
      documentColumns
        // A column for tags that nobody gave would only take room.
        .filter(({ id }) => id === 'name' || (!hiddenColumns.includes(id) && (id !== 'tags' || hasTags)))
        .map((column) => widenStatus(column, counts)),
    [hiddenColumns, hasTags, counts],
  )
  const chosen = useMemo(() => rows.filter((row) => selected.has(row.id)), [rows, selected])
  const chosenWaiting = useMemo(() => chosen.filter((row) => row.status === 'waiting'), [chosen])

  const open = (target: Document): void => {
    const links = rows.map((row) => linkTo(row))
    useInspector.getState().open(
      links,
      rows.findIndex((row) => row.id === target.id),
    )
  }
  const retry = async (targets: Document[] | null): Promise<void> => {
    try {
      const input = targets ? { collectionId, documentIds: targets.map(({ id }) => id) } : { collectionId }
      const { jobId } = await core().documents.retry(input)
      setSelected(new Set())
      await noteStart(jobId)
    } catch (error) {
      sayFailure(error)
    }
  }
  const remove = async (targets: Document[]): Promise<void> => {
    try {
      const ids = new Set<string>(targets.map(({ id }) => id))
      await core().documents.remove({ documentIds: targets.map(({ id }) => id) })
      forgetDocuments(ids)
      setSelected(new Set())
      if (documentId && ids.has(documentId)) useInspector.getState().close({ restoreFocus: false })
      useNotices.getState().say(`Removed ${formatNumberOf(targets.length, 'document')}.`)
      await useWorkspace.getState().refresh()
    } catch (error) {
      sayFailure(error)
    }
  }
  /** Lets waiting documents in, or turns them away: these, or all of the collection. */
  const review = async (targets: Document[] | null, approve: boolean): Promise<void> => {
    try {
      const input = targets ? { collectionId, documentIds: targets.map(({ id }) => id) } : { collectionId }
      const { reviewed, jobId } = await core().documents.review({ ...input, approve })
      setSelected(new Set())
      useNotices.getState().say(`${approve ? 'Approved' : 'Turned away'} ${formatNumberOf(reviewed, 'new file')}.`)
      if (jobId) await noteStart(jobId)
      await Promise.all([useDocuments.getState().load(collectionId), useWorkspace.getState().refresh()])
      if (group === 'waiting' && !useDocuments.getState().documents?.some(statusGroups.waiting.holds)) setGroup('all')
    } catch (error) {
      sayFailure(error)
    }
  }
  const pick = async (kind: 'files' | 'folder'): Promise<void> => {
    const picked = kind === 'files' ? await shell.pickFiles() : await shell.pickFolder()
    await useAdding.getState().add(picked, collectionId)
  }

  return (
    <>
      <PageHeader
        title={<CollectionSwitcher collection={collection} onCreate={() => setDialog('create')} />}
        scope={
          <span className="soft number">
            {formatNumberOf(collection.documents, 'document')} · {formatNumberOf(collection.chunks, 'chunk')}
          </span>
        }
        actions={
          <>
            <Button
              icon={<MessageSquareText size={15} aria-hidden />}
              onPress={() => navigate({ page: 'ask', collectionId })}
            >
              Ask
            </Button>
            <Button icon={<FolderPlus size={15} aria-hidden />} onPress={() => void pick('folder')}>
              Add folder
            </Button>
            <Button look="primary" icon={<FilePlus2 size={15} aria-hidden />} onPress={() => void pick('files')}>
              Add files
            </Button>
            <Menu
              label="Collection actions"
              trigger={<IconButton label="Collection actions" icon={<MoreHorizontal size={16} aria-hidden />} />}
              entries={[
                {
                  id: 'rename',
                  label: 'Rename …',
                  icon: <Pencil size={14} aria-hidden />,
                  onAction: () => setDialog('rename'),
                },
                {
                  id: 'export',
                  label: 'Export table as CSV',
                  icon: <Download size={14} aria-hidden />,
                  onAction: () => saveCsv(`${collection.name} documents.csv`, documentsCsv(rows)),
                },
                null,
                {
                  id: 'remove',
                  label: 'Remove collection …',
                  tone: 'danger',
                  icon: <Trash2 size={14} aria-hidden />,
                  onAction: () => setDialog('remove'),
                },
              ]}
            />
          </>
        }
      />
      <CollectionTabs collectionId={collectionId} view={view?.name} />
      <JobCards
        collectionId={collectionId}
        onShowFailed={() => {
          setGroup('failed')
          if (view) navigate({ page: 'library', collectionId, documentId: null, span: null })
        }}
      />
      {view ? (
        view.content
      ) : (
        <>
          {failure ? (
            <FailureNote failure={failure} onRetry={() => void useDocuments.getState().load(collectionId)} />
          ) : null}
          {documents === null ? (
            failure ? null : (
              <p className="page-note soft">Reading the list of documents …</p>
            )
          ) : documents.length === 0 ? (
            <EmptyState
              icon={<Upload size={28} aria-hidden />}
              title="Drop files or a folder here"
              actions={
                <>
                  <Button look="primary" icon={<FilePlus2 size={15} aria-hidden />} onPress={() => void pick('files')}>
                    Add files
                  </Button>
                  <Button icon={<FolderPlus size={15} aria-hidden />} onPress={() => void pick('folder')}>
                    Add folder
                  </Button>
                </>
              }
            >
              Text, Markdown, HTML, PDF, Word and CSV files are read, cut into chunks and embedded on this machine.
              Folders keep their structure; unchanged files are skipped when you add them again.
            </EmptyState>
          ) : (
            <>
              {counts.waiting > 0 ? (
                <section className="review-banner" aria-label="Waiting for approval">
                  <p>
                    <Hourglass size={15} aria-hidden />
                    <span>
                      {formatNumberOf(counts.waiting, 'new file waits', 'new files wait')} for approval. Until then{' '}
                      {counts.waiting === 1 ? 'it is' : 'they are'} not read.
                    </span>
                  </p>
                  <Button small look="primary" onPress={() => void review(null, true)}>
                    Approve all
                  </Button>
                  <Button small onPress={() => setTurningAway(true)}>
                    Turn away all …
                  </Button>
                  {group === 'waiting' ? null : (
                    <Button look="quiet" small onPress={() => setGroup('waiting')}>
                      Choose in the table
                    </Button>
                  )}
                </section>
              ) : null}
              <div className="toolbar">
                <PageSearch
                  label="Filter documents by name or folder"
                  placeholder="Filter by name or folder"
                  value={filter}
                  onChange={setFilter}
                />
                <FilterField
                  value={condition}
                  onChange={setCondition}
                  failure={matches.failure}
                  note={
                    matches.ids ? `${formatNumberOf(matches.ids.size, 'document')} of ${formatCount(counts.all)}` : ''
                  }
                />
              </div>
              <div className="toolbar toolbar-second">
                <div className="chips" role="group" aria-label="Filter by status">
                  {(Object.keys(statusGroups) as StatusGroup[])
                    .filter((id) => id === 'all' || id === group || counts[id] > 0)
                    .map((id) => (
                      <button
                        key={id}
                        type="button"
                        className={`chip chip-${id}`}
                        aria-pressed={group === id}
                        onClick={() => setGroup(id)}
                      >
                        {statusGroups[id].label} <span className="number">{formatCount(counts[id])}</span>
                      </button>
                    ))}
                </div>
                <QuickFilters value={condition} onChange={setCondition} facets={facets} />
                <div className="toolbar-end">
                  {counts.failed > 0 && selected.size === 0 ? (
                    <Button
                      look="quiet"
                      small
                      icon={<RotateCcw size={14} aria-hidden />}
                      onPress={() => void retry(null)}
                    >
                      Retry failed
                    </Button>
                  ) : null}
                  <CheckMenu
                    label="Columns"
                    trigger={
                      <Button look="quiet" small icon={<Columns3 size={14} aria-hidden />}>
                        Columns
                      </Button>
                    }
                    entries={documentColumns.filter((column) => column.id !== 'name')}
                    checked={documentColumns.filter(({ id }) => !hiddenColumns.includes(id)).map(({ id }) => id)}
                    onChange={(checked) =>
                      preferences.set({
                        hiddenColumns: documentColumns
                          .map(({ id }) => id)
                          .filter((id) => id !== 'name' && !checked.includes(id)),
                      })
                    }
                  />
                </div>
              </div>
              {chosen.length > 0 ? (
                <div className="selection-bar">
                  <span className="number" role="status">
                    {formatNumberOf(chosen.length, 'document')} selected
                  </span>
                  {chosenWaiting.length > 0 ? (
                    <>
                      <Button
                        look="quiet"
                        small
                        icon={<Check size={14} aria-hidden />}
                        onPress={() => void review(chosenWaiting, true)}
                      >
                        {`Approve ${formatCount(chosenWaiting.length)}`}
                      </Button>
                      <Button
                        look="quiet"
                        small
                        icon={<CircleSlash size={14} aria-hidden />}
                        onPress={() => void review(chosenWaiting, false)}
                      >
                        {`Turn away ${formatCount(chosenWaiting.length)}`}
                      </Button>
                    </>
                  ) : null}
                  {chosenWaiting.length < chosen.length ? (
                    <Button
                      look="quiet"
                      small
                      icon={<RotateCcw size={14} aria-hidden />}
                      onPress={() => void retry(chosen.filter((row) => row.status !== 'waiting'))}
                    >
                      Read again
                    </Button>
                  ) : null}
                  <Button look="quiet" small icon={<Tag size={14} aria-hidden />} onPress={() => setTagging(chosen)}>
                    Tags …
                  </Button>
                  <Button
                    look="quiet"
                    small
                    icon={<Trash2 size={14} aria-hidden />}
                    onPress={() => setRemoving(chosen)}
                  >
                    Remove …
                  </Button>
                  <Button look="quiet" small onPress={() => setSelected(new Set())}>
                    Clear
                  </Button>
                </div>
              ) : null}
              {rows.length === 0 ? (
                <p className="page-note soft">
                  No document matches.{' '}
                  <button
                    type="button"
                    className="link-button"
                    onClick={() => {
                      setFilter('')
                      setCondition('')
                      setGroup('all')
                    }}
                  >
                    Show all {formatCount(counts.all)}
                  </button>
                </p>
              ) : (
                <DocumentTable
                  rows={rows}
                  columns={columns}
                  sort={sort}
                  onSort={(column) =>
                    preferences.set({ sort: { column, descending: sort.column === column && !sort.descending } })
                  }
                  selected={selected}
                  onSelect={setSelected}
                  openId={documentId}
                  onOpen={open}
                  onRemove={setRemoving}
                  onReview={(target, approve) => void review([target], approve)}
                />
              )}
            </>
          )}
        </>
      )}
      <ConfirmDialog
        isOpen={turningAway}
        onClose={() => setTurningAway(false)}
        onConfirm={() => void review(null, false)}
        title={`Turn away ${formatNumberOf(counts.waiting, 'new file')}?`}
        action="Turn away"
      >
        <p>They will not be read and leave this list. A file that changes later asks again.</p>
        <p className="soft">The original files stay where they are.</p>
      </ConfirmDialog>
      <TagDialog
        documents={tagging}
        known={facets.tags.map(([tag]) => tag)}
        onClose={() => setTagging([])}
        onDone={() => void useDocuments.getState().load(collectionId)}
      />
      <ConfirmDialog
        isOpen={removing.length > 0}
        onClose={() => setRemoving([])}
        onConfirm={() => void remove(removing)}
        title={
          removing.length === 1
            ? `Remove “${removing[0]?.name ?? ''}”?`
            : `Remove ${formatNumberOf(removing.length, 'document')}?`
        }
        action={removing.length === 1 ? 'Remove document' : `Remove ${formatCount(removing.length)} documents`}
      >
        <p>
          The text and{' '}
          {formatNumberOf(
            removing.reduce((sum, row) => sum + row.chunks, 0),
            'chunk',
          )}{' '}
          will be removed from “{collection.name}”. Answers given earlier keep their quotations.
        </p>
        <p className="soft">The original files stay where they are; add them again to get the documents back.</p>
      </ConfirmDialog>
      <NameDialog
        isOpen={dialog === 'rename' || dialog === 'create'}
        collection={dialog === 'rename' ? collection : undefined}
        onClose={() => setDialog(null)}
        onDone={(made) => navigate({ page: 'library', collectionId: made.id, documentId: null, span: null })}
      />
      <RemoveCollectionDialog
        collection={dialog === 'remove' ? collection : null}
        onClose={() => setDialog(null)}
        onDone={(goBack) => goBack({ page: 'library', collectionId: null, documentId: null, span: null })}
      />
    </>
  )
}

function CollectionSwitcher({ collection, onCreate }: { collection: Collection; onCreate(): void }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const go = (collectionId: CollectionId | null): void =>
    navigate({ page: 'library', collectionId, documentId: null, span: null })
  const entries: (MenuEntry | null)[] = collections.map((other) => ({
    id: other.id,
    label: other.name,
    hint: formatCount(other.documents),
    onAction: () => go(other.id),
  }))
  entries.push(
    null,
    { id: 'all', label: 'All collections', icon: <LibraryBig size={14} aria-hidden />, onAction: () => go(null) },
    { id: 'new', label: 'New collection …', icon: <Plus size={14} aria-hidden />, onAction: onCreate },
  )
  return (
    <Menu
      label="Collections"
      entries={entries}
      trigger={
        <AriaButton className="title-button">
          {collection.name}
          <ChevronDown size={16} aria-hidden />
          <span className="visually-hidden">, switch collection</span>
        </AriaButton>
      }
    />
  )
}

/** Reads the list and follows every job of the collection while the component is there. */
function useDocumentsOf(collectionId: CollectionId) {
  const state = useDocuments()
  const generation = useConnection((connection) => connection.generation)
  const jobIds = useJobs((jobs) =>
    jobs.active
      .filter((job) => job.collectionId === collectionId)
      .map((job) => job.id)
      .join(' '),
  )
  // A job may be over before it was ever followed, and the list of jobs may say so before its last events are here.
  const lastEnded = useJobs((jobs) => jobs.ended.find((job) => job.collectionId === collectionId)?.id)
  useEffect(() => {
    void useDocuments.getState().load(collectionId)
  }, [collectionId, generation, lastEnded])
  useEffect(() => {
    const controller = new AbortController()
    for (const jobId of jobIds.split(' ').filter(Boolean)) {
      const follow = (): Promise<void> => followDocuments(jobId as JobId, collectionId, controller.signal)
      void keepFollowing(follow, controller.signal)
    }
    return () => controller.abort()
  }, [collectionId, jobIds])
  return state.collectionId === collectionId ? state : { documents: null, failure: null, reads: 0 }
}

/**
 * The ids that a filter of the core lets through; null for all. While a filter cannot be read, what the last one found
 * stays, so that the list does not jump while somebody types.
 */
function useFilterMatches(collectionId: CollectionId, reads: number) {
  const [condition, setCondition] = useState('')
  const [matches, setMatches] = useState<{ ids: ReadonlySet<string> | null; failure: string | null }>(allMatch)
  const wanted = condition.trim()
  const last = useRef('')
  useEffect(() => {
    if (wanted === '') return undefined
    const controller = new AbortController()
    const { signal } = controller
    const ask = async (): Promise<void> => {
      try {
        const ids = await listMatches(collectionId, wanted, signal)
        if (!signal.aborted) setMatches({ ids, failure: null })
      } catch (error) {
        const failure = toFailure(error)
        if (!signal.aborted && failure) setMatches(({ ids }) => ({ ids, failure: failure.message }))
      }
    }
    // A pause in typing; the list read anew asks at once.
    const timer = setTimeout(() => void ask(), last.current === wanted ? 0 : typingPauseMs)
    last.current = wanted
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [collectionId, wanted, reads])
  const change = (next: string): void => {
    setCondition(next)
    if (next.trim() === '') setMatches(allMatch)
  }
  return { ...matches, condition, setCondition: change }
}

const allMatch = { ids: null, failure: null }
const typingPauseMs = 250

async function listMatches(collectionId: CollectionId, filter: string, signal: AbortSignal): Promise<Set<string>> {
  const ids = new Set<string>()
  for (;;) {
    const input = { collectionId, filter, limit: 20_000, offset: ids.size }
    const { documents, total } = await core().documents.list(input, { signal })
    for (const { id } of documents) ids.add(id)
    if (documents.length === 0 || ids.size >= total) return ids
  }
}

function linkTo(row: Document): PassageLink {
  return { label: row.name, collectionId: row.collectionId, documentId: row.id, name: row.name, span: null }
}
