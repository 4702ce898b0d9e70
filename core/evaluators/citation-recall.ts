import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { noOptions } from './parts/options.ts'
import { overlaps } from './parts/spans.ts'

/** The part of the expected passages that the answer cites. */
export const citationRecall: AnswerEvaluatorDefinition = {
  id: 'citation-recall',
  kind: 'answer',
  better: 'higher',
  label: 'Citation recall',
  summary: 'How many of the expected passages the answer cites; 0 for an answer without citations.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ citations, expected }) {
      if (expected.length === 0) return null
      return expected.filter((span) => citations.some((cited) => overlaps(cited, span))).length / expected.length
    },
  }),
}
