import type { SpanEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { intersection, lengthOf } from './parts/spans.ts'

/**
 * The part of the text of the first k results that is expected text, each piece of that once: precision of Smith and
 * Troynikov, Chroma 2024. What overlapping chunks have in common is read twice and so counts twice below the line.
 */
export const spanPrecision: SpanEvaluatorDefinition = {
  id: 'span-precision',
  kind: 'spans',
  better: 'higher',
  label: 'Text precision',
  summary: 'How much of the text that was found is what was expected, and not something around it.',
  version: 1,
  options: firstResults(5),
  create: ({ k }) => ({
    score({ retrieved, expected }) {
      if (lengthOf(expected) === 0) return null
      const first = retrieved.slice(0, k)
      const read = lengthOf(first)
      return read === 0 ? 0 : lengthOf(intersection(first, expected)) / read
    },
  }),
}
