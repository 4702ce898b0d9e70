import { useMemo, useState } from 'react'
import type { Trial, TuneResult } from '../../../core/contract/tune.ts'
import { formatDifference, formatMetric, metricColour } from '../../ui/metric-figures.ts'
import { PlotFigure } from '../../ui/plot-figure.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { effectBars, trialName, type EffectBar } from './tune-figures.ts'

const costs = [
  { id: 'latency', label: 'Median time of a question', unit: 'ms', of: ({ latencyMs }: Trial) => latencyMs },
  {
    id: 'index',
    label: 'Size of the index',
    unit: 'MB',
    of: ({ indexBytes }: Trial) => (indexBytes === null ? null : indexBytes / 1e6),
  },
]

interface Point {
  name: string
  number: number
  quality: number
  low: number
  high: number
  cost: number
  front: boolean
}

/** Quality against what it costs; filled: nothing else is better in quality, time and size at once. */
export function TrialPlot({ trials, metric }: { trials: readonly Trial[]; metric: string }) {
  const [costId, setCost] = useState('latency')
  const cost = costs.find(({ id }) => id === costId) ?? costs[0]!
  const points = useMemo(
    () =>
      trials.flatMap((trial): Point[] => {
        const price = cost.of(trial)
        const { score, number, pareto: front } = trial
        if (!score || price === null) return []
        return [
          { name: trialName(trial), number, quality: score.mean, low: score.low, high: score.high, cost: price, front },
        ]
      }),
    [trials, cost],
  )
  const colour = metricColour(metric)
  const unit = `${cost.label.toLowerCase()} (${cost.unit})`
  const best = points.filter(({ front }) => front)
  const only = points.length === 1 ? points[0] : undefined
  return (
    <section className="tune-plot" aria-labelledby="tune-pareto">
      <div className="run-cases-head">
        <h2 id="tune-pareto">Quality and cost</h2>
        <SelectField label="Cost" value={costId} entries={costs} onChange={setCost} />
      </div>
      <PlotFigure
        title={`${metric} against ${unit}`}
        description={`${points.length} trials; worth their cost: ${best.map(({ name }) => name).join('; ') || 'none'}.`}
        of={points}
        fileName={`tune-${metric.replace('@', '-at-')}-${costId}`}
        data={[
          ['trial', 'what', metric, 'low', 'high', unit, 'worth its cost'],
          ...points.map((point) => [
            point.number,
            point.name,
            point.quality,
            point.low,
            point.high,
            point.cost,
            point.front ? 'yes' : 'no',
          ]),
        ]}
        draw={(plot, width) => ({
          height: Math.min(320, Math.max(220, width * 0.5)),
          marginLeft: 48,
          // One price alone makes no scale.
          x: { label: unit, grid: true, nice: true, ...(only ? { domain: [0, only.cost * 2] } : {}) },
          y: { label: metric, grid: true, nice: true },
          marks: [
            plot.ruleX(points, { x: 'cost', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.35 }),
            plot.dot(points, {
              x: 'cost',
              y: 'quality',
              r: 4,
              stroke: colour,
              fill: (point: Point) => (point.front ? colour : 'var(--surface)'),
              title: (point: Point) => `${point.name}: ${formatMetric(point.quality)}`,
            }),
            plot.text(points, {
              x: 'cost',
              y: 'quality',
              text: (point: Point) => String(point.number),
              dx: 8,
              textAnchor: 'start',
              fill: 'var(--text)',
            }),
          ],
        })}
      />
      <p className="soft run-line">
        Numbers are those of the trials. Filled: no other trial is at least as good, as fast and as small, and better in
        one of them.
      </p>
    </section>
  )
}

/** What each option moves. */
export function EffectPlot({ effects, metric }: { effects: TuneResult['effects']; metric: string }) {
  const bars = useMemo(() => effectBars(effects), [effects])
  const most = Math.max(0.005, ...bars.map(({ difference }) => Math.abs(difference))) * 1.5
  return (
    <section className="tune-plot" aria-labelledby="tune-effects">
      <div className="run-cases-head">
        <h2 id="tune-effects">What each option does</h2>
      </div>
      {bars.length === 0 ? (
        <p className="soft">No option had more than one value in trials that were measured.</p>
      ) : (
        <>
          <PlotFigure
            title={`Mean ${metric} of the trials with a value, against the middle of its option`}
            description={bars
              .map(({ option, value, difference }) => `${option} ${value}: ${formatDifference(difference)}`)
              .join('; ')}
            of={bars}
            fileName={`tune-effects-${metric.replace('@', '-at-')}`}
            data={[
              ['option', 'value', `mean ${metric}`, 'difference', 'trials'],
              ...bars.map((bar) => [bar.option, bar.value, bar.mean, bar.difference, bar.trials]),
            ]}
            draw={(plot) => ({
              height: 48 + bars.length * 26,
              marginLeft: 150,
              x: {
                label: `difference in ${metric}`,
                grid: true,
                domain: [-most, most],
                tickFormat: formatDifference,
                ticks: 5,
              },
              y: { label: null, domain: bars.map(rowOf) },
              marks: [
                plot.barX(bars, {
                  y: rowOf,
                  x: 'difference',
                  fill: metricColour(metric),
                  fillOpacity: 0.8,
                  insetTop: 3,
                  insetBottom: 3,
                }),
                ...([1, -1] as const).map((side) =>
                  plot.text(
                    bars.filter(({ difference }) => difference < 0 === side < 0),
                    {
                      y: rowOf,
                      x: 'difference',
                      text: (bar: EffectBar) => formatMetric(bar.mean),
                      textAnchor: side > 0 ? 'start' : 'end',
                      dx: 6 * side,
                      fill: 'var(--text)',
                    },
                  ),
                ),
                plot.ruleX([0], { stroke: 'var(--hairline-strong)' }),
              ],
            })}
          />
          <p className="soft run-line">
            Means over all trials with the value. They describe this search; they decide nothing.
          </p>
        </>
      )}
    </section>
  )
}

function rowOf({ option, value }: EffectBar): string {
  return `${option} ${value}`
}
