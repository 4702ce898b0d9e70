import { opendir, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError, type ErrorData, toAppError } from '../contract/errors.ts'
import type { ModelManifest } from '../contract/models.ts'
import type { Progress } from '../shared/progress.ts'
import { readCatalogue } from './catalogue.ts'
import { downloadModel, type DownloadModelOptions, downloadPrefix, partialBytes } from './download-model.ts'
import { sumFile } from './file-pieces.ts'
import type { PlacedFile } from './file-source.ts'
import { inspectFolder } from './inspect-folder.ts'
import { importModel, type ImportedModel, type ImportOptions, importPrefix } from './install-model.ts'
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
    from: string | readonly PlacedFile[],
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
        const model = await inspectFolder(join(place, name), name, known)
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
    async import(from, { id, trustKeys = [], signal, onProgress }) {
      await swept
      const trusted = await Promise.all(trustKeys.map(readPublicKey))
      const imported = await importModel(from, own, {
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
