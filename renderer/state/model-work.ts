import { create } from 'zustand'
import { AppError, type ErrorData } from '../../core/contract/errors.ts'
import type { UploadId } from '../../core/shared/ids.ts'
import type { Picked } from '../platform/shell-api.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'
import { type ModelImport, mostModelFiles, planModelImports } from './model-imports.ts'
import { useModels } from './models.ts'
import { useNetwork } from './network.ts'
import { useNotices } from './notices.ts'
import { sendFile, type SentPiece } from './send-file.ts'

export type ModelWorkKind = 'import' | 'export' | 'verify' | 'measure' | 'download'

/** Long work on a model. It is a call, not a job: it lives as long as this page is open, and leaving ends it. */
export interface ModelWork {
  id: number
  kind: ModelWorkKind
  /** Null while it is not known whose files these are. */
  modelId: string | null
  /** 'Importing bge.quarrypack' */
  title: string
  /** What it is at: 'copying onnx/model.onnx'. */
  step: string
  done: number
  /** Null while it is not known. */
  total: number | null
  /** Of both; 'bytes' mostly. */
  unit: string
  /** When the first progress came and how far it was: a download goes on where an earlier one ended. */
  from: { at: number; done: number } | null
  controller: AbortController
  end: WorkEnd | null
  again(): void
}

export type WorkEnd =
  | { state: 'done'; title: string; notes: string[] }
  | { state: 'failed'; failure: ErrorData }
  | { state: 'cancelled'; note: string }

export type FileCheckState = 'right' | 'wrong' | 'missing' | 'unchecked'

interface ModelWorkStore {
  /** Under way and just ended, newest last. */
  works: ModelWork[]
  /** What the last check of a model found of each of its files. */
  checks: Record<string, ReadonlyMap<string, FileCheckState>>
  putAway(id: number): void
}

export const useModelWork = create<ModelWorkStore>((set) => ({
  works: [],
  checks: {},
  putAway: (id) => set(({ works }) => ({ works: works.filter((work) => work.id !== id) })),
}))

/** Imports whatever is a model in what was dropped or picked. */
export function importModels(picked: Picked | null): void {
  if (!picked) return
  const plan = planModelImports(picked)
  if (plan.length === 0) useNotices.getState().say('There was no model in what was dropped.')
  for (const one of plan) importModel(one)
}

export function exportModel(id: string, path: string): void {
  begin({
    kind: 'export',
    modelId: id,
    title: `Exporting ${id}`,
    work: async (watch, signal) => {
      const end = await last(await core().models.export({ id, path }, { signal }), watch)
      return { state: 'done', title: `Exported ${id}`, notes: [`It is in ${end.path}. Nobody signed it.`] }
    },
    cancelled: 'Cancelled; no pack was written.',
    again: () => exportModel(id, path),
  })
}

export function verifyModel(id: string): void {
  begin({
    kind: 'verify',
    modelId: id,
    title: `Checking ${id}`,
    work: async (watch, signal) => {
      const { ok, files } = await last(await core().models.verify({ id }, { signal }), watch)
      const found = new Map(files.map(({ path, state }) => [path, state]))
      useModelWork.setState(({ checks }) => ({ checks: { ...checks, [id]: found } }))
      if (ok) return { state: 'done', title: `Checked ${id}`, notes: [verdictOf(files)] }
      const bad = files.filter(({ state }) => state === 'wrong' || state === 'missing').map(({ path }) => path)
      throw new AppError(
        'model-invalid',
        `${bad.join(', ')} of ${id} ${bad.length === 1 ? 'is' : 'are'} not as noted. Remove the model and get it again.`,
        { details: { files: bad } },
      )
    },
    cancelled: 'Cancelled; not every file was read.',
    again: () => verifyModel(id),
  })
}

/** A self-test of some seconds; what it finds is kept with the model. */
export function measureModel(id: string): void {
  begin({
    kind: 'measure',
    modelId: id,
    title: `Measuring ${id}`,
    work: async (watch, signal) => {
      const { speed } = await last(await core().models.measure({ id }, { signal }), watch)
      return {
        state: 'done',
        title: `Measured ${id}`,
        notes: [`${amount.format(speed.perSecond)} ${speed.unit} a second on this machine.`],
      }
    },
    cancelled: 'Cancelled; nothing was noted.',
    again: () => measureModel(id),
  })
}

export function downloadModel(id: string, precision: string | undefined): void {
  begin({
    kind: 'download',
    modelId: id,
    title: `Downloading ${id}`,
    work: async (watch, signal) => {
      const which = precision === undefined ? {} : { precision }
      const { model } = await last(await core().models.download({ id, ...which }, { signal }), watch)
      const { licence } = model.manifest
      return { state: 'done', title: `Downloaded ${id}`, notes: [`Its licence is ${licence.id}.`] }
    },
    cancelled: 'Cancelled. What came is kept; downloading again goes on with it.',
    again: () => downloadModel(id, precision),
  })
}

function importModel(given: ModelImport): void {
  begin({
    kind: 'import',
    modelId: null,
    title: `Importing ${given.name}`,
    work: async (watch, signal) => {
      const from = 'path' in given ? { path: given.path } : { uploadIds: await send(given, watch, signal) }
      const { model, signature, assumed } = await last(await core().models.import(from, { signal }), watch)
      const { id } = model.manifest
      watch.of(id)
      return { state: 'done', title: `Imported ${id}`, notes: [signatureSentence(signature), ...assumed] }
    },
    cancelled: 'Cancelled; nothing of it was kept.',
    again: () => importModel(given),
  })
}

async function send(
  { name, files }: Extract<ModelImport, { files: unknown }>,
  watch: Watcher,
  signal: AbortSignal,
): Promise<UploadId[]> {
  if (files.length > mostModelFiles) {
    throw new AppError(
      'input-invalid',
      `${name} holds ${files.length.toLocaleString('en')} files, far more than a model has. Give the model’s own folder.`,
    )
  }
  const total = files.reduce((sum, { file }) => sum + file.size, 0)
  let done = 0
  const uploadIds: UploadId[] = []
  for (const { path, file } of files) {
    const take = (piece: SentPiece) => core().models.upload({ ...piece, size: file.size }, { signal })
    const onBytes = (bytes: number): void => {
      done += bytes
      watch.progress({ done, total, label: `sending ${path}` })
    }
    uploadIds.push(await sendFile(path, file, take, onBytes, signal))
  }
  // From here on the core counts anew.
  watch.restart()
  return uploadIds
}

interface Watcher {
  progress(at: { done: number; total?: number | undefined; unit?: string | undefined; label: string }): void
  restart(): void
  of(modelId: string): void
}

interface Start extends Pick<ModelWork, 'kind' | 'modelId' | 'title' | 'again'> {
  work(watch: Watcher, signal: AbortSignal): Promise<WorkEnd>
  /** What is left of it when it is cancelled. */
  cancelled: string
}

const amount = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

let nextId = 1

function begin({ kind, modelId, title, work, cancelled, again }: Start): void {
  const id = nextId++
  const controller = new AbortController()
  const change = (more: Partial<ModelWork>): void =>
    useModelWork.setState(({ works }) => ({
      works: works.map((other) => (other.id === id ? { ...other, ...more } : other)),
    }))
  const started: ModelWork = {
    ...{ id, kind, modelId, title, controller },
    ...{ step: 'starting', done: 0, total: null, unit: 'bytes', from: null, end: null },
    again: () => {
      useModelWork.getState().putAway(id)
      again()
    },
  }
  // An end of the same work from before has been seen.
  useModelWork.setState(({ works }) => ({
    works: [...works.filter((other) => other.end === null || other.title !== title).slice(-9), started],
  }))
  const watch: Watcher = {
    progress: ({ done, total, unit = 'bytes', label }) => {
      const from = useModelWork.getState().works.find((other) => other.id === id)?.from ?? { at: Date.now(), done }
      change({ done, total: total ?? null, unit, step: label, from })
    },
    restart: () => change({ done: 0, total: null, from: null }),
    of: (found) => change({ modelId: found }),
  }
  const settle = async (): Promise<void> => {
    try {
      change({ end: await work(watch, controller.signal) })
    } catch (error) {
      const failure = controller.signal.aborted ? null : toFailure(error)
      change({ end: failure ? { state: 'failed', failure } : { state: 'cancelled', note: cancelled } })
    }
    void useModels.getState().refresh()
    if (kind === 'download') void useNetwork.getState().refresh()
  }
  void settle()
  if (kind === 'download') void useModels.getState().refresh()
}

type Event = { type: string; done?: number; total?: number | undefined; unit?: string; label?: string }

/** Tells the progress and gives the event that ends the stream. */
async function last<Given extends Event>(
  events: AsyncIterable<Given>,
  watch: Watcher,
): Promise<Exclude<Given, { type: 'progress' }>> {
  for await (const event of events) {
    if (event.type !== 'progress') return event as Exclude<Given, { type: 'progress' }>
    watch.progress({ done: event.done ?? 0, total: event.total, unit: event.unit, label: event.label ?? '' })
  }
  throw new AppError('connection-lost', 'The connection ended before the work did. Try again.', { retryable: true })
}

function verdictOf(files: { state: FileCheckState }[]): string {
  const unchecked = files.filter(({ state }) => state === 'unchecked').length
  if (unchecked === 0) return `All ${files.length} files are as they were when the model came here.`
  return `Nothing is wrong; of ${unchecked} of ${files.length} files no checksum was noted.`
}

function signatureSentence(signature: { state: 'unsigned' } | { state: 'unknown-key' | 'trusted'; keyId: string }) {
  if (signature.state === 'unsigned') return 'It is not signed.'
  return signature.state === 'trusted'
    ? `Signed with a key that you trust (${signature.keyId}).`
    : `Signed with the key ${signature.keyId}, which nobody here vouched for.`
}
