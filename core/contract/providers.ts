import { oc } from '@orpc/contract'
import { z } from 'zod'
import { errorDataSchema, id } from './values.ts'

/** The languages of remote APIs that Quarry speaks. Each is a way of asking; a provider is a server that is asked. */
export const providerKinds = ['openai-compatible', 'ollama', 'anthropic', 'google', 'cohere', 'jina', 'voyage'] as const
export const providerKindSchema = z.enum(providerKinds)
export type ProviderKind = z.infer<typeof providerKindSchema>

/** What a provider can be asked for. Each is a purpose of the network's, for which its host has to be allowed. */
export const providerUses = ['chat', 'embeddings', 'rerank'] as const
export const providerUseSchema = z.enum(providerUses)
export type ProviderUse = z.infer<typeof providerUseSchema>

/** Name of a provider in pipelines, on the command line and, in capitals, in the variable with its key. */
export const providerIdSchema = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'small letters and digits, parted by "-"')

/** Where the API begins: 'https://api.example.com/v1', 'http://127.0.0.1:11434'. */
const baseUrlSchema = z.string().trim().min(1).max(500)
const labelSchema = z.string().trim().min(1).max(120)
/** Written into a header as it is. */
const keySchema = z
  .string()
  .trim()
  .min(1)
  .max(4000)
  .regex(/^[\x21-\x7e]+$/, 'no spaces, line ends or letters beyond ASCII')
const millisecondsSchema = z.int().min(1000).max(3_600_000)

export const providerTimeoutsSchema = z.object({
  /** Until an answer begins. A server on this machine may have to load its model first. */
  firstByteMs: millisecondsSchema,
  /** Between two pieces of an answer. */
  idleMs: millisecondsSchema,
})
export type ProviderTimeouts = z.infer<typeof providerTimeoutsSchema>

export const providerSchema = z.object({
  id: providerIdSchema,
  kind: providerKindSchema,
  label: z.string(),
  baseUrl: z.string(),
  timeouts: providerTimeoutsSchema,
  /** What it can be asked for. */
  uses: z.array(providerUseSchema),
  /** Where its key comes from. The key itself is never told. */
  key: z.object({
    from: z.enum(['none', 'stored', 'environment']),
    /** The variable that is looked at first. */
    variable: z.string(),
    /** Whether it does not answer without one. */
    needed: z.boolean(),
  }),
  /** Its host as the network's list has it. */
  host: z.string(),
  /** Whether what is asked of it stays on this machine. */
  thisMachine: z.boolean(),
  /** Whether the network lets it be asked, for each use. `message` says what to do where it does not. */
  reach: z.array(z.object({ use: providerUseSchema, allowed: z.boolean(), message: z.string().nullable() })),
  /** Collections whose pipelines ask it. */
  usedBy: z.array(z.object({ collectionId: id<'collection'>(), name: z.string() })),
})
export type Provider = z.infer<typeof providerSchema>

export const providerKindInfoSchema = z.object({
  kind: providerKindSchema,
  label: z.string(),
  /** One sentence: what it is, and which servers speak it. */
  summary: z.string(),
  /** The usual one; a provider of this kind has it where no other was given. Null: one has to be given. */
  baseUrl: z.string().nullable(),
  uses: z.array(providerUseSchema),
  keyNeeded: z.boolean(),
  /** Whether it can be asked which models it has. */
  listsModels: z.boolean(),
})
export type ProviderKindInfo = z.infer<typeof providerKindInfoSchema>

/** Where keys are kept. */
export const keyStorageSchema = z.object({
  /** 'none': they cannot be kept at present; `message` says why. Keys in the environment work all the same. */
  place: z.enum(['keychain', 'passphrase-file', 'key-file', 'none']),
  /** Sentences for a person: where, and what it protects against. */
  message: z.string(),
})
export type KeyStorage = z.infer<typeof keyStorageSchema>

export const providerModelSchema = z.object({
  /** As `options.model` takes it. */
  id: z.string(),
  /** What it is good for, as far as the API says; null where it does not. */
  uses: z.array(providerUseSchema).nullable(),
  /** Tokens that it reads, where the API says. */
  contextTokens: z.int().nullable(),
})
export type ProviderModel = z.infer<typeof providerModelSchema>

export const providerTestSchema = z.object({
  ok: z.boolean(),
  /** What was asked for; null: which models there are. */
  use: providerUseSchema.nullable(),
  model: z.string().nullable(),
  tookMs: z.number(),
  /** What came back, or what is wrong and what to do. */
  message: z.string(),
  error: errorDataSchema.nullable(),
})
export type ProviderTest = z.infer<typeof providerTestSchema>

/** Servers that may be asked for answers, vectors and orders. There is none until a person adds one. */
export const providersContract = {
  /** Sorted by id; every kind that there is; where keys are kept. */
  list: oc.route({ method: 'GET', path: '/providers' }).output(
    z.object({
      providers: z.array(providerSchema),
      kinds: z.array(providerKindInfoSchema),
      keys: keyStorageSchema,
    }),
  ),
  /** Nothing is connected to. Errors: name-taken, input-invalid (an address that is none, or none at all). */
  add: oc
    .route({ method: 'POST', path: '/providers' })
    .input(
      z.object({
        id: providerIdSchema,
        kind: providerKindSchema,
        /** Default: the kind's. */
        label: labelSchema.optional(),
        /** Default: the kind's. */
        baseUrl: baseUrlSchema.optional(),
        timeouts: providerTimeoutsSchema.partial().optional(),
      }),
    )
    .output(providerSchema),
  /**
   * What is not given stays. Another address is another model as far as indexes are concerned. A stored key is removed
   * when the address leads to another server: it was given to the one before. Errors: item-missing, input-invalid.
   */
  set: oc
    .route({ method: 'POST', path: '/providers/{id}' })
    .input(
      z.object({
        id: providerIdSchema,
        label: labelSchema.optional(),
        baseUrl: baseUrlSchema.optional(),
        timeouts: providerTimeoutsSchema.partial().optional(),
      }),
    )
    .output(providerSchema),
  /** Its key goes, too. Errors: item-missing, provider-in-use. */
  remove: oc
    .route({ method: 'DELETE', path: '/providers/{id}' })
    .input(z.object({ id: providerIdSchema }))
    .output(z.object({ removed: z.boolean() })),
  /** Errors: item-missing, keys-unavailable. */
  setKey: oc
    .route({ method: 'POST', path: '/providers/{id}/key' })
    .input(z.object({ id: providerIdSchema, key: keySchema }))
    .output(providerSchema),
  /** One in the environment stays in force. Errors: item-missing, keys-unavailable. */
  removeKey: oc
    .route({ method: 'DELETE', path: '/providers/{id}/key' })
    .input(z.object({ id: providerIdSchema }))
    .output(providerSchema),
  /**
   * One tiny request. Without `use` the API is asked for its models, where it can be. What goes wrong is in the
   * result; errors are those of the call itself: item-missing, input-invalid (a use that it does not have, no model).
   */
  test: oc
    .route({ method: 'POST', path: '/providers/{id}/test' })
    .input(
      z.object({
        id: providerIdSchema,
        use: providerUseSchema.optional(),
        model: z.string().trim().min(1).max(200).optional(),
      }),
    )
    .output(providerTestSchema),
  /** Sorted by id. Errors: item-missing, input-invalid (the API has no such list), network-refused, provider-… */
  models: oc
    .route({ method: 'GET', path: '/providers/{id}/models' })
    .input(z.object({ id: providerIdSchema }))
    .output(z.object({ models: z.array(providerModelSchema) })),
}
