import type { SpanEvaluatorDefinition } from './evaluator.ts'
import { noOptions } from './parts/options.ts'
import { intersection, lengthOf, union } from './parts/spans.ts'

/**
 * Precision if every chunk with expected text were found and no other: what a cut makes possible, whatever searches in
 * it. Precision-omega of Smith and Troynikov, Chroma 2024, counted as in the code published with it: expected text in
 * the chunks that have some, divided by those chunks together with the expected text that no chunk has.
 */
export const spanPrecisionOmega: SpanEvaluatorDefinition<Record<string, never>> = {
  id: 'span-precision-omega',
  kind: 'spans',
  better: 'higher',
  label: 'Best text precision',
  summary: 'How precise the chunks that hold the expected text are, if exactly those were found.',
  version: 1,
  options: noOptions,
  create: () => ({
    score({ covering, expected }) {
      if (lengthOf(expected) === 0) return null
      const all = lengthOf(union([...covering, ...expected]))
      return lengthOf(intersection(covering, expected)) / all
    },
  }),
}
