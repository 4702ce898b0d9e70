import type { JudgedEvaluatorDefinition } from './evaluator.ts'
import { plainAnswer } from './parts/answer-words.ts'
import { judgeClaims, shareOf } from './parts/judgement.ts'
import { noOptions } from './parts/options.ts'

/** The part of an answer's claims that answer the question, and do not say something else. */
export const answerRelevance: JudgedEvaluatorDefinition = {
  id: 'answer-relevance',
  kind: 'judged',
  better: 'higher',
  label: 'Answer relevance',
  summary: 'How many claims of the answer are about the question, as a language model judges.',
  version: 1,
  options: noOptions,
  create: (_options, judge) => ({
    async judge({ question, answer, refused }, signal) {
      if (refused) return null
      const task =
        'You check whether an answer keeps to its question. A claim is true if it helps to answer the question.'
      return shareOf(await judgeClaims(judge, task, { question, answer: plainAnswer(answer) }, signal))
    },
  }),
}
