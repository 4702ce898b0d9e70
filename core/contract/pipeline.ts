import { z } from 'zod'

/** An implementation of a family by id, with its options. */
export const choiceSchema = z.object({ id: z.string(), options: z.record(z.string(), z.unknown()).default({}) })
export type Choice = z.infer<typeof choiceSchema>

/**
 * One JSON value that configures every family. The ingest half (parsers, chunker, embedder, index) decides the index
 * fingerprint; the ask half (retriever, generator) can change without a new index.
 */
export const pipelineSchema = z.object({
  /** Options by parser id; the parser itself is chosen by the file's type. */
  parsers: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  chunker: choiceSchema,
  embedder: choiceSchema,
  index: choiceSchema,
  retriever: choiceSchema,
  generator: choiceSchema,
  /** Passages given to the generator. */
  passages: z.int().min(1).max(50).default(8),
})
export type Pipeline = z.infer<typeof pipelineSchema>
