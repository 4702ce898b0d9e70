import type { EvaluationResult } from '../contract/evaluation.ts'
import type { Evaluator } from '../evaluators/evaluator.ts'
import { throwIfAborted } from '../shared/abort.ts'

/** One question with the documents that answer it, graded. */
export interface RetrievalCase {
  question: string
  relevance: ReadonlyMap<string, number>
}

export interface EvaluationSteps {
  /** Document ids, best first, without repeats: the retrieval half of the very flow that answers questions. */
  rank(question: string, signal?: AbortSignal): Promise<string[]>
  /** Milliseconds, monotonic. */
  clock(): number
  metrics: Readonly<Record<keyof EvaluationResult['metrics'], Evaluator>>
}

export type EvaluationEvent =
  | { type: 'progress'; done: number; total: number; unit: string; label: string }
  | { type: 'evaluation-end'; result: EvaluationResult }

/**
 * Cases in, mean scores and latency out. Latency is wall time of one question's retrieval, the query's embedding
 * included, one question at a time; percentiles by the nearest-rank method.
 */
export async function* evaluateRetrieval(
  cases: readonly RetrievalCase[],
  steps: EvaluationSteps,
  signal?: AbortSignal,
): AsyncGenerator<EvaluationEvent> {
  const sums = { 'ndcg@10': 0, 'recall@10': 0, 'recall@100': 0, 'mrr@10': 0 }
  const latencies: number[] = []
  for (const [index, { question, relevance }] of cases.entries()) {
    throwIfAborted(signal)
    const before = steps.clock()
    const ranking = await steps.rank(question, signal)
    latencies.push(steps.clock() - before)
    for (const name of metricNames) sums[name] += steps.metrics[name].score({ ranking, relevance })
    if (index % 20 === 0)
      yield { type: 'progress', done: index, total: cases.length, unit: 'questions', label: 'asking' }
  }
  const mean = (name: (typeof metricNames)[number]): number => (cases.length === 0 ? 0 : sums[name] / cases.length)
  yield {
    type: 'evaluation-end',
    result: {
      metrics: {
        'ndcg@10': mean('ndcg@10'),
        'recall@10': mean('recall@10'),
        'recall@100': mean('recall@100'),
        'mrr@10': mean('mrr@10'),
      },
      latency_ms: { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) },
      queries: cases.length,
    },
  }
}

const metricNames = ['ndcg@10', 'recall@10', 'recall@100', 'mrr@10'] as const

/** Nearest rank: the smallest value that at least this part of the values do not exceed. 0 of nothing. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
}
