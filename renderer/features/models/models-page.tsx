import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react'
import { CircleAlert, CircleCheck, CloudDownload, FileDown, FolderOpen, Upload } from 'lucide-react'
import type { Model } from '../../../core/contract/models.ts'
import { shell } from '../../platform/shell.ts'
import { useConnection } from '../../state/connection.ts'
import { usePagePanel } from '../../state/inspector.ts'
import { importModels } from '../../state/model-work.ts'
import { useModels } from '../../state/models.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { FilterChip, PageSearch } from '../../ui/list-filters.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortedBy, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { SidePanel } from '../../ui/side-panel.tsx'
import { ModelDetails } from './model-details.tsx'
import { ExportDialog, RemoveDialog } from './model-dialogs.tsx'
import {
  countModels,
  filterModels,
  isHere,
  kindFilterLabels,
  kindFilters,
  modelColumns,
  placeFilterLabels,
  placeFilters,
  stateLabel,
  type ModelFilter,
} from './model-facts.ts'
import { ModelWorks } from './model-works.tsx'

/** Every model on this machine and every one that can be had. */
export function ModelsPage({ modelId }: { modelId: string | null }) {
  const { models, failure, refresh } = useModels()
  const generation = useConnection((state) => state.generation)
  const [filter, setFilter] = useState<ModelFilter>({ query: '', kind: 'all', place: 'any' })
  const [sort, setSort] = useState<RowSort>({ column: 'kind', descending: false })
  const [exporting, setExporting] = useState<Model | null>(null)
  const [removing, setRemoving] = useState<Model | null>(null)
  // Collections may have come to use another model.
  const collections = useWorkspace((state) => state.collections)
  useEffect(() => {
    document.title = 'Models · Quarry'
  }, [])
  useEffect(() => {
    void refresh()
  }, [refresh, generation, collections])

  const wanted = useDeferredValue(filter)
  const rows = useMemo(
    () => (models ? sortRows(filterModels(models, wanted), columns, sort) : []),
    [models, wanted, sort],
  )
  const here = models?.filter(isHere).length ?? 0
  const open = models?.find(({ manifest }) => manifest.id === modelId) ?? null
  return (
    <div className="page-split">
      <div className="page-main">
        <PageHeader
          title="Models"
          scope={
            models ? (
              <span className="soft number">
                {formatCount(here)} on this machine, {formatCount(models.length - here)} more to be had
              </span>
            ) : null
          }
          actions={<ImportMenu />}
        />
        {models ? <Toolbar models={models} filter={filter} onChange={setFilter} /> : null}
        <ModelWorks />
        {failure ? <FailureNote failure={failure} onRetry={() => void refresh()} /> : null}
        {models === null ? (
          failure ? null : (
            <p className="page-note soft">Reading the list of models …</p>
          )
        ) : rows.length === 0 ? (
          <EmptyState
            title="No model is like that"
            actions={
              <Button onPress={() => setFilter({ query: '', kind: 'all', place: 'any' })}>Show all models</Button>
            }
          >
            None of {formatNumberOf(models.length, 'model')} has these words, is of this kind and in this place.
          </EmptyState>
        ) : (
          <RowTable
            label="Models"
            columns={columns}
            rows={rows}
            keyOf={({ manifest, folder }) => (folder && isDouble(models, manifest.id) ? folder : manifest.id)}
            href={({ manifest }) => hrefOf({ page: 'models', modelId: manifest.id })}
            openKey={modelId}
            sort={sort}
            onSort={(column) => setSort(sortedBy(sort, column))}
          />
        )}
      </div>
      {modelId && models ? (
        <DetailsPanel modelId={modelId} model={open} rows={rows}>
          {open ? (
            <ModelDetails key={modelId} model={open} onExport={setExporting} onRemove={setRemoving} />
          ) : (
            <Absent id={modelId} />
          )}
        </DetailsPanel>
      ) : null}
      <ExportDialog model={exporting} onClose={() => setExporting(null)} />
      <RemoveDialog model={removing} onClose={() => setRemoving(null)} />
    </div>
  )
}

function ImportMenu() {
  const take = (picked: ReturnType<typeof shell.pickFiles>): void => void picked.then(importModels, sayFailure)
  return (
    <Menu
      label="Import a model"
      trigger={
        <Button look="primary" icon={<Upload size={15} aria-hidden />}>
          Import …
        </Button>
      }
      entries={[
        {
          id: 'files',
          label: 'A .quarrypack, .zip or .gguf file …',
          icon: <FileDown size={14} aria-hidden />,
          onAction: () => take(shell.pickFiles()),
        },
        {
          id: 'folder',
          label: 'A model’s folder …',
          icon: <FolderOpen size={14} aria-hidden />,
          onAction: () => take(shell.pickFolder()),
        },
      ]}
    />
  )
}

function Toolbar({
  models,
  filter,
  onChange,
}: {
  models: Model[]
  filter: ModelFilter
  onChange(filter: ModelFilter): void
}) {
  const counts = countModels(models, filter)
  return (
    <>
      <div className="toolbar">
        <PageSearch
          label="Filter models"
          placeholder="Filter by name, licence, use"
          value={filter.query}
          onChange={(value) => onChange({ ...filter, query: value })}
        />
        <div className="chips" role="group" aria-label="Kind">
          {kindFilters.map((kind) => (
            <FilterChip
              key={kind}
              label={kindFilterLabels[kind]}
              count={counts.kinds[kind]}
              isOn={filter.kind === kind}
              onPress={() => onChange({ ...filter, kind })}
            />
          ))}
        </div>
        <div className="chips" role="group" aria-label="Place">
          {placeFilters.map((place) => (
            <FilterChip
              key={place}
              label={placeFilterLabels[place]}
              count={counts.places[place]}
              isOn={filter.place === place}
              onPress={() => onChange({ ...filter, place })}
            />
          ))}
        </div>
      </div>
      <p className="page-hint soft">
        Drop a .quarrypack, a .zip, a .gguf file or a model’s folder anywhere on this page to import it. Nothing is
        needed: a small embedder is bundled, and answers are composed of the documents’ own sentences.
      </p>
    </>
  )
}

/** Beside the table, in the inspector's place; closing it gives the focus back to the row. */
function DetailsPanel({
  modelId,
  model,
  rows,
  children,
}: {
  modelId: string
  model: Model | null
  rows: Model[]
  children: ReactNode
}) {
  const index = rows.findIndex(({ manifest }) => manifest.id === modelId)
  const next = rows[index + 1]?.manifest.id
  const previous = rows[index - 1]?.manifest.id
  const go = (by: 1 | -1): void => {
    const id = by === 1 ? next : previous
    if (index >= 0 && id) navigate({ page: 'models', modelId: id }, { replace: true })
  }
  const close = (): void => {
    navigate({ page: 'models', modelId: null })
    document.getElementById(`row-${modelId}`)?.focus()
  }
  // In the commit itself: a quick key comes before a later effect.
  useLayoutEffect(() => {
    usePagePanel.setState({ panel: { step: go, close } })
    return () => usePagePanel.setState({ panel: null })
  })
  return (
    <SidePanel
      name="Model"
      label={model ? stateLabel(model) : 'Model'}
      place={index < 0 ? null : { index, count: rows.length }}
      onStep={go}
      onClose={close}
    >
      {children}
    </SidePanel>
  )
}

function Absent({ id }: { id: string }) {
  return (
    <EmptyState title="There is no such model">
      <p>
        <code>{id}</code> is neither on this machine nor in the catalogue. If a pipeline names it, import it under this
        name, or choose another model there.
      </p>
    </EmptyState>
  )
}

/** Two of one name are an error that is shown; each needs a row of its own. */
function isDouble(models: readonly Model[], id: string): boolean {
  return models.filter(({ manifest }) => manifest.id === id).length > 1
}

const columns: readonly RowColumn<Model>[] = modelColumns.map((column) =>
  column.id === 'state' ? { ...column, cell: (model) => <StateCell model={model} /> } : column,
)

function StateCell({ model }: { model: Model }) {
  const { state } = model
  return (
    <span className={`model-state model-state-${state}`}>
      {state === 'installed' ? (
        <CircleCheck size={14} aria-hidden />
      ) : state === 'damaged' ? (
        <CircleAlert size={14} aria-hidden />
      ) : (
        <CloudDownload size={14} aria-hidden />
      )}
      {stateLabel(model)}
    </span>
  )
}
