import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { passageSchema } from './search.ts'
import { boxSchema } from './parsed-document.ts'
import { releaseChoiceSchema } from './releases.ts'
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

/** The release that a question is answered by. */
export const askedReleaseSchema = z.object({
  releaseId: id<'release'>(),
  line: z.string(),
  /** Null: a draft. */
  number: z.int().nullable(),
})
export type AskedRelease = z.infer<typeof askedReleaseSchema>

/** Sentences of an answer: about one or two, a paragraph, as many as the sources have to say. */
export const answerLengthSchema = z.enum(['short', 'medium', 'long'])
export type AnswerLength = z.infer<typeof answerLengthSchema>

/** Who answers, and how. Instructions, tone and languages are for language models: without one they have no effect. */
export const personaSchema = z.object({
  name: z.string().max(80).default(''),
  instructions: z.string().max(8000).default(''),
  tone: z.string().max(200).default(''),
  length: answerLengthSchema.default('medium'),
  /** In which languages it may answer; empty: in that of the question. */
  languages: z.array(z.string().max(40)).max(20).default([]),
  /** Said where nothing relevant is found; empty: the product's own words. */
  refusal: z.string().max(500).default(''),
})
export type Persona = z.infer<typeof personaSchema>

/** A question that went before, and what was answered. */
export const exchangeSchema = z.object({ question: z.string().max(200_000), answer: z.string().max(200_000) })
export type Exchange = z.infer<typeof exchangeSchema>

/** Where a question comes from: for whoever asks to find it again. The ML layer keeps it as it is and knows nothing of it. */
export const askOriginSchema = z.object({ botId: id<'bot'>(), conversationId: id<'conversation'>() })
export type AskOrigin = z.infer<typeof askOriginSchema>

/** What somebody thinks of an answer. */
export const feedbackSchema = z.object({ rating: z.enum(['up', 'down']).nullable(), comment: z.string().max(4000) })
export type Feedback = z.infer<typeof feedbackSchema>

export const askEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ask-start'), traceId: id<'trace'>(), release: askedReleaseSchema.nullable() }),
  /** The question as it is searched for and answered, where it was completed from what went before. */
  z.object({
    type: z.literal('rewrite-end'),
    question: z.string(),
    /** 'carried-over': words of what went before were added; 'model': a language model worded it. */
    how: z.enum(['carried-over', 'model']),
  }),
  z.object({
    type: z.literal('retrieval-end'),
    passages: z.array(passageSchema),
    passageMode: passageModeSchema,
    /**
     * Which documents the question named and was therefore asked of; why a document that was to be given as a whole was
     * not; what could not be searched; as sentences.
     */
    note: z.string().nullable(),
    /** What was found has little to do with the question: the answer is to be read with care. */
    lowRelevance: z.boolean(),
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
    /** See retrieval-end; also what would have to be asked otherwise, where nothing was found. */
    note: z.string().nullable(),
    lowRelevance: z.boolean(),
    durationMs: z.number(),
  }),
])
export type AskEvent = z.infer<typeof askEventSchema>

/** How a question is asked. */
export const askRequestSchema = z.object({
  /** All of them are searched, and answered from together. */
  collectionIds: z.array(id<'collection'>()).min(1, 'Choose what to ask.').max(50),
  mode: searchModeSchema.default('hybrid'),
  /** Only documents that match, such as `type=pdf and year>=2024`. Errors: input-invalid. */
  filter: z.string().max(2000).optional(),
  /** Of these, only these documents and those with one of these tags; where both are empty, all. */
  documentIds: z.array(id<'document'>()).max(50).default([]),
  tags: z.array(z.string().trim().min(1).max(60)).max(20).default([]),
  scope: askScopeSchema.default('auto'),
  /** Absent: each collection's own index, and retriever, reranker and generator of the first one. */
  release: releaseChoiceSchema.optional(),
  /** What was asked and answered before, oldest first: 'and in 2023?' is understood from it. */
  history: z.array(exchangeSchema).max(20).default([]),
  persona: personaSchema.optional(),
  /** For the trace. */
  origin: askOriginSchema.optional(),
})

export const askContract = {
  /**
   * Collections that were removed are left out, and the note says so. Errors: item-missing (no collection is left; a
   * document or a release that is not there), input-invalid (blank question; a whole document where not one is left),
   * and what the pipeline's models throw. Leaving the stream cancels the question.
   */
  run: oc
    .route({ method: 'POST', path: '/ask' })
    .input(askRequestSchema.extend({ question: z.string().trim().min(1, 'Type a question.').max(200_000) }))
    .output(eventIterator(askEventSchema)),
  /**
   * Questions that the documents answer, for somebody who does not know them yet: short, varied, the same ones each time,
   * each with words that lead to its passage. Fewer than `count` where there are not so many. Errors: item-missing.
   */
  propose: oc
    .route({ method: 'POST', path: '/ask/propose' })
    .input(
      z.object({
        collectionIds: z.array(id<'collection'>()).min(1).max(50),
        count: z.int().min(1).max(20).default(4),
      }),
    )
    .output(
      z.object({
        questions: z.array(z.object({ question: z.string(), documentId: id<'document'>(), document: z.string() })),
      }),
    ),
}
