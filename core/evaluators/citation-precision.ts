import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { noOptions } from './parts/options.ts'
import { overlaps } from './parts/spans.ts'

/** The part of an answer's citations that point at expected text. Says nothing of an answer without any: see recall. */
export const citationPrecision: AnswerEvaluatorDefinition = {
  id: 'citation-precision',
  kind: 'answer',
  better: 'higher',
  label: 'Citation precision',
  summary: 'How many of the citations point at an expected passage.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ citations, expected }) {
      if (expected.length === 0 || citations.length === 0) return null
      return citations.filter((cited) => expected.some((span) => overlaps(cited, span))).length / citations.length
    },
  }),
}
