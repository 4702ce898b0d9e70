import { access } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../contract/errors.ts'

/** What the loader reads; a folder without one of them is not a model. */
export const requiredModelFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'] as const

export type LocateModel = (name: string) => Promise<string>

/**
 * Finds a model's folder by name in the given folders, in their order: the bundled models, then those a person added.
 * The answer rejects with 'model-missing', naming every place looked at, or 'model-invalid' where the folder lacks
 * files.
 */
export function createModelLocator(folders: readonly string[]): LocateModel {
  return async (name) => {
    if (name === '' || name !== basename(name) || name.startsWith('.') || name.includes('\\')) {
      throw new AppError(
        'input-invalid',
        `"${name}" is not a model's name. Use the name of its folder, without a path.`,
      )
    }
    const searched = folders.map((folder) => join(folder, name))
    let incomplete: { folder: string; missing: string[] } | undefined
    for (const folder of searched) {
      const missing = await missingFiles(folder)
      if (missing.length === 0) return folder
      if (missing.length < requiredModelFiles.length) incomplete ??= { folder, missing }
    }
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
        'Put the model folder in one of these places, or choose another model.',
      { details: { name, searched } },
    )
  }
}

async function missingFiles(folder: string): Promise<string[]> {
  const checks = requiredModelFiles.map(async (file) => {
    try {
      await access(join(folder, file))
      return []
    } catch {
      return [file]
    }
  })
  return (await Promise.all(checks)).flat()
}
