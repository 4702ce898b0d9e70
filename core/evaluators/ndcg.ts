import type { RankingEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { gainsAt } from './parts/ranks.ts'

/**
 * Normalised discounted cumulative gain: the sum over the first k ranks of gain / log2(rank + 1), divided by the same sum
 * for the ideal order of all judged items. Gains are linear, as in trec_eval's `ndcg_cut` and so in BEIR (Järvelin and
 * Kekäläinen, ACM TOIS 20(4), 2002). 0 where nothing is relevant. A result that brings several items at once has the sum
 * of their gains, which may be better than the ideal order of single ones: 1 is the most there is.
 */
export const ndcg: RankingEvaluatorDefinition = {
  id: 'ndcg',
  kind: 'ranking',
  better: 'higher',
  label: 'nDCG',
  summary: 'How good the order is: right passages count more the higher they stand, and by how relevant they are.',
  version: 1,
  options: firstResults(10),
  create: ({ k }) => ({
    score(ranked) {
      const ideal = [...ranked.relevance.values()].filter((gain) => gain > 0).sort((a, b) => b - a)
      const best = discountedGain(ideal.slice(0, k))
      return best === 0 ? 0 : Math.min(1, discountedGain(gainsAt(k, ranked)) / best)
    },
  }),
}

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)
}
