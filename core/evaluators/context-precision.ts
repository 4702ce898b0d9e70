import type { JudgedEvaluatorDefinition } from './evaluator.ts'
import { judgeClaims } from './parts/judgement.ts'
import { noOptions } from './parts/options.ts'

/**
 * Average precision of the passages' order, each judged by itself as useful for the question or not (Ragas' context
 * precision). 0 where none is useful.
 */
export const contextPrecision: JudgedEvaluatorDefinition = {
  id: 'context-precision',
  kind: 'judged',
  better: 'higher',
  label: 'Context precision',
  summary: 'Whether useful passages stand above useless ones, as a language model judges.',
  version: 1,
  options: noOptions,
  create: (_options, judge) => ({
    async judge({ question, expectedAnswer, passages }, signal) {
      if (passages.length === 0) return null
      const task =
        'You check whether one passage is useful to answer a question. Make one claim, "the passage is useful": ' +
        'it is true if the passage says something that belongs into the answer.'
      const useful: boolean[] = []
      for (const passage of passages) {
        const material = { question, ...(expectedAnswer === null ? {} : { answer: expectedAnswer }), passage }
        useful.push((await judgeClaims(judge, task, material, signal))[0] ?? false)
      }
      let hits = 0
      const precisions = useful.flatMap((is, index) => (is ? [++hits / (index + 1)] : []))
      return precisions.length === 0 ? 0 : precisions.reduce((sum, value) => sum + value, 0) / precisions.length
    },
  }),
}
