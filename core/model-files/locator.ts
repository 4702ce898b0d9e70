import { access } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { requiredOnnxFiles } from './describe-files.ts'
import { readManifest } from './manifest.ts'

/** What a folder without a manifest must hold to be taken for a model. */
export const requiredModelFiles = [...requiredOnnxFiles, 'onnx/model.onnx'] as const

export type LocateModel = (name: string) => Promise<string>

/**
 * Finds a model's folder by name in the given folders: those a person added, then the bundled ones. A folder with
 * `model.json` has to hold the files that it names; one without is a model if it holds `requiredModelFiles`.
 * The answer rejects with 'model-missing', naming every place looked at, 'model-invalid' where the folder lacks files,
 * or 'name-taken' where two folders have a model of that name.
 */
export function createModelLocator(folders: readonly string[]): LocateModel {
  const places = [...new Set(folders.map((folder) => resolve(folder)))]
  return async (name) => {
    if (name === '') {
      throw new AppError('input-invalid', 'No model is chosen. Name one that is installed; see: quarry models list')
    }
    if (!isModelName(name)) {
      throw new AppError(
        'input-invalid',
        `"${name}" is not a model's name. Use the name of its folder, without a path.`,
      )
    }
    const searched = places.map((folder) => join(folder, name))
    const whole: string[] = []
    let incomplete: { folder: string; missing: string[] } | undefined
    for (const folder of searched) {
      const missing = await missingFiles(folder)
      if (missing === undefined) continue
      if (missing.length === 0) whole.push(folder)
      else incomplete ??= { folder, missing }
    }
    const [found, second] = whole
    if (found !== undefined && second !== undefined) {
      throw new AppError('name-taken', `There are two models "${name}": ${whole.join(' and ')}. Remove one of them.`, {
        details: { name, folders: whole },
      })
    }
    if (found !== undefined) return found
    if (incomplete) {
      throw new AppError(
        'model-invalid',
        `The model "${name}" in ${incomplete.folder} is incomplete: ${incomplete.missing.join(', ')} is missing. ` +
          'Copy the whole model folder again.',
        { details: incomplete },
      )
    }
    throw new AppError(
      'model-missing',
      `The model "${name}" is not on this machine. Looked in: ${searched.join(', ') || 'no folder at all'}. ` +
        'Download or import it (quarry models list), or choose another model.',
      { details: { name, searched } },
    )
  }
}

/** Whether it can be the name of a model's folder: no path, and none of our own hidden folders. */
export function isModelName(name: string): boolean {
  return name !== '' && name === basename(name) && !name.startsWith('.') && !name.includes('\\')
}

/** Of a folder that is, or is meant to be, a model; undefined where there is nothing of one. */
async function missingFiles(folder: string): Promise<string[] | undefined> {
  const manifest = await readManifest(folder)
  const wanted = manifest ? manifest.files.map(({ path }) => path) : requiredModelFiles
  const checks = wanted.map(async (file) => {
    try {
      await access(join(folder, file))
      return []
    } catch {
      return [file]
    }
  })
  const missing = (await Promise.all(checks)).flat()
  return !manifest && missing.length === wanted.length ? undefined : missing
}
