import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import {
  answerSpanSchema,
  askedReleaseSchema,
  askEventSchema,
  askScopeSchema,
  citationSchema,
  feedbackSchema,
  passageModeSchema,
} from './ask.ts'
import { errorDataSchema, id } from './values.ts'

/** What a message is asked of: the documents, and those with the tags, that stand above the composer as chips. */
export const messageScopeSchema = z.object({
  documents: z
    .array(z.object({ documentId: id<'document'>(), name: z.string().max(400) }))
    .max(50)
    .default([]),
  tags: z.array(z.string().trim().min(1).max(60)).max(20).default([]),
  /** See AskScope. */
  reading: askScopeSchema.default('auto'),
})
export type MessageScope = z.infer<typeof messageScopeSchema>

const common = {
  id: id<'message'>(),
  conversationId: id<'conversation'>(),
  /** What it follows; null for the first question. */
  parentId: id<'message'>().nullable(),
  text: z.string(),
  createdAt: z.number(),
  /** All that follow the same message (itself among them), oldest first: branches that can be gone to. */
  siblings: z.array(id<'message'>()),
}

export const questionMessageSchema = z.object({
  ...common,
  role: z.literal('question'),
  scope: messageScopeSchema,
})

export const answerMessageSchema = z.object({
  ...common,
  role: z.literal('answer'),
  /** 'stopped': the asker left or pressed stop; `text` is what there was by then. */
  state: z.enum(['answering', 'done', 'stopped', 'failed']),
  error: errorDataSchema.nullable(),
  /** The question as it was searched for, where what went before completed it; null: as it was asked. */
  rewritten: z.string().nullable(),
  citations: z.array(citationSchema),
  unsupported: z.array(answerSpanSchema),
  refused: z.boolean(),
  passageMode: passageModeSchema,
  /** What was found has little to do with the question: read the answer with care. */
  lowRelevance: z.boolean(),
  /** Why a document was not read as a whole; that a summary was made of one; and the like. */
  note: z.string().nullable(),
  invented: z.int(),
  traceId: id<'trace'>().nullable(),
  /** The release that answered; null: none did. */
  release: askedReleaseSchema.nullable(),
  durationMs: z.number().nullable(),
  feedback: feedbackSchema,
})

export const messageSchema = z.discriminatedUnion('role', [questionMessageSchema, answerMessageSchema])
export type QuestionMessage = z.infer<typeof questionMessageSchema>
export type AnswerMessage = z.infer<typeof answerMessageSchema>
export type Message = z.infer<typeof messageSchema>

export const conversationSchema = z.object({
  id: id<'conversation'>(),
  /** Null: the bot was removed. */
  botId: id<'bot'>().nullable(),
  bot: z.string(),
  /** The first question, until a person gives it another. */
  title: z.string(),
  /** Empty: none. */
  folder: z.string(),
  /** On the branch that is shown. */
  messages: z.int(),
  createdAt: z.number(),
  /** When something was last asked in it. */
  usedAt: z.number(),
})
export type Conversation = z.infer<typeof conversationSchema>

/** What comes of a question, in order: start, the events of asking, end. What a bot says of itself comes as deltas alone. */
export const sendEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message-start'), question: questionMessageSchema, answer: answerMessageSchema }),
  z.object({ type: z.literal('ask'), event: askEventSchema }),
  z.object({ type: z.literal('message-end'), answer: answerMessageSchema, conversation: conversationSchema }),
])
export type SendEvent = z.infer<typeof sendEventSchema>

export const conversationExportFormatSchema = z.enum(['markdown', 'html', 'json'])

const conversationId = z.object({ conversationId: id<'conversation'>() })
const messageId = z.object({ messageId: id<'message'>() })

export const conversationsContract = {
  /** Last used first. */
  list: oc
    .route({ method: 'GET', path: '/conversations' })
    .input(
      z.object({
        botId: id<'bot'>().optional(),
        folder: z.string().max(120).optional(),
        /** Words in titles and messages. */
        query: z.string().max(400).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
        offset: z.coerce.number().int().min(0).default(0),
      }),
    )
    .output(
      z.object({
        conversations: z.array(
          conversationSchema.extend({
            /** Where a search found it: some words around the place. */
            excerpt: z.string().nullable(),
          }),
        ),
        total: z.int(),
        folders: z.array(z.string()),
      }),
    ),
  /** Errors: item-missing. */
  get: oc
    .route({ method: 'GET', path: '/conversations/{conversationId}' })
    .input(conversationId)
    .output(conversationSchema),
  /** An empty one. Errors: item-missing. */
  create: oc
    .route({ method: 'POST', path: '/conversations' })
    .input(z.object({ botId: id<'bot'>() }))
    .output(conversationSchema),
  /** Errors: item-missing. */
  update: oc
    .route({ method: 'POST', path: '/conversations/{conversationId}' })
    .input(
      conversationId.extend({
        title: z.string().trim().min(1).max(200).optional(),
        folder: z.string().trim().max(120).optional(),
      }),
    )
    .output(conversationSchema),
  /** Traces stay. Errors: item-missing. */
  remove: oc
    .route({ method: 'DELETE', path: '/conversations/{conversationId}' })
    .input(conversationId)
    .output(z.object({ removed: z.boolean() })),
  /**
   * Messages of the branch that is shown, oldest first: the last `limit` of those before `before`. Errors: item-missing.
   */
  messages: oc
    .route({ method: 'GET', path: '/conversations/{conversationId}/messages' })
    .input(
      conversationId.extend({
        before: id<'message'>().optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
    )
    .output(z.object({ messages: z.array(messageSchema), earlier: z.int() })),
  /** Shows the branch through this message, to its newest end. Errors: item-missing. */
  show: oc.route({ method: 'POST', path: '/messages/{messageId}/show' }).input(messageId).output(conversationSchema),
  /**
   * Asks. `after`: the message that the question follows (null: none); absent: the last of the branch shown. A question
   * that is edited is sent with the `after` of the one before: a branch. Leaving the stream stops the answer; what there
   * is of it stays, as 'stopped'. Errors: item-missing, input-invalid (blank, too long), and what asking throws: then the
   * answer stays, as 'failed'.
   */
  send: oc
    .route({ method: 'POST', path: '/conversations/{conversationId}/send' })
    .input(
      conversationId.extend({
        after: id<'message'>().nullable().optional(),
        text: z.string().trim().min(1, 'Type a question.').max(200_000),
        scope: messageScopeSchema.prefault({}),
      }),
    )
    .output(eventIterator(sendEventSchema)),
  /** Answers the question of this answer once more, as a branch. Errors: those of `send`. */
  regenerate: oc
    .route({ method: 'POST', path: '/messages/{messageId}/regenerate' })
    .input(messageId)
    .output(eventIterator(sendEventSchema)),
  /** Of an answer; its trace is told. Errors: item-missing, input-invalid. */
  rate: oc
    .route({ method: 'POST', path: '/messages/{messageId}/feedback' })
    .input(messageId.extend({ feedback: feedbackSchema }))
    .output(answerMessageSchema),
  /** The answer that left this trace, and where it was said. Errors: item-missing (none did, or it was removed). */
  ofTrace: oc
    .route({ method: 'GET', path: '/messages/of-trace/{traceId}' })
    .input(z.object({ traceId: id<'trace'>() }))
    .output(z.object({ answer: answerMessageSchema, conversation: conversationSchema })),
  /** The branch that is shown, with citations. PDF is printed from the HTML by the client. Errors: item-missing. */
  export: oc
    .route({ method: 'GET', path: '/conversations/{conversationId}/export' })
    .input(conversationId.extend({ format: conversationExportFormatSchema }))
    .output(z.object({ name: z.string(), mediaType: z.string(), text: z.string() })),
}
