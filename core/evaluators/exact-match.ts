import type { AnswerEvaluatorDefinition } from './evaluator.ts'
import { normalisedWords, plainAnswer } from './parts/answer-words.ts'
import { noOptions } from './parts/options.ts'

/** 1 where the answer is the expected one but for case, punctuation and articles: SQuAD's exact match. */
export const exactMatch: AnswerEvaluatorDefinition = {
  id: 'exact-match',
  kind: 'answer',
  better: 'higher',
  label: 'Exact match',
  summary: 'Whether the answer is word by word the expected one. For short answers.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ answer, expectedAnswer, answerable }) {
      if (expectedAnswer === null || !answerable) return null
      return normalisedWords(plainAnswer(answer)).join(' ') === normalisedWords(expectedAnswer).join(' ') ? 1 : 0
    },
  }),
}
