import type { RankingEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { gainsAt } from './parts/ranks.ts'

/**
 * Reciprocal rank: 1 / rank of the first relevant item among the first k, else 0; its mean over the cases is the MRR
 * (Voorhees: The TREC-8 Question Answering Track Report, 1999; cut at k as in MS MARCO and BEIR's `MRR@k`).
 */
export const mrr: RankingEvaluatorDefinition = {
  id: 'mrr',
  kind: 'ranking',
  better: 'higher',
  label: 'MRR',
  summary: 'How high the first right passage stands: 1 for the first place, a half for the second.',
  version: 1,
  options: firstResults(10),
  create: ({ k }) => ({
    score(ranked) {
      const index = gainsAt(k, ranked).findIndex((gain) => gain > 0)
      return index === -1 ? 0 : 1 / (index + 1)
    },
  }),
}
