import { oc } from '@orpc/contract'
import { z } from 'zod'
import { answerSpanSchema, askedReleaseSchema, citationSchema, passageModeSchema } from './ask.ts'
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
  startedAt: z.number(),
  durationMs: z.number(),
})
export type Trace = z.infer<typeof traceSchema>

export const tracesContract = {
  /** Newest first. */
  list: oc
    .route({ method: 'GET', path: '/traces' })
    .input(
      z.object({
        collectionId: id<'collection'>().optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(50),
      }),
    )
    .output(
      z.object({
        traces: z.array(
          traceSchema.pick({
            id: true,
            collectionId: true,
            question: true,
            refused: true,
            startedAt: true,
            durationMs: true,
          }),
        ),
      }),
    ),
  get: oc
    .route({ method: 'GET', path: '/traces/{traceId}' })
    .input(z.object({ traceId: id<'trace'>() }))
    .output(traceSchema),
}
