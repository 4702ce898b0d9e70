import { oc } from '@orpc/contract'
import { z } from 'zod'
import { promptSchema } from './pipeline.ts'
import { passageSchema } from './search.ts'
import { runSettingsSchema } from './runs.ts'
import { id } from './values.ts'

/**
 * Prompts as documents with versions. A pipeline carries the words of the version that it uses, so that a release never
 * changes because a prompt did. `{{name}}` is a variable; which there are, `variables` tells.
 */
export const promptVersionSchema = z.object({
  number: z.int().min(1),
  prompt: promptSchema,
  note: z.string(),
  createdAt: z.number(),
})
export type PromptVersion = z.infer<typeof promptVersionSchema>

export const promptRecordSchema = z.object({
  id: id<'prompt'>(),
  name: z.string(),
  /** The newest version. */
  version: z.int(),
  createdAt: z.number(),
  changedAt: z.number(),
})
export type PromptRecord = z.infer<typeof promptRecordSchema>

export const promptVariableSchema = z.object({
  name: z.string(),
  summary: z.string(),
  /** In which of the two texts it may stand. */
  places: z.array(z.enum(['system', 'user'])),
  isRequired: z.boolean(),
})

const promptId = z.object({ promptId: id<'prompt'>() })
const texts = { system: z.string().trim().min(1).max(20_000), user: z.string().trim().min(1).max(20_000) }

export const promptsContract = {
  /** By name. The first time there is one, 'Standard': what the product asks with by itself. */
  list: oc.route({ method: 'GET', path: '/prompts' }).output(z.object({ prompts: z.array(promptRecordSchema) })),
  variables: oc
    .route({ method: 'GET', path: '/prompts/variables' })
    .output(z.object({ variables: z.array(promptVariableSchema) })),
  /** Newest first. Errors: item-missing. */
  get: oc
    .route({ method: 'GET', path: '/prompts/{promptId}' })
    .input(promptId)
    .output(promptRecordSchema.extend({ versions: z.array(promptVersionSchema) })),
  /** Errors: name-taken, input-invalid (an unknown variable; no {{sources}} or {{question}} where it belongs). */
  create: oc
    .route({ method: 'POST', path: '/prompts' })
    .input(z.object({ name: z.string().trim().min(1).max(120), ...texts, note: z.string().max(2000).default('') }))
    .output(promptRecordSchema.extend({ versions: z.array(promptVersionSchema) })),
  /** A new version; the same words as the newest make none. Errors: item-missing, input-invalid. */
  save: oc
    .route({ method: 'POST', path: '/prompts/{promptId}' })
    .input(promptId.extend({ ...texts, note: z.string().max(2000).default('') }))
    .output(promptRecordSchema.extend({ versions: z.array(promptVersionSchema) })),
  /** Pipelines that carry its words keep them. Errors: item-missing. */
  remove: oc
    .route({ method: 'DELETE', path: '/prompts/{promptId}' })
    .input(promptId)
    .output(z.object({ removed: z.boolean() })),
  /** What a language model would be given for a question, with passages that are really found. Errors: item-missing, input-invalid. */
  preview: oc
    .route({ method: 'POST', path: '/prompts/preview' })
    .input(
      z.object({
        ...texts,
        collectionId: id<'collection'>(),
        question: z.string().trim().min(1).max(20_000),
        /** Whose retriever finds them, and whose generator's limits hold. Absent: the collection's own pipeline. */
        releaseId: id<'release'>().optional(),
      }),
    )
    .output(
      z.object({
        messages: z.array(z.object({ role: z.string(), content: z.string() })),
        /** Counted by the language model where the pipeline has one that is installed, otherwise by the embedder's vocabulary. */
        tokens: z.int(),
        countedBy: z.string(),
        contextTokens: z.int().nullable(),
        /** Passages that fit, of those found. */
        used: z.int(),
        passages: z.array(passageSchema),
      }),
    ),
  /**
   * Two prompts over one dataset: two runs that answer every question and differ in the prompt alone. Errors:
   * item-missing, input-invalid (the pipeline has no language model), and those of starting a run.
   */
  test: oc
    .route({ method: 'POST', path: '/prompts/test' })
    .input(
      z.object({
        releaseId: id<'release'>(),
        datasetId: id<'dataset'>(),
        before: promptSchema.nullable(),
        after: promptSchema.nullable(),
        settings: runSettingsSchema.optional(),
      }),
    )
    .output(z.object({ beforeRunId: id<'run'>(), afterRunId: id<'run'>() })),
}
