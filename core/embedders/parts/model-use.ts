import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import { readManifest } from '../../model-files/manifest.ts'
import type { Repeats } from '../../contract/models.ts'
import type { Pooling } from '../../runtimes/vectors.ts'
import { fingerprint } from '../../shared/hash.ts'

/** Options that every embedder of a model folder has. What is absent is as the model's own model.json says. */
export const modelUseOptions = {
  maxTokens: z
    .int()
    .min(8)
    .max(8192)
    .optional()
    .describe('Texts are cut after this many tokens. Empty: as many as the model was made for, 2048 at most.'),
  queryPrefix: z.string().max(500).optional().describe('Put before every question. Empty: what the model wants.'),
  passagePrefix: z.string().max(500).optional().describe('Put before every passage. Empty: what the model wants.'),
  dimensions: z
    .int()
    .min(8)
    .max(8192)
    .optional()
    .describe('Vectors are cut to this length, for models that were trained for that (Matryoshka). Empty: not cut.'),
}

export interface ModelUseOptions {
  maxTokens?: number | undefined
  queryPrefix?: string | undefined
  passagePrefix?: string | undefined
  dimensions?: number | undefined
  pooling?: Pooling | undefined
}

/** How a model is used: its manifest, with a person's options over it. */
export interface ModelUse {
  pooling: Pooling | undefined
  repeats: Repeats
  prefixes: { query: string; passage: string }
  /** As asked for or published; undefined: nobody says. */
  maxTokens: number | undefined
  dimensions: number
  /** To be added to the identity of the weights: empty where vectors are the model's plain ones. */
  suffix: string
}

/**
 * @param modelDimensions Numbers in the model's own vectors.
 * @param plainPooling What the same weights do where nobody says otherwise.
 * Errors: model-invalid (its model.json), input-invalid (more dimensions than there are).
 */
export async function readModelUse(
  folder: string,
  options: ModelUseOptions,
  modelDimensions: number,
  plainPooling: Pooling,
): Promise<ModelUse> {
  const manifest = await readManifest(folder)
  const pooling = options.pooling ?? manifest?.pooling
  const repeats = manifest?.repeats ?? 'linear'
  const passage = options.passagePrefix ?? manifest?.prefixes?.passage ?? ''
  const dimensions = options.dimensions ?? modelDimensions
  if (dimensions > modelDimensions) {
    throw new AppError(
      'input-invalid',
      `This model's vectors have ${modelDimensions} dimensions; ${dimensions} were asked for. Choose fewer.`,
    )
  }
  // Whatever makes other vectors of the same passage, as far as it differs from the model's plain use.
  const differences = {
    ...(pooling && pooling !== plainPooling ? { pooling } : {}),
    ...(repeats === 'linear' ? {} : { repeats }),
    ...(passage === '' ? {} : { passage }),
    ...(dimensions === modelDimensions ? {} : { dimensions }),
    ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
  }
  return {
    pooling,
    repeats,
    prefixes: { query: options.queryPrefix ?? manifest?.prefixes?.query ?? '', passage },
    maxTokens: options.maxTokens ?? manifest?.maxTokens,
    dimensions,
    suffix: Object.keys(differences).length === 0 ? '' : `-${fingerprint(differences).slice(0, 8)}`,
  }
}

/** Longer texts are cut here unless a person asks for more: their states take gigabytes. */
export const defaultLongest = 2048
