import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { LocateModel } from './locator.ts'
import { readManifest } from './manifest.ts'

const configSchema = z.object({ hidden_size: z.int().min(1) })

/** What a model is, from its files alone: quick, nothing is loaded. Errors: model-missing, model-invalid. */
export async function describeModel(locate: LocateModel, name: string): Promise<{ name: string; dimensions: number }> {
  const folder = await locate(name)
  const manifest = await readManifest(folder)
  if (manifest?.dimensions !== undefined) return { name, dimensions: manifest.dimensions }
  const file = join(folder, 'config.json')
  try {
    return { name, dimensions: configSchema.parse(JSON.parse(await readFile(file, 'utf8'))).hidden_size }
  } catch (cause) {
    throw new AppError('model-invalid', `${file} does not describe a model. Copy the whole model folder again.`, {
      cause,
    })
  }
}
