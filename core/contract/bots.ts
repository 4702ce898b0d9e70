import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { answerLengthSchema } from './ask.ts'
import { releaseChoiceSchema } from './releases.ts'
import { id } from './values.ts'

/** What a bot can do besides answering from passages. */
export const botToolSchema = z.enum([
  /** Says what a document says as a whole. */
  'summarise-document',
  /** Says which documents it answers from. */
  'list-documents',
])
export type BotTool = z.infer<typeof botToolSchema>

const settings = {
  name: z.string().trim().min(1, 'Give the bot a name.').max(80),
  description: z.string().max(400),
  /** One emoji or up to two letters. */
  icon: z.string().trim().max(16),
  /** Shown above an empty conversation. */
  greeting: z.string().max(1000),
  /** For a language model; without one they have no effect, and the page says so. */
  instructions: z.string().max(8000),
  tone: z.string().max(200),
  length: answerLengthSchema,
  /** In which languages it may answer; empty: in that of the question. */
  languages: z.array(z.string().trim().min(2).max(40)).max(20),
  /** Said where nothing relevant is found; empty: the product's own words. */
  refusal: z.string().max(500),
  collectionIds: z.array(id<'collection'>()).max(50),
  /** What may be cited: only documents that match, such as `type=pdf`; empty: all. */
  filter: z.string().max(2000),
  release: releaseChoiceSchema,
  tools: z.array(botToolSchema).max(10),
  /** Offered in an empty conversation. */
  starters: z.array(z.string().trim().min(1).max(300)).max(8),
}

export const botSettingsSchema = z.object({
  ...settings,
  description: settings.description.default(''),
  icon: settings.icon.default(''),
  greeting: settings.greeting.default(''),
  instructions: settings.instructions.default(''),
  tone: settings.tone.default(''),
  length: settings.length.default('medium'),
  languages: settings.languages.default([]),
  refusal: settings.refusal.default(''),
  collectionIds: settings.collectionIds.default([]),
  filter: settings.filter.default(''),
  tools: settings.tools.default(['summarise-document', 'list-documents']),
  starters: settings.starters.default([]),
})
export type BotSettings = z.infer<typeof botSettingsSchema>

/** Without defaults: what is not given stays as it is. */
export const botSettingsChangeSchema = z.object(settings).partial()
export type BotSettingsChange = z.infer<typeof botSettingsChangeSchema>

export const botProblemSchema = z.object({
  kind: z.enum([
    'no-collection',
    'collection-missing',
    'collection-empty',
    'release-missing',
    'model-missing',
    'index',
  ]),
  message: z.string(),
})

export const botSchema = botSettingsSchema.extend({
  id: id<'bot'>(),
  /** The template that it began as; empty for none. */
  template: z.string(),
  conversations: z.int(),
  /** Why it cannot answer, or not from everything, as sentences that say what to do. */
  problems: z.array(botProblemSchema),
  createdAt: z.number(),
  changedAt: z.number(),
})
export type Bot = z.infer<typeof botSchema>

export const botTemplateSchema = z.object({
  id: z.string(),
  label: z.string(),
  summary: z.string(),
  settings: botSettingsChangeSchema.omit({ release: true, collectionIds: true }),
})
export type BotTemplate = z.infer<typeof botTemplateSchema>

const botId = z.object({ botId: id<'bot'>() })

export const botsContract = {
  /** By name. */
  list: oc.route({ method: 'GET', path: '/bots' }).output(z.object({ bots: z.array(botSchema) })),
  templates: oc
    .route({ method: 'GET', path: '/bots/templates' })
    .output(z.object({ templates: z.array(botTemplateSchema) })),
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/bots/{botId}' }).input(botId).output(botSchema),
  /**
   * What is not given is as the template has it, or sensible: it follows what is in production in 'Standard'. Starter
   * questions are proposed from the documents as soon as there are some, unless they are given. Errors: name-taken,
   * item-missing (a collection, a release), input-invalid (a filter that is none).
   */
  create: oc
    .route({ method: 'POST', path: '/bots' })
    .input(z.object({ template: z.string().default(''), settings: botSettingsChangeSchema.required({ name: true }) }))
    .output(botSchema),
  /** Errors: item-missing, name-taken, input-invalid. */
  update: oc
    .route({ method: 'POST', path: '/bots/{botId}' })
    .input(botId.extend({ settings: botSettingsChangeSchema }))
    .output(botSchema),
  /** Without its conversations. Errors: item-missing. */
  duplicate: oc.route({ method: 'POST', path: '/bots/{botId}/duplicate' }).input(botId).output(botSchema),
  /** Its conversations stay, without it, unless they are to go, too. Collections and documents stay. Errors: item-missing. */
  remove: oc
    .route({ method: 'DELETE', path: '/bots/{botId}' })
    .input(botId.extend({ withConversations: z.stringbool().or(z.boolean()).default(false) }))
    .output(z.object({ removed: z.boolean() })),
  /** Questions that the documents answer, for a person to choose from; nothing is stored. Errors: item-missing. */
  proposeStarters: oc
    .route({ method: 'POST', path: '/bots/starters' })
    .input(
      z.object({
        collectionIds: z.array(id<'collection'>()).min(1).max(50),
        count: z.int().min(1).max(20).default(4),
      }),
    )
    .output(z.object({ questions: z.array(z.string()) })),
  /**
   * One file: settings, the release with its pipeline and prompt, and, if wanted, the documents. In pieces, as
   * base64 of at most 1 MiB, in order. Errors: item-missing, file-missing.
   */
  export: oc
    .route({ method: 'GET', path: '/bots/{botId}/export' })
    .input(botId.extend({ withDocuments: z.stringbool().or(z.boolean()).default(false) }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('export-start'), name: z.string(), bytes: z.number().nullable() }),
          z.object({ type: z.literal('export-piece'), base64: z.base64() }),
          /** What is not in the file as it was here, as sentences. */
          z.object({ type: z.literal('export-end'), notes: z.array(z.string()) }),
        ]),
      ),
    ),
  /**
   * A bot from such a file, which was uploaded, or is on this machine (absolute path). Nothing of it is run, and nothing
   * of this workspace is replaced: it gets a new name where its name is taken, a collection of its own for its documents,
   * and its pipeline as a draft where no release here is the same. Errors: item-missing, file-corrupt, file-too-large, input-invalid, implementation-unknown.
   */
  import: oc
    .route({ method: 'POST', path: '/bots/import' })
    .input(
      z
        .object({ uploadId: id<'upload'>().optional(), path: z.string().min(1).max(4096).optional() })
        .refine(({ uploadId, path }) => (uploadId === undefined) !== (path === undefined), 'Name one file.'),
    )
    .output(z.object({ bot: botSchema, jobId: id<'job'>().nullable(), notes: z.array(z.string()) })),
}
