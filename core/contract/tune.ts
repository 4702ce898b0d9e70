import { oc } from '@orpc/contract'
import { z } from 'zod'
import { jobStatuses } from './jobs.ts'
import { pipelineSchema } from './pipeline.ts'
import { intervalSchema, metricNameSchema, runSettingsSchema, verdictSchema } from './runs.ts'
import { errorDataSchema, id } from './values.ts'

/**
 * A search for a better pipeline: which options may take which values, how to go through them, what to spend. Cases that
 * no trial has seen decide in the end.
 */
const pathSchema = z
  .string()
  .regex(
    /^(parsers|cleaning|chunker|rules|embedder|index|filter|retriever|reranker|generator|passages)(\.[A-Za-z0-9_-]+)*$/,
    'A parameter is a dotted path into a pipeline, such as chunker.options.maxTokens.',
  )
  .max(200)

export const parameterSchema = z.union([
  z.object({
    path: pathSchema,
    /** Anything that may stand there: numbers, words, a filter, a whole choice such as {"id": "sentence"}. */
    values: z.array(z.unknown()).min(1).max(1000),
  }),
  z
    .object({
      path: pathSchema,
      from: z.number(),
      to: z.number(),
      /** Values from `from` on in these steps, up to `to`. */
      step: z.number().positive(),
    })
    .refine(({ from, to }) => from <= to, 'A range goes from the smaller number to the larger one.')
    .refine(({ from, to, step }) => (to - from) / step < 1000, 'A range has a thousand steps at most.'),
])
export type Parameter = z.infer<typeof parameterSchema>

export const strategies = ['grid', 'random', 'halving', 'coordinate'] as const

export const tuneSpecSchema = z.object({
  parameters: z.array(parameterSchema).min(1).max(30),
  /**
   * grid: every combination, in order. random: combinations drawn by `settings.seed`. halving: all on few questions, the
   * better third on three times as many, and so on. coordinate: one option after the other, from the best so far.
   */
  strategy: z.enum(strategies).default('grid'),
  budget: z
    .object({ trials: z.int().min(1).max(10_000).optional(), minutes: z.number().positive().max(10_080).optional() })
    .default({}),
  /** What is looked for; its better direction is the metric's own. */
  metric: metricNameSchema.default('ndcg@10'),
  /** Share of the cases that no trial sees. */
  heldOut: z.number().min(0).max(0.9).default(0.3),
  /** The split of the dataset that no trial sees, instead of a share. */
  heldOutSplit: z.string().max(40).optional(),
  /** Ends a trial whose difference from the best so far leaves out that it wins. */
  earlyStop: z.boolean().default(true),
  settings: runSettingsSchema.default(() => runSettingsSchema.parse({})),
})
export type TuneSpec = z.infer<typeof tuneSpecSchema>

export const trialSchema = z.object({
  /** From 1; 0 is the pipeline that the collection has. */
  number: z.int(),
  runId: id<'run'>(),
  /** By path, as it differs from the present pipeline. */
  parameters: z.record(z.string(), z.unknown()),
  pipeline: pipelineSchema,
  /** 'stopped': it was clear that it would not win. */
  status: z.enum(['running', 'done', 'stopped', 'failed']),
  error: errorDataSchema.nullable(),
  /** Of the metric that is looked for; null where there is none. */
  score: intervalSchema.nullable(),
  cases: z.int(),
  latencyMs: z.number().nullable(),
  indexBytes: z.number().nullable(),
  chunks: z.int().nullable(),
  /** Nothing else is better in one of quality, latency and index size without being worse in another. */
  pareto: z.boolean(),
})
export type Trial = z.infer<typeof trialSchema>

export const tuneResultSchema = z.object({
  /** Best first; those that were stopped after those that were not. */
  trials: z.array(trialSchema),
  /** How much the metric's mean moves with each option, most first. */
  effects: z.array(
    z.object({
      path: z.string(),
      /** Difference between its best and worst value, over means of all trials with each. */
      range: z.number(),
      values: z.array(z.object({ value: z.unknown(), mean: z.number(), trials: z.int() })),
    }),
  ),
  /** The present pipeline against the best one, on the cases that no trial saw; null where none could be held back. */
  decision: z
    .object({
      trial: z.int(),
      before: z.number(),
      after: z.number(),
      difference: intervalSchema,
      verdict: verdictSchema,
      cases: z.int(),
      /** Runs of both on those cases. */
      baselineRunId: id<'run'>(),
      bestRunId: id<'run'>(),
    })
    .nullable(),
  recommendation: z.object({
    /** A sentence with its evidence. */
    sentence: z.string(),
    /** The trial to take; null: stay with what there is. */
    trial: z.int().nullable(),
  }),
  /** Indexes that had to be built, of the trials that there were. */
  indexesBuilt: z.int(),
  spentMs: z.number(),
  /** Why not every combination was tried; null where it was. */
  unfinished: z.string().nullable(),
})
export type TuneResult = z.infer<typeof tuneResultSchema>

export const tuneSchema = z.object({
  id: id<'tune'>(),
  name: z.string(),
  collectionId: id<'collection'>().nullable(),
  datasetId: z.string(),
  datasetVersion: z.int(),
  jobId: id<'job'>().nullable(),
  status: z.enum(jobStatuses),
  error: errorDataSchema.nullable(),
  spec: tuneSpecSchema,
  /** Where it begins, and what the best one is compared with. */
  pipeline: pipelineSchema,
  /** Combinations that the search space has. */
  combinations: z.number(),
  /** What there is so far while it runs; its decision and recommendation come last. */
  result: tuneResultSchema.nullable(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
})
export type Tune = z.infer<typeof tuneSchema>

const tuneId = z.object({ tuneId: id<'tune'>() })

export const tunesContract = {
  /** Newest first, without their trials. */
  list: oc
    .route({ method: 'GET', path: '/tunes' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }))
    .output(z.object({ tunes: z.array(tuneSchema.omit({ result: true })) })),
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/tunes/{tuneId}' }).input(tuneId).output(tuneSchema),
  /**
   * Errors: item-missing, input-invalid (an option out of its range, a path that leads nowhere, too few cases),
   * implementation-unknown, model-missing.
   */
  start: oc
    .route({ method: 'POST', path: '/tunes' })
    .input(
      z.object({
        name: z.string().trim().min(1).max(200).optional(),
        datasetId: id<'dataset'>(),
        collectionId: id<'collection'>().optional(),
        spec: tuneSpecSchema,
      }),
    )
    .output(z.object({ tune: tuneSchema, jobId: id<'job'>() })),
  /** How many combinations and indexes a search space has, without starting. Errors: as start. */
  preview: oc
    .route({ method: 'POST', path: '/tunes/preview' })
    .input(z.object({ collectionId: id<'collection'>(), spec: tuneSpecSchema }))
    .output(
      z.object({
        combinations: z.number(),
        indexes: z.int(),
        /** Ways of reading the documents, by parsers and cleaning, other than that of the collection. */
        readings: z.int(),
      }),
    ),
  /** Makes the pipeline of a trial that of the collection; its index is there already. Errors: item-missing, and those of collections.setPipeline. */
  apply: oc
    .route({ method: 'POST', path: '/tunes/{tuneId}/apply' })
    .input(tuneId.extend({ trial: z.int().min(0) }))
    .output(z.object({ jobId: id<'job'>().nullable() })),
  remove: oc
    .route({ method: 'POST', path: '/tunes/{tuneId}/remove' })
    .input(tuneId)
    .output(z.object({ removed: z.boolean() })),
}
