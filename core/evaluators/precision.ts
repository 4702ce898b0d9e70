import type { RankingEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { gainsAt } from './parts/ranks.ts'

/** The part of the first k places that is relevant: trec_eval's `P.k`, so a list of fewer than k has empty places. */
export const precision: RankingEvaluatorDefinition = {
  id: 'precision',
  kind: 'ranking',
  better: 'higher',
  label: 'Precision',
  summary:
    'How many of the first results are right ones; short of 1 also where there are fewer right ones than places.',
  version: 1,
  options: firstResults(5),
  create: ({ k }) => ({
    score: (ranked) => gainsAt(k, ranked).filter((gain) => gain > 0).length / k,
  }),
}
