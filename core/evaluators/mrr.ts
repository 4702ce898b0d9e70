import { z } from 'zod'
import type { EvaluatorDefinition } from './evaluator.ts'

/**
 * Reciprocal rank: 1 / rank of the first relevant item among the first k, else 0; its mean over the cases is the MRR
 * (Voorhees: The TREC-8 Question Answering Track Report, 1999; cut at k as in MS MARCO and BEIR's `MRR@k`).
 */
export const mrr: EvaluatorDefinition<{ k: number }> = {
  id: 'mrr',
  label: 'MRR',
  summary: 'How high the first right passage stands: 1 for the first place, a half for the second.',
  version: 1,
  options: z.object({ k: z.int().min(1).max(10_000).default(10).describe('Looks at this many first results.') }),
  create: ({ k }) => ({
    score({ ranking, relevance }) {
      const index = ranking.slice(0, k).findIndex((id) => (relevance.get(id) ?? 0) > 0)
      return index === -1 ? 0 : 1 / (index + 1)
    },
  }),
}
