import type { JudgedEvaluatorDefinition } from './evaluator.ts'
import { plainAnswer } from './parts/answer-words.ts'
import { judgeClaims, numbered, shareOf } from './parts/judgement.ts'
import { noOptions } from './parts/options.ts'

/** The part of an answer's claims that the passages say, judged claim by claim (the formula of Ragas' faithfulness). */
export const faithfulness: JudgedEvaluatorDefinition = {
  id: 'faithfulness',
  kind: 'judged',
  better: 'higher',
  label: 'Faithfulness',
  summary: 'How many claims of the answer the passages say, as a language model judges.',
  version: 1,
  options: noOptions,
  create: (_options, judge) => ({
    async judge({ answer, refused, passages }, signal) {
      if (refused) return null
      const task = 'You check whether an answer is supported by passages. A claim is true if a passage says it.'
      const material = { passages: numbered(passages), answer: plainAnswer(answer) }
      return shareOf(await judgeClaims(judge, task, material, signal))
    },
  }),
}
