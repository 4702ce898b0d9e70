import type { KeyObject } from 'node:crypto'
import { access, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { type ModelFile, type ModelManifest, modelManifestSchema } from '../contract/models.ts'
import type { Progress } from '../shared/progress.ts'
import { describeFiles } from './describe-files.ts'
import { requireSpace, writePieces } from './file-pieces.ts'
import { type FileSource, openFileSource, type PlacedFile, readSmallText } from './file-source.ts'
import { firstIssue, manifestName, parseManifest, writeManifest } from './manifest.ts'
import { packName, type PackSignature, placeInPack, readPack } from './pack.ts'

export interface ImportOptions {
  /** Name for a model that has none of its own. */
  id?: string | undefined
  /** With any, only packs that one of them signed are taken. */
  trusted?: readonly KeyObject[] | undefined
  catalogue: readonly ModelManifest[]
  /** Where else a model has the name. */
  isTaken?: ((id: string) => Promise<string | undefined>) | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface ImportedModel {
  manifest: ModelManifest
  signature: PackSignature
  /** What the files did not say, as sentences. */
  assumed: string[]
}

/** Folders of unfinished imports; what a crash left of them is removed at the next start. */
export const importPrefix = '.import-'

/**
 * Copies a model from a folder, a `.quarrypack`, a `.zip` or a `.gguf` file, or from the files of one, to
 * `MODELS_FOLDER/ID`. It is copied beside, checked, and only then given its name: after a crash there is the whole model
 * or none of it.
 * Errors: file-missing, input-invalid, model-invalid, name-taken, file-corrupt, file-too-large, disk-full, cancelled.
 */
export async function importModel(
  from: string | readonly PlacedFile[],
  modelsFolder: string,
  options: ImportOptions,
): Promise<ImportedModel> {
  await using source = await openFileSource(from)
  const found = await identify(source, options)
  const { manifest } = found
  const target = join(modelsFolder, manifest.id)
  await requireAbsent(target, manifest.id)
  const elsewhere = await options.isTaken?.(manifest.id)
  if (elsewhere !== undefined) throw takenError(manifest.id, elsewhere)
  const total = manifest.files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  await mkdir(modelsFolder, { recursive: true })
  await requireSpace(modelsFolder, total)

  const folder = await mkdtemp(join(modelsFolder, importPrefix))
  try {
    let done = 0
    const files: ModelFile[] = []
    for (const file of manifest.files) {
      const label = `copying ${file.path}`
      const onBytes = (bytes: number): void => {
        done += bytes
        options.onProgress?.({ done, total, unit: 'bytes', label })
      }
      files.push(await copyFile(source, found.place(file.path), file, folder, { signal: options.signal, onBytes }))
    }
    const installed = { ...manifest, files }
    await writeManifest(folder, installed)
    await requireAbsent(target, manifest.id)
    await publish(folder, target)
    return { manifest: installed, signature: found.signature, assumed: found.assumed }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Gives a complete folder its name, so that also a loss of power leaves the whole of it or nothing. */
export async function publish(folder: string, target: string): Promise<void> {
  await syncFile(join(folder, manifestName))
  await rename(folder, target)
}

export async function requireAbsent(target: string, id: string): Promise<void> {
  try {
    await access(target)
  } catch {
    return
  }
  throw takenError(id, target)
}

export function takenError(id: string, folder: string): AppError {
  return new AppError(
    'name-taken',
    `There is already a model "${id}" in ${folder}. Remove it first, if this is better.`,
    {
      details: { id, folder },
    },
  )
}

interface Identified {
  manifest: ModelManifest
  signature: PackSignature
  assumed: string[]
  /** Where a file of the manifest is in the source. */
  place(path: string): string
}

async function identify(source: FileSource, options: ImportOptions): Promise<Identified> {
  const has = (path: string): boolean => source.files.some((file) => file.path === path)
  if (has(packName)) {
    const { manifest, signature } = await readPack(source, options.trusted ?? [])
    return { manifest, signature, assumed: [], place: placeInPack }
  }
  if ((options.trusted ?? []).length > 0) {
    throw new AppError('input-invalid', 'Only a .quarrypack can be signed. Import this without --trust.')
  }
  const signature: PackSignature = { state: 'unsigned' }
  const text = await readSmallText(source, manifestName)
  if (text !== undefined) {
    const stated = parseManifest(text, manifestName)
    const present = new Map(source.files.map(({ path, bytes }) => [path, bytes]))
    const missing = stated.files.filter(({ path }) => !present.has(path))
    if (missing.length > 0) {
      const names = missing.map(({ path }) => path)
      throw new AppError('model-invalid', `This model is incomplete: ${names.join(', ')} is missing. Get all of it.`, {
        details: { missing: names },
      })
    }
    const files = stated.files.map((file) => ({ ...file, bytes: file.bytes ?? present.get(file.path) ?? 0 }))
    return { manifest: { ...stated, files }, signature, assumed: [], place: (path) => path }
  }
  const { manifest, places, assumed } = await describeFiles(source, options.catalogue, options.id)
  const checked = modelManifestSchema.safeParse(manifest)
  if (!checked.success) {
    throw new AppError('model-invalid', `These files do not make a model: ${firstIssue(checked.error)}.`)
  }
  return { manifest: checked.data, signature, assumed, place: (path) => places.get(path) ?? path }
}

async function copyFile(
  source: FileSource,
  place: string,
  file: ModelFile,
  folder: string,
  options: { signal?: AbortSignal | undefined; onBytes(bytes: number): void },
): Promise<ModelFile> {
  const path = join(folder, file.path)
  await mkdir(dirname(path), { recursive: true })
  const pieces = source.read(place, options.signal)
  const sum = await writePieces(path, pieces, { ...options, maxBytes: file.bytes ?? Infinity })
  if ((file.sha256 !== undefined && file.sha256 !== sum.sha256) || (file.bytes ?? sum.bytes) !== sum.bytes) {
    throw new AppError(
      'model-invalid',
      `${file.path} is not what the list of this model says: it was damaged or changed. Get the model again.`,
      { details: { path: file.path, expected: file.sha256, found: sum.sha256 } },
    )
  }
  return { ...file, ...sum }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}
