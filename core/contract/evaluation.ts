import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { choiceSchema } from './pipeline.ts'
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

const spreadSchema = z.object({ low: z.number(), high: z.number(), deviation: z.number() })
export const chunkingResultSchema = z.object({
  /** Means over the questions, 0 to 1. */
  metrics: z.object({
    recall: z.number(),
    precision: z.number(),
    precision_omega: z.number(),
    iou: z.number(),
    ndcg: z.number(),
    mrr: z.number(),
  }),
  /** 95 % bootstrap intervals of the means, and the standard deviation over the questions. */
  intervals: z.object({
    recall: spreadSchema,
    precision: spreadSchema,
    precision_omega: spreadSchema,
    iou: spreadSchema,
  }),
  chunks: z.int(),
  mean_characters: z.number(),
  index_bytes: z.number(),
  latency_ms: z.object({ p50: z.number(), p95: z.number() }),
  queries: z.int(),
  k: z.int(),
})
export type ChunkingResult = z.infer<typeof chunkingResultSchema>

const progressSchema = z.object({
  type: z.literal('progress'),
  done: z.int(),
  total: z.int().optional(),
  unit: z.string(),
  label: z.string(),
})

export const evaluationContract = {
  /**
   * Measures a chunker on a folder in the layout of "Evaluating Chunking Strategies for Retrieval" (questions_df.csv,
   * corpora/*.md): the product's own parser, chunker, index and retriever, in a workspace that is thrown away. Neighbours
   * are not merged and no document is capped, so that k results are k chunks, as published; `retriever` overrides that.
   * Errors: file-missing, file-corrupt, implementation-unknown, input-invalid.
   */
  chunking: oc
    .route({ method: 'POST', path: '/evaluations/chunking' })
    .input(
      z.object({
        folder: z.string().min(1),
        chunker: choiceSchema,
        /** Sizes count so many characters as a token; by default the tokens of the embedding model. */
        charactersPerToken: z.number().min(1).max(100).optional(),
        retriever: z.record(z.string(), z.unknown()).default({}),
        mode: searchModeSchema.default('hybrid'),
        k: z.int().min(1).max(200).default(5),
        seed: z.int().min(0).default(1),
      }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({ type: z.literal('evaluation-end'), result: chunkingResultSchema }),
        ]),
      ),
    ),
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
          progressSchema,
          z.object({ type: z.literal('evaluation-end'), result: evaluationResultSchema }),
        ]),
      ),
    ),
}
