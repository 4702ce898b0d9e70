import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { CaseResult, MetricResult, Run } from '../../../core/contract/runs.ts'
import type { SearchMode } from '../../../core/contract/values.ts'

/** What was measured in a few words: the pipeline, and how it was searched where that was not the usual way. */
export function runWords({ manifest: { pipeline, settings } }: Pick<Run, 'manifest'>): string {
  return pipelineWords(pipeline, settings.mode)
}

/** A pipeline in a few words: "recursive 256 · static-256 · hybrid". One leg of the search alone is named instead of it. */
export function pipelineWords(
  { chunker, embedder, retriever, reranker, generator }: Pipeline,
  mode: SearchMode = 'hybrid',
): string {
  const size = chunker.options.maxTokens
  const model = embedder.options.model
  return [
    typeof size === 'number' ? `${chunker.id} ${size}` : chunker.id,
    typeof model === 'string' ? model : embedder.id,
    mode === 'hybrid' ? retriever.id : legs[mode],
    ...(reranker ? [reranker.id] : []),
    ...(generator.id === 'extractive' ? [] : [generator.id]),
  ].join(' · ')
}

const legs = { text: 'words only', vector: 'meaning only' } as const

/** Undefined, too, where no case could be scored: there is no mean then. */
export function metricOf(run: Run, name: string): MetricResult | undefined {
  return run.summary?.metrics.find((metric) => metric.name === name && metric.cases > 0)
}

/** Every metric that any of the runs has, in the order in which the first one that has it names it. */
export function metricNames(runs: readonly Run[]): string[] {
  return [...new Set(runs.flatMap(({ summary }) => summary?.metrics.map(({ name }) => name) ?? []))]
}

/**
 * Cases in the order in which they are worth looking at: those that could not be asked, then from the worst score to the
 * best, and in the end those that the metric says nothing about, such as questions that are rightly refused.
 */
export function worstFirst(
  cases: readonly CaseResult[],
  metric: string,
  better: MetricResult['better'] = 'higher',
): CaseResult[] {
  const sign = better === 'lower' ? -1 : 1
  const place = ({ error, scores }: CaseResult): number => {
    const score = scores[metric]
    if (error) return -Infinity
    return score === undefined ? Infinity : sign * score
  }
  return [...cases].sort((a, b) => {
    const [first, second] = [place(a), place(b)]
    return first === second ? a.number - b.number : first - second
  })
}

export interface ParetoPoint {
  id: string
  quality: number
  cost: number
}

/** Points that no other one beats in both: at least as good and at most as dear, and better in one. */
export function paretoFront(points: readonly ParetoPoint[], better: 'higher' | 'lower'): Set<string> {
  const sign = better === 'higher' ? 1 : -1
  const front = points.filter(
    (point) =>
      !points.some(
        (other) =>
          sign * other.quality >= sign * point.quality &&
          other.cost <= point.cost &&
          (sign * other.quality > sign * point.quality || other.cost < point.cost),
      ),
  )
  return new Set(front.map(({ id }) => id))
}

/** How many scores fall into each of `bins` equal parts of 0 to 1; 1 belongs to the last. */
export function histogram(scores: readonly number[], bins = 10): { from: number; to: number; cases: number }[] {
  const counts = Array.from({ length: bins }, (_, index) => ({ from: index / bins, to: (index + 1) / bins, cases: 0 }))
  for (const score of scores) {
    const place = Math.min(bins - 1, Math.max(0, Math.floor(score * bins)))
    const bin = counts[place]
    if (bin) bin.cases += 1
  }
  return counts
}

/** Dotted paths and values of a JSON value, in order: what a person can compare line by line. */
export function flatten(value: unknown, path = ''): { path: string; value: string }[] {
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && value.length === 0)) {
    return [{ path, value: typeof value === 'string' && value !== '' ? value : JSON.stringify(value) }]
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return [{ path, value: '{}' }]
  return entries.flatMap(([key, member]) => flatten(member, path === '' ? key : `${path}.${key}`))
}
