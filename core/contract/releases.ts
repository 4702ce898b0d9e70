import { oc } from '@orpc/contract'
import { z } from 'zod'
import { pipelineSchema } from './pipeline.ts'
import { metricNameSchema, runSettingsSchema } from './runs.ts'
import { id } from './values.ts'

/**
 * Where the two layers meet. A *line* is a named pipeline over time; its *releases* are numbered and never change. Bots
 * name a line (and follow what is in production there) or one release of it, and nothing else of the ML layer.
 *
 * draft -> candidate (a run is its evidence) -> production (its line's gate passed, or somebody signed for it)
 *       -> retired (another release took its place, and can give it back).
 */
export const releaseStageSchema = z.enum(['draft', 'candidate', 'production', 'retired'])
export type ReleaseStage = z.infer<typeof releaseStageSchema>

/** Which release a question is answered by. */
export const releaseChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('production'), lineId: id<'line'>() }),
  z.object({ kind: z.literal('pinned'), releaseId: id<'release'>() }),
])
export type ReleaseChoice = z.infer<typeof releaseChoiceSchema>

export const releaseSchema = z.object({
  id: id<'release'>(),
  lineId: id<'line'>(),
  line: z.string(),
  /** From 1 within its line; null while it is a draft. */
  number: z.int().nullable(),
  stage: releaseStageSchema,
  pipeline: pipelineSchema,
  note: z.string(),
  /** The release that the draft began as. */
  basedOn: id<'release'>().nullable(),
  /** Its evidence; null for a draft and for what the product came with. */
  runId: id<'run'>().nullable(),
  /** It goes into production as soon as the indexes are there that are asked with its line; see `releases.indexes`. */
  promotion: z.object({ who: z.string(), since: z.number() }).nullable(),
  createdAt: z.number(),
  changedAt: z.number(),
})
export type Release = z.infer<typeof releaseSchema>

/** What must hold before a release goes into production. */
export const gateSchema = z.object({
  /** What candidates are measured on; null: no gate is set, and every promotion is signed for. */
  datasetId: id<'dataset'>().nullable().default(null),
  /** Such as 'recall@5>=0.9'. */
  rules: z.array(z.string().trim().min(1).max(80)).max(30).default([]),
  /** In none of these may the paired bootstrap against the release in production show a loss. */
  noLoss: z.array(metricNameSchema).max(30).default([]),
  /** How candidates are measured. */
  settings: runSettingsSchema.prefault({}),
})
export type ReleaseGate = z.infer<typeof gateSchema>

export const lineSchema = z.object({
  id: id<'line'>(),
  name: z.string(),
  description: z.string(),
  /** New collections start with what is in production here. */
  isStandard: z.boolean(),
  production: releaseSchema.nullable(),
  gate: gateSchema,
  /** Of each stage. */
  counts: z.object({ draft: z.int(), candidate: z.int(), retired: z.int() }),
  createdAt: z.number(),
})
export type ReleaseLine = z.infer<typeof lineSchema>

/** One thing that the gate looked at, as a sentence for a person. */
export const gateCheckSchema = z.object({
  kind: z.enum(['evidence', 'threshold', 'no-loss', 'models', 'documents']),
  label: z.string(),
  passed: z.boolean(),
  /** Not passed because it cannot be said yet: a run that it needs is under way. */
  isPending: z.boolean().default(false),
  detail: z.string(),
})
export type GateCheck = z.infer<typeof gateCheckSchema>
export const gateResultSchema = z.object({
  passed: z.boolean(),
  checks: z.array(gateCheckSchema),
  /** The release in production that it was compared with, and its run; null where there is none. */
  against: z.object({ releaseId: id<'release'>(), number: z.int(), runId: id<'run'>().nullable() }).nullable(),
})
export type GateResult = z.infer<typeof gateResultSchema>

/** Whether nothing speaks against a release but that something is not known yet. */
export function isUndecided({ passed, checks }: GateResult): boolean {
  return !passed && checks.every((check) => check.passed || check.isPending)
}

export const releaseActionSchema = z.enum([
  'draft-created',
  'discarded',
  'candidate',
  'production',
  'rolled-back',
  /** Its indexes could not be built, or somebody stopped that: nothing was switched. */
  'promotion-stopped',
  'gate-changed',
])
/** Who did what to a line, when, why, and on what evidence. Never changed, never removed. */
export const releaseEventSchema = z.object({
  number: z.int(),
  action: releaseActionSchema,
  releaseId: id<'release'>().nullable(),
  releaseNumber: z.int().nullable(),
  /** Of the release that was in production before. */
  fromNumber: z.int().nullable(),
  who: z.string(),
  reason: z.string(),
  /** The gate did not pass, and `who` signed for it. */
  isOverride: z.boolean(),
  runId: id<'run'>().nullable(),
  gate: gateResultSchema.nullable(),
  at: z.number(),
})
export type ReleaseEvent = z.infer<typeof releaseEventSchema>

/** Whether a collection can be asked with a release. */
export const releaseIndexSchema = z.object({
  collectionId: id<'collection'>(),
  collection: z.string(),
  /**
   * 'ready': all documents are in an index of this release. 'behind': some are not yet. 'missing': there is none yet, or
   * it was never complete, and nobody is answered from it.
   * 'reads-otherwise': its parsers or cleaning differ from the collection's, whose texts are shared: make it the
   * collection's pipeline first.
   */
  state: z.enum(['ready', 'behind', 'missing', 'reads-otherwise']),
  /** Documents that are not in it. */
  waiting: z.int(),
  jobId: id<'job'>().nullable(),
})
export type ReleaseIndex = z.infer<typeof releaseIndexSchema>

const lineId = z.object({ lineId: id<'line'>() })
const releaseId = z.object({ releaseId: id<'release'>() })
/** Empty: the name of the person who is logged in on this machine. */
const who = z.string().trim().max(120).default('')
const reason = z.string().trim().max(2000)

export const linesContract = {
  /** By name. There is always one, 'Standard', whose first release is what the product came with. */
  list: oc.route({ method: 'GET', path: '/lines' }).output(z.object({ lines: z.array(lineSchema) })),
  /** Errors: item-missing. */
  get: oc
    .route({ method: 'GET', path: '/lines/{lineId}' })
    .input(lineId)
    /** Newest first, drafts before them. */
    .output(z.object({ line: lineSchema, releases: z.array(releaseSchema) })),
  /** With a draft of `from`, or of what is in production in 'Standard'. Errors: name-taken, item-missing. */
  create: oc
    .route({ method: 'POST', path: '/lines' })
    .input(
      z.object({
        name: z.string().trim().min(1).max(120),
        description: z.string().max(2000).default(''),
        from: id<'release'>().optional(),
        who,
      }),
    )
    .output(z.object({ line: lineSchema, draft: releaseSchema })),
  /** Errors: item-missing, name-taken, input-invalid (a rule that is none), implementation-unknown (a metric that nobody knows). */
  update: oc
    .route({ method: 'POST', path: '/lines/{lineId}' })
    .input(
      z.object({
        lineId: id<'line'>(),
        name: z.string().trim().min(1).max(120).optional(),
        description: z.string().max(2000).optional(),
        gate: gateSchema.optional(),
        who,
      }),
    )
    .output(lineSchema),
  /** Newest first. Errors: item-missing. */
  history: oc
    .route({ method: 'GET', path: '/lines/{lineId}/history' })
    .input(lineId)
    .output(z.object({ events: z.array(releaseEventSchema) })),
  /**
   * The retired release that was in production last goes back, or the one given: at once, or as soon as the jobs have
   * built what is missing of its indexes. Errors: item-missing, input-invalid (there is none to go back to),
   * model-missing, pipeline-mismatch.
   */
  rollBack: oc
    .route({ method: 'POST', path: '/lines/{lineId}/roll-back' })
    .input(z.object({ lineId: id<'line'>(), to: id<'release'>().optional(), who, reason: reason.default('') }))
    .output(z.object({ line: lineSchema, jobIds: z.array(id<'job'>()) })),
}

export const releasesContract = {
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/releases/{releaseId}' }).input(releaseId).output(releaseSchema),
  /** The release that a bot with this choice is answered by now. Errors: item-missing (none is in production, too). */
  resolve: oc
    .route({ method: 'POST', path: '/releases/resolve' })
    .input(z.object({ choice: releaseChoiceSchema }))
    .output(releaseSchema),
  /** `pipeline`: instead of that of `from`. Errors: item-missing, and those of an edit. */
  createDraft: oc
    .route({ method: 'POST', path: '/releases' })
    .input(
      z.object({
        lineId: id<'line'>(),
        /** Absent: what is in production. */
        from: id<'release'>().optional(),
        pipeline: pipelineSchema.optional(),
        note: z.string().max(4000).default(''),
        who,
      }),
    )
    .output(releaseSchema),
  /** Of a draft. Errors: item-missing, implementation-unknown, input-invalid (it is not a draft any more, too). */
  edit: oc
    .route({ method: 'POST', path: '/releases/{releaseId}' })
    .input(
      z.object({
        releaseId: id<'release'>(),
        pipeline: pipelineSchema.optional(),
        note: z.string().max(4000).optional(),
      }),
    )
    .output(releaseSchema),
  /** Of a draft or a candidate. Errors: item-missing, input-invalid. */
  discard: oc
    .route({ method: 'DELETE', path: '/releases/{releaseId}' })
    .input(releaseId.extend({ who, reason: reason.default('') }))
    .output(z.object({ discarded: z.boolean() })),
  /**
   * Starts a run of it on the gate's dataset and, where it has none on the same version, of what is in production.
   * Errors: item-missing, input-invalid (no dataset is chosen), and those of starting a run.
   */
  measure: oc
    .route({ method: 'POST', path: '/releases/{releaseId}/measure' })
    .input(releaseId.extend({ datasetId: id<'dataset'>().optional(), settings: runSettingsSchema.optional() }))
    .output(
      z.object({
        runId: id<'run'>(),
        /** Of what is in production, where one was started. */
        againstRunId: id<'run'>().nullable(),
        jobIds: z.array(id<'job'>()),
        /** Why what is in production could not be measured, too, as a sentence. */
        note: z.string().nullable(),
      }),
    ),
  /**
   * A draft with evidence becomes a candidate and gets its number; from then on it never changes. Errors: item-missing,
   * input-invalid (the run is of another pipeline, is not done, or met errors).
   */
  propose: oc
    .route({ method: 'POST', path: '/releases/{releaseId}/propose' })
    .input(releaseId.extend({ runId: id<'run'>(), who, reason: reason.default('') }))
    .output(releaseSchema),
  /** What the gate says of a candidate now. Errors: item-missing. */
  check: oc.route({ method: 'GET', path: '/releases/{releaseId}/gate' }).input(releaseId).output(gateResultSchema),
  /**
   * Into production; what was there is retired. Where indexes are to be built for those who ask with this line, that
   * comes first, and the switch when the jobs are done: see `promotion`. `override`: although the gate does not pass.
   * Errors: item-missing, gate-failed (details: the result), input-invalid (not a candidate; another one is on its way;
   * an override without a name or a reason), model-missing, pipeline-mismatch.
   */
  promote: oc
    .route({ method: 'POST', path: '/releases/{releaseId}/promote' })
    .input(
      releaseId.extend({
        who,
        reason: reason.default(''),
        override: z.boolean().default(false),
      }),
    )
    .output(z.object({ line: lineSchema, gate: gateResultSchema, jobIds: z.array(id<'job'>()) })),
  /** How far the indexes of this release are, by collection; of all collections where none are named. */
  indexes: oc
    .route({ method: 'POST', path: '/releases/{releaseId}/indexes' })
    .input(releaseId.extend({ collectionIds: z.array(id<'collection'>()).max(1000).optional() }))
    .output(z.object({ indexes: z.array(releaseIndexSchema) })),
  /**
   * Says which collections `owner` (a bot, by its id) asks from now on, and with which release, instead of what it said
   * before: what is missing of their indexes is built, and kept up with the documents as long as somebody asks. No
   * collections: it asks none any more. Errors: item-missing, input-invalid (a draft may still change), model-missing,
   * pipeline-mismatch (see 'reads-otherwise').
   */
  prepare: oc
    .route({ method: 'POST', path: '/releases/prepare' })
    .input(
      z.object({
        owner: z.string().min(1).max(64),
        choice: releaseChoiceSchema,
        collectionIds: z.array(id<'collection'>()).max(50),
      }),
    )
    .output(z.object({ jobIds: z.array(id<'job'>()) })),
}
