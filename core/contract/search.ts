import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, searchModeSchema } from './values.ts'

/** 'document': it was not found but read with its whole document, and has no score. */
export const foundBySchema = z.enum(['text', 'vector', 'both', 'document'])

/** 'none': see `foundBySchema`. */
export const scoreKindSchema = z.enum(['bm25', 'cosine', 'fusion', 'none'])

/** A retrieved passage: one chunk, neighbouring chunks of one document merged, or the larger passage that chunks are of. */
export const passageSchema = z.object({
  documentId: id<'document'>(),
  /** File name. */
  document: z.string(),
  path: z.string(),
  title: z.string().nullable(),
  chunkId: z.int(),
  start: z.int(),
  end: z.int(),
  text: z.string(),
  context: z.string(),
  headings: z.array(z.string()),
  page: z.int().nullable(),
  pageLast: z.int().nullable(),
  /** What a person calls the place: 'sheet Costs, B2:F30', 'slide 4', 'lines 10-24'; null where page and heading say it all. */
  place: z.string().nullable().default(null),
  /** `text` is what a person put in place of the document's own words. */
  edited: z.boolean().default(false),
  score: z.number(),
  scoreKind: scoreKindSchema,
  foundBy: foundBySchema,
  textScore: z.number().nullable(),
  textRank: z.int().nullable(),
  vectorScore: z.number().nullable(),
  vectorRank: z.int().nullable(),
  /** Where a reranker read it, the list is in the order of these; comparable only within one list. */
  rerankScore: z.number().nullable().default(null),
  /** Where the passage is larger than what was found: the chunks in it that were, as spans of the document, in order. */
  hits: z.array(z.object({ start: z.int(), end: z.int() })).default([]),
})
export type RetrievedPassage = z.infer<typeof passageSchema>

export const searchContract = {
  /** Errors: item-missing. A collection without ready documents gives an empty list. */
  run: oc
    .route({ method: 'POST', path: '/search' })
    .input(
      z.object({
        collectionId: id<'collection'>(),
        query: z.string().max(200_000),
        k: z.coerce.number().int().min(1).max(1000).default(10),
        mode: searchModeSchema.default('hybrid'),
        /** Only documents that match, such as `type=pdf and year>=2024`. Errors: input-invalid. */
        filter: z.string().max(2000).optional(),
      }),
    )
    .output(z.object({ results: z.array(passageSchema), latencyMs: z.number() })),
}
