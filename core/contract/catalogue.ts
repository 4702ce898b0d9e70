import { oc } from '@orpc/contract'
import { z } from 'zod'

/** An implementation as a settings form needs it. */
export const implementationSchema = z.object({
  id: z.string(),
  label: z.string(),
  summary: z.string(),
  version: z.int(),
  /** Options as JSON Schema (draft 2020-12), with defaults and descriptions. */
  options: z.record(z.string(), z.unknown()),
  /** Parsers: the types of files that they read. */
  types: z.array(z.string()).optional(),
})
export type Implementation = z.infer<typeof implementationSchema>

export const familyNames = [
  'parser',
  'cleaner',
  'chunker',
  'embedder',
  'index',
  'retriever',
  'reranker',
  'generator',
] as const

export const catalogueContract = {
  /** Every implementation of every family. */
  list: oc
    .route({ method: 'GET', path: '/catalogue' })
    .output(z.object({ families: z.record(z.enum(familyNames), z.array(implementationSchema)) })),
}
