import { useMemo, useState } from 'react'
import type { CaseResult, MetricResult, Run } from '../../../core/contract/runs.ts'
import { formatMetric, metricColour } from '../../ui/metric-figures.ts'
import { PlotFigure } from '../../ui/plot-figure.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { histogram, metricNames, metricOf, paretoFront } from './run-figures.ts'

const costs = [
  { id: 'latency', label: 'Median time of a question', unit: 'ms', of: (run: Run) => run.summary?.latencyMs.p50 },
  { id: 'index', label: 'Size of the index', unit: 'MB', of: (run: Run) => (run.summary?.index.bytes ?? NaN) / 1e6 },
  { id: 'context', label: 'Tokens of what is found', unit: 'tokens', of: (run: Run) => run.summary?.contextTokens },
]

/** Quality against what it costs; a line joins the runs that no other one beats in both. */
export function ParetoPlot({ runs }: { runs: readonly Run[] }) {
  const names = useMemo(() => metricNames(runs), [runs])
  const [wanted, setMetric] = useState<string | null>(null)
  const [costId, setCost] = useState('latency')
  const metric = wanted !== null && names.includes(wanted) ? wanted : (names[0] ?? '')
  const cost = costs.find(({ id }) => id === costId) ?? costs[0]!
  const points = useMemo(() => {
    const all = runs.flatMap((run) => {
      const result = metricOf(run, metric)
      const price = cost.of(run)
      if (!result || price === undefined || !Number.isFinite(price)) return []
      return [{ id: run.id, name: run.name, quality: result.mean, low: result.low, high: result.high, cost: price }]
    })
    const better = runs.map((run) => metricOf(run, metric)?.better).find(Boolean) ?? 'higher'
    const front = paretoFront(all, better)
    return all.map((point) => ({ ...point, front: front.has(point.id) })).sort((a, b) => a.cost - b.cost)
  }, [runs, metric, cost])
  const front = points.filter((point) => point.front)
  const dearest = Math.max(...points.map((point) => point.cost))
  const colour = metricColour(metric)
  const unit = `${cost.label.toLowerCase()} (${cost.unit})`

  return (
    <section className="runs-plots" aria-label="Quality against cost">
      <div className="runs-plot-choice">
        <SelectField
          label="Quality"
          value={metric}
          entries={names.map((name) => ({ id: name, label: name }))}
          onChange={setMetric}
        />
        <SelectField label="Cost" value={costId} entries={costs} onChange={setCost} />
      </div>
      <PlotFigure
        title={`${metric} against ${unit}`}
        description={`${points.length} runs; not beaten in both: ${front.map(({ name }) => name).join(', ') || 'none'}.`}
        of={points}
        fileName={`runs-${metric.replace('@', '-at-')}-${costId}`}
        data={[
          ['run', metric, 'low', 'high', unit, 'not beaten'],
          ...points.map(({ name, quality, low, high, cost: price, front: best }) => [
            name,
            quality,
            low,
            high,
            price,
            best ? 'yes' : 'no',
          ]),
        ]}
        draw={(plot, width) => ({
          height: Math.min(360, Math.max(220, width * 0.4)),
          marginLeft: 48,
          // One price alone makes no scale.
          x: { label: unit, grid: true, nice: true, ...(points.length === 1 ? { domain: [0, dearest * 2] } : {}) },
          y: { label: metric, grid: true, nice: true },
          marks: [
            plot.line(front, { x: 'cost', y: 'quality', stroke: 'var(--text-faint)', strokeDasharray: '3 3' }),
            plot.ruleX(points, { x: 'cost', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.4 }),
            plot.dot(points, {
              x: 'cost',
              y: 'quality',
              r: 4,
              stroke: colour,
              fill: (point: { front: boolean }) => (point.front ? colour : 'var(--surface)'),
              title: (point: { name: string; quality: number }) => `${point.name}: ${formatMetric(point.quality)}`,
            }),
            // A name in the middle of its point would be cut off at the edges: there it begins or ends with it.
            ...(['start', 'middle', 'end'] as const).map((anchor) =>
              plot.text(
                front.filter(({ cost: price }) => anchorAt(price, dearest) === anchor),
                {
                  x: 'cost',
                  y: 'quality',
                  text: 'name',
                  dy: -10,
                  textAnchor: anchor,
                  fill: 'var(--text)',
                  lineWidth: 24,
                  textOverflow: 'ellipsis',
                },
              ),
            ),
          ],
        })}
      />
    </section>
  )
}

/** Where the name of a point stands, by its place between nothing and the dearest. */
function anchorAt(cost: number, dearest: number): 'start' | 'middle' | 'end' {
  const share = cost / dearest
  return share < 0.2 ? 'start' : share > 0.8 ? 'end' : 'middle'
}

/** How many cases have which score. */
export function ScorePlot({ cases, metric }: { cases: readonly CaseResult[]; metric: string }) {
  const bins = useMemo(
    () => histogram(cases.flatMap(({ scores }) => (metric in scores ? [scores[metric] ?? 0] : []))),
    [cases, metric],
  )
  return (
    <PlotFigure
      title={`Cases by ${metric}`}
      description={bins
        .map(({ from, to, cases: count }) => `${from.toFixed(1)} to ${to.toFixed(1)}: ${count}`)
        .join('; ')}
      of={bins}
      fileName={`cases-${metric.replace('@', '-at-')}`}
      data={[['from', 'to', 'cases'], ...bins.map(({ from, to, cases: count }) => [from, to, count])]}
      draw={(plot) => ({
        height: 180,
        x: { label: metric, domain: [0, 1] },
        y: { label: 'cases', grid: true },
        marks: [
          plot.rectY(bins, { x1: 'from', x2: 'to', y: 'cases', fill: metricColour(metric), inset: 0.5 }),
          plot.ruleY([0], { stroke: 'var(--hairline-strong)' }),
        ],
      })}
    />
  )
}

/** The same metric by tag, with intervals. */
export function TagPlot({ byTag, metric }: { byTag: Record<string, readonly MetricResult[]>; metric: string }) {
  const rows = useMemo(
    () =>
      Object.entries(byTag).flatMap(([tag, results]) => {
        const result = results.find(({ name }) => name === metric)
        return result ? [{ tag: `${tag} (${result.cases})`, ...result }] : []
      }),
    [byTag, metric],
  )
  if (rows.length === 0) return null
  return (
    <PlotFigure
      title={`${metric} by tag`}
      description={rows.map(({ tag, mean }) => `${tag}: ${formatMetric(mean)}`).join('; ')}
      of={rows}
      fileName={`tags-${metric.replace('@', '-at-')}`}
      data={[
        ['tag', 'cases', 'mean', 'low', 'high'],
        ...rows.map((row) => [row.tag, row.cases, row.mean, row.low, row.high]),
      ]}
      draw={(plot) => ({
        height: 40 + rows.length * 26,
        marginLeft: 140,
        x: { label: metric, grid: true, domain: [0, 1] },
        y: { label: null },
        marks: [
          plot.barX(rows, {
            x: 'mean',
            y: 'tag',
            fill: metricColour(metric),
            fillOpacity: 0.75,
            insetTop: 3,
            insetBottom: 3,
          }),
          plot.ruleY(rows, { y: 'tag', x1: 'low', x2: 'high', stroke: 'var(--text)' }),
          plot.ruleX([0], { stroke: 'var(--hairline-strong)' }),
        ],
      })}
    />
  )
}
