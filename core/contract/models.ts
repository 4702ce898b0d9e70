import { z } from 'zod'

export const modelKinds = ['embedder', 'reranker', 'generator'] as const
export const modelFormats = ['onnx', 'gguf'] as const
/** How a text's vector is made of its tokens' states: their mean, the first one's, the last one's. */
export const poolings = ['mean', 'cls', 'last'] as const

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
