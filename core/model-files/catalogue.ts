import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError, toAppError } from '../contract/errors.ts'
import { type ModelManifest, modelManifestSchema } from '../contract/models.ts'
import { firstIssue } from './manifest.ts'

export const catalogueName = 'catalogue.json'

const catalogueSchema = z.object({ models: z.array(modelManifestSchema).max(10_000) })

/**
 * The models that are known and can be had, from `catalogue.json` in the first of the folders that has one; none where
 * none has. Errors: model-invalid.
 */
export async function readCatalogue(folders: readonly string[]): Promise<ModelManifest[]> {
  for (const folder of folders) {
    const path = join(folder, catalogueName)
    let text
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'file-missing') continue
      throw known
    }
    return parseCatalogue(text, path)
  }
  return []
}

function parseCatalogue(text: string, path: string): ModelManifest[] {
  const say = (why: string, cause?: unknown): AppError =>
    new AppError('model-invalid', `The catalogue ${path} cannot be read: ${why}. Install Quarry again.`, { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw say('it is not JSON', cause)
  }
  const result = catalogueSchema.safeParse(value)
  if (result.success) return result.data.models
  throw say(firstIssue(result.error))
}
