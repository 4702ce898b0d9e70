import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { searchModeSchema } from './values.ts'

export const retrievalMetricsSchema = z.object({
  'ndcg@10': z.number(),
  'recall@10': z.number(),
  'recall@100': z.number(),
  'mrr@10': z.number(),
})
export const evaluationResultSchema = z.object({
  metrics: retrievalMetricsSchema,
  latency_ms: z.object({ p50: z.number(), p95: z.number() }),
  queries: z.int(),
})
export type EvaluationResult = z.infer<typeof evaluationResultSchema>

export const evaluationContract = {
  /**
   * Evaluates retrieval on a folder in BEIR layout (corpus.jsonl, queries.jsonl, qrels/test.tsv), in a temporary index.
   * Errors: file-missing, file-corrupt (names the file and line).
   */
  retrieval: oc
    .route({ method: 'POST', path: '/evaluations/retrieval' })
    .input(z.object({ folder: z.string().min(1), mode: searchModeSchema.default('hybrid') }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({
            type: z.literal('progress'),
            done: z.int(),
            total: z.int().optional(),
            unit: z.string(),
            label: z.string(),
          }),
          z.object({ type: z.literal('evaluation-end'), result: evaluationResultSchema }),
        ]),
      ),
    ),
}
