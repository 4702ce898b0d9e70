import { useEffect, useMemo, useState } from 'react'
import { ChartScatter, Download, GitCompareArrows, Pin, Plus, Trash2 } from 'lucide-react'
import type { MetricResult, Run } from '../../../core/contract/runs.ts'
import type { DatasetId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { sayFailure } from '../../state/notices.ts'
import { goOn, navigate, hrefOf } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { saveCsv, toCsv } from '../../ui/csv.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { formatMetric, metricColour } from '../../ui/metric-figures.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { NewRunDialog } from './new-run-dialog.tsx'
import { metricNames, metricOf, runWords } from './run-figures.ts'
import { ParetoPlot } from './run-plots.tsx'
import { isUnderWay, useRuns } from './use-runs.ts'

/** All runs as a table: sort, filter, choose two to compare, see quality against what it costs. */
export function RunList({ newOn }: { newOn: DatasetId | null }) {
  const { value, failure, retry } = useRuns()
  const [sort, setSort] = useState<RowSort>({ column: 'when', descending: true })
  const [dataset, setDataset] = useState('all')
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [plots, setPlots] = useState(false)
  const [isNew, setNew] = useState(false)
  const [removing, setRemoving] = useState(false)
  const closeNew = (): void => {
    setNew(false)
    if (newOn)
      goOn((route) => route.page === 'runs' && route.newOn === newOn, { page: 'runs', runId: null, otherId: null })
  }
  useEffect(() => {
    document.title = 'Runs · Quarry'
  }, [])

  const all = useMemo(() => value?.runs ?? [], [value])
  const datasets = useMemo(() => datasetsOf(all), [all])
  const shown = useMemo(
    () => all.filter((run) => (dataset === 'all' || run.datasetId === dataset) && mentions(run, text)),
    [all, dataset, text],
  )
  const names = useMemo(() => metricNames(shown).slice(0, 4), [shown])
  const columns = useMemo(
    () => columnsFor(names, chosen, (id) => setChosen((before) => toggled(before, id))),
    [names, chosen],
  )
  const rows = useMemo(() => sortRows(shown, columns, sort), [shown, columns, sort])
  // What is out of sight is neither compared nor removed.
  const picked = useMemo(
    () => rows.filter(({ id }) => chosen.has(id)).sort((a, b) => a.createdAt - b.createdAt),
    [rows, chosen],
  )
  const [first, second] = picked
  const comparable = picked.length === 2 && first && second
  const remove = async (): Promise<void> => {
    await core().runs.remove({ runIds: picked.map(({ id }) => id) })
    setChosen(new Set())
    retry()
  }

  return (
    <>
      <PageHeader
        title="Runs"
        scope={<span className="soft">One pipeline on one dataset, measured</span>}
        actions={
          <>
            <Button
              icon={<GitCompareArrows size={15} aria-hidden />}
              isDisabled={!comparable}
              onPress={() => {
                if (comparable) navigate({ page: 'runs', runId: first.id, otherId: second.id })
              }}
            >
              Compare two
            </Button>
            <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setNew(true)}>
              New run
            </Button>
          </>
        }
      />
      {all.length > 0 ? (
        <div className="runs-bar">
          <SelectField
            label="Dataset"
            value={dataset}
            entries={[{ id: 'all', label: 'All datasets' }, ...datasets]}
            onChange={setDataset}
          />
          <div className="field">
            <label htmlFor="runs-filter">Filter</label>
            <input
              id="runs-filter"
              className="input"
              placeholder="Name, pipeline, tag or note"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
          <Button icon={<ChartScatter size={15} aria-hidden />} onPress={() => setPlots(!plots)} aria-expanded={plots}>
            {plots ? 'Hide the plot' : 'Plot'}
          </Button>
          <Button
            icon={<Download size={15} aria-hidden />}
            isDisabled={rows.length === 0}
            onPress={() => saveCsv('runs.csv', toCsv(runRows(rows)))}
          >
            Export CSV
          </Button>
          {picked.length > 0 ? (
            <Button icon={<Trash2 size={15} aria-hidden />} onPress={() => setRemoving(true)}>
              Remove {formatCount(picked.length)} …
            </Button>
          ) : null}
          <span className="soft number runs-count" role="status">
            {rows.length === all.length ? formatNumberOf(all.length, 'run') : `${rows.length} of ${all.length} runs`}
          </span>
        </div>
      ) : null}
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value && all.length === 0 ? (
          <EmptyState
            icon={<ChartScatter size={28} aria-hidden />}
            title="Nothing has been measured yet"
            actions={
              <Button look="primary" onPress={() => setNew(true)}>
                Measure a pipeline
              </Button>
            }
          >
            A run asks every question of a dataset and says how often the right passages were found, with an interval.
            Two runs are compared question by question.
          </EmptyState>
        ) : null}
        {plots && rows.length > 0 ? <ParetoPlot runs={rows} /> : null}
        {rows.length > 0 ? (
          <RowTable
            label="Runs"
            columns={columns}
            rows={rows}
            keyOf={(run) => run.id}
            href={(run) => hrefOf({ page: 'runs', runId: run.id, otherId: null })}
            sort={sort}
            onSort={(column) =>
              setSort((before) => ({ column, descending: before.column === column ? !before.descending : true }))
            }
          />
        ) : null}
        {value && all.length > 0 && rows.length === 0 ? (
          <p className="runs-none soft">No run matches. Change the dataset or the filter.</p>
        ) : null}
      </div>
      <ConfirmDialog
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => void remove().catch(sayFailure)}
        title={`Remove ${formatNumberOf(picked.length, 'run')}?`}
        action={picked.length === 1 ? 'Remove it' : 'Remove them'}
      >
        Figures and results of every case are lost: {picked.map(({ name }) => `“${name}”`).join(', ')}. Documents,
        datasets and pipelines stay.
      </ConfirmDialog>
      {isNew || newOn ? <NewRunDialog key={newOn} on={newOn} onClose={closeNew} /> : null}
    </>
  )
}

function columnsFor(
  names: readonly string[],
  chosen: ReadonlySet<string>,
  onToggle: (id: string) => void,
): RowColumn<Run>[] {
  const number = (read: (run: Run) => number | null | undefined, format: (value: number) => string) => ({
    numeric: true,
    text: (run: Run) => {
      const value = read(run)
      return value === null || value === undefined ? '–' : format(value)
    },
    compare: (a: Run, b: Run) => (read(a) ?? -Infinity) - (read(b) ?? -Infinity),
  })
  return [
    {
      id: 'name',
      label: 'Run',
      numeric: false,
      leastRem: 12,
      leaves: 0,
      text: (run) => run.name,
      compare: (a, b) => a.name.localeCompare(b.name),
    },
    {
      id: 'state',
      label: 'State',
      numeric: false,
      leastRem: 7,
      leaves: 0,
      text: stateWords,
      cell: (run) => <StateCell run={run} />,
      compare: (a, b) => a.status.localeCompare(b.status),
    },
    ...names.map((name): RowColumn<Run> => ({
      id: name,
      label: name,
      leastRem: 6.5,
      leaves: 0,
      ...number((run) => metricOf(run, name)?.mean, formatMetric),
      cell: (run) => <MetricCell name={name} result={metricOf(run, name)} />,
    })),
    {
      id: 'pipeline',
      label: 'Pipeline',
      numeric: false,
      leastRem: 15,
      leaves: 4,
      text: (run) => runWords(run),
      compare: (a, b) => runWords(a).localeCompare(runWords(b)),
    },
    {
      id: 'dataset',
      label: 'Dataset',
      numeric: false,
      leastRem: 11,
      leaves: 5,
      text: (run) => `${run.facts?.dataset.name ?? 'unknown'} v${run.manifest.datasetVersion}`,
      cell: (run) => (
        <a href={hrefOf({ page: 'datasets', datasetId: run.datasetId as DatasetId, caseId: null })}>
          {run.facts?.dataset.name ?? 'unknown'} v{run.manifest.datasetVersion}
        </a>
      ),
      compare: (a, b) => a.datasetId.localeCompare(b.datasetId),
    },
    { id: 'cases', label: 'Cases', leastRem: 4.5, leaves: 7, ...number((run) => run.summary?.cases, formatCount) },
    {
      id: 'latency',
      label: 'Median',
      leastRem: 5,
      leaves: 6,
      ...number((run) => run.summary?.latencyMs.p50, formatDuration),
    },
    {
      id: 'index',
      label: 'Index',
      leastRem: 5,
      leaves: 8,
      ...number((run) => run.summary?.index.bytes, formatBytes),
    },
    {
      id: 'tags',
      label: 'Tags',
      numeric: false,
      leastRem: 7,
      leaves: 9,
      text: (run) => run.tags.join(', '),
    },
    { id: 'when', label: 'When', leastRem: 8, leaves: 3, ...number((run) => run.createdAt, formatWhen) },
    {
      id: 'choose',
      label: 'Choose',
      numeric: false,
      leastRem: 4.5,
      leaves: 0,
      text: () => '',
      cell: (run) => (
        <button
          type="button"
          className="row-check"
          role="checkbox"
          aria-checked={chosen.has(run.id)}
          aria-label={`Choose ${run.name}`}
          disabled={run.summary === null}
          onClick={() => onToggle(run.id)}
        >
          <span className="check-box" data-checked={chosen.has(run.id) || undefined} />
        </button>
      ),
    },
  ]
}

function MetricCell({ name, result }: { name: string; result: MetricResult | undefined }) {
  if (!result) return <>–</>
  return (
    <span className="metric-cell" title={`95 % interval ${formatMetric(result.low)} to ${formatMetric(result.high)}`}>
      <span className="metric-dot" style={{ background: metricColour(name) }} aria-hidden />
      {formatMetric(result.mean)}
      <span className="soft metric-spread">±{formatMetric((result.high - result.low) / 2)}</span>
    </span>
  )
}

function StateCell({ run }: { run: Run }) {
  return (
    <span className={`run-state run-${run.status}`}>
      {run.isBaseline ? <Pin size={12} aria-label="Baseline: " /> : null}
      {stateWords(run)}
    </span>
  )
}

export function stateWords(run: Run): string {
  if (run.status === 'queued') return 'waiting'
  if (isUnderWay(run)) return `${run.done} asked`
  if (run.status === 'failed') return 'failed'
  if (run.status === 'cancelled') return 'cancelled'
  return run.isBaseline ? 'baseline' : 'done'
}

/** The table as a file: every metric that any of the runs has, with its interval, and what does not fit on the screen. */
function runRows(runs: readonly Run[]): (string | number)[][] {
  const names = metricNames(runs)
  const header = ['run', 'id', 'state', 'pipeline', 'dataset', 'cases', 'median ms', 'index bytes', 'tags', 'when']
  return [
    [...header, ...names.flatMap((name) => [name, `${name} low`, `${name} high`])],
    ...runs.map((run) => [
      run.name,
      run.id,
      stateWords(run),
      runWords(run),
      `${run.facts?.dataset.name ?? run.datasetId} v${run.manifest.datasetVersion}`,
      run.summary?.cases ?? '',
      run.summary?.latencyMs.p50 ?? '',
      run.summary?.index.bytes ?? '',
      run.tags.join('; '),
      new Date(run.createdAt).toISOString(),
      ...names.flatMap((name): (string | number)[] => {
        const result = metricOf(run, name)
        return result ? [result.mean, result.low, result.high] : ['', '', '']
      }),
    ]),
  ]
}

function datasetsOf(runs: readonly Run[]): { id: string; label: string }[] {
  const names = new Map(runs.map((run) => [run.datasetId, run.facts?.dataset.name ?? run.datasetId]))
  return [...names].map(([id, label]) => ({ id, label })).sort((a, b) => a.label.localeCompare(b.label))
}

function mentions(run: Run, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const all = [run.name, runWords(run), run.note, ...run.tags].join(' ').toLowerCase()
  return words.every((word) => all.includes(word))
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}
