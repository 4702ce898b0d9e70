import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { errorDataSchema, id } from './values.ts'

export const modelKinds = ['embedder', 'reranker', 'generator'] as const
export const modelFormats = ['onnx', 'gguf'] as const
/** How a text's vector is made of its tokens' states: their mean, the first one's, the last one's. */
export const poolings = ['mean', 'cls', 'last'] as const
/** What a token that stands n times in a text counts in a mean: n, or ln(1 + n). */
export const repeatCounts = ['linear', 'logarithm'] as const
export type Repeats = (typeof repeatCounts)[number]

/** Where models are downloaded from, unless another address of the same layout is given. */
export const modelHub = 'https://huggingface.co'

/** Name of a model and of its folder. */
export const modelIdSchema = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'small letters and digits, parted by "-" or "."')

/**
 * A file in a model's folder: relative, parts separated by '/', with names that every file system takes. So a path
 * from a manifest that somebody else wrote never leads out of the folder, and never means two files.
 */
export const modelPathSchema = z
  .string()
  .max(200)
  .regex(/^(?:[A-Za-z0-9_][A-Za-z0-9._+-]*\/)*[A-Za-z0-9_][A-Za-z0-9._+-]*$/, 'not a plain relative path')
  .refine(
    (path) => path.split('/').every((part) => !part.endsWith('.') && !windowsDevice.test(part)),
    'a name that Windows does not take',
  )

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

export const modelFileSchema = z.object({
  path: modelPathSchema,
  /** Absent in the catalogue where no source names it; always there for an installed model. */
  bytes: z.int().min(0).optional(),
  /** Absent where unknown. What is installed has it, as seen when it was installed. */
  sha256: sha256Schema.optional(),
  /**
   * Of weights: 'fp32', 'fp16', 'q8' as Transformers.js names them, or the GGUF quantisation ('Q4_K_M'). Of several
   * files with one, a download takes those that are asked for. Absent for what every precision needs.
   */
  precision: z.string().max(20).optional(),
})
export type ModelFile = z.infer<typeof modelFileSchema>

export const licenceSchema = z.object({
  /** SPDX identifier, or 'LicenseRef-…' for what SPDX does not list. */
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+-]{0,60}$/),
  url: z.url().max(500).optional(),
  /** What has to be shown or kept with the model. */
  notice: z.string().max(2000).optional(),
})

/**
 * What a model is and how it wants to be used: `model.json` in its folder, and an entry of the catalogue. A model's
 * folder holds, as ONNX, config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx (or model_fp16.onnx,
 * model_quantized.onnx); as GGUF one .gguf file.
 */
export const modelManifestSchema = z
  .object({
    id: modelIdSchema,
    kind: z.enum(modelKinds),
    format: z.enum(modelFormats),
    label: z.string().trim().min(1).max(120),
    licence: licenceSchema,
    /** Where it is downloaded from: a repository on the hub and a branch, tag or commit of it. */
    hub: z
      .object({
        id: z.string().regex(/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/),
        revision: z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/),
      })
      .optional(),
    files: z.array(modelFileSchema).min(1).max(200),
    /** ISO 639 codes; 'mul' for many. */
    languages: z.array(z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/)).max(200),
    /** Numbers in a vector. */
    dimensions: z.int().min(1).max(65_536).optional(),
    /** Longest input (context) in tokens. */
    maxTokens: z.int().min(1).max(10_000_000).optional(),
    pooling: z.enum(poolings).optional(),
    /** Of models without layers, whose vectors are means of their tokens' own. Absent: linear. */
    repeats: z.enum(repeatCounts).optional(),
    /** Whether vectors are scaled to length 1. */
    normalise: z.boolean().optional(),
    /** Put before every question and every passage, exactly as published, spaces included. */
    prefixes: z.object({ query: z.string().max(500), passage: z.string().max(500) }).optional(),
    /** Shorter lengths that vectors may be cut to. */
    matryoshka: z.array(z.int().min(1)).max(20).optional(),
    /** Roughly what it takes while in use. */
    memoryMb: z.number().positive().optional(),
    /** One sentence: what to choose it for. */
    use: z.string().max(400),
    /** Where the figures come from: addresses, or what was assumed. */
    sources: z.array(z.string().min(1).max(500)).max(50),
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path.toLowerCase())).size === files.length, {
    message: 'a file is named twice',
    path: ['files'],
  })
  .refine(({ files }) => !files.some(({ path }) => path.toLowerCase() === 'model.json'), {
    message: 'the manifest does not list itself',
    path: ['files'],
  })
export type ModelManifest = z.infer<typeof modelManifestSchema>

const windowsDevice = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i

/** What a model did on this machine in a self-test of some seconds. */
export const modelSpeedSchema = z.object({
  /** Embedders: passages of about a hundred tokens. Rerankers: a question with such a passage. Generators: tokens. */
  unit: z.enum(['texts', 'pairs', 'tokens']),
  perSecond: z.number(),
  /** Starting a process and reading the files, which the system may have kept in memory. */
  loadMs: z.number(),
  /** Generators: how long it read `promptTokens` before it wrote. */
  firstTokenMs: z.number().nullable(),
  promptTokens: z.int().nullable(),
  /** What the process with the model held of the system's memory. */
  memoryMb: z.number().nullable(),
  /** Processor, threads, architecture. */
  machine: z.string(),
  measuredAt: z.number(),
})
export type ModelSpeed = z.infer<typeof modelSpeedSchema>

export const modelStates = ['absent', 'downloading', 'installed', 'damaged'] as const

/** A model of the catalogue, on this machine, or both. */
export const modelSchema = z.object({
  manifest: modelManifestSchema,
  /** 'absent': in the catalogue only. */
  state: z.enum(modelStates),
  /** 'bundled' ones came with Quarry and stay; null where it is not on this machine. */
  origin: z.enum(['bundled', 'workspace']).nullable(),
  folder: z.string().nullable(),
  /** On disk; of an absent one, what an unfinished download has brought. */
  bytes: z.number(),
  /** Why it is damaged. */
  problem: errorDataSchema.nullable(),
  inCatalogue: z.boolean(),
  /** Whether its manifest was made from its files. */
  described: z.boolean(),
  /** Collections whose pipeline names it. */
  usedBy: z.array(z.object({ collectionId: id<'collection'>(), name: z.string() })),
  /** Null where `measure` was never called for it on this machine. */
  speed: modelSpeedSchema.nullable(),
})
export type Model = z.infer<typeof modelSchema>

/** Whether somebody vouches for an imported pack. A wrong signature is an error. */
export const packSignatureSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('unsigned') }),
  /** `keyId`: the first 16 hexadecimal digits of the public key's SHA-256. */
  z.object({ state: z.literal('unknown-key'), keyId: z.string() }),
  z.object({ state: z.literal('trusted'), keyId: z.string() }),
])

const progressSchema = z.object({
  type: z.literal('progress'),
  done: z.number(),
  /** Absent while it is not known. */
  total: z.number().optional(),
  unit: z.string(),
  label: z.string(),
})

/** Not `modelIdSchema`: a name that no model can have is a model that is not there. */
const name = z.string().min(1).max(200)
const path = z.string().min(1).max(4096)

/**
 * Import, export, verify and download take as long as gigabytes take and tell how far they are. They are calls, not
 * jobs: leaving one stops it. What a download has brought is kept, and the next one goes on with it.
 */
export const modelsContract = {
  /** Every model on this machine and every one of the catalogue; embedders, rerankers, generators, each by name. */
  list: oc.route({ method: 'GET', path: '/models' }).output(z.object({ models: z.array(modelSchema) })),
  /**
   * One piece of a file of a model that the page holds, as `ingest.upload` takes one of a document: in order, the first
   * answer's `uploadId` with the next pieces. `size`, of the whole file, comes with the first piece, so that what has no
   * room is refused before it is sent. Errors: input-invalid (offset), item-missing, file-too-large, disk-full.
   */
  upload: oc
    .route({ method: 'POST', path: '/models/uploads' })
    .input(
      z.object({
        uploadId: id<'upload'>().optional(),
        /** Relative, with '/' between folders, as dropped: a model's files lie as its manifest says. */
        path: z.string().min(1).max(4096),
        size: z.coerce.number().int().min(0).optional(),
        offset: z.coerce.number().int().min(0).default(0),
        data: z.instanceof(Blob),
        last: z.boolean(),
      }),
    )
    .output(z.object({ uploadId: id<'upload'>(), received: z.number() })),
  /**
   * Copies a model into the workspace: from a folder (with model.json, or as Transformers.js loads it), a .quarrypack,
   * a .zip or a .gguf file; by its absolute path, or by its uploads, which are gone afterwards whatever comes of it.
   * With `trustKeys` (paths of public keys in PEM form) only packs that one of them signed are taken. Errors:
   * file-missing, item-missing, input-invalid, model-invalid (damaged, incomplete, wrongly signed), name-taken,
   * file-corrupt, file-too-large, disk-full.
   */
  import: oc
    .route({ method: 'POST', path: '/models/import' })
    .input(
      z
        .object({
          path: path.optional(),
          uploadIds: z.array(id<'upload'>()).min(1).max(200).optional(),
          id: modelIdSchema.optional(),
          trustKeys: z.array(path).max(100).default([]),
        })
        .refine((given) => (given.path === undefined) !== (given.uploadIds === undefined), {
          message: 'give a path or uploads, one of them',
          path: ['path'],
        }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({
            type: z.literal('import-end'),
            model: modelSchema,
            signature: packSignatureSchema,
            /** What its files did not say, and what was taken instead, as sentences. */
            assumed: z.array(z.string()),
          }),
        ]),
      ),
    ),
  /**
   * Packs an installed model as a new .quarrypack at an absolute path, signed with the Ed25519 key in the PEM file
   * `signKey`. Errors: model-missing, model-invalid (damaged), name-taken (the file is there), input-invalid, disk-full.
   */
  export: oc
    .route({ method: 'POST', path: '/models/{id}/export' })
    .input(z.object({ id: name, path, signKey: path.optional() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({
            type: z.literal('export-end'),
            path: z.string(),
            bytes: z.number(),
            keyId: z.string().nullable(),
          }),
        ]),
      ),
    ),
  /** Reads every file of an installed model again and compares SHA-256 sums. Errors: model-missing. */
  verify: oc
    .route({ method: 'POST', path: '/models/{id}/verify' })
    .input(z.object({ id: name }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({
            type: z.literal('verify-end'),
            /** No file is wrong or missing. */
            ok: z.boolean(),
            files: z.array(
              z.object({
                path: z.string(),
                /** 'unchecked': no sum was noted when the model was put here. */
                state: z.enum(['right', 'wrong', 'missing', 'unchecked']),
              }),
            ),
          }),
        ]),
      ),
    ),
  /**
   * How fast an installed model is on this machine, by a self-test of 5 seconds once it is loaded, in a process of its
   * own. The model shows it from then on. Errors: model-missing, model-invalid, memory-exceeded.
   */
  measure: oc
    .route({ method: 'POST', path: '/models/{id}/measure' })
    .input(z.object({ id: name }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({ type: z.literal('measure-end'), model: modelSchema, speed: modelSpeedSchema }),
        ]),
      ),
    ),
  /** What the processes that hold models take of the system's memory now. Models that nobody uses are unloaded. */
  memory: oc.route({ method: 'GET', path: '/models/memory' }).output(
    z.object({
      /** Embedders and rerankers share a process; null: none is loaded. */
      inferenceMb: z.number().nullable(),
      /** The language model that was used last. */
      generationMb: z.number().nullable(),
    }),
  ),
  /**
   * Removes a model from the workspace; of an absent one, what an unfinished download has brought.
   * Errors: model-missing, input-invalid (bundled), model-in-use (names the collections).
   */
  remove: oc
    .route({ method: 'DELETE', path: '/models/{id}' })
    .input(z.object({ id: name }))
    .output(z.object({ removedBytes: z.number() })),
  /**
   * Downloads a model of the catalogue, through the network door; goes on with what an earlier call has brought.
   * `precision` chooses among several weights; `mirror` is the address of another hub of the same layout.
   * Errors: model-missing, name-taken, network-refused (offline, or the hub is not allowed), request-refused (the hub
   * asks for a sign-in), connection-lost, model-invalid (not what the catalogue names), disk-full, input-invalid.
   */
  download: oc
    .route({ method: 'POST', path: '/models/{id}/download' })
    .input(
      z.object({
        id: name,
        precision: z.string().max(20).optional(),
        mirror: z
          .url({ protocol: /^https?$/ })
          .max(500)
          .optional(),
      }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({ type: z.literal('download-end'), model: modelSchema }),
        ]),
      ),
    ),
}
