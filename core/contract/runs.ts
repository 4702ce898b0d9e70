import { oc } from '@orpc/contract'
import { z } from 'zod'
import { jobStatuses } from './jobs.ts'
import { choiceSchema, pipelineSchema } from './pipeline.ts'
import { foundBySchema } from './search.ts'
import { errorDataSchema, id, searchModeSchema } from './values.ts'

/**
 * Measurements. A run is one pipeline on one dataset: what does it again (manifest), what it met (facts), what came out
 * (summary, cases). Every mean has a 95 % bootstrap interval; two runs are compared case by case.
 */
export const itemsSchema = z.enum(['auto', 'passages', 'documents'])

/** An evaluator and, where it looks at the first results, how many: 'recall@5', 'span-iou@5', 'token-f1'. */
export const metricNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*(@[1-9]\d{0,4})?$/, 'A metric is a name and, after @, how many first results: recall@5.')

export const runSettingsSchema = z.object({
  /** None: all that the cases allow, and those of answers where `answers` is set. */
  metrics: z.array(metricNameSchema).max(50).default([]),
  mode: searchModeSchema.default('hybrid'),
  /** Only documents that match, such as `type=pdf`. */
  filter: z.string().max(2000).optional(),
  /** What a result has to be to be right: an expected passage, or one of its document. 'auto': a passage where the case has one. */
  items: itemsSchema.default('auto'),
  /** Results asked for. */
  k: z.int().min(1).max(200).default(10),
  /** Every question is answered, too, and the answer measured. Slow with a language model. */
  answers: z.boolean().default(false),
  /** A text generator with its options, for metrics that a language model judges. */
  judge: choiceSchema.nullable().default(null),
  /** Only the cases of this part of the dataset. */
  split: z.string().max(40).optional(),
  tag: z.string().max(60).optional(),
  /** That many of the cases, drawn by `seed`. */
  limit: z.int().min(1).max(1_000_000).optional(),
  seed: z.int().min(0).max(4_294_967_295).default(1),
})
export type RunSettings = z.infer<typeof runSettingsSchema>

/** The part of the cases that a tune gives to its trials or holds back. */
export const runFoldSchema = z.object({
  part: z.enum(['tune', 'held-out']),
  /** Share that is held back. */
  share: z.number().min(0).max(1),
  /** The split of the dataset that is held back, instead of a share of all. */
  split: z.string().max(40).optional(),
})
export type RunFold = z.infer<typeof runFoldSchema>

/** What does the run again. */
export const runManifestSchema = z.object({
  collectionId: id<'collection'>(),
  datasetId: id<'dataset'>(),
  datasetVersion: z.int(),
  pipeline: pipelineSchema,
  settings: runSettingsSchema,
  fold: runFoldSchema.optional(),
})
export type RunManifest = z.infer<typeof runManifestSchema>

/** What the run met. Two runs with the same hashes saw the same questions and the same documents. */
export const runFactsSchema = z.object({
  dataset: z.object({ name: z.string(), version: z.int(), hash: z.string() }),
  collection: z.object({ name: z.string(), hash: z.string(), documents: z.int() }),
  indexFingerprint: z.string(),
  code: z.object({ version: z.string(), node: z.string() }),
  models: z.object({
    embedder: z.string(),
    reranker: z.string().nullable(),
    generator: z.string().nullable(),
    judge: z.string().nullable(),
  }),
  machine: z.object({ processor: z.string(), cores: z.int(), memoryBytes: z.number(), platform: z.string() }),
})
export type RunFacts = z.infer<typeof runFactsSchema>

export const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number() })

export const metricResultSchema = intervalSchema.extend({
  /** 'recall@5' */
  name: z.string(),
  label: z.string(),
  better: z.enum(['higher', 'lower']),
  /** Cases that have a score. */
  cases: z.int(),
  /** Cases that could not be scored: they are in no mean. */
  errors: z.int(),
})
export type MetricResult = z.infer<typeof metricResultSchema>

export const runSummarySchema = z.object({
  metrics: z.array(metricResultSchema),
  /** The same by tag, where cases have tags. */
  byTag: z.record(z.string(), z.array(metricResultSchema)).default({}),
  cases: z.int(),
  /** Could not be asked; each says why. */
  failed: z.int(),
  /** Point at text or documents that are not there any more: left out. */
  stale: z.int(),
  latencyMs: z.object({ mean: z.number(), p50: z.number(), p95: z.number() }),
  /** Tokens of what was retrieved, a question. */
  contextTokens: z.number(),
  index: z.object({
    documents: z.int(),
    chunks: z.int(),
    bytes: z.number(),
    /** Milliseconds that building took; null for one that was there. */
    builtMs: z.number().nullable(),
  }),
  /**
   * Where the pipeline reads documents in another way than the collection does: documents that were read again beside, expected
   * passages, and how many of these have no place in the new texts (they count as never found). Offsets of results are
   * into those texts. Null where the documents' own texts were measured.
   */
  reading: z.object({ documents: z.int(), passages: z.int(), lost: z.int() }).nullable().default(null),
  totalMs: z.number(),
  /** Ended before all cases were asked: it was clear that it would not win. */
  isStopped: z.boolean().default(false),
  /** Documents or judgements changed while it ran: do it again. */
  disturbed: z.boolean().default(false),
})
export type RunSummary = z.infer<typeof runSummarySchema>

export const runSchema = z.object({
  id: id<'run'>(),
  name: z.string(),
  collectionId: id<'collection'>().nullable(),
  datasetId: z.string(),
  /** Of a trial. */
  tuneId: id<'tune'>().nullable(),
  trial: z.int().nullable(),
  jobId: id<'job'>().nullable(),
  status: z.enum(jobStatuses),
  error: errorDataSchema.nullable(),
  manifest: runManifestSchema,
  facts: runFactsSchema.nullable(),
  summary: runSummarySchema.nullable(),
  /** Cases that are done. */
  done: z.int(),
  tags: z.array(z.string()),
  note: z.string(),
  /** The one that others of its dataset are compared with. */
  isBaseline: z.boolean(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
})
export type Run = z.infer<typeof runSchema>

export const retrievedSchema = z.object({
  documentId: z.string(),
  path: z.string(),
  start: z.int(),
  end: z.int(),
  score: z.number(),
  foundBy: foundBySchema,
  /** Numbers (from 0) of the expected passages that this result brings. */
  brings: z.array(z.int()),
  /** Its beginning; null in runs of very many cases. */
  text: z.string().nullable(),
})

export const caseResultSchema = z.object({
  /** Place in the run, from 1. */
  number: z.int(),
  caseId: z.string(),
  question: z.string(),
  tags: z.array(z.string()),
  /** By metric; what says nothing about this case is left out. */
  scores: z.record(z.string(), z.number()),
  /** Why a metric has no score, by metric. */
  problems: z.record(z.string(), z.string()),
  /** Why the question could not be asked; then there are no scores. */
  error: errorDataSchema.nullable(),
  latencyMs: z.number(),
  contextTokens: z.int(),
  retrieved: z.array(retrievedSchema),
  expected: z.array(z.object({ documentId: z.string(), path: z.string(), start: z.int(), end: z.int() })),
  answer: z.object({ text: z.string(), refused: z.boolean(), citations: z.int(), unsupported: z.int() }).nullable(),
})
export type CaseResult = z.infer<typeof caseResultSchema>

export const verdictSchema = z.enum(['better', 'worse', 'no difference shown'])

/** One metric of two runs over the cases that both have. */
export const metricComparisonSchema = z.object({
  name: z.string(),
  label: z.string(),
  better: z.enum(['higher', 'lower']),
  before: z.number(),
  after: z.number(),
  /** `after` − `before`, with its 95 % paired bootstrap interval. */
  difference: intervalSchema,
  /** Of the second run. */
  verdict: verdictSchema,
  wins: z.int(),
  losses: z.int(),
  ties: z.int(),
})
export type MetricComparison = z.infer<typeof metricComparisonSchema>

export const comparisonSchema = z.object({
  before: runSchema,
  after: runSchema,
  /** What differs in pipeline and settings, with defaults filled in: dotted path and both values. */
  parameters: z.array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })),
  /** What makes the two less than fully comparable, as sentences. */
  warnings: z.array(z.string()),
  cases: z.int(),
  metrics: z.array(metricComparisonSchema),
  /** Cases by how much the chosen metric changed, most first. */
  changes: z.array(
    z.object({
      caseId: z.string(),
      question: z.string(),
      tags: z.array(z.string()),
      before: z.number(),
      after: z.number(),
    }),
  ),
})
export type Comparison = z.infer<typeof comparisonSchema>

const runId = z.object({ runId: id<'run'>() })
const started = z.object({ run: runSchema, jobId: id<'job'>() })

export const runsContract = {
  /** Metrics there are, with what they mean. */
  metrics: oc.route({ method: 'GET', path: '/runs/metrics' }).output(
    z.object({
      metrics: z.array(
        z.object({
          id: z.string(),
          label: z.string(),
          summary: z.string(),
          kind: z.enum(['ranking', 'spans', 'answer', 'judged']),
          better: z.enum(['higher', 'lower']),
          /** Whether '@k' may follow. */
          hasK: z.boolean(),
        }),
      ),
    }),
  ),
  /** Newest first; trials of tunes only where one is named. */
  list: oc
    .route({ method: 'GET', path: '/runs' })
    .input(
      z.object({
        collectionId: id<'collection'>().optional(),
        datasetId: z.string().optional(),
        tuneId: id<'tune'>().optional(),
        tag: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
    )
    .output(z.object({ runs: z.array(runSchema) })),
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/runs/{runId}' }).input(runId).output(runSchema),
  /** In the order of the run. Errors: item-missing. */
  cases: oc
    .route({ method: 'GET', path: '/runs/{runId}/cases' })
    .input(
      runId.extend({
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        offset: z.coerce.number().int().min(0).default(0),
        caseId: z.string().optional(),
      }),
    )
    .output(z.object({ cases: z.array(caseResultSchema), total: z.int() })),
  /**
   * One run a pipeline, the present one of the collection where none is given. Errors: item-missing, input-invalid (no
   * accepted cases, a metric or option there is not), implementation-unknown, model-missing.
   */
  start: oc
    .route({ method: 'POST', path: '/runs' })
    .input(
      z.object({
        datasetId: id<'dataset'>(),
        /** By default that of the dataset. */
        collectionId: id<'collection'>().optional(),
        /** By default the newest. */
        datasetVersion: z.int().optional(),
        pipelines: z
          .array(z.object({ name: z.string().trim().min(1).max(200).optional(), pipeline: pipelineSchema }))
          .min(1)
          .max(100)
          .optional(),
        settings: runSettingsSchema.default(() => runSettingsSchema.parse({})),
        tags: z.array(z.string().trim().min(1).max(60)).max(50).default([]),
      }),
    )
    .output(z.object({ runs: z.array(started) })),
  /** The manifest of a run, once more. Errors: item-missing, and those of start. */
  rerun: oc.route({ method: 'POST', path: '/runs/{runId}/rerun' }).input(runId).output(started),
  /** Errors: item-missing, input-invalid (a run without results, two without a case in common). */
  compare: oc
    .route({ method: 'GET', path: '/runs/{runId}/compare/{otherId}' })
    .input(
      z.object({
        /** The one before, such as the baseline. */
        runId: id<'run'>(),
        otherId: id<'run'>(),
        /** Which metric orders `changes`. */
        metric: metricNameSchema.optional(),
        limit: z.coerce.number().int().min(0).max(1000).default(200),
      }),
    )
    .output(comparisonSchema),
  /**
   * How far a judge of a run agrees with people who labelled some of its cases: a score of `threshold` or more is a yes.
   * Errors: item-missing, input-invalid (no labelled case has a score).
   */
  calibrate: oc
    .route({ method: 'POST', path: '/runs/{runId}/calibrate' })
    .input(
      runId.extend({
        metric: metricNameSchema,
        /** By case: whether a person finds it right. */
        labels: z.record(z.string(), z.boolean()),
        threshold: z.number().min(0).max(1).default(0.5),
      }),
    )
    .output(
      z.object({
        cases: z.int(),
        agreement: z.number(),
        /** Cohen's kappa; null where both always say the same one thing. */
        kappa: z.number().nullable(),
      }),
    ),
  /** What is given replaces what was there. Errors: item-missing. */
  update: oc
    .route({ method: 'PATCH', path: '/runs/{runId}' })
    .input(
      runId.extend({
        name: z.string().trim().min(1).max(200).optional(),
        tags: z.array(z.string().trim().min(1).max(60)).max(50).optional(),
        note: z.string().max(20_000).optional(),
      }),
    )
    .output(runSchema),
  /** One a dataset: another one is let go. Errors: item-missing. */
  pinBaseline: oc
    .route({ method: 'POST', path: '/runs/{runId}/baseline' })
    .input(runId.extend({ pinned: z.boolean() }))
    .output(runSchema),
  /** A run that is under way is cancelled first. */
  remove: oc
    .route({ method: 'POST', path: '/runs/remove' })
    .input(z.object({ runIds: z.array(id<'run'>()).min(1).max(10_000) }))
    .output(z.object({ removed: z.int() })),
  /** JSON: everything of one run. CSV: one line a case. Errors: item-missing. */
  export: oc
    .route({ method: 'GET', path: '/runs/{runId}/export' })
    .input(runId.extend({ format: z.enum(['json', 'csv']).default('json') }))
    .output(z.object({ name: z.string(), type: z.string(), text: z.string() })),
}
