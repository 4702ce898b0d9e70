import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import {
  answerSpanSchema,
  askEventSchema,
  askedReleaseSchema,
  citationSchema,
  feedbackSchema,
  passageModeSchema,
} from './ask.ts'
import { pipelineSchema } from './pipeline.ts'
import { passageSchema, scoreKindSchema } from './search.ts'
import { errorDataSchema, id } from './values.ts'

/** What a span is, in the words of OpenInference. */
export const spanKindSchema = z.enum(['chain', 'retriever', 'embedding', 'reranker', 'llm'])
export type SpanKind = z.infer<typeof spanKindSchema>

/** Names are those of core/shared/trace-attributes.ts. */
export const spanAttributesSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
)
export type SpanAttributes = z.infer<typeof spanAttributesSchema>

/** One timed step of a question. The first is the question itself; every other one is part of another. */
export const spanSchema = z.object({
  /** 16 hexadecimal digits; '' in traces from before spans were a tree. */
  id: z.string().default(''),
  parentId: z.string().nullable().default(null),
  name: z.string(),
  kind: spanKindSchema.default('chain'),
  /** Milliseconds since the trace began. */
  startMs: z.number(),
  durationMs: z.number(),
  input: z.unknown(),
  output: z.unknown(),
  attributes: spanAttributesSchema.default({}),
  error: errorDataSchema.nullable(),
})
export type Span = z.infer<typeof spanSchema>

/**
 * Why something that was found was not used: others came before it, its document had its share of the results, it scored
 * too little beside the best, the reranker put it back, or there was no room for it.
 */
export const rejectionSchema = z.enum(['rank', 'document-limit', 'least-share', 'rerank', 'budget'])
export type Rejection = z.infer<typeof rejectionSchema>

/** A candidate that was found and not given to the generator. */
export const rejectedSchema = z.object({
  documentId: id<'document'>(),
  document: z.string(),
  path: z.string(),
  chunkId: z.int(),
  start: z.int(),
  end: z.int(),
  page: z.int().nullable(),
  /** Its beginning. */
  text: z.string(),
  score: z.number(),
  scoreKind: scoreKindSchema,
  textScore: z.number().nullable(),
  vectorScore: z.number().nullable(),
  rerankScore: z.number().nullable(),
  reason: rejectionSchema,
})
export type Rejected = z.infer<typeof rejectedSchema>

export const traceSchema = z.object({
  id: id<'trace'>(),
  /** The first of `collectionIds`; null where it was removed. */
  collectionId: id<'collection'>().nullable(),
  collectionIds: z.array(id<'collection'>()).default([]),
  /** Who asked for somebody; null where the question was asked directly. */
  origin: z.object({ botId: id<'bot'>(), conversationId: id<'conversation'>() }).nullable().default(null),
  /** The release that answered; null: the collection's own pipeline. */
  release: askedReleaseSchema.nullable().default(null),
  /** What answered: of the first collection or of the release, as it was then. Null in old traces. */
  pipeline: pipelineSchema.nullable().default(null),
  /** How it was asked, besides the question: the input of `ask.run`. Null in old traces. */
  request: z.record(z.string(), z.unknown()).nullable().default(null),
  question: z.string(),
  /** The question as it was searched for, where what went before completed it. */
  rewritten: z.string().nullable().default(null),
  answer: z.string(),
  refused: z.boolean(),
  /** What was found has little to do with the question. */
  lowRelevance: z.boolean().default(false),
  error: errorDataSchema.nullable(),
  citations: z.array(citationSchema),
  /** Sentences of the answer that the sources do not say. */
  unsupported: z.array(answerSpanSchema).default([]),
  passages: z.array(passageSchema),
  /** At most 50, those that scored best. */
  rejected: z.array(rejectedSchema).default([]),
  passageMode: passageModeSchema.default('retrieved'),
  spans: z.array(spanSchema),
  /** The trace whose question was asked again. */
  replayOf: id<'trace'>().nullable().default(null),
  /** What somebody thinks of the answer, and since when; null: nobody said. Empty: it was taken back. */
  feedback: feedbackSchema.extend({ at: z.number() }).nullable().default(null),
  startedAt: z.number(),
  durationMs: z.number(),
})
export type Trace = z.infer<typeof traceSchema>

/** 'stopped': the asker left before the answer was complete. */
export const traceOutcomes = ['answered', 'refused', 'failed', 'stopped'] as const
export const traceOutcomeSchema = z.enum(traceOutcomes)
export type TraceOutcome = z.infer<typeof traceOutcomeSchema>

/** What a list shows of a trace. */
export const traceSummarySchema = traceSchema
  .pick({
    id: true,
    collectionId: true,
    collectionIds: true,
    origin: true,
    release: true,
    question: true,
    refused: true,
    lowRelevance: true,
    replayOf: true,
    startedAt: true,
    durationMs: true,
  })
  .extend({
    outcome: traceOutcomeSchema,
    /** Of language models; null: none was asked. */
    inputTokens: z.int().nullable(),
    outputTokens: z.int().nullable(),
    passages: z.int(),
    citations: z.int(),
    rating: feedbackSchema.shape.rating,
    /** Whether somebody commented on the answer. */
    commented: z.boolean(),
    /** Whether a collector took it. */
    exported: z.boolean(),
  })
export type TraceSummary = z.infer<typeof traceSummarySchema>

/** 'any': somebody rated the answer or commented on it. */
export const traceRatings = ['up', 'down', 'any'] as const

const flag = z.stringbool().or(z.boolean())
const time = z.coerce.number().int().min(0)

/** Which traces: those that every part which is given holds of. Times are milliseconds since 1970. */
export const traceFilterSchema = z.object({
  /** Words, or parts of them, that all stand in the question or the answer. */
  query: z.string().max(400).optional(),
  collectionId: id<'collection'>().optional(),
  botId: id<'bot'>().optional(),
  conversationId: id<'conversation'>().optional(),
  releaseId: id<'release'>().optional(),
  outcome: traceOutcomeSchema.optional(),
  lowRelevance: flag.optional(),
  rated: z.enum(traceRatings).optional(),
  slowerThanMs: z.coerce.number().min(0).optional(),
  /** Whether it asks a question of another trace again. */
  isReplay: flag.optional(),
  replayOf: id<'trace'>().optional(),
  from: time.optional(),
  /** Not itself. */
  to: time.optional(),
})
export type TraceFilter = z.infer<typeof traceFilterSchema>

export const traceOrderSchema = z.enum(['newest', 'oldest', 'slowest', 'fastest', 'most-tokens'])
export type TraceOrder = z.infer<typeof traceOrderSchema>

/** What was asked in an hour or a day of this machine's time, or in all. */
export const traceCountsSchema = z.object({
  questions: z.int(),
  ...{ answered: z.int(), refused: z.int(), failed: z.int(), stopped: z.int() },
  lowRelevance: z.int(),
  /** Of those that were answered or refused; null where there are none. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  ...{ inputTokens: z.int(), outputTokens: z.int() },
})
export type TraceCounts = z.infer<typeof traceCountsSchema>

export const traceStatsSchema = z.object({
  per: z.enum(['hour', 'day']),
  /** In order of time; those without a question are left out. */
  buckets: z.array(traceCountsSchema.extend({ startsAt: z.number() })),
  total: traceCountsSchema,
})
export type TraceStats = z.infer<typeof traceStatsSchema>

export const traceKeepingSchema = z.object({
  /** Days that traces are kept; 0: for ever. */
  retentionDays: z.int().min(0).max(36_500),
  traces: z.int(),
  /** Milliseconds since 1970; null where there is none. */
  oldestAt: z.number().nullable(),
})
export type TraceKeeping = z.infer<typeof traceKeepingSchema>

/** Where traces go, over the network, as OTLP/HTTP in protobuf. Off unless somebody turns it on. */
export const traceExportChoiceSchema = z.object({
  enabled: z.boolean().default(false),
  /** Of the collector, without `/v1/traces`, such as 'http://127.0.0.1:4318'. */
  endpoint: z.string().trim().max(2000).default(''),
  /** 'redacted': ids, counts, times, scores and models. 'full': questions, answers, passages and prompts as well. */
  content: z.enum(['redacted', 'full']).default('redacted'),
  /** Of the headers that every request has; their values are kept with the keys. */
  headerNames: z.array(z.string()).max(20).default([]),
})
export type TraceExportChoice = z.infer<typeof traceExportChoiceSchema>

export const traceExportStateSchema = traceExportChoiceSchema.extend({
  /** Where the values of the headers come from. */
  headersFrom: z.enum(['none', 'stored', 'environment']),
  /** The variable that is looked at before them: 'name=value,name=value'. */
  variable: z.string(),
  /** Why the network does not let them go there; null where it does, and where there is no address yet. */
  refusal: z.string().nullable(),
  /** Stored and not sent yet. */
  waiting: z.int(),
  sent: z.int(),
  /** When the collector took something last. */
  sentAt: z.number().nullable(),
  /** Of the last try; null where it went well. */
  error: errorDataSchema.nullable(),
  /** When the next try is made; null where none is planned. */
  nextTryAt: z.number().nullable(),
  /** What the collector says of spans that it did not take. */
  note: z.string().nullable(),
})
export type TraceExportState = z.infer<typeof traceExportStateSchema>

/**
 * With what a question is asked again: 'same': the release that answered, or each collection's pipeline as it is now;
 * 'collection': that in any case; 'pipeline': this one, with an index beside the others where there is none under it yet.
 */
export const replayWithSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('same') }),
  z.object({ kind: z.literal('collection') }),
  z.object({ kind: z.literal('release'), releaseId: id<'release'>() }),
  z.object({ kind: z.literal('pipeline'), pipeline: pipelineSchema }),
])
export type ReplayWith = z.infer<typeof replayWithSchema>

export const replayEventSchema = z.union([
  askEventSchema,
  z.object({
    type: z.literal('progress'),
    done: z.number(),
    total: z.number().optional(),
    unit: z.string(),
    label: z.string(),
  }),
])
export type ReplayEvent = z.infer<typeof replayEventSchema>

const traceId = z.object({ traceId: id<'trace'>() })

export const tracesContract = {
  list: oc
    .route({ method: 'GET', path: '/traces' })
    .input(
      traceFilterSchema.extend({
        order: traceOrderSchema.default('newest'),
        limit: z.coerce.number().int().min(1).max(1000).default(50),
        offset: z.coerce.number().int().min(0).default(0),
      }),
    )
    .output(z.object({ traces: z.array(traceSummarySchema), total: z.int() })),
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/traces/{traceId}' }).input(traceId).output(traceSchema),
  /**
   * What somebody thinks of the answer, instead of what was said before. Whoever shows answers reports it: it is kept with
   * the trace, and follows it to the collector where the trace went there. Errors: item-missing.
   */
  rate: oc
    .route({ method: 'POST', path: '/traces/{traceId}/feedback' })
    .input(traceId.extend({ feedback: feedbackSchema }))
    .output(feedbackSchema),
  /**
   * The same question, of the same documents, after the same history, asked again; what comes is a trace of its own.
   * Errors: item-missing, implementation-unknown, input-invalid, pipeline-mismatch (it would read the documents in another
   * way), and those of asking. Leaving the stream cancels the question.
   */
  replay: oc
    .route({ method: 'POST', path: '/traces/{traceId}/replay' })
    .input(traceId.extend({ with: replayWithSchema.default({ kind: 'same' }) }))
    .output(eventIterator(replayEventSchema)),
  /** `per` absent: hours for up to three days, days for more. */
  stats: oc
    .route({ method: 'GET', path: '/traces/stats' })
    .input(traceFilterSchema.extend({ per: z.enum(['hour', 'day']).optional() }))
    .output(traceStatsSchema),
  /** These, or all from before a time. Answers, cases and conversations stay. Errors: input-invalid (neither, or both). */
  remove: oc
    .route({ method: 'POST', path: '/traces/remove' })
    .input(z.object({ traceIds: z.array(id<'trace'>()).max(10_000).optional(), before: time.optional() }))
    .output(z.object({ removed: z.int() })),
  keeping: oc.route({ method: 'GET', path: '/traces/keeping' }).output(traceKeepingSchema),
  /** What is older goes at once, and from then on when the workspace is opened and once a day. */
  keep: oc
    .route({ method: 'POST', path: '/traces/keeping' })
    .input(traceKeepingSchema.pick({ retentionDays: true }))
    .output(traceKeepingSchema.extend({ removed: z.int() })),
  exporting: oc.route({ method: 'GET', path: '/traces/exporting' }).output(traceExportStateSchema),
  /**
   * From then on new traces are sent; turned off, those that wait are let go. `headers`: instead of all before. Errors:
   * input-invalid (no address to send to), keys-unavailable.
   */
  setExport: oc
    .route({ method: 'POST', path: '/traces/exporting' })
    .input(
      z.object({
        enabled: z.boolean().optional(),
        endpoint: z.string().trim().max(2000).optional(),
        content: z.enum(['redacted', 'full']).optional(),
        headers: z.record(z.string().max(200), z.string().max(4000)).optional(),
      }),
    )
    .output(traceExportStateSchema),
  /** Sends a trace that says nothing, whether it is on or not. Errors: input-invalid, network-refused, connection-lost, request-refused. */
  testExport: oc
    .route({ method: 'POST', path: '/traces/exporting/test' })
    .output(z.object({ note: z.string().nullable(), durationMs: z.number() })),
  /** Sends what waits, now; and these besides, although they were sent before. Errors: those of a test, and input-invalid while it is off. */
  sendWaiting: oc
    .route({ method: 'POST', path: '/traces/exporting/send' })
    .input(z.object({ traceIds: z.array(id<'trace'>()).max(10_000).default([]) }))
    .output(traceExportStateSchema),
}
