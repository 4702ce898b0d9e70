import { z } from 'zod'
import type { EvaluatorDefinition } from './evaluator.ts'

/**
 * Normalised discounted cumulative gain: the sum over the first k ranks of gain / log2(rank + 1), divided by the same sum
 * for the ideal order of all judged items. Gains are linear, as in trec_eval's `ndcg_cut` and so in BEIR (Järvelin and
 * Kekäläinen, ACM TOIS 20(4), 2002). 0 where nothing is relevant.
 */
export const ndcg: EvaluatorDefinition<{ k: number }> = {
  id: 'ndcg',
  label: 'nDCG',
  summary: 'How good the order is: right passages count more the higher they stand, and by how relevant they are.',
  version: 1,
  options: z.object({ k: z.int().min(1).max(10_000).default(10).describe('Looks at this many first results.') }),
  create: ({ k }) => ({
    score({ ranking, relevance }) {
      const gains = ranking.slice(0, k).map((id) => Math.max(0, relevance.get(id) ?? 0))
      const ideal = [...relevance.values()].filter((gain) => gain > 0).sort((a, b) => b - a)
      const best = discountedGain(ideal.slice(0, k))
      return best === 0 ? 0 : discountedGain(gains) / best
    },
  }),
}

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)
}
