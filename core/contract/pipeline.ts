import { z } from 'zod'

/** An implementation of a family by id, with its options. */
export const choiceSchema = z.object({ id: z.string(), options: z.record(z.string(), z.unknown()).default({}) })
export type Choice = z.infer<typeof choiceSchema>

const parserOptionsSchema = z.record(z.string(), z.record(z.string(), z.unknown()))

/** Settings for some documents: those whose path matches one of `paths` (globs; empty: any) and whose type is one of `types` (empty: any). */
export const ruleSchema = z.object({
  paths: z.array(z.string().trim().min(1).max(1000)).max(100).default([]),
  types: z.array(z.string().trim().min(1).max(40)).max(100).default([]),
  /** Over those of the pipeline, parser by parser. */
  parsers: parserOptionsSchema.optional(),
  /** Instead of those of the pipeline. */
  cleaning: z.array(choiceSchema).max(20).optional(),
  chunker: choiceSchema.optional(),
})
export type Rule = z.infer<typeof ruleSchema>

/**
 * The ingest half of a pipeline as far as it makes chunks of documents. For each document the first rule that matches
 * and names a thing decides that thing; what no rule names is as the pipeline has it.
 */
export const ingestSettingsSchema = z.object({
  /** Options by parser id; the parser itself is chosen by the file's type. */
  parsers: parserOptionsSchema.default({}),
  /** Steps between parser and chunker, in order. */
  cleaning: z.array(choiceSchema).max(20).default([]),
  chunker: choiceSchema,
  rules: z.array(ruleSchema).max(200).default([]),
})
export type IngestSettings = z.infer<typeof ingestSettingsSchema>

/** What a language model is told: see contract/prompts.ts for its variables. */
export const promptSchema = z.object({
  /** Of the prompt that these words are a version of, for people; empty: written for this pipeline alone. */
  name: z.string().max(120).default(''),
  version: z.int().min(0).default(0),
  system: z.string().trim().min(1).max(20_000),
  user: z.string().trim().min(1).max(20_000),
})
export type Prompt = z.infer<typeof promptSchema>

/**
 * One JSON value that configures every family. The ingest half (parsers, cleaning, chunker, rules, embedder, index)
 * decides the index fingerprint; the ask half (filter, retriever, reranker, generator) can change without a new index.
 */
export const pipelineSchema = ingestSettingsSchema.extend({
  embedder: choiceSchema,
  index: choiceSchema,
  /**
   * Only documents that it lets through are searched, such as `type=pdf` (docs/filters.md), within whatever a question
   * is narrowed to; empty: all.
   */
  filter: z.string().trim().max(2000).default(''),
  retriever: choiceSchema,
  /** Puts what the retriever found into another order; null: its order stays. */
  reranker: choiceSchema.nullable().default(null),
  generator: choiceSchema,
  /** What the generator's language model is told; null: the built-in words. Without a language model it has no effect. */
  prompt: promptSchema.nullable().default(null),
  /** Passages given to the generator. */
  passages: z.int().min(1).max(50).default(8),
})
export type Pipeline = z.infer<typeof pipelineSchema>
