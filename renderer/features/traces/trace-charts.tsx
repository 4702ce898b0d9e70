import { useMemo } from 'react'
import type { TraceStats } from '../../../core/contract/traces.ts'
import { formatCount, formatDuration, formatNumberOf } from '../../ui/format.ts'
import { PlotFigure } from '../../ui/plot-figure.tsx'
import { outcomeLabels } from './trace-words.ts'

const outcomes = ['answered', 'refused', 'failed', 'stopped'] as const
const outcomeColours = ['var(--accent)', 'var(--evidence-edge)', 'var(--danger)', 'var(--text-faint)']
const heightPx = 150

/** How long answers took, and what came of questions, over time. */
export function TraceCharts({ stats }: { stats: TraceStats }) {
  const { total, per } = stats
  const times = useMemo(
    () =>
      stats.buckets.flatMap(({ startsAt, p50Ms, p95Ms }) =>
        p50Ms === null || p95Ms === null
          ? []
          : [
              { at: new Date(startsAt), seconds: p50Ms / 1000, part: 'half' },
              { at: new Date(startsAt), seconds: p95Ms / 1000, part: '95 %' },
            ],
      ),
    [stats],
  )
  const counts = useMemo(
    () =>
      stats.buckets.flatMap((bucket) =>
        outcomes.map((outcome) => ({
          at: new Date(bucket.startsAt),
          questions: bucket[outcome],
          outcome: outcomeLabels[outcome],
        })),
      ),
    [stats],
  )
  // From the beginning of the first bucket to the end of the last: also where there is one alone.
  const lastAt = stats.buckets.at(-1)?.startsAt ?? 0
  const domain = [
    new Date(stats.buckets[0]?.startsAt ?? 0),
    new Date(lastAt + (per === 'hour' ? 1 : 24) * 60 * 60 * 1000),
  ]
  const rows = stats.buckets.map((bucket) => [
    new Date(bucket.startsAt).toISOString(),
    bucket.questions,
    ...outcomes.map((outcome) => bucket[outcome]),
    bucket.p50Ms ?? '',
    bucket.p95Ms ?? '',
    bucket.inputTokens,
    bucket.outputTokens,
  ])
  const data = [['from', 'questions', ...outcomes, 'p50 ms', 'p95 ms', 'input tokens', 'output tokens'], ...rows]
  const middle = total.p50Ms === null ? 'none to the end' : `half within ${formatDuration(total.p50Ms)}`
  const most = total.p95Ms === null ? '' : `, 95 % within ${formatDuration(total.p95Ms)}`
  const refusals = total.questions === 0 ? 0 : total.refused / total.questions
  return (
    <div className="trace-charts">
      <div>
        <PlotFigure
          title={`Time to the whole answer: ${middle}${most}`}
          description={`Seconds to the whole answer by ${per}: ${middle}${most}.`}
          of={times}
          fileName="traces-times"
          data={data}
          draw={(plot) => ({
            height: heightPx,
            marginLeft: 44,
            x: { type: 'time', label: null, domain, tickFormat: tickOf },
            y: { label: 'seconds', grid: true, zero: true, nice: true },
            color: { domain: ['half', '95 %'], range: ['var(--accent)', 'var(--evidence-edge)'] },
            marks: [
              plot.lineY(times, { x: 'at', y: 'seconds', z: 'part', stroke: 'part', strokeWidth: 1.5 }),
              plot.dot(times, {
                x: 'at',
                y: 'seconds',
                fill: 'part',
                r: 2.5,
                title: ({ at, seconds, part }: (typeof times)[number]) =>
                  `${at.toLocaleString('en-GB')}: ${part} within ${formatDuration(seconds * 1000)}`,
              }),
            ],
          })}
        />
        <Key entries={timeKey} />
      </div>
      <div>
        <PlotFigure
          title={`What came of ${formatNumberOf(total.questions, 'question')}: ${Math.round(refusals * 100)} % found nothing relevant`}
          description={`Questions by ${per}: ${outcomes.map((outcome) => `${formatCount(total[outcome])} ${outcomeLabels[outcome]}`).join(', ')}.`}
          of={counts}
          fileName="traces-outcomes"
          data={data}
          draw={(plot) => ({
            height: heightPx,
            marginLeft: 44,
            x: { type: 'time', label: null, domain, tickFormat: tickOf },
            y: { label: 'questions', grid: true, nice: true },
            color: { domain: outcomes.map((outcome) => outcomeLabels[outcome]), range: outcomeColours },
            marks: [
              plot.rectY(counts, {
                x: 'at',
                y: 'questions',
                fill: 'outcome',
                interval: per,
                insetLeft: 1,
                insetRight: 1,
                title: ({ at, questions, outcome }: (typeof counts)[number]) =>
                  `${at.toLocaleString('en-GB')}: ${questions} ${outcome}`,
              }),
              plot.ruleY([0]),
            ],
          })}
        />
        <Key entries={outcomeKey} />
      </div>
    </div>
  )
}

/** '14:30', and at midnight the day, as times are told on the rest of the page. */
function tickOf(at: Date): string {
  if (at.getHours() + at.getMinutes() > 0) {
    return at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  }
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}

const timeKey = [
  { label: 'half of the questions', tone: 'accent' },
  { label: '95 % of them', tone: 'evidence' },
]
const outcomeKey = outcomes.map((outcome) => ({ label: outcomeLabels[outcome], tone: outcome }))

/** What the colours of a plot stand for. */
function Key({ entries }: { entries: readonly { label: string; tone: string }[] }) {
  return (
    <ul className="plot-key soft">
      {entries.map(({ label, tone }) => (
        <li key={tone}>
          <span className="plot-swatch" data-tone={tone} aria-hidden />
          {label}
        </li>
      ))}
    </ul>
  )
}
