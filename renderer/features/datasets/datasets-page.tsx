import { useEffect, useState } from 'react'
import { ListChecks, Plus } from 'lucide-react'
import type { Dataset } from '../../../core/contract/datasets.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortedBy, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { DatasetDialog } from './dataset-dialogs.tsx'
import { DatasetView } from './dataset-view.tsx'
import { useDatasetWork, WorkNote } from './dataset-work.tsx'
import { EarlierView } from './earlier-view.tsx'
import { ImportDialog, ImportMenu, sourceOf, type ImportSource } from './import-dialog.tsx'
import { ReviewQueue } from './review-queue.tsx'
import { VersionsView } from './versions-view.tsx'

/** Every dataset, one as a table of its cases (as they are or were), its versions, or what is proposed. */
export function DatasetsPage({
  datasetId,
  caseId,
  view,
  version,
}: {
  datasetId: DatasetId | null
  caseId: string | null
  view: 'review' | 'versions' | undefined
  version: number | undefined
}) {
  if (datasetId === null) return <DatasetList />
  if (view === 'versions') return <VersionsView key={datasetId} datasetId={datasetId} />
  if (version !== undefined)
    return <EarlierView key={`${datasetId} ${version}`} datasetId={datasetId} version={version} />
  if (view === 'review') return <ReviewQueue key={datasetId} datasetId={datasetId} />
  return <DatasetView key={datasetId} datasetId={datasetId} caseId={caseId} />
}

function DatasetList() {
  const generation = useConnection((state) => state.generation)
  const finished = useDatasetWork((state) => state.finished)
  const collections = useWorkspace((state) => state.collections) ?? []
  const [sort, setSort] = useState<RowSort>({ column: 'name', descending: false })
  const [isMaking, setMaking] = useState(false)
  const [source, setSource] = useState<ImportSource | null>(null)
  const { value, failure, retry } = useRead(
    (signal) => core().datasets.list(undefined, { signal }),
    `${generation} ${finished}`,
  )
  useEffect(() => {
    document.title = 'Datasets · Quarry'
    useAdding.getState().setTaker({
      title: 'Import as a dataset',
      text: 'A .jsonl or .csv file of questions becomes a dataset of its name.',
      take: (picked) => setSource(sourceOf(picked)),
    })
    return () => useAdding.getState().setTaker(null)
  }, [])
  const nameOf = (dataset: Dataset): string =>
    collections.find(({ id }) => id === dataset.collectionId)?.name ?? (dataset.collectionId ? 'removed' : 'none')
  const columns: RowColumn<Dataset>[] = [
    column('name', 'Name', ({ name }) => name, { leastRem: 12 }),
    column('collection', 'Documents of', nameOf, { leastRem: 11, leaves: 4 }),
    count('cases', 'Cases', ({ cases }) => cases),
    { ...count('accepted', 'Accepted', ({ states }) => states.accepted ?? 0), leaves: 3 },
    {
      ...count('proposed', 'To review', ({ states }) => states.proposed ?? 0),
      cell: ({ id, states: { proposed = 0 } }) =>
        proposed === 0 ? (
          '–'
        ) : (
          <a href={hrefOf({ page: 'datasets', datasetId: id, caseId: null, view: 'review' })}>
            {formatCount(proposed)}
          </a>
        ),
    },
    {
      ...count('stale', 'Stale', ({ stale }) => stale),
      cell: ({ stale }) => (stale === 0 ? '–' : <span className="tone-warning">{formatCount(stale)}</span>),
    },
    { ...count('version', 'Version', ({ version }) => version), leaves: 2 },
    {
      ...column('changed', 'Changed', ({ changedAt }) => formatWhen(changedAt), { leastRem: 9, leaves: 1 }),
      numeric: true,
      compare: (a, b) => a.changedAt - b.changedAt,
    },
  ]
  const actions = (
    <>
      <ImportMenu onSource={setSource} />
      <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setMaking(true)}>
        New dataset …
      </Button>
    </>
  )
  const datasets = value?.datasets
  return (
    <>
      <PageHeader
        title="Datasets"
        scope={<span className="soft">Questions with the passages that should be found</span>}
        actions={actions}
      />
      <WorkNote />
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {datasets === undefined && !failure ? <p className="page-note soft">Reading the datasets …</p> : null}
      {datasets?.length === 0 ? (
        <EmptyState icon={<ListChecks size={28} aria-hidden />} title="No datasets yet" actions={actions}>
          A dataset says which passages should be found for which questions. With one you can measure whether a change
          of chunks, models or searches helped. Import questions, or make a dataset and let some be proposed from your
          documents. The sample workspace comes with one to look at.
        </EmptyState>
      ) : null}
      {datasets && datasets.length > 0 ? (
        <RowTable
          label="Datasets"
          columns={columns}
          rows={sortRows(datasets, columns, sort)}
          keyOf={({ id }) => id}
          href={({ id }) => hrefOf({ page: 'datasets', datasetId: id, caseId: null })}
          sort={sort}
          onSort={(id) => setSort(sortedBy(sort, id))}
        />
      ) : null}
      <DatasetDialog
        isOpen={isMaking}
        onClose={() => setMaking(false)}
        onDone={({ id }) => navigate({ page: 'datasets', datasetId: id, caseId: null })}
      />
      <ImportDialog source={source} into={null} onClose={() => setSource(null)} />
    </>
  )
}

function column(
  id: string,
  label: string,
  text: (dataset: Dataset) => string,
  room: { leastRem: number; leaves?: number },
): RowColumn<Dataset> {
  return { id, label, text, numeric: false, leaves: 0, ...room, compare: (a, b) => text(a).localeCompare(text(b)) }
}

function count(id: string, label: string, of: (dataset: Dataset) => number): RowColumn<Dataset> {
  const text = (dataset: Dataset): string => formatCount(of(dataset))
  return { id, label, text, numeric: true, leastRem: 5, leaves: 0, compare: (a, b) => of(a) - of(b) }
}
