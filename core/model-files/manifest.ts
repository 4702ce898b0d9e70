import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { AppError, toAppError } from '../contract/errors.ts'
import { type ModelManifest, modelManifestSchema } from '../contract/models.ts'

export const manifestName = 'model.json'

/** The manifest in a model's folder; undefined where there is none. Errors: model-invalid (names what is wrong). */
export async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const path = join(folder, manifestName)
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const known = toAppError(error)
    if (known.code === 'file-missing') return undefined
    throw known
  }
  return parseManifest(text, path)
}

/** `where` is what messages call it. Errors: model-invalid. */
export function parseManifest(text: string, where: string): ModelManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('model-invalid', `${where} is not JSON. Get the model again.`, { cause })
  }
  const result = modelManifestSchema.safeParse(value)
  if (result.success) return result.data
  throw new AppError('model-invalid', `${where} does not describe a model: ${firstIssue(result.error)}.`, {
    details: { path: where },
  })
}

/** Overwrites. */
export async function writeManifest(folder: string, manifest: ModelManifest): Promise<void> {
  await writeFile(join(folder, manifestName), manifestText(manifest))
}

export function manifestText(manifest: ModelManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** 'files.0.path: not a plain relative path'. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  if (!issue) return 'not valid'
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message
}
