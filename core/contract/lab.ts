import { oc } from '@orpc/contract'
import { z } from 'zod'
import { elementSchema, pageSchema } from './parsed-document.ts'
import { choiceSchema } from './pipeline.ts'
import { foundBySchema, scoreKindSchema } from './search.ts'
import { id, searchModeSchema } from './values.ts'

/** What can be looked at: a document of the workspace, a file, an upload, or a text. Nothing of it is added. */
export const labSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('document'), documentId: id<'document'>() }),
  /** Absolute. */
  z.object({ kind: z.literal('file'), path: z.string().min(1).max(4096) }),
  z.object({ kind: z.literal('upload'), uploadId: id<'upload'>() }),
  z.object({
    kind: z.literal('text'),
    text: z.string().max(20_000_000),
    /** Read as Markdown where it looks like that, if this says nothing else. */
    type: z.enum(['text', 'markdown']).optional(),
  }),
])
export type LabSource = z.infer<typeof labSourceSchema>

const spanSchema = z.object({ start: z.int().min(0), end: z.int().min(1) })

/** A text that is open in the lab. */
export const labTextSchema = z.object({
  /** Names the text as it is now, read with these settings, and the model that counts its tokens. */
  labId: z.string(),
  name: z.string(),
  /** As rules see it. */
  path: z.string(),
  type: z.string(),
  title: z.string().nullable(),
  textLength: z.int(),
  pages: z.int(),
  /** Where stretches of the text begin that can be shown one by one: between elements where those are not too long. */
  stretches: z.array(z.int()),
  /** Null for what is in no collection. */
  collectionId: id<'collection'>().nullable(),
  documentId: id<'document'>().nullable(),
  /** What the collection cuts it with: its pipeline's chunker, or that of a rule. */
  chunker: choiceSchema,
  warnings: z.array(z.string()),
})
export type LabText = z.infer<typeof labTextSchema>

/** Something that belongs together and that no chunk holds whole. */
export const faultSchema = z.object({
  kind: z.enum(['sentence', 'row', 'table', 'code']),
  /** Of the chunk that begins inside of it. */
  ordinal: z.int(),
  start: z.int(),
  end: z.int(),
})
export type LabFault = z.infer<typeof faultSchema>

export const chunkStatisticsSchema = z.object({
  chunks: z.int(),
  /** Of all chunks together, what overlaps counted each time. 0 where a chunker counts characters. */
  tokens: z.int(),
  leastTokens: z.int(),
  medianTokens: z.int(),
  meanTokens: z.number(),
  mostTokens: z.int(),
  characters: z.int(),
  /** What stands in more than one chunk, as a share of what stands in any. */
  overlap: z.number(),
  faults: z.record(faultSchema.shape.kind, z.int()),
})
export type ChunkStatistics = z.infer<typeof chunkStatisticsSchema>

/**
 * The chunks of one strategy. Parallel arrays, one entry a chunk, in order: a slider makes thousands of chunks many times
 * a second.
 */
export const cutTextSchema = z.object({
  starts: z.array(z.int()),
  ends: z.array(z.int()),
  /** By the tokenizer of the embedding model. */
  tokens: z.array(z.int()),
  /** Which of `paths` is a chunk's heading path. */
  pathOf: z.array(z.int()),
  paths: z.array(z.array(z.string())),
  /** Of the chunks that have one: what is indexed with them, such as a repeated table header. */
  contexts: z.array(z.object({ ordinal: z.int(), text: z.string() })),
  /** The first `mostFaults`; `statistics` counts them all. */
  faults: z.array(faultSchema),
  statistics: chunkStatisticsSchema,
  /** Milliseconds that cutting took, without the way here. */
  chunkMs: z.number(),
})
export type CutText = z.infer<typeof cutTextSchema>

export const mostFaults = 5000

/** A chunk that a question finds. */
export const labHitSchema = z.object({
  ordinal: z.int(),
  start: z.int(),
  end: z.int(),
  /** 1-based. */
  rank: z.int(),
  score: z.number(),
  scoreKind: scoreKindSchema,
  foundBy: foundBySchema,
  textScore: z.number().nullable(),
  textRank: z.int().nullable(),
  vectorScore: z.number().nullable(),
  vectorRank: z.int().nullable(),
})
export type LabHit = z.infer<typeof labHitSchema>

/** How well what was found covers what was expected. Characters that are white space count for nothing. */
export const labVerdictSchema = z.object({
  /** Everything expected was found. */
  passed: z.boolean(),
  /** The share of what was expected that was found. */
  recall: z.number(),
  /** The share of what was found that was expected. */
  precision: z.number(),
  /** What is in both as a share of what is in either. */
  iou: z.number(),
})
export type LabVerdict = z.infer<typeof labVerdictSchema>

/**
 * The chunk lab: one text under several chunkers at once. Nothing here changes the workspace: a text that is opened is
 * held in memory, the last few of them, and indexes are temporary.
 */
export const labContract = {
  /** Reads a text as the collection would (its parsers and cleaning). Errors: item-missing, and those of parsers. */
  open: oc
    .route({ method: 'POST', path: '/lab/open' })
    .input(
      z.object({
        source: labSourceSchema,
        /** Whose settings and model are used where the source is in no collection; by default those of a new one. */
        collectionId: id<'collection'>().optional(),
      }),
    )
    .output(labTextSchema),
  /** A window of the text. Errors: item-missing (it is not open any more: open it again). */
  text: oc
    .route({ method: 'GET', path: '/lab/{labId}/text' })
    .input(
      z.object({
        labId: z.string(),
        start: z.coerce.number().int().min(0),
        end: z.coerce.number().int().min(0),
      }),
    )
    .output(
      z.object({
        text: z.string(),
        /** Offset of the first character of `text`. */
        textStart: z.int(),
        elements: z.array(elementSchema),
        pages: z.array(pageSchema),
      }),
    ),
  /**
   * Cuts the text by each of the chunkers. One entry each, in order. Who asks again before the answer is there cancels
   * the first call, which is then not begun. Errors: item-missing, implementation-unknown, input-invalid.
   */
  chunk: oc
    .route({ method: 'POST', path: '/lab/{labId}/chunk' })
    .input(z.object({ labId: z.string(), chunkers: z.array(choiceSchema).min(1).max(8) }))
    .output(z.object({ columns: z.array(cutTextSchema) })),
  /**
   * Which chunks a question finds under each of the chunkers: in a temporary index of this text alone, made by the
   * product's own ingest and asked by its own retriever (each chunk by itself: neighbours are not merged). With an
   * expected passage the first `k` are judged. Errors: as `chunk`, and model-missing.
   */
  retrieve: oc
    .route({ method: 'POST', path: '/lab/{labId}/retrieve' })
    .input(
      z.object({
        labId: z.string(),
        chunkers: z.array(choiceSchema).min(1).max(8),
        question: z.string().trim().min(1).max(20_000),
        mode: searchModeSchema.default('hybrid'),
        k: z.coerce.number().int().min(1).max(50).default(5),
        expected: z.array(spanSchema).max(100).default([]),
      }),
    )
    .output(
      z.object({
        columns: z.array(
          z.object({
            hits: z.array(labHitSchema),
            verdict: labVerdictSchema.nullable(),
            /** Milliseconds that making the index took; 0 where it was there. */
            indexMs: z.number(),
            searchMs: z.number(),
          }),
        ),
      }),
    ),
}
