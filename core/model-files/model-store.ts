import { opendir, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError, toAppError, toErrorData, type ErrorData } from '../contract/errors.ts'
import { modelIdSchema, type ModelManifest } from '../contract/models.ts'
import type { Progress } from '../shared/progress.ts'
import { describeFiles } from './describe-files.ts'
import { readCatalogue } from './catalogue.ts'
import { downloadModel, type DownloadModelOptions, downloadPrefix, partialBytes } from './download-model.ts'
import { sumFile } from './file-pieces.ts'
import { openFileSource } from './file-source.ts'
import { importModel, type ImportedModel, type ImportOptions, importPrefix } from './install-model.ts'
import { readManifest } from './manifest.ts'
import { type WrittenPack, writePack } from './pack.ts'
import { readPrivateKey, readPublicKey } from './signature.ts'

/** A model on this machine, or one of the catalogue that is not. */
export interface StoredModel {
  manifest: ModelManifest
  state: 'absent' | 'downloading' | 'installed' | 'damaged'
  /** 'bundled' ones came with Quarry and cannot be removed; null where it is not on this machine. */
  origin: 'bundled' | 'workspace' | null
  folder: string | null
  /** On disk; of an absent one what an unfinished download has brought. */
  bytes: number
  /** Why it is damaged. */
  problem: ErrorData | null
  inCatalogue: boolean
  /** Whether its manifest was made from its files. */
  described: boolean
}

export interface FileCheck {
  path: string
  /** 'unchecked': no sum was noted when the model was put here. */
  state: 'right' | 'wrong' | 'missing' | 'unchecked'
}

export interface Watch {
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** The models of one workspace. */
export interface ModelStore {
  /** Sorted by kind and name; every model there is and every one of the catalogue. */
  list(): Promise<StoredModel[]>
  /** Errors: model-missing. */
  get(id: string): Promise<StoredModel>
  /** Errors: see `importModel`; name-taken also where a bundled model has the name. */
  import(
    path: string,
    options: Watch & { id?: string | undefined; trustKeys?: readonly string[] },
  ): Promise<ImportedModel>
  /** Errors: model-missing, name-taken (the file is there), input-invalid (the key), model-invalid, disk-full. */
  export(id: string, path: string, options: Watch & { signKey?: string | undefined }): Promise<WrittenPack>
  /** Reads every file again. Errors: model-missing. */
  verify(id: string, options: Watch): Promise<FileCheck[]>
  /** Errors: model-missing, input-invalid (bundled). */
  remove(id: string): Promise<void>
  /** Throws away what an unfinished download has brought. */
  removePartial(id: string): Promise<void>
  /** Errors: see `downloadModel`; model-missing (not in the catalogue), name-taken (there, or being downloaded). */
  download(
    id: string,
    options: Watch & Pick<DownloadModelOptions, 'fetch' | 'precision' | 'base' | 'pace'>,
  ): Promise<ModelManifest>
}

export interface ModelStoreParts {
  /** Where models are put: WORKSPACE/models. */
  folder: string
  /** Read only; the first with a catalogue has the catalogue. */
  bundledFolders: readonly string[]
}

export function createModelStore({ folder, bundledFolders }: ModelStoreParts): ModelStore {
  const own = resolve(folder)
  const bundled = [...new Set(bundledFolders.map((path) => resolve(path)))].filter((path) => path !== own)
  const downloading = new Set<string>()
  // What a crash left of an import; this process has not begun any yet.
  const swept = sweep(own)
  let catalogue: Promise<ModelManifest[]> | undefined

  const readOwnCatalogue = (): Promise<ModelManifest[]> => {
    catalogue ??= readCatalogue(bundled)
    catalogue.catch(() => (catalogue = undefined))
    return catalogue
  }

  async function installed(): Promise<StoredModel[]> {
    const known = await readOwnCatalogue()
    const inCatalogue = new Set(known.map(({ id }) => id))
    const found: StoredModel[] = []
    for (const [place, origin] of [[own, 'workspace'] as const, ...bundled.map((path) => [path, 'bundled'] as const)]) {
      for (const name of await folderNames(place)) {
        const model = await inspect(join(place, name), name, known)
        if (model) found.push({ ...model, origin, inCatalogue: inCatalogue.has(model.manifest.id) })
      }
    }
    return found
  }

  const store: ModelStore = {
    async list() {
      const here = await installed()
      const ids = new Set(here.map(({ manifest }) => manifest.id))
      const known = await readOwnCatalogue()
      const absent = known
        .filter(({ id }) => !ids.has(id))
        .map(async (manifest): Promise<StoredModel> => ({
          manifest,
          state: downloading.has(manifest.id) ? 'downloading' : 'absent',
          origin: null,
          folder: null,
          bytes: await partialBytes(own, manifest),
          problem: null,
          inCatalogue: true,
          described: false,
        }))
      return [...here, ...(await Promise.all(absent))].sort(byKindAndName)
    },
    async get(id) {
      const found = (await store.list()).find(({ manifest }) => manifest.id === id)
      if (found) return found
      throw new AppError(
        'model-missing',
        `There is no model "${id}", here or in the catalogue. See: quarry models list`,
      )
    },
    async import(path, { id, trustKeys = [], signal, onProgress }) {
      await swept
      const trusted = await Promise.all(trustKeys.map(readPublicKey))
      const imported = await importModel(path, own, {
        ...({ id, trusted, signal, onProgress } satisfies Partial<ImportOptions>),
        catalogue: await readOwnCatalogue(),
        isTaken: (name) => bundledAt(name, bundled),
      })
      return imported
    },
    async export(id, path, { signKey, signal, onProgress }) {
      const { manifest, folder: from, bytes } = await requireHere(id)
      if (await exists(path)) {
        throw new AppError('name-taken', `${path} is there already. Choose another name, or remove it first.`)
      }
      const key = signKey === undefined ? undefined : await readPrivateKey(signKey)
      // Every byte is read twice: once for its sum, once into the pack.
      const onBytes = counting(bytes * 2, `packing ${id}`, onProgress)
      return writePack(path, from, manifest, { key, signal, onBytes })
    },
    async verify(id, { signal, onProgress }) {
      const { manifest, folder: from, bytes } = await requireHere(id)
      const onBytes = counting(bytes, `checking ${id}`, onProgress)
      const checks: FileCheck[] = []
      for (const file of manifest.files) {
        checks.push({
          path: file.path,
          state: await checkFile(join(from, file.path), file.sha256, { signal, onBytes }),
        })
      }
      return checks
    },
    async remove(id) {
      const here = (await installed()).filter(({ manifest }) => manifest.id === id)
      const ours = here.find(({ origin }) => origin === 'workspace')
      if (ours?.folder) return rm(ours.folder, { recursive: true, force: true })
      if (here.length > 0) {
        throw new AppError('input-invalid', `"${id}" came with Quarry and stays. Models that you added can be removed.`)
      }
      throw absentError(id)
    },
    removePartial: (id) => rm(join(own, downloadPrefix + id), { recursive: true, force: true }),
    async download(id, options) {
      await swept
      const manifest = (await readOwnCatalogue()).find((entry) => entry.id === id)
      if (!manifest) {
        throw new AppError('model-missing', `The catalogue has no model "${id}". See: quarry models list`)
      }
      if (downloading.has(id)) {
        throw new AppError('name-taken', `"${id}" is being downloaded already. Wait for it, or cancel it first.`)
      }
      downloading.add(id)
      try {
        const taken = await bundledAt(id, bundled)
        if (taken !== undefined) throw takenError(id, taken)
        return await downloadModel(manifest, own, options)
      } finally {
        downloading.delete(id)
      }
    },
  }

  async function requireHere(id: string): Promise<StoredModel & { folder: string }> {
    const found = (await installed()).find(({ manifest }) => manifest.id === id)
    if (!found?.folder) throw absentError(id)
    if (found.problem && found.problem.code !== 'model-invalid')
      throw new AppError('model-invalid', found.problem.message)
    return { ...found, folder: found.folder }
  }

  return store
}

/** What is in a folder; undefined where it is no model at all. */
async function inspect(
  folder: string,
  name: string,
  catalogue: readonly ModelManifest[],
): Promise<Omit<StoredModel, 'origin' | 'inCatalogue'> | undefined> {
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
): Promise<Omit<StoredModel, 'origin' | 'inCatalogue'> | undefined> {
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

async function checkFile(
  path: string,
  expected: string | undefined,
  options: { signal: AbortSignal | undefined; onBytes(bytes: number): void },
): Promise<FileCheck['state']> {
  try {
    const { sha256 } = await sumFile(path, options)
    if (expected === undefined) return 'unchecked'
    return sha256 === expected ? 'right' : 'wrong'
  } catch (error) {
    const known = toAppError(error)
    if (known.code === 'file-missing') return 'missing'
    throw known
  }
}

function counting(
  total: number,
  label: string,
  onProgress: ((progress: Progress) => void) | undefined,
): (bytes: number) => void {
  let done = 0
  return (bytes) => {
    done += bytes
    onProgress?.({ done, total, unit: 'bytes', label })
  }
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

async function bundledAt(id: string, bundled: readonly string[]): Promise<string | undefined> {
  for (const place of bundled) {
    const folder = join(place, id)
    if (await exists(folder)) return folder
  }
  return undefined
}

async function folderNames(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    for await (const entry of await opendir(folder)) {
      if ((entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.')) names.push(entry.name)
    }
  } catch (error) {
    const known = toAppError(error)
    if (known.code !== 'file-missing') throw known
  }
  return names.sort()
}

async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (name.startsWith(importPrefix)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

const kindOrder = ['embedder', 'reranker', 'generator']

function byKindAndName(a: StoredModel, b: StoredModel): number {
  const kinds = kindOrder.indexOf(a.manifest.kind) - kindOrder.indexOf(b.manifest.kind)
  return kinds !== 0 ? kinds : a.manifest.id < b.manifest.id ? -1 : 1
}

function absentError(id: string): AppError {
  return new AppError('model-missing', `The model "${id}" is not on this machine. See: quarry models list`)
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

function misnamed(id: string, folder: string): AppError {
  return new AppError('model-invalid', `The model.json in ${folder} is of "${id}". Give the folder that name.`)
}
