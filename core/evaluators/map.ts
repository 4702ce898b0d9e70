import type { RankingEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { gainsAt, relevantItems } from './parts/ranks.ts'

/**
 * Average precision: the mean over all relevant items of the precision at the place where each was found, 0 for those not
 * among the first k: trec_eval's `map_cut`; its mean over the cases is the MAP. 0 where nothing is relevant.
 */
export const map: RankingEvaluatorDefinition = {
  id: 'map',
  kind: 'ranking',
  better: 'higher',
  label: 'MAP',
  summary: 'How well the right passages stand together at the top, all of them counted.',
  version: 1,
  options: firstResults(10),
  create: ({ k }) => ({
    score(ranked) {
      const relevant = relevantItems(ranked).length
      if (relevant === 0) return 0
      let hits = 0
      let sum = 0
      for (const [index, gain] of gainsAt(k, ranked).entries()) {
        if (gain <= 0) continue
        hits += 1
        sum += hits / (index + 1)
      }
      return Math.min(1, sum / relevant)
    },
  }),
}
