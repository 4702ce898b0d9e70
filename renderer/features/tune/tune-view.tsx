import { useEffect, useMemo, useState } from 'react'
import { ArrowLeft, Check, GitBranch, Trash2 } from 'lucide-react'
import type { Trial, Tune, TuneResult } from '../../../core/contract/tune.ts'
import type { TuneId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { noteStart, useJobs } from '../../state/jobs.ts'
import { useMeasuring } from '../../state/measuring.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useCollection, useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog, Dialog } from '../../ui/dialog.tsx'
import { DraftDialog } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatWhen, shareOf } from '../../ui/format.ts'
import { IntervalBar } from '../../ui/interval-bar.tsx'
import { Meter } from '../../ui/meter.tsx'
import { formatDifference, formatInterval, formatMetric } from '../../ui/metric-figures.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { same } from '../../ui/schema-fields.ts'
import { Verdict } from '../../ui/verdict.tsx'
import { shortLabel, valueWords } from '../../../core/contract/option-words.ts'
import { strategyOf } from './strategies.ts'
import { coverageWords, scaleOf, trialName } from './tune-figures.ts'
import { EffectPlot, TrialPlot } from './tune-plots.tsx'

/** One search: what it recommends and why, then everything that it measured. */
export function TuneView({ tuneId }: { tuneId: TuneId }) {
  const tick = useMeasuring()
  const { value: tune, failure, retry } = useRead((signal) => core().tunes.get({ tuneId }, { signal }), tick)
  const [applying, setApplying] = useState<Trial | null>(null)
  useEffect(() => {
    document.title = `${tune?.name ?? 'Search'} · Quarry`
  }, [tune?.name])
  const result = tune?.result
  return (
    <>
      <PageHeader
        title={tune?.name ?? 'Search'}
        scope={tune ? <span className="soft">{strategyOf(tune.spec.strategy).name}</span> : null}
        actions={
          <>
            {tune && !isUnderWay(tune) ? <Remove tune={tune} /> : null}
            <Button icon={<ArrowLeft size={15} aria-hidden />} onPress={() => navigate({ page: 'tune', tuneId: null })}>
              All searches
            </Button>
          </>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {tune ? (
          <div className="run tune">
            {tune.error ? <FailureNote failure={tune.error} title="The search could not go on" /> : null}
            {isUnderWay(tune) ? <UnderWay tune={tune} /> : null}
            {tune.status === 'cancelled' ? (
              <p className="run-warning">It was cancelled. What had been measured until then is below.</p>
            ) : null}
            {result && tune.status === 'done' ? (
              <Recommendation tune={tune} result={result} onApply={setApplying} />
            ) : null}
            {result ? <Trials tune={tune} trials={result.trials} onApply={setApplying} /> : null}
            {result && result.trials.some(({ score }) => score) ? (
              <div className="tune-plots">
                <TrialPlot trials={result.trials} metric={tune.spec.metric} />
                <EffectPlot effects={result.effects} metric={tune.spec.metric} />
              </div>
            ) : null}
            {result && !isUnderWay(tune) ? <Coverage tune={tune} result={result} /> : null}
            <Search tune={tune} />
          </div>
        ) : null}
      </div>
      {tune && applying ? <ApplyDialog tune={tune} trial={applying} onClose={() => setApplying(null)} /> : null}
    </>
  )
}

function UnderWay({ tune }: { tune: Tune }) {
  const job = useJobs((state) => state.active.find(({ id }) => id === tune.jobId))
  const { done = 0, total, label } = job?.progress ?? {}
  const trials = total === undefined ? formatNumberOf(done, 'trial') : `${done} of ${formatNumberOf(total, 'trial')}`
  return (
    <div className="run-way">
      <p role="status">
        {tune.status === 'queued' ? 'Waiting for other work to end.' : `${trials} measured`}
        {tune.status !== 'queued' && label ? <span className="soft"> · {label}</span> : null}
      </p>
      <Meter share={shareOf(done, total)} label="Search" valueText={`${trials} measured`} />
      {tune.jobId ? (
        <Button small onPress={() => void core().jobs.cancel({ jobId: tune.jobId! }).catch(sayFailure)}>
          Cancel
        </Button>
      ) : null}
    </div>
  )
}

function Recommendation({ tune, result, onApply }: { tune: Tune; result: TuneResult; onApply(trial: Trial): void }) {
  const { recommendation, decision, trials } = result
  const [releasing, setReleasing] = useState(false)
  const taken = trials.find(({ number }) => number === recommendation.trial)
  return (
    <section className="tune-recommendation" aria-labelledby="tune-recommendation">
      <h2 id="tune-recommendation">Recommendation</h2>
      <p className="tune-sentence">{recommendation.sentence}</p>
      {taken ? (
        <div className="release-actions">
          <Use tune={tune} trial={taken} onApply={onApply} isMain />
          <Button icon={<GitBranch size={15} aria-hidden />} onPress={() => setReleasing(true)}>
            Release it …
          </Button>
          <DraftDialog
            isOpen={releasing}
            pipeline={taken.pipeline}
            from={`trial ${taken.number} of the search “${tune.name}”`}
            onClose={() => setReleasing(false)}
          />
        </div>
      ) : null}
      {decision ? (
        <Decision tune={tune} decision={decision} trials={trials} />
      ) : (
        <p className="soft">{whyUndecided(tune, result)}</p>
      )}
    </section>
  )
}

function Decision({
  tune,
  decision,
  trials,
}: {
  tune: Tune
  decision: NonNullable<TuneResult['decision']>
  trials: readonly Trial[]
}) {
  const { before, after, difference, verdict, cases, baselineRunId, bestRunId } = decision
  const best = trials.find(({ number }) => number === decision.trial)
  const reach = Math.max(0.01, Math.abs(difference.low), Math.abs(difference.high))
  return (
    <div className="tune-decision">
      <table className="plain-table metric-table">
        <caption>On {formatNumberOf(cases, 'question')} that no trial saw</caption>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Verdict</th>
            <th scope="col" className="table-numeric">
              As it was
            </th>
            <th scope="col" className="table-numeric">
              Trial {decision.trial}
            </th>
            <th scope="col" className="table-numeric">
              Difference, 95 % interval
            </th>
            <th scope="col" aria-label="Drawn" />
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{tune.spec.metric}</th>
            <td>
              <Verdict verdict={verdict} />
            </td>
            <td className="table-numeric number">
              <a href={hrefOf({ page: 'runs', runId: baselineRunId, otherId: null })}>{formatMetric(before)}</a>
            </td>
            <td className="table-numeric number">
              <a href={hrefOf({ page: 'runs', runId: bestRunId, otherId: null })}>{formatMetric(after)}</a>
            </td>
            <td className="table-numeric number">
              {formatDifference(difference.mean)} [{formatDifference(difference.low)},{' '}
              {formatDifference(difference.high)}]
            </td>
            <td className="metric-drawn">
              <IntervalBar value={difference} name={tune.spec.metric} from={-reach} to={reach} />
            </td>
          </tr>
        </tbody>
      </table>
      <p className="soft run-line">
        {best ? `Trial ${best.number}: ${trialName(best)}. ` : ''}
        <a href={hrefOf({ page: 'runs', runId: baselineRunId, otherId: bestRunId })}>Compare question by question</a>
      </p>
    </div>
  )
}

function Trials({ tune, trials, onApply }: { tune: Tune; trials: readonly Trial[]; onApply(trial: Trial): void }) {
  const [sort, setSort] = useState<RowSort | null>(null)
  const columns = useMemo(() => trialColumns(tune, trials, onApply), [tune, trials, onApply])
  // As they come they are ranked: best first.
  const rows = useMemo(() => (sort ? sortRows(trials, columns, sort) : trials), [trials, columns, sort])
  return (
    <section aria-labelledby="tune-trials">
      <div className="run-cases-head">
        <h2 id="tune-trials">Trials, best first</h2>
        {sort ? (
          <Button small look="quiet" onPress={() => setSort(null)}>
            Best first
          </Button>
        ) : null}
      </div>
      <RowTable
        label="Trials"
        columns={columns}
        rows={rows}
        keyOf={({ runId }) => runId}
        href={({ runId }) => hrefOf({ page: 'runs', runId, otherId: null })}
        {...(sort ? { sort } : {})}
        onSort={(column) =>
          setSort((before) => ({ column, descending: before?.column === column ? !before.descending : true }))
        }
      />
    </section>
  )
}

function trialColumns(tune: Tune, trials: readonly Trial[], onApply: (trial: Trial) => void): RowColumn<Trial>[] {
  const { metric } = tune.spec
  const [from, to] = scaleOf(trials)
  const number = (read: (trial: Trial) => number | null, format: (value: number) => string) => ({
    numeric: true,
    text: (trial: Trial) => {
      const value = read(trial)
      return value === null ? '–' : format(value)
    },
    compare: (a: Trial, b: Trial) => (read(a) ?? -Infinity) - (read(b) ?? -Infinity),
  })
  return [
    {
      id: 'name',
      label: 'What was varied',
      numeric: false,
      leastRem: 15,
      leaves: 0,
      text: trialName,
    },
    { id: 'number', label: 'Trial', leastRem: 3.5, leaves: 4, ...number((trial) => trial.number, formatCount) },
    {
      id: 'score',
      label: `${metric}, 95 % interval`,
      leastRem: 10,
      leaves: 0,
      ...number((trial) => trial.score?.mean ?? null, formatMetric),
      cell: ({ score }) => <span className="number">{score ? formatInterval(score) : '–'}</span>,
    },
    {
      id: 'drawn',
      label: `${formatMetric(from)} to ${formatMetric(to)}`,
      numeric: false,
      leastRem: 9,
      leaves: 6,
      text: () => '',
      cell: ({ score }) =>
        score ? (
          <span className="tune-drawn">
            <IntervalBar value={score} name={metric} from={from} to={to} />
          </span>
        ) : (
          '–'
        ),
    },
    { id: 'latency', label: 'Median', leastRem: 5, leaves: 2, ...number((trial) => trial.latencyMs, formatDuration) },
    { id: 'index', label: 'Index', leastRem: 5, leaves: 3, ...number((trial) => trial.indexBytes, formatBytes) },
    { id: 'chunks', label: 'Chunks', leastRem: 5, leaves: 7, ...number((trial) => trial.chunks, formatCount) },
    {
      id: 'state',
      label: 'State',
      numeric: false,
      leastRem: 8,
      leaves: 5,
      text: stateWords,
      cell: (trial) => (
        <span className={`run-state run-${trial.status}`} title={trial.error?.message}>
          {stateWords(trial)}
        </span>
      ),
    },
    {
      id: 'use',
      label: 'Pipeline',
      numeric: false,
      leastRem: 8,
      leaves: 1,
      text: () => '',
      cell: (trial) => (isUnderWay(tune) ? null : <Use tune={tune} trial={trial} onApply={onApply} />),
    },
  ]
}

/** The way to a trial's pipeline, or that the collection has it already. */
function Use({
  tune,
  trial,
  onApply,
  isMain = false,
}: {
  tune: Tune
  trial: Trial
  onApply(trial: Trial): void
  isMain?: boolean
}) {
  const collection = useCollection(tune.collectionId)
  if (!collection || !trial.score) return null
  if (same(collection.pipeline, trial.pipeline)) {
    return (
      <span className="tune-is soft">
        <Check size={13} aria-hidden /> the pipeline now
      </span>
    )
  }
  return (
    <Button
      look={isMain ? 'primary' : 'quiet'}
      small={!isMain}
      {...(isMain ? {} : { 'aria-label': `Use trial ${trial.number}: ${trialName(trial)}` })}
      onPress={() => onApply(trial)}
    >
      {isMain ? 'Make this the pipeline …' : 'Use …'}
    </Button>
  )
}

function ApplyDialog({ tune, trial, onClose }: { tune: Tune; trial: Trial; onClose(): void }) {
  const collection = useCollection(tune.collectionId)
  const recommended = tune.result?.recommendation.trial === trial.number
  const apply = async (): Promise<void> => {
    onClose()
    try {
      const { jobId } = await core().tunes.apply({ tuneId: tune.id, trial: trial.number })
      if (jobId) await noteStart(jobId)
      useNotices
        .getState()
        .say(
          jobId
            ? `The index of ${collection?.name} is being built; until then the one before answers.`
            : `${collection?.name} answers with this pipeline now.`,
        )
      await useWorkspace.getState().refresh()
    } catch (error) {
      sayFailure(error)
    }
  }
  if (!collection) return null
  return (
    <Dialog isOpen onClose={onClose} title="Make this the pipeline?">
      <div className="dialog-body">
        <p>
          {collection.name} then answers as in trial {trial.number}:
        </p>
        <dl className="facts">
          {Object.entries(trial.parameters).map(([path, value]) => (
            <div key={path} className="tune-fact">
              <dt>{shortLabel(path)}</dt>
              <dd>{valueWords(value)}</dd>
            </div>
          ))}
        </dl>
        {recommended ? null : (
          <p className="run-warning">This is not what the search recommends: nothing shows that it is better.</p>
        )}
        {same(collection.pipeline, tune.pipeline) ? null : (
          <p className="run-warning">The pipeline was changed since this search began. That change is replaced.</p>
        )}
        <p className="soft">
          Documents stay as they are. The index that the trial built is taken over; where it is gone, it is built again
          while the one before goes on answering. What people changed of chunks is applied again where its text is still
          found.
        </p>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" onPress={() => void apply()} autoFocus>
          Make it the pipeline
        </Button>
      </footer>
    </Dialog>
  )
}

function Coverage({ tune, result }: { tune: Tune; result: TuneResult }) {
  const failed = result.trials.filter(({ status }) => status === 'failed')
  return (
    <section aria-labelledby="tune-coverage">
      <h2 id="tune-coverage">What was tried, and what was not</h2>
      <p>{coverageWords(tune, result)}</p>
      {result.unfinished ? <p>{result.unfinished}</p> : null}
      <p className="soft run-line number">
        {formatNumberOf(result.indexesBuilt, 'index', 'indexes')} built for{' '}
        {formatNumberOf(result.trials.length, 'trial')} · took {formatDuration(result.spentMs)}
      </p>
      {failed.length > 0 ? (
        <ul className="tune-failed">
          {failed.map((trial) => (
            <li key={trial.runId}>
              <a href={hrefOf({ page: 'runs', runId: trial.runId, otherId: null })}>{trialName(trial)}</a>:{' '}
              {trial.error?.message}
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  )
}

function Search({ tune }: { tune: Tune }) {
  const { spec } = tune
  const { value } = useRead((signal) => core().datasets.list(undefined, { signal }), tune.datasetId)
  const collection = useCollection(tune.collectionId)
  const dataset = value?.datasets.find(({ id }) => id === tune.datasetId)
  const { trials, minutes } = spec.budget
  const limits = [
    ...(trials === undefined ? [] : [formatNumberOf(trials, 'trial')]),
    ...(minutes === undefined ? [] : [formatNumberOf(minutes, 'minute')]),
  ]
  return (
    <section aria-labelledby="tune-search">
      <h2 id="tune-search">What was asked for</h2>
      <dl className="facts">
        <dt>Dataset</dt>
        <dd>
          {dataset?.name ?? tune.datasetId}, version {tune.datasetVersion}
        </dd>
        <dt>Collection</dt>
        <dd>{collection?.name ?? 'removed'}</dd>
        <dt>Looked for</dt>
        <dd>{spec.metric}</dd>
        <dt>Strategy</dt>
        <dd>{strategyOf(spec.strategy).sentence}</dd>
        <dt>Held back</dt>
        <dd>
          {spec.heldOutSplit === undefined
            ? `${Math.round(spec.heldOut * 100)} % of the questions`
            : `the split "${spec.heldOutSplit}"`}
        </dd>
        <dt>Budget</dt>
        <dd>{limits.length > 0 ? `at most ${limits.join(', ')}` : 'no limit'}</dd>
        {spec.parameters.map((parameter) => (
          <SpaceLine key={parameter.path} parameter={parameter} />
        ))}
        <dt>Started</dt>
        <dd>{formatWhen(tune.createdAt)}</dd>
      </dl>
    </section>
  )
}

function SpaceLine({ parameter }: { parameter: Tune['spec']['parameters'][number] }) {
  return (
    <>
      <dt title={parameter.path}>{shortLabel(parameter.path)}</dt>
      <dd className="number">
        {'values' in parameter
          ? parameter.values.map(valueWords).join(', ')
          : `${parameter.from} to ${parameter.to} in steps of ${parameter.step}`}
      </dd>
    </>
  )
}

function Remove({ tune }: { tune: Tune }) {
  const [asking, setAsking] = useState(false)
  const remove = async (): Promise<void> => {
    const goBack = fromHere()
    await core().tunes.remove({ tuneId: tune.id })
    goBack({ page: 'tune', tuneId: null })
  }
  return (
    <>
      <Button icon={<Trash2 size={15} aria-hidden />} onPress={() => setAsking(true)}>
        Remove …
      </Button>
      <ConfirmDialog
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void remove().catch(sayFailure)}
        title={`Remove the search "${tune.name}"?`}
        action="Remove it"
      >
        Its recommendation and its {formatNumberOf(tune.result?.trials.length ?? 0, 'trial')} are lost. Documents,
        dataset and pipeline stay.
      </ConfirmDialog>
    </>
  )
}

function isUnderWay({ status }: Pick<Tune, 'status'>): boolean {
  return status === 'queued' || status === 'running'
}

function stateWords({ status, cases }: Trial): string {
  if (status === 'stopped') return `stopped after ${cases}`
  if (status === 'running') return `${cases} asked`
  return status === 'failed' ? 'failed' : 'done'
}

function whyUndecided({ spec }: Tune, { trials }: TuneResult): string {
  const best = trials.find(({ score }) => score)
  if (best?.number === 0)
    return 'The present pipeline came out first: there was nothing for the held-back questions to decide.'
  return spec.heldOut === 0 && spec.heldOutSplit === undefined
    ? 'No question was held back, so nothing decides whether the best trial only looks better.'
    : 'Too few questions were held back to decide by.'
}
