import type { JudgedEvaluatorDefinition } from './evaluator.ts'
import { judgeClaims, numbered, shareOf } from './parts/judgement.ts'
import { noOptions } from './parts/options.ts'

/** The part of the expected answer's claims that the passages say: whether what is needed was found. */
export const contextRecall: JudgedEvaluatorDefinition = {
  id: 'context-recall',
  kind: 'judged',
  better: 'higher',
  label: 'Context recall',
  summary: 'How many claims of the expected answer are in the passages, as a language model judges.',
  version: 1,
  options: noOptions,
  create: (_options, judge) => ({
    async judge({ expectedAnswer, answerable, passages }, signal) {
      if (expectedAnswer === null || !answerable) return null
      const task =
        'You check whether passages hold what an answer says. A claim of the answer is true if a passage says it.'
      return shareOf(await judgeClaims(judge, task, { passages: numbered(passages), answer: expectedAnswer }, signal))
    },
  }),
}
