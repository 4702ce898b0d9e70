import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { plainAnswer } from './parts/answer-words.ts'
import { noOptions } from './parts/options.ts'
import { sentencesOf } from './parts/sentences.ts'

/** The part of an answer's sentences that its sources do not say, as the ask flow found while it answered. */
export const unsupportedRate: AnswerEvaluatorDefinition = {
  id: 'unsupported-rate',
  kind: 'answer',
  better: 'lower',
  label: 'Unsupported sentences',
  summary: 'How many sentences of the answer are not said by the sources. Lower is better.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ answer, refused, unsupported }) {
      if (refused) return null
      const sentences = sentencesOf(plainAnswer(answer)).length
      return sentences === 0 ? null : Math.min(1, unsupported.length / sentences)
    },
  }),
}
