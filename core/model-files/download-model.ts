import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { type ModelFile, type ModelManifest, modelHub, sha256Schema } from '../contract/models.ts'
import type { Progress } from '../shared/progress.ts'
import { downloadFile, type DownloadPace } from './download-file.ts'
import { publish, requireAbsent } from './install-model.ts'
import { writeManifest } from './manifest.ts'

export interface DownloadModelOptions {
  /** From the network door, for 'model-download'. */
  fetch: typeof fetch
  /** Of weights in several precisions, which to fetch; by default the first that the manifest names. */
  precision?: string | undefined
  /** Where the hub, or a mirror of it, is. */
  base?: string | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
  pace?: DownloadPace | undefined
}

/** Folders of downloads that are not complete; they stay, so that they can be gone on with. */
export const downloadPrefix = '.download-'

/**
 * Downloads a model of the catalogue to `MODELS_FOLDER/ID`, file by file, and gives its manifest with the size and
 * SHA-256 of what came. Files that are complete, and the begun part of one that is not, are kept beside until all are
 * there. Errors: input-invalid, name-taken, and those of `downloadFile`.
 */
export async function downloadModel(
  manifest: ModelManifest,
  modelsFolder: string,
  options: DownloadModelOptions,
): Promise<ModelManifest> {
  const { hub } = manifest
  if (!hub) throw new AppError('input-invalid', `It is not known where "${manifest.id}" can be had. Import it instead.`)
  const wanted = chooseFiles(manifest, options.precision)
  const target = join(modelsFolder, manifest.id)
  await requireAbsent(target, manifest.id)
  const folder = join(modelsFolder, downloadPrefix + manifest.id)
  const base = options.base ?? modelHub
  const from = `${base.replace(/\/+$/, '')}/${hub.id}/resolve/${hub.revision}`
  const state = await openState(folder, from)

  const sizes = new Map(wanted.map(({ path, bytes }) => [path, bytes]))
  const done = new Map<string, number>()
  const report = (path: string): void => {
    const known = [...sizes.values()]
    const total = known.includes(undefined) ? undefined : known.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
    const bytes = [...done.values()].reduce((sum, count) => sum + count, 0)
    options.onProgress?.({
      done: bytes,
      ...(total === undefined ? {} : { total }),
      unit: 'bytes',
      label: `downloading ${path}`,
    })
  }
  const files: ModelFile[] = []
  for (const file of wanted) {
    const path = join(folder, file.path)
    await mkdir(dirname(path), { recursive: true })
    const kept = await state.complete(file)
    const sum =
      kept ??
      (await downloadFile({
        url: `${from}/${file.path.split('/').map(encodeURIComponent).join('/')}`,
        fetch: options.fetch,
        partPath: `${path}.part`,
        expected: file,
        etag: state.etag(file.path),
        onEtag: (etag) => state.note(file.path, etag === undefined ? {} : { etag }),
        signal: options.signal,
        pace: options.pace,
        onProgress(count, total) {
          done.set(file.path, count)
          sizes.set(file.path, total)
          report(file.path)
        },
      }))
    if (!kept) {
      await rename(`${path}.part`, path)
      await state.note(file.path, sum)
    }
    done.set(file.path, sum.bytes)
    sizes.set(file.path, sum.bytes)
    report(file.path)
    files.push({ ...file, bytes: sum.bytes, sha256: sum.sha256 })
  }
  const installed = { ...manifest, files }
  await requireAbsent(target, manifest.id)
  await state.remove(files)
  await writeManifest(folder, installed)
  await publish(folder, target)
  return installed
}

/** Bytes that an unfinished download has brought; 0 where there is none. */
export async function partialBytes(modelsFolder: string, manifest: ModelManifest): Promise<number> {
  const folder = join(modelsFolder, downloadPrefix + manifest.id)
  let bytes = 0
  for (const { path } of manifest.files) {
    bytes += (await sizeOf(join(folder, path))) ?? (await sizeOf(join(folder, `${path}.part`))) ?? 0
  }
  return bytes
}

function chooseFiles(manifest: ModelManifest, precision: string | undefined): ModelFile[] {
  const offered = [...new Set(manifest.files.flatMap((file) => file.precision ?? []))]
  const chosen = precision ?? offered[0]
  if (precision !== undefined && !offered.includes(precision)) {
    throw new AppError(
      'input-invalid',
      `"${manifest.id}" has no precision "${precision}". There is: ${offered.join(', ') || 'only one'}.`,
      { details: { offered } },
    )
  }
  return manifest.files.filter((file) => file.precision === undefined || file.precision === chosen)
}

const stateSchema = z.object({
  from: z.string(),
  files: z.record(
    z.string(),
    z.object({ etag: z.string().optional(), bytes: z.int().optional(), sha256: sha256Schema.optional() }),
  ),
})
type FileState = z.infer<typeof stateSchema>['files'][string]

const stateName = 'download.json'

interface DownloadState {
  etag(path: string): string | undefined
  /** Size and sum of a file that an earlier run completed, and that is still what is wanted. */
  complete(file: ModelFile): Promise<{ bytes: number; sha256: string } | undefined>
  note(path: string, state: FileState): Promise<void>
  /** Leaves nothing in the folder but these files. */
  remove(files: readonly ModelFile[]): Promise<void>
}

/** What has come from where. A folder that was begun from another place or revision is begun anew. */
async function openState(folder: string, from: string): Promise<DownloadState> {
  const path = join(folder, stateName)
  let state: z.infer<typeof stateSchema> = { from, files: {} }
  try {
    state = stateSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // None yet, or not to be trusted.
    state = { from: '', files: {} }
  }
  if (state.from !== from) {
    await rm(folder, { recursive: true, force: true })
    state = { from, files: {} }
  }
  await mkdir(folder, { recursive: true })
  const save = (): Promise<void> => writeFile(path, JSON.stringify(state))
  await save()
  return {
    etag: (file) => state.files[file]?.etag,
    async complete(file) {
      const known = state.files[file.path]
      if (known?.bytes === undefined || known.sha256 === undefined) return undefined
      const isWanted =
        (file.sha256 ?? known.sha256) === known.sha256 && (await sizeOf(join(folder, file.path))) === known.bytes
      return isWanted ? { bytes: known.bytes, sha256: known.sha256 } : undefined
    },
    async note(file, next) {
      state.files[file] = next
      await save()
    },
    async remove(files) {
      const kept = new Set(files.map((file) => file.path))
      for (const file of Object.keys(state.files)) {
        if (!kept.has(file)) await rm(join(folder, file), { force: true })
        await rm(join(folder, `${file}.part`), { force: true })
      }
      await rm(path, { force: true })
    },
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}
