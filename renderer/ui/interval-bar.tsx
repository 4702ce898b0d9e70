import type { MetricResult } from '../../core/contract/runs.ts'
import { formatInterval, metricColour } from './metric-figures.ts'

/** A mean with its interval on a line from `from` to `to`; a thin mark stands at zero where that lies within. */
export function IntervalBar({
  value,
  name,
  from = 0,
  to = 1,
}: {
  value: Pick<MetricResult, 'mean' | 'low' | 'high'>
  name: string
  from?: number
  to?: number
}) {
  const span = to - from || 1
  const x = (at: number): number => Math.min(100, Math.max(0, ((at - from) / span) * 100))
  return (
    <svg
      className="interval-bar"
      viewBox="0 0 100 12"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${name}: ${formatInterval(value)}`}
    >
      <line x1="0" x2="100" y1="6" y2="6" className="interval-track" />
      {from < 0 && to > 0 ? <line x1={x(0)} x2={x(0)} y1="0" y2="12" className="interval-zero" /> : null}
      <line
        x1={x(value.low)}
        x2={Math.max(x(value.high), x(value.low) + 0.5)}
        y1="6"
        y2="6"
        className="interval-range"
        style={{ stroke: metricColour(name) }}
      />
      <line
        x1={x(value.mean)}
        x2={x(value.mean)}
        y1="2"
        y2="10"
        className="interval-mean"
        style={{ stroke: metricColour(name) }}
      />
    </svg>
  )
}
