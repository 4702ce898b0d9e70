import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { documentStatusSchema } from './documents.ts'
import { errorDataSchema, id } from './values.ts'

export const jobStatuses = ['queued', 'running', 'done', 'failed', 'cancelled'] as const

export const jobSchema = z.object({
  id: id<'job'>(),
  kind: z.enum(['ingest', 'sync', 'reindex', 'evaluate', 'tune', 'release-index']),
  /** What a person reads: 'Adding 30 files to "Station"'. */
  label: z.string(),
  collectionId: id<'collection'>().nullable(),
  /** 'done' with failed > 0 means done with failed items; 'failed' means the job itself could not go on. */
  status: z.enum(jobStatuses),
  error: errorDataSchema.nullable(),
  progress: z.object({
    /** Files, or what `unit` says, that came to an end, whichever. */
    done: z.int(),
    /** Absent while folders are still being walked. */
    total: z.int().optional(),
    unit: z.string(),
    /** What is happening now, such as 'embedding handbook/boats.md'. */
    label: z.string(),
    ready: z.int(),
    failed: z.int(),
    /** Content was already indexed. */
    unchanged: z.int(),
    /** Of the ready and failed ones: not known before, known with other content. */
    added: z.int(),
    changed: z.int(),
    /** Documents taken out because their files are gone. */
    removed: z.int(),
    chunks: z.int(),
    bytes: z.number(),
    /** Files a second over the last seconds; 0 while unknown. */
    rate: z.number(),
    /** Estimated milliseconds left; absent while unknown. */
    remainingMs: z.number().optional(),
  }),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
})
export type Job = z.infer<typeof jobSchema>

/** Numbered from 1 within a job, without gaps, stored: a client that left asks for what came after its last number. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job-start'), number: z.int(), job: jobSchema }),
  z.object({
    type: z.literal('document-end'),
    number: z.int(),
    documentId: id<'document'>().nullable(),
    /** Where the file came from; absent for what belongs to no source. */
    sourceId: id<'source'>().optional(),
    path: z.string(),
    /** 'moved': the content is that of a document under another path, which now has this one too. */
    outcome: z.enum(['ready', 'unchanged', 'failed', 'moved', 'removed']),
    /** Whether the document was known before; absent where it does not matter. */
    change: z.enum(['added', 'changed']).optional(),
    reason: errorDataSchema.nullable(),
    pages: z.int().nullable(),
    chunks: z.int(),
    /** Milliseconds by stage, waiting for a free worker included; only where ready. */
    timesMs: z.object({ read: z.number(), chunk: z.number(), embed: z.number(), save: z.number() }).optional(),
  }),
  /** A source has been looked through: `found` files, of which `unchanged` need nothing and `waiting` wait for approval. */
  z.object({
    type: z.literal('source-listed'),
    number: z.int(),
    sourceId: id<'source'>(),
    location: z.string(),
    found: z.int(),
    unchanged: z.int(),
    waiting: z.int(),
    /** Failed before, for a reason that reading again would not change. */
    failed: z.int(),
    /** Why it could not be looked through: then nothing of it was changed. */
    error: errorDataSchema.nullable(),
  }),
  z.object({ type: z.literal('job-end'), number: z.int(), job: jobSchema }),
  /** Not stored, `number` is that of the last stored event: the present state, at most a few a second. */
  z.object({
    type: z.literal('progress'),
    number: z.int(),
    job: jobSchema,
    documents: z.array(z.object({ id: id<'document'>(), status: documentStatusSchema })),
  }),
])
export type JobEvent = z.infer<typeof jobEventSchema>

export const jobsContract = {
  /** Newest first. */
  list: oc
    .route({ method: 'GET', path: '/jobs' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) }))
    .output(z.object({ jobs: z.array(jobSchema) })),
  get: oc
    .route({ method: 'GET', path: '/jobs/{jobId}' })
    .input(z.object({ jobId: id<'job'>() }))
    .output(jobSchema),
  /** Stored events after `after`, then live ones until the job ends. Leaving does not stop the job. */
  watch: oc
    .route({ method: 'GET', path: '/jobs/{jobId}/events' })
    .input(z.object({ jobId: id<'job'>(), after: z.coerce.number().int().min(0).default(0) }))
    .output(eventIterator(jobEventSchema)),
  /** Every job that is queued or running, again at each change, at most a few times a second. Never ends by itself. */
  watchActive: oc
    .route({ method: 'GET', path: '/jobs/active' })
    .output(eventIterator(z.object({ jobs: z.array(jobSchema) }))),
  cancel: oc
    .route({ method: 'POST', path: '/jobs/{jobId}/cancel' })
    .input(z.object({ jobId: id<'job'>() }))
    .output(jobSchema),
}
