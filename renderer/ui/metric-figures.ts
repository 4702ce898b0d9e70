import type { MetricResult } from '../../core/contract/runs.ts'

/** 0.8123 → '.812'; what is no share of one is written as it is. */
export function formatMetric(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const text = value.toFixed(3)
  return Math.abs(value) < 1 ? text.replace('0.', '.') : text
}

/** '+.013', '−.020', '±.000'. */
export function formatDifference(value: number): string {
  const text = formatMetric(Math.abs(value))
  if (/^[.0]*$/.test(text)) return `±${text}`
  return `${value < 0 ? '−' : '+'}${text}`
}

/** '.812 [.774, .850]' */
export function formatInterval({ mean, low, high }: Pick<MetricResult, 'mean' | 'low' | 'high'>): string {
  return `${formatMetric(mean)} [${formatMetric(low)}, ${formatMetric(high)}]`
}

/** The colour of a metric is the same everywhere; those beyond the palette share one. */
export function metricColour(name: string): string {
  const base = name.replace(/@\d+$/, '')
  const place = known.indexOf(base)
  return `var(--metric-${place < 0 ? 'other' : (place % 6) + 1})`
}

const known = ['ndcg', 'recall', 'span-iou', 'span-recall', 'mrr', 'precision']
