import type { SpanEvaluatorDefinition } from './evaluator.ts'
import { firstResults } from './parts/options.ts'
import { intersection, lengthOf, union } from './parts/spans.ts'

/**
 * The part of the expected text that is in the first k results: recall of Smith and Troynikov: Evaluating Chunking
 * Strategies for Retrieval, Chroma 2024. Text is counted in characters, as in the code published with it.
 */
export const spanRecall: SpanEvaluatorDefinition = {
  id: 'span-recall',
  kind: 'spans',
  better: 'higher',
  label: 'Text recall',
  summary: 'How much of the expected text is in the passages that were found.',
  version: 1,
  options: firstResults(5),
  create: ({ k }) => ({
    score({ retrieved, expected }) {
      const wanted = lengthOf(union(expected))
      return wanted === 0 ? null : lengthOf(intersection(retrieved.slice(0, k), expected)) / wanted
    },
  }),
}
