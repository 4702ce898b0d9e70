import { z } from 'zod'
import type { modelFormats, modelKinds } from '../contract/models.ts'

export interface ModelOption {
  kind: (typeof modelKinds)[number]
  format: (typeof modelFormats)[number]
}

/**
 * An option that names an installed model. Its schema says so (`model`: kind and format), which is how a form knows
 * what to offer, and how a model's users are found.
 */
export function modelOption(model: ModelOption, description: string, standard = '') {
  return z.string().default(standard).meta({ description, model })
}

/** Whether one of the options names models of this kind and format. */
export function takesModel(schema: z.ZodType, { kind, format }: ModelOption): boolean {
  return optionsOf(schema).some(([, option]) => {
    const model = option.meta()?.model as ModelOption | undefined
    return model?.kind === kind && model.format === format
  })
}

/** The installed models that options of this schema name, defaults included. */
export function modelsNamed(schema: z.ZodType, options: Record<string, unknown>): string[] {
  return optionsOf(schema).flatMap(([name, option]) => {
    if (option.meta()?.model === undefined) return []
    const parsed = option.safeParse(options[name])
    return typeof parsed.data === 'string' && parsed.data !== '' ? [parsed.data] : []
  })
}

function optionsOf(schema: z.ZodType): [name: string, option: z.ZodType][] {
  return schema instanceof z.ZodObject ? Object.entries(schema.shape) : []
}
