import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, type ErrorData, toErrorData } from '../contract/errors.ts'
import { modelIdSchema, type ModelManifest } from '../contract/models.ts'
import { describeFiles } from './describe-files.ts'
import { openFileSource } from './file-source.ts'
import { readManifest } from './manifest.ts'

/** What there is of a model in a folder, found without reading its weights. */
export interface InspectedModel {
  manifest: ModelManifest
  folder: string
  /** Of the files that the manifest names, on disk. */
  bytes: number
  state: 'installed' | 'damaged'
  /** Why it is damaged. */
  problem: ErrorData | null
  /** Whether its manifest was made from its files. */
  described: boolean
}

/** What is in a folder; undefined where it is no model at all. */
export async function inspectFolder(
  folder: string,
  name: string,
  catalogue: readonly ModelManifest[],
): Promise<InspectedModel | undefined> {
  const base = { folder, described: false, problem: null, state: 'installed' as const }
  if (!modelIdSchema.safeParse(name).success) return inspectOddlyNamed(folder, name, catalogue)
  try {
    const manifest = await readManifest(folder)
    if (manifest) {
      if (manifest.id !== name) throw misnamed(manifest.id, folder)
      return { ...base, manifest, ...(await checkSizes(folder, manifest)) }
    }
  } catch (error) {
    const stand = standIn(name, catalogue)
    return { ...base, manifest: stand, bytes: 0, state: 'damaged', problem: toErrorData(error) }
  }
  try {
    await using source = await openFileSource(folder)
    const { manifest } = await describeFiles(source, catalogue, name)
    return { ...base, manifest, described: true, ...(await checkSizes(folder, manifest)) }
  } catch {
    return undefined
  }
}

/** A model whose folder's name is none for a model: shown, so that it can be put right. */
async function inspectOddlyNamed(
  folder: string,
  name: string,
  catalogue: readonly ModelManifest[],
): Promise<InspectedModel | undefined> {
  try {
    await using source = await openFileSource(folder)
    const { manifest } = await describeFiles(source, catalogue)
    const message = `The folder "${name}" is no name for a model: small letters and digits, parted by "-" or ".".`
    const problem = toErrorData(new AppError('model-invalid', `${message} Call it "${manifest.id}".`))
    return { manifest, folder, bytes: 0, described: true, state: 'damaged', problem }
  } catch {
    return undefined
  }
}

async function checkSizes(
  folder: string,
  manifest: ModelManifest,
): Promise<{ bytes: number; state: 'installed' | 'damaged'; problem: ErrorData | null }> {
  let bytes = 0
  const wrong: string[] = []
  for (const file of manifest.files) {
    const size = await stat(join(folder, file.path)).then(
      (found) => found.size,
      () => undefined,
    )
    bytes += size ?? 0
    if (size === undefined || (file.bytes ?? size) !== size) wrong.push(file.path)
  }
  if (wrong.length === 0) return { bytes, state: 'installed', problem: null }
  const problem = new AppError(
    'model-invalid',
    `${wrong.join(', ')} of this model is missing or has another size. Remove the model and get it again.`,
    { details: { files: wrong } },
  )
  return { bytes, state: 'damaged', problem: toErrorData(problem) }
}

/** For a folder whose manifest cannot be read. */
function standIn(name: string, catalogue: readonly ModelManifest[]): ModelManifest {
  const known = catalogue.find(({ id }) => id === name)
  return (
    known ?? {
      id: name,
      kind: 'embedder',
      format: 'onnx',
      label: name,
      licence: { id: 'LicenseRef-unknown' },
      // Which ones it has is not known, and a manifest without any is none.
      files: [{ path: 'model' }],
      languages: [],
      use: '',
      sources: [],
    }
  )
}

function misnamed(id: string, folder: string): AppError {
  return new AppError('model-invalid', `The model.json in ${folder} is of "${id}". Give the folder that name.`)
}
