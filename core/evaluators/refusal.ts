import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { noOptions } from './parts/options.ts'

/** 1 where a question is refused that the documents do not answer, and answered that they do. */
export const refusal: AnswerEvaluatorDefinition = {
  id: 'refusal',
  kind: 'answer',
  better: 'higher',
  label: 'Right to answer or refuse',
  summary: 'Whether what the documents do not say is refused, and nothing else.',
  version: 1,
  options: noOptions,
  create: () => ({ score: ({ refused, answerable }) => (refused === !answerable ? 1 : 0) }),
}
