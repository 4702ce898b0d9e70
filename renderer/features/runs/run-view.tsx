import { useEffect, useMemo, useState } from 'react'
import {
  ArrowLeft,
  Download,
  Ellipsis,
  GitBranch,
  GitCompareArrows,
  Pin,
  PinOff,
  RotateCw,
  Send,
  Trash2,
} from 'lucide-react'
import type { CaseResult, MetricResult, Run } from '../../../core/contract/runs.ts'
import type { DatasetId, RunId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { DraftDialog } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { IntervalBar } from '../../ui/interval-bar.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Meter } from '../../ui/meter.tsx'
import { formatInterval } from '../../ui/metric-figures.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { CalibrationSection } from './calibration-panel.tsx'
import { CaseList } from './case-list.tsx'
import { MlflowDialog } from './mlflow-dialog.tsx'
import { flatten, runWords } from './run-figures.ts'
import { ScorePlot, TagPlot } from './run-plots.tsx'
import { isUnderWay } from './use-runs.ts'

/** One run: what came out, what it was, and each of its questions. */
export function RunView({ runId }: { runId: RunId }) {
  const tick = useMeasuring()
  const { value: run, failure, retry } = useRead((signal) => core().runs.get({ runId }, { signal }), tick)
  useEffect(() => {
    document.title = `${run?.name ?? 'Run'} · Quarry`
  }, [run?.name])
  return (
    <>
      <PageHeader
        title={run?.name ?? 'Run'}
        scope={run ? <span className="soft">{runWords(run)}</span> : null}
        actions={run ? <RunActions run={run} onChange={retry} /> : null}
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {run ? (
          <div className="run">
            {run.error ? <FailureNote failure={run.error} /> : null}
            {isUnderWay(run) ? <UnderWay run={run} /> : null}
            {run.summary ? <Results run={run} /> : null}
            <NoteAndTags key={run.id} run={run} onChange={retry} />
            <Facts run={run} />
          </div>
        ) : null}
      </div>
    </>
  )
}

function RunActions({ run, onChange }: { run: Run; onChange(): void }) {
  const [removing, setRemoving] = useState(false)
  const [mlflow, setMlflow] = useState(false)
  const [releasing, setReleasing] = useState(false)
  const baseline = useRead(
    (signal) => core().runs.list({ datasetId: run.datasetId, limit: 1000 }, { signal }),
    `${run.datasetId} ${run.isBaseline}`,
  ).value?.runs.find((other) => other.isBaseline && other.id !== run.id)
  const does = (work: () => Promise<unknown>) => () => void work().catch(sayFailure)
  const rerun = async (): Promise<void> => {
    const goThere = fromHere()
    const started = await core().runs.rerun({ runId: run.id })
    await noteStart(started.jobId)
    goThere({ page: 'runs', runId: started.run.id, otherId: null })
  }
  const save = async (format: 'json' | 'csv'): Promise<void> => {
    const { name, type, text } = await core().runs.export({ runId: run.id, format })
    saveFile(name, new Blob([text], { type }))
  }
  const pin = async (): Promise<void> => {
    await core().runs.pinBaseline({ runId: run.id, pinned: !run.isBaseline })
    useNotices
      .getState()
      .say(
        run.isBaseline ? 'This dataset has no baseline now.' : 'Other runs of this dataset are compared with this one.',
      )
    onChange()
  }
  return (
    <>
      {baseline && run.summary ? (
        <Button
          icon={<GitCompareArrows size={15} aria-hidden />}
          onPress={() => navigate({ page: 'runs', runId: baseline.id, otherId: run.id })}
        >
          Compare with the baseline
        </Button>
      ) : null}
      <Button
        icon={run.isBaseline ? <PinOff size={15} aria-hidden /> : <Pin size={15} aria-hidden />}
        onPress={does(pin)}
        isDisabled={!run.summary}
      >
        {run.isBaseline ? 'Let go as baseline' : 'Make baseline'}
      </Button>
      <Menu
        label="What can be done with this run"
        trigger={<Button icon={<Ellipsis size={15} aria-hidden />}>More</Button>}
        entries={[
          { id: 'rerun', label: 'Run again', icon: <RotateCw size={14} />, onAction: does(rerun) },
          {
            id: 'release',
            label: 'Release its pipeline …',
            icon: <GitBranch size={14} />,
            onAction: () => setReleasing(true),
          },
          { id: 'json', label: 'Save as JSON', icon: <Download size={14} />, onAction: does(() => save('json')) },
          { id: 'csv', label: 'Save cases as CSV', icon: <Download size={14} />, onAction: does(() => save('csv')) },
          { id: 'mlflow', label: 'Send to MLflow…', icon: <Send size={14} />, onAction: () => setMlflow(true) },
          null,
          {
            id: 'remove',
            label: 'Remove…',
            icon: <Trash2 size={14} />,
            tone: 'danger',
            onAction: () => setRemoving(true),
          },
        ]}
      />
      <Button
        icon={<ArrowLeft size={15} aria-hidden />}
        onPress={() => navigate({ page: 'runs', runId: null, otherId: null })}
      >
        All runs
      </Button>
      <ConfirmDialog
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={does(async () => {
          const goBack = fromHere()
          await core().runs.remove({ runIds: [run.id] })
          goBack({ page: 'runs', runId: null, otherId: null })
        })}
        title={`Remove the run "${run.name}"?`}
        action="Remove it"
      >
        Its figures and the results of {formatNumberOf(run.summary?.cases ?? run.done, 'case')} are lost. Documents,
        dataset and pipeline stay.
      </ConfirmDialog>
      <DraftDialog
        isOpen={releasing}
        pipeline={run.manifest.pipeline}
        from={`the run “${run.name}”`}
        onClose={() => setReleasing(false)}
      />
      {mlflow ? <MlflowDialog runIds={[run.id]} onClose={() => setMlflow(false)} /> : null}
    </>
  )
}

function UnderWay({ run }: { run: Run }) {
  const total = run.manifest.settings.limit
  return (
    <div className="run-way">
      <p role="status">
        {run.status === 'queued'
          ? 'Waiting for other work to end.'
          : run.done === 0
            ? 'Building the index that this pipeline needs, or loading its model.'
            : `${formatNumberOf(run.done, 'question')} asked.`}
      </p>
      <Meter share={total ? run.done / total : null} label="Run" valueText={`${run.done} asked`} />
      {run.jobId ? (
        <Button small onPress={() => void core().jobs.cancel({ jobId: run.jobId! }).catch(sayFailure)}>
          Cancel
        </Button>
      ) : null}
    </div>
  )
}

/** So many cases are read for the histogram; more make no other picture. */
const casesForPlot = 1000

function Results({ run }: { run: Run }) {
  const summary = run.summary!
  const [wanted, setMetric] = useState<string | null>(null)
  const metric = wanted ?? summary.metrics[0]?.name ?? ''
  const { value } = useRead(
    (signal) => core().runs.cases({ runId: run.id, limit: casesForPlot, offset: 0 }, { signal }),
    run.finishedAt,
  )
  const cases: readonly CaseResult[] = useMemo(() => value?.cases ?? [], [value])
  return (
    <>
      {summary.disturbed ? (
        <p className="run-warning">Documents or judgements changed while it ran: run it again before trusting it.</p>
      ) : null}
      {summary.reading ? (
        <p className="soft">
          {formatNumberOf(summary.reading.documents, 'document')} were read again, in another way than the collection
          reads them.{' '}
          {summary.reading.lost > 0
            ? `${formatCount(summary.reading.lost)} of ${formatNumberOf(summary.reading.passages, 'expected passage')} are not in those texts: they count as not found.`
            : 'All expected passages are in those texts, too.'}
        </p>
      ) : null}
      <section aria-labelledby="run-metrics">
        <h2 id="run-metrics">Results</h2>
        <MetricTable metrics={summary.metrics} />
        <p className="soft number run-line">
          {[
            formatNumberOf(summary.cases, 'case'),
            ...(summary.failed > 0 ? [`${formatCount(summary.failed)} could not be asked`] : []),
            ...(summary.stale > 0 ? [`${formatCount(summary.stale)} out of date, left out`] : []),
            `median ${formatDuration(summary.latencyMs.p50)}, 95 % under ${formatDuration(summary.latencyMs.p95)}`,
            `${formatCount(Math.round(summary.contextTokens))} tokens found per question`,
            `index ${formatBytes(summary.index.bytes)}, ${formatNumberOf(summary.index.chunks, 'chunk')}`,
            summary.index.builtMs === null
              ? 'index was there'
              : `index built in ${formatDuration(summary.index.builtMs)}`,
          ].join(' · ')}
        </p>
      </section>
      <section aria-labelledby="run-cases" className="run-cases">
        <div className="run-cases-head">
          <h2 id="run-cases">Cases</h2>
          <SelectField
            label="By"
            value={metric}
            entries={summary.metrics.map(({ name, label }) => ({ id: name, label: name, hint: label }))}
            onChange={setMetric}
          />
        </div>
        <div className="run-plots">
          {cases.length > 0 ? <ScorePlot cases={cases} metric={metric} /> : null}
          <TagPlot byTag={summary.byTag} metric={metric} />
        </div>
        <CaseList run={run} metric={metric} cases={cases} total={value?.total ?? 0} />
      </section>
      <CalibrationSection run={run} cases={cases} />
    </>
  )
}

function MetricTable({ metrics }: { metrics: readonly MetricResult[] }) {
  return (
    <div className="metric-scroll" role="region" aria-label="Results by metric" tabIndex={0}>
      <table className="plain-table metric-table">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" className="table-numeric">
              Mean and 95 % interval
            </th>
            <th scope="col" aria-label="Drawn" />
            <th scope="col" className="table-numeric">
              Cases
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.map((metric) => (
            <tr key={metric.name}>
              <th scope="row">
                {metric.name} <span className="soft">{metric.label}</span>
              </th>
              <td className="table-numeric number">{metric.cases === 0 ? '–' : formatInterval(metric)}</td>
              <td className="metric-drawn">
                {metric.cases === 0 ? null : <IntervalBar value={metric} name={metric.name} />}
              </td>
              <td className="table-numeric number">
                {formatCount(metric.cases)}
                {metric.errors > 0 ? (
                  <span className="tone-warning"> · {formatCount(metric.errors)} not scored</span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NoteAndTags({ run, onChange }: { run: Run; onChange(): void }) {
  const [note, setNote] = useState(run.note)
  const [tags, setTags] = useState(run.tags.join(', '))
  const given = tags
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean)
  const changed = note !== run.note || given.join('\n') !== run.tags.join('\n')
  const save = async (): Promise<void> => {
    await core().runs.update({ runId: run.id, note, tags: [...new Set(given)] })
    onChange()
  }
  return (
    <section className="run-note" aria-labelledby="run-note">
      <h2 id="run-note">Note and tags</h2>
      <div className="field">
        <label htmlFor="run-note-text">Note</label>
        <textarea
          id="run-note-text"
          className="input"
          rows={3}
          maxLength={20_000}
          placeholder="What was tried, and why"
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor="run-tags">Tags, with commas between</label>
        <input id="run-tags" className="input" value={tags} onChange={(event) => setTags(event.target.value)} />
      </div>
      <div>
        <Button isDisabled={!changed} onPress={() => void save().catch(sayFailure)}>
          Save
        </Button>
      </div>
    </section>
  )
}

function Facts({ run }: { run: Run }) {
  const { facts, manifest } = run
  const parameters = useMemo(() => flatten(manifest.pipeline), [manifest.pipeline])
  return (
    <section aria-labelledby="run-facts">
      <h2 id="run-facts">What was run</h2>
      <dl className="facts">
        <dt>Dataset</dt>
        <dd>
          <a href={hrefOf({ page: 'datasets', datasetId: run.datasetId as DatasetId, caseId: null })}>
            {facts?.dataset.name ?? manifest.datasetId}
          </a>
          , version {manifest.datasetVersion}
          {facts ? <code className="soft"> {facts.dataset.hash.slice(0, 12)}</code> : null}
        </dd>
        {facts ? (
          <>
            <dt>Collection</dt>
            <dd>
              {facts.collection.name}, {formatNumberOf(facts.collection.documents, 'document')}
            </dd>
            <dt>Models</dt>
            <dd>
              {[facts.models.embedder, facts.models.reranker, facts.models.generator, facts.models.judge]
                .filter(Boolean)
                .join(' · ')}
            </dd>
            <dt>Index</dt>
            <dd>
              <code>{facts.indexFingerprint.slice(0, 16)}</code>
            </dd>
            <dt>Machine</dt>
            <dd>
              {facts.machine.processor}, {formatNumberOf(facts.machine.cores, 'core')},{' '}
              {formatBytes(facts.machine.memoryBytes)}, {facts.machine.platform}
            </dd>
            <dt>Code</dt>
            <dd>
              Quarry {facts.code.version}, Node {facts.code.node}
            </dd>
          </>
        ) : null}
        <dt>Settings</dt>
        <dd>
          {manifest.settings.mode}, {manifest.settings.k} results, seed {manifest.settings.seed}
          {manifest.settings.answers ? ', answers measured' : ''}
          {manifest.settings.filter ? <code> {manifest.settings.filter}</code> : null}
        </dd>
        <dt>Started</dt>
        <dd>
          {formatWhen(run.createdAt)}
          {run.summary ? `, took ${formatDuration(run.summary.totalMs)}` : ''}
        </dd>
      </dl>
      <details className="run-parameters">
        <summary>Pipeline, {formatNumberOf(parameters.length, 'value')}</summary>
        <table className="plain-table">
          <tbody>
            {parameters.map(({ path, value }) => (
              <tr key={path}>
                <th scope="row">
                  <code>{path}</code>
                </th>
                <td>
                  <code>{value}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  )
}
