import type { TraceCounts, TraceStats } from '../contract/traces.ts'
import type { TraceFigures } from '../library/traces.ts'
import { percentile } from '../shared/bootstrap.ts'

const hoursUpTo = 3 * 24 * 60 * 60 * 1000

/** What was asked, by hours or days of this machine's time. `figures`: oldest first. */
export function countTraces(figures: Iterable<TraceFigures>, per?: 'hour' | 'day'): TraceStats {
  const all = [...figures]
  const spanMs = (all.at(-1)?.startedAt ?? 0) - (all[0]?.startedAt ?? 0)
  const chosen = per ?? (spanMs <= hoursUpTo ? 'hour' : 'day')
  const byStart = Map.groupBy(all, ({ startedAt }) => startOf(startedAt, chosen))
  return {
    per: chosen,
    buckets: [...byStart].map(([startsAt, members]) => ({ startsAt, ...count(members) })),
    total: count(all),
  }
}

/** By the clock on the wall, whose days are not all of one length. */
function startOf(time: number, per: 'hour' | 'day'): number {
  const start = new Date(time)
  if (per === 'hour') return start.setMinutes(0, 0, 0)
  return start.setHours(0, 0, 0, 0)
}

function count(figures: readonly TraceFigures[]): TraceCounts {
  const outcomes = Map.groupBy(figures, ({ outcome }) => outcome)
  const of = (outcome: TraceFigures['outcome']): number => outcomes.get(outcome)?.length ?? 0
  const whole = figures.flatMap(({ outcome, durationMs }) =>
    outcome === 'answered' || outcome === 'refused' ? [durationMs] : [],
  )
  const sum = (value: (figure: TraceFigures) => number | null): number =>
    figures.reduce((total, figure) => total + (value(figure) ?? 0), 0)
  return {
    questions: figures.length,
    ...{ answered: of('answered'), refused: of('refused'), failed: of('failed'), stopped: of('stopped') },
    lowRelevance: sum(({ lowRelevance }) => (lowRelevance ? 1 : 0)),
    p50Ms: whole.length === 0 ? null : percentile(whole, 0.5),
    p95Ms: whole.length === 0 ? null : percentile(whole, 0.95),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  }
}
