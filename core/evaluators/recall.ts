import { z } from 'zod'
import type { EvaluatorDefinition } from './evaluator.ts'

/**
 * The part of all relevant items that is among the first k: trec_eval's `recall.k`, as in BEIR. An item is relevant if its
 * gain is above 0. 0 where nothing is relevant.
 */
export const recall: EvaluatorDefinition<{ k: number }> = {
  id: 'recall',
  label: 'Recall',
  summary: 'How much of what is right was found at all, wherever it stands among the first results.',
  version: 1,
  options: z.object({ k: z.int().min(1).max(10_000).default(10).describe('Looks at this many first results.') }),
  create: ({ k }) => ({
    score({ ranking, relevance }) {
      const relevant = [...relevance].filter(([, gain]) => gain > 0)
      if (relevant.length === 0) return 0
      const found = new Set(ranking.slice(0, k))
      return relevant.filter(([id]) => found.has(id)).length / relevant.length
    },
  }),
}
