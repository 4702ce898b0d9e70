import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { passageSchema } from './search.ts'
import { boxSchema } from './parsed-document.ts'
import { id, searchModeSchema } from './values.ts'

export const citationSchema = z.object({
  /** The number in the answer's `[1]`; one number per distinct span, from 1. */
  marker: z.int().min(1),
  documentId: id<'document'>(),
  document: z.string(),
  path: z.string(),
  chunkId: z.int(),
  /** The cited span in the document's text. */
  start: z.int(),
  end: z.int(),
  text: z.string(),
  page: z.int().nullable(),
  /** See passages. */
  place: z.string().nullable().default(null),
  headings: z.array(z.string()),
  boxes: z.array(boxSchema),
})
export type Citation = z.infer<typeof citationSchema>

/** A span of the answer, markers included, in UTF-16 code units. */
export const answerSpanSchema = z.object({ start: z.int(), end: z.int() })
export type AnswerSpan = z.infer<typeof answerSpanSchema>

/** What an answer was made from: passages that were found, or one document from beginning to end. */
export const passageModeSchema = z.enum(['retrieved', 'whole-document'])
export type PassageMode = z.infer<typeof passageModeSchema>

/**
 * 'auto': a document is given as a whole where it is the only one that is asked, the question asks what it says as a
 * whole (a summary, an overview), and it fits what the generator reads. 'document': whatever the question asks.
 */
export const askScopeSchema = z.enum(['auto', 'passages', 'document'])
export type AskScope = z.infer<typeof askScopeSchema>

export const askEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ask-start'), traceId: id<'trace'>() }),
  z.object({
    type: z.literal('retrieval-end'),
    passages: z.array(passageSchema),
    passageMode: passageModeSchema,
    /** Why a document that was to be given as a whole was not, as a sentence. */
    note: z.string().nullable(),
  }),
  /** Markers such as `[1]` are part of the text. */
  z.object({ type: z.literal('answer-delta'), text: z.string() }),
  /** Comes before the delta that holds its marker. */
  z.object({ type: z.literal('citation'), citation: citationSchema }),
  /** The sources do not say this sentence of the answer so far. Comes when the sentence is complete. */
  z.object({ type: z.literal('unsupported'), ...answerSpanSchema.shape }),
  z.object({
    type: z.literal('ask-end'),
    traceId: id<'trace'>(),
    answer: z.string(),
    citations: z.array(citationSchema),
    unsupported: z.array(answerSpanSchema),
    /** True when nothing relevant was found; `answer` then says so in a sentence. */
    refused: z.boolean(),
    passageMode: passageModeSchema,
    /** Citations that a model made up. They are not in the answer. */
    invented: z.int(),
    durationMs: z.number(),
  }),
])
export type AskEvent = z.infer<typeof askEventSchema>

export const askContract = {
  /**
   * Errors: item-missing, input-invalid (blank question; a whole document where not one is left), and what the
   * pipeline's models throw. Leaving the stream cancels the question.
   */
  run: oc
    .route({ method: 'POST', path: '/ask' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        question: z.string().trim().min(1, 'Type a question.').max(200_000),
        mode: searchModeSchema.default('hybrid'),
        /** Only documents that match, such as `type=pdf and year>=2024`. Errors: input-invalid. */
        filter: z.string().max(2000).optional(),
        /** Only this document. */
        documentId: id<'document'>().optional(),
        scope: askScopeSchema.default('auto'),
      }),
    )
    .output(eventIterator(askEventSchema)),
}
