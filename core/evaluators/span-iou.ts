import type { SpanEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { intersection, lengthOf, union } from './parts/spans.ts'

/**
 * Intersection over union of the text of the first k results and the expected text: IoU of Smith and Troynikov, Chroma
 * 2024, counted as in the code published with it: text that was read twice counts twice below the line.
 */
export const spanIou: SpanEvaluatorDefinition = {
  id: 'span-iou',
  kind: 'spans',
  better: 'higher',
  label: 'Text overlap (IoU)',
  summary: 'How alike the text that was found and the expected text are: neither missed nor padded.',
  version: 1,
  options: firstResults(5),
  create: ({ k }) => ({
    score({ retrieved, expected }) {
      const wanted = lengthOf(union(expected))
      if (wanted === 0) return null
      const first = retrieved.slice(0, k)
      const common = lengthOf(intersection(first, expected))
      return common / (lengthOf(first) + wanted - common)
    },
  }),
}
