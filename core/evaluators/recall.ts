import type { RankingEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { foundWithin, relevantItems } from './parts/ranks.ts'

/**
 * The part of all relevant items that is among the first k: trec_eval's `recall.k`, as in BEIR. An item is relevant if its
 * gain is above 0. 0 where nothing is relevant.
 */
export const recall: RankingEvaluatorDefinition = {
  id: 'recall',
  kind: 'ranking',
  better: 'higher',
  label: 'Recall',
  summary: 'How much of what is right was found at all, wherever it stands among the first results.',
  version: 1,
  options: firstResults(10),
  create: ({ k }) => ({
    score(ranked) {
      const relevant = relevantItems(ranked)
      return relevant.length === 0 ? 0 : foundWithin(k, ranked).size / relevant.length
    },
  }),
}
