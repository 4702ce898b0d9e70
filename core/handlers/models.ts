import { isAbsolute } from 'node:path'
import type { Collection } from '../contract/collections.ts'
import { AppError, fromErrorData } from '../contract/errors.ts'
import type { Model } from '../contract/models.ts'
import type { PlacedFile } from '../model-files/file-source.ts'
import type { StoredModel } from '../model-files/model-store.ts'
import { modelsOf } from '../services/pipelines.ts'
import type { Services } from '../services/services.ts'
import type { UploadId } from '../shared/ids.ts'
import { os } from './base.ts'
import { told } from './with-progress.ts'

export function modelHandlers(services: Services) {
  const { modelStore, modelSpeeds, collections, uploads } = services
  const present = (model: StoredModel): Model => ({
    ...model,
    usedBy: users(model.manifest.id, collections.list()),
    speed: modelSpeeds.of(model.manifest),
  })
  const get = async (id: string): Promise<Model> => present(await modelStore.get(id))
  return {
    list: os.models.list.handler(async () => ({ models: (await modelStore.list()).map(present) })),
    upload: os.models.upload.handler(({ input: { size, ...piece } }) => {
      // Once as it came, once as the model that is made of it.
      const neededBytes = size === undefined ? undefined : 2 * size
      return uploads.take({ ...piece, uploadId: piece.uploadId }, { maximumBytes: maximumModelFileBytes, neededBytes })
    }),
    import: os.models.import.handler(async function* ({ input, signal }) {
      const { path = '', uploadIds = [], id, trustKeys } = input
      for (const given of uploadIds.length > 0 ? trustKeys : [path, ...trustKeys]) requireAbsolute(given)
      const from = uploadIds.length > 0 ? placed(uploadIds) : path
      try {
        const { manifest, signature, assumed } = yield* told(signal, (watch) =>
          modelStore.import(from, { ...watch, id, trustKeys }),
        )
        yield { type: 'import-end' as const, model: await get(manifest.id), signature, assumed }
      } finally {
        await uploads.remove(uploadIds)
      }
    }),
    export: os.models.export.handler(async function* ({ input, signal }) {
      requireAbsolute(input.path)
      if (input.signKey !== undefined) requireAbsolute(input.signKey)
      const written = yield* told(signal, (watch) =>
        modelStore.export(input.id, input.path, { ...watch, signKey: input.signKey }),
      )
      yield { type: 'export-end' as const, ...written }
    }),
    verify: os.models.verify.handler(async function* ({ input, signal }) {
      const files = yield* told(signal, (watch) => modelStore.verify(input.id, watch))
      const ok = files.every(({ state }) => state === 'right' || state === 'unchecked')
      yield { type: 'verify-end' as const, ok, files }
    }),
    measure: os.models.measure.handler(async function* ({ input, signal }) {
      const { manifest } = await requireInstalled(input.id)
      const speed = yield* told(signal, (watch) => modelSpeeds.measure(manifest, watch))
      yield { type: 'measure-end' as const, model: await get(manifest.id), speed }
    }),
    memory: os.models.memory.handler(() => services.modelMemory()),
    remove: os.models.remove.handler(async ({ input }) => {
      const model = await get(input.id)
      if (model.state === 'downloading') {
        throw new AppError('model-in-use', `"${input.id}" is being downloaded. Cancel that first.`)
      }
      if (model.state === 'absent' && model.bytes > 0) await modelStore.removePartial(input.id)
      else await removeInstalled(model)
      return { removedBytes: model.bytes }
    }),
    download: os.models.download.handler(async function* ({ input, signal }) {
      const { manifest } = await get(input.id)
      const fetch = services.network.door.fetchFor('model-download')
      yield* told(signal, (watch) =>
        modelStore.download(manifest.id, { ...watch, fetch, precision: input.precision, base: input.mirror }),
      )
      yield { type: 'download-end' as const, model: await get(manifest.id) }
    }),
  }

  function placed(uploadIds: readonly UploadId[]): PlacedFile[] {
    uploads.requireComplete(uploadIds)
    // They go when the model is here.
    if (uploadIds.some((id) => services.documents.usesUpload(id))) {
      throw new AppError(
        'input-invalid',
        'This is a document of a collection. Send the model’s files, then import them.',
      )
    }
    return uploadIds.map((id) => ({ path: uploads.get(id).path, location: uploads.path(id) }))
  }

  async function requireInstalled(id: string): Promise<Model> {
    const model = await get(id)
    if (model.state === 'installed') return model
    if (model.problem) throw fromErrorData(model.problem)
    throw new AppError('model-missing', `The model "${id}" is not on this machine. Download or import it first.`)
  }

  async function removeInstalled({ manifest, usedBy, origin }: Model): Promise<void> {
    // Of two with one name, one has to go, and the other takes its place.
    const places = (await modelStore.list()).filter((other) => other.manifest.id === manifest.id)
    if (usedBy.length > 0 && places.length === 1 && origin === 'workspace') {
      const names = usedBy.map(({ name }) => `"${name}"`).join(', ')
      throw new AppError(
        'model-in-use',
        `The model "${manifest.id}" is used by ${names}. Choose another model in their pipelines first.`,
        { details: { usedBy } },
      )
    }
    await modelStore.remove(manifest.id)
    services.forgetModel(manifest.id)
  }
}

/** Far above any model that runs on one machine. */
const maximumModelFileBytes = 200_000_000_000

/** Collections whose pipeline names the model, in whichever family. */
function users(id: string, collections: readonly Collection[]): Model['usedBy'] {
  return collections
    .filter(({ pipeline }) => modelsOf(pipeline).includes(id))
    .map((collection) => ({ collectionId: collection.id, name: collection.name }))
}

function requireAbsolute(path: string): void {
  if (isAbsolute(path)) return
  throw new AppError('input-invalid', `"${path}" is not an absolute path. Give the whole path.`)
}
