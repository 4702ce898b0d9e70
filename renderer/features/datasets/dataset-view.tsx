import { useCallback, useDeferredValue, useEffect, useRef, useState } from 'react'
import {
  ChartScatter,
  Check,
  ChevronDown,
  Download,
  Ellipsis,
  History,
  ListChecks,
  Plus,
  Settings2,
  Shuffle,
  Sparkles,
  Trash2,
} from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import { type CaseFilter, caseStates, type Dataset } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { sayFailure } from '../../state/notices.ts'
import { currentRoute, fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useCollection } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { FilterChip, PageSearch } from '../../ui/list-filters.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { CasePanel } from './case-panel.tsx'
import { CaseSelection, type SelectionDialog } from './case-selection.tsx'
import { type CaseSort, CaseTable } from './case-table.tsx'
import { DatasetDialog, GenerateDialog, SplitDialog } from './dataset-dialogs.tsx'
import { useDatasetWork, WorkNote } from './dataset-work.tsx'
import { downloadDataset } from './download-dataset.ts'
import { ImportDialog, ImportMenu, sourceOf, type ImportSource } from './import-dialog.tsx'
import { NewCaseDialog } from './new-case-dialog.tsx'
import { useCasePages } from './use-case-pages.ts'

type DialogName = 'case' | 'generate' | 'split' | 'settings' | 'remove'

/** One dataset: its cases as a table, one of them beside it. */
export function DatasetView({ datasetId, caseId }: { datasetId: DatasetId; caseId: string | null }) {
  const generation = useConnection((state) => state.generation)
  const finished = useDatasetWork((state) => state.finished)
  const [filter, setFilter] = useState<CaseFilter>({})
  const [changes, setChanges] = useState(0)
  const [dialog, setDialog] = useState<DialogName | null>(null)
  const [sort, setSort] = useState<CaseSort>({ by: 'order', descending: false })
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [selectionDialog, setSelectionDialog] = useState<SelectionDialog | null>(null)
  const [source, setSource] = useState<ImportSource | null>(null)
  const wanted = useDeferredValue(filter)
  const version = `${generation} ${finished} ${changes}`
  const {
    value: dataset,
    failure,
    retry,
  } = useRead((signal) => core().datasets.get({ datasetId }, { signal }), version)
  const pages = useCasePages(datasetId, wanted, version, { sort: sort.by, descending: sort.descending })
  const collection = useCollection(dataset?.collectionId ?? null)
  const focusTable = useRef(() => {})
  const handle = useCallback((focus: () => void) => {
    focusTable.current = focus
  }, [])
  useEffect(() => {
    document.title = `${dataset?.name ?? 'Dataset'} · Quarry`
  }, [dataset?.name])
  useEffect(() => {
    useAdding.getState().setTaker({
      title: 'Import into this dataset',
      text: 'The questions of a .jsonl or .csv file are added to it.',
      take: (picked) => setSource(sourceOf(picked)),
    })
    return () => useAdding.getState().setTaker(null)
  }, [])
  const changed = (): void => setChanges((count) => count + 1)
  const closeDialog = (): void => setDialog(null)
  const open = (id: string | null, replace = false): void =>
    navigate({ page: 'datasets', datasetId, caseId: id }, { replace })
  const close = (): void => {
    // A case that is closed because it was removed may be so long after somebody went elsewhere.
    const now = currentRoute()
    if (now.page !== 'datasets' || now.datasetId !== datasetId) return
    open(null)
    focusTable.current()
  }
  const index = caseId === null ? -1 : pages.indexOf(caseId)
  const step = async (by: 1 | -1): Promise<void> => {
    if (index < 0 || index + by < 0) return
    const goThere = fromHere()
    try {
      const near = pages.at(index + by)
      const input = { datasetId, limit: 1, offset: index + by, sort: sort.by, descending: sort.descending, ...wanted }
      const next = near ?? (await core().datasets.cases(input)).cases[0]
      if (next) goThere({ page: 'datasets', datasetId, caseId: next.id }, { replace: true })
    } catch (error) {
      sayFailure(error)
    }
  }
  const selectAll = async (): Promise<void> => {
    try {
      setSelected(new Set((await core().datasets.caseIds({ datasetId, ...wanted })).caseIds))
    } catch (error) {
      sayFailure(error)
    }
  }
  const remove = async (): Promise<void> => {
    const goBack = fromHere()
    try {
      await core().datasets.remove({ datasetId })
      goBack({ page: 'datasets', datasetId: null, caseId: null })
    } catch (error) {
      sayFailure(error)
    }
  }
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  return (
    <div className="page-split">
      <div className="page-main">
        <PageHeader
          title={dataset?.name ?? 'Dataset'}
          scope={
            <span className="dataset-scope soft number">
              <a href={hrefOf({ page: 'datasets', datasetId: null, caseId: null })}>Datasets</a>
              {dataset
                ? [
                    formatNumberOf(dataset.cases, 'case'),
                    `version ${dataset.version}`,
                    collection?.name ?? 'no collection',
                  ]
                    .map((fact) => ` · ${fact}`)
                    .join('')
                : null}
            </span>
          }
          actions={dataset ? <Actions dataset={dataset} onDialog={setDialog} onImport={setSource} /> : null}
        />
        {dataset && dataset.cases > 0 ? (
          <Filters
            dataset={dataset}
            filter={filter}
            onChange={(next) => {
              setFilter(next)
              // What is out of sight is not changed by accident.
              setSelected(new Set())
            }}
          />
        ) : null}
        {dataset && selected.size > 0 ? (
          <CaseSelection
            dataset={dataset}
            selected={selected}
            onSelect={setSelected}
            onChanged={changed}
            dialog={selectionDialog}
            onDialog={setSelectionDialog}
          />
        ) : null}
        <WorkNote />
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {pages.failure && !failure ? <FailureNote failure={pages.failure} onRetry={pages.retry} /> : null}
        {pages.total === null && !failure && !pages.failure ? (
          <p className="page-note soft">Reading the cases …</p>
        ) : null}
        {dataset && pages.total === 0 && !isFiltered ? (
          <EmptyState
            icon={<ListChecks size={28} aria-hidden />}
            title="No cases yet"
            actions={
              <Button look="primary" icon={<Sparkles size={15} aria-hidden />} onPress={() => setDialog('generate')}>
                Propose questions …
              </Button>
            }
          >
            Let questions be proposed from the documents, write one yourself, drop a .jsonl or .csv file here, or keep a
            question with its passages: from a trace, or from the chunk lab.
          </EmptyState>
        ) : null}
        {dataset && pages.total === 0 && isFiltered ? (
          <EmptyState
            title="No case is like that"
            actions={<Button onPress={() => setFilter({})}>Show all cases</Button>}
          >
            None of {formatNumberOf(dataset.cases, 'case')} has these words and properties.
          </EmptyState>
        ) : null}
        {pages.total !== null && pages.total > 0 ? (
          <CaseTable
            pages={pages}
            openId={caseId}
            onOpen={({ id }) => open(id, caseId !== null)}
            handle={handle}
            sorting={{ sort, onSort: setSort }}
            selection={{
              selected,
              onSelect: setSelected,
              onAll: () => void selectAll(),
              onRemove: () => setSelectionDialog('remove'),
            }}
          />
        ) : null}
      </div>
      {caseId !== null && dataset ? (
        <CasePanel
          key={caseId}
          dataset={dataset}
          caseId={caseId}
          version={version}
          place={index < 0 || pages.total === null ? null : { index, count: pages.total }}
          onStep={(by) => void step(by)}
          onChanged={changed}
          onClose={close}
        />
      ) : null}
      {dataset ? (
        <>
          <GenerateDialog dataset={dataset} isOpen={dialog === 'generate'} onClose={closeDialog} />
          <NewCaseDialog
            dataset={dataset}
            isOpen={dialog === 'case'}
            onClose={closeDialog}
            onDone={({ id }) => {
              changed()
              open(id)
            }}
          />
          <SplitDialog dataset={dataset} isOpen={dialog === 'split'} onClose={closeDialog} onDone={changed} />
          <DatasetDialog dataset={dataset} isOpen={dialog === 'settings'} onClose={closeDialog} onDone={changed} />
          <ImportDialog source={source} into={dataset} onClose={() => setSource(null)} />
          <ConfirmDialog
            isOpen={dialog === 'remove'}
            onClose={closeDialog}
            onConfirm={() => void remove()}
            title={`Remove “${dataset.name}”?`}
            action="Remove it"
          >
            <p>
              Its {formatNumberOf(dataset.cases, 'case')} and all earlier versions go too. Documents stay. Export it
              first if you may want it again.
            </p>
          </ConfirmDialog>
        </>
      ) : null}
    </div>
  )
}

function Actions({
  dataset,
  onDialog,
  onImport,
}: {
  dataset: Dataset
  onDialog(dialog: DialogName): void
  onImport(source: ImportSource): void
}) {
  const { id: datasetId, states } = dataset
  const { proposed = 0 } = states
  const icon = { size: 14, 'aria-hidden': true } as const
  return (
    <>
      {proposed > 0 ? (
        <Button
          look="primary"
          icon={<ListChecks size={15} aria-hidden />}
          onPress={() => navigate({ page: 'datasets', datasetId, caseId: null, view: 'review' })}
        >
          Review {formatCount(proposed)}
        </Button>
      ) : null}
      <Button icon={<Plus size={15} aria-hidden />} onPress={() => onDialog('case')}>
        New case …
      </Button>
      <Button icon={<Sparkles size={15} aria-hidden />} onPress={() => onDialog('generate')}>
        Propose questions …
      </Button>
      <ImportMenu onSource={onImport} />
      <Button
        icon={<ChartScatter size={15} aria-hidden />}
        isDisabled={(states.accepted ?? 0) === 0 || dataset.collectionId === null}
        onPress={() => navigate({ page: 'runs', runId: null, otherId: null, newOn: datasetId })}
      >
        Measure …
      </Button>
      <Menu
        label="More"
        trigger={
          <AriaButton className="icon-button" aria-label="More">
            <Ellipsis size={16} aria-hidden />
          </AriaButton>
        }
        entries={[
          {
            id: 'jsonl',
            label: 'Export as JSON lines',
            icon: <Download {...icon} />,
            onAction: () => void downloadDataset(dataset, 'jsonl'),
          },
          {
            id: 'csv',
            label: 'Export as CSV',
            icon: <Download {...icon} />,
            onAction: () => void downloadDataset(dataset, 'csv'),
          },
          {
            id: 'beir',
            label: 'Export as a BEIR folder (ZIP)',
            icon: <Download {...icon} />,
            onAction: () => void downloadDataset(dataset, 'beir'),
          },
          null,
          {
            id: 'versions',
            label: 'Versions',
            icon: <History {...icon} />,
            onAction: () => navigate({ page: 'datasets', datasetId, caseId: null, view: 'versions' }),
          },
          {
            id: 'split',
            label: 'Split into train and test …',
            icon: <Shuffle {...icon} />,
            onAction: () => onDialog('split'),
          },
          { id: 'settings', label: 'Settings …', icon: <Settings2 {...icon} />, onAction: () => onDialog('settings') },
          null,
          {
            id: 'remove',
            label: 'Remove …',
            icon: <Trash2 {...icon} />,
            tone: 'danger',
            onAction: () => onDialog('remove'),
          },
        ]}
      />
    </>
  )
}

function Filters({
  dataset,
  filter,
  onChange,
}: {
  dataset: Dataset
  filter: CaseFilter
  onChange(filter: CaseFilter): void
}) {
  const { states, splits, tags, stale, cases } = dataset
  const set = <Key extends keyof CaseFilter>(key: Key, value: CaseFilter[Key] | undefined): void => {
    const { [key]: _, ...others } = filter
    onChange(value === undefined ? others : { ...others, [key]: value })
  }
  return (
    <div className="toolbar">
      <PageSearch
        label="Filter cases"
        placeholder="Words of the question"
        value={filter.search ?? ''}
        onChange={(value) => set('search', value === '' ? undefined : value)}
      />
      <div className="chips" role="group" aria-label="State">
        <FilterChip
          label="all"
          count={cases}
          isOn={filter.state === undefined}
          onPress={() => set('state', undefined)}
        />
        {caseStates.map((state) => (
          <FilterChip
            key={state}
            label={state}
            count={states[state] ?? 0}
            isOn={filter.state === state}
            onPress={() => set('state', filter.state === state ? undefined : state)}
          />
        ))}
      </div>
      <div className="chips">
        {stale > 0 || filter.stale ? (
          <FilterChip
            label="stale"
            count={stale}
            isOn={filter.stale === true}
            onPress={() => set('stale', filter.stale ? undefined : true)}
          />
        ) : null}
        <OneOf label="Split" counts={splits} value={filter.split} onChange={(split) => set('split', split)} />
        <OneOf label="Tag" counts={tags} value={filter.tag} onChange={(tag) => set('tag', tag)} />
      </div>
    </div>
  )
}

/** Nothing where there is nothing to choose among. */
function OneOf({
  label,
  counts,
  value,
  onChange,
}: {
  label: string
  counts: Record<string, number>
  value: string | undefined
  onChange(value: string | undefined): void
}) {
  const names = Object.keys(counts).sort()
  if (names.length < (label === 'Split' ? 2 : 1)) return null
  return (
    <Menu
      label={label}
      trigger={
        <AriaButton className="chip" data-chosen={value !== undefined || undefined}>
          {value === undefined ? label : `${label}: ${value}`}
          <ChevronDown size={13} aria-hidden />
        </AriaButton>
      }
      entries={[
        {
          id: 'any',
          label: 'Any',
          icon: value === undefined ? <Check size={14} aria-hidden /> : null,
          onAction: () => onChange(undefined),
        },
        null,
        ...names.map((name) => ({
          id: `value-${name}`,
          label: name,
          hint: formatCount(counts[name] ?? 0),
          icon: name === value ? <Check size={14} aria-hidden /> : null,
          onAction: () => onChange(name),
        })),
      ]}
    />
  )
}
