import { useEffect, useMemo, useState } from 'react'
import { ArrowLeft, ArrowLeftRight } from 'lucide-react'
import type { Comparison, MetricComparison } from '../../../core/contract/runs.ts'
import type { RunId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { IntervalBar } from '../../ui/interval-bar.tsx'
import { formatDifference, formatMetric } from '../../ui/metric-figures.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { Verdict } from '../../ui/verdict.tsx'
import { CaseDetail } from './case-list.tsx'

/** Two runs, question by question: a verdict for each metric, never just two numbers. */
export function CompareView({ beforeId, afterId }: { beforeId: RunId; afterId: RunId }) {
  const [metric, setMetric] = useState<string | undefined>(undefined)
  const { value, failure, retry } = useRead(
    (signal) =>
      core().runs.compare({ runId: beforeId, otherId: afterId, limit: 200, ...(metric ? { metric } : {}) }, { signal }),
    metric,
  )
  useEffect(() => {
    document.title = 'Compare runs · Quarry'
  }, [])
  return (
    <>
      <PageHeader
        title="Compare"
        scope={value ? <span className="soft">{formatNumberOf(value.cases, 'case')} in both</span> : null}
        actions={
          <>
            <Button
              icon={<ArrowLeftRight size={15} aria-hidden />}
              onPress={() => navigate({ page: 'runs', runId: afterId, otherId: beforeId })}
            >
              The other way round
            </Button>
            <Button
              icon={<ArrowLeft size={15} aria-hidden />}
              onPress={() => navigate({ page: 'runs', runId: null, otherId: null })}
            >
              All runs
            </Button>
          </>
        }
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
        {value ? <ComparisonBody comparison={value} metric={metric} onMetric={setMetric} /> : null}
      </div>
    </>
  )
}

function ComparisonBody({
  comparison,
  metric,
  onMetric,
}: {
  comparison: Comparison
  metric: string | undefined
  onMetric(metric: string): void
}) {
  const { before, after, parameters, warnings, metrics, changes } = comparison
  const [openCase, setOpenCase] = useState<string | null>(null)
  const chosen = metric ?? metrics[0]?.name ?? ''
  const [from, to] = useMemo(() => range(metrics), [metrics])
  return (
    <div className="run">
      <p className="compare-names">
        <span>
          Before <a href={hrefOf({ page: 'runs', runId: before.id, otherId: null })}>{before.name}</a>
        </span>
        <span>
          After <a href={hrefOf({ page: 'runs', runId: after.id, otherId: null })}>{after.name}</a>
        </span>
      </p>
      {warnings.map((warning) => (
        <p key={warning} className="run-warning">
          {warning}
        </p>
      ))}
      <section aria-labelledby="compare-metrics">
        <h2 id="compare-metrics">Did it help?</h2>
        <div className="metric-scroll" role="region" aria-label="Differences by metric" tabIndex={0}>
          <table className="plain-table metric-table">
            <thead>
              <tr>
                <th scope="col">Metric</th>
                <th scope="col">Verdict</th>
                <th scope="col" className="table-numeric">
                  Before
                </th>
                <th scope="col" className="table-numeric">
                  After
                </th>
                <th scope="col" className="table-numeric">
                  Difference, 95 % interval
                </th>
                <th scope="col" aria-label="Drawn" />
                <th scope="col" className="table-numeric">
                  Won, lost, equal
                </th>
              </tr>
            </thead>
            <tbody>
              {metrics.map((each) => (
                <tr key={each.name}>
                  <th scope="row">{each.name}</th>
                  <td>
                    <Verdict verdict={each.verdict} />
                  </td>
                  <td className="table-numeric number">{formatMetric(each.before)}</td>
                  <td className="table-numeric number">{formatMetric(each.after)}</td>
                  <td className="table-numeric number">
                    {formatDifference(each.difference.mean)} [{formatDifference(each.difference.low)},{' '}
                    {formatDifference(each.difference.high)}]
                  </td>
                  <td className="metric-drawn">
                    <IntervalBar value={each.difference} name={each.name} from={from} to={to} />
                  </td>
                  <td className="table-numeric number">
                    {each.wins} · {each.losses} · {each.ties}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="soft run-line">
          An interval that leaves out zero shows a difference; one that holds it shows none, however different the two
          means look.
        </p>
      </section>
      <section aria-labelledby="compare-parameters">
        <h2 id="compare-parameters">What differs</h2>
        {parameters.length === 0 ? <p className="soft">Nothing: pipeline and settings are the same.</p> : null}
        {parameters.length > 0 ? (
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Option</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <tbody>
              {parameters.map((each) => (
                <tr key={each.path}>
                  <th scope="row">
                    <code>{each.path}</code>
                  </th>
                  <td>
                    <code>{shown(each.before)}</code>
                  </td>
                  <td>
                    <code>{shown(each.after)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : null}
      </section>
      <section aria-labelledby="compare-cases">
        <div className="run-cases-head">
          <h2 id="compare-cases">Questions that changed most</h2>
          <SelectField
            label="By"
            value={chosen}
            entries={metrics.map(({ name, label }) => ({ id: name, label: name, hint: label }))}
            onChange={onMetric}
          />
        </div>
        <ul className="case-list">
          {changes
            .filter((change) => change.before !== change.after)
            .map((change) => (
              <li key={change.caseId} className="case">
                <button
                  type="button"
                  className="case-line"
                  aria-expanded={openCase === change.caseId}
                  onClick={() => setOpenCase(openCase === change.caseId ? null : change.caseId)}
                >
                  <span
                    className={`case-score number ${won(change, metrics, chosen) ? 'tone-success' : 'tone-danger'}`}
                  >
                    {formatDifference(change.after - change.before)}
                  </span>
                  <span className="case-question">{change.question}</span>
                  <span className="soft number">
                    {formatMetric(change.before)} → {formatMetric(change.after)}
                  </span>
                </button>
                {openCase === change.caseId ? <SideBySide comparison={comparison} caseId={change.caseId} /> : null}
              </li>
            ))}
        </ul>
        {changes.every((change) => change.before === change.after) ? (
          <p className="soft">No question has another {chosen}.</p>
        ) : null}
      </section>
    </div>
  )
}

function SideBySide({ comparison, caseId }: { comparison: Comparison; caseId: string }) {
  const { before, after } = comparison
  const { value, failure, retry } = useRead(
    (signal) =>
      Promise.all(
        [before, after].map(({ id }) => core().runs.cases({ runId: id, caseId, limit: 1, offset: 0 }, { signal })),
      ),
    caseId,
  )
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  if (!value) return <p className="soft">Reading what both found…</p>
  return (
    <div className="side-by-side">
      {[before, after].map((run, index) => {
        const [result] = value[index]?.cases ?? []
        return (
          <div key={run.id}>
            <h3>{index === 0 ? `Before: ${run.name}` : `After: ${run.name}`}</h3>
            {result ? <CaseDetail run={run} result={result} /> : <p className="soft">Not asked in this run.</p>}
          </div>
        )
      })}
    </div>
  )
}

/** One scale for all differences, around zero. */
function range(metrics: readonly MetricComparison[]): [number, number] {
  const most = Math.max(
    0.01,
    ...metrics.flatMap(({ difference }) => [Math.abs(difference.low), Math.abs(difference.high)]),
  )
  return [-most, most]
}

function won(change: { before: number; after: number }, metrics: readonly MetricComparison[], name: string): boolean {
  const lower = metrics.find((metric) => metric.name === name)?.better === 'lower'
  return lower ? change.after < change.before : change.after > change.before
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
}
