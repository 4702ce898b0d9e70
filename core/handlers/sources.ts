import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { AppError, toAppError } from '../contract/errors.ts'
import { isArchive } from '../jobs/list-files.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function sourceHandlers(services: Services) {
  const { sources, collections } = services
  return {
    list: os.sources.list.handler(({ input }) => ({ sources: sources.list(input.collectionId) })),
    add: os.sources.add.handler(async ({ input }) => {
      const { collectionId, options } = input
      collections.getCore(collectionId)
      const { kind, location } = await placeOfSource(input.location)
      const id = sources.ensure(collectionId, kind, location)
      const source = sources.setOptions(id, withoutUndefined(options))
      services.sourceWatcher.refresh()
      return { source, jobId: services.startIngest(collectionId, 'sync', { sourceIds: [id] }) }
    }),
    update: os.sources.update.handler(({ input }) => {
      const source = sources.setOptions(input.sourceId, withoutUndefined(input.options))
      services.sourceWatcher.refresh()
      return source
    }),
    remove: os.sources.remove.handler(async ({ input }) => {
      const { sourceId, keepDocuments } = input
      sources.get(sourceId)
      const removed = keepDocuments ? 0 : await services.removeSourceDocuments(sourceId)
      sources.remove(sourceId)
      services.sourceWatcher.refresh()
      return { removed }
    }),
    sync: os.sources.sync.handler(({ input }) => {
      const { collectionId, verify, allowEmpty } = input
      collections.getCore(collectionId)
      const all = sources.list(collectionId).map((source) => source.id)
      const foreign = input.sourceIds?.find((id) => !all.includes(id))
      if (foreign) throw new AppError('item-missing', `There is no source ${foreign} in this collection.`)
      const sourceIds = input.sourceIds ?? all
      return { jobId: services.startIngest(collectionId, 'sync', { sourceIds, verify, allowEmpty }) }
    }),
  }
}

async function placeOfSource(given: string): Promise<{ kind: 'folder' | 'zip'; location: string }> {
  if (!isAbsolute(given)) {
    throw new AppError('input-invalid', `"${given}" is not an absolute path. Give the whole path.`)
  }
  const location = resolve(given)
  const info = await stat(location).catch((error: unknown) => {
    const { code, message, details } = toAppError(error)
    throw new AppError(code, `${location}: ${message}`, { details, cause: error })
  })
  if (info.isDirectory()) return { kind: 'folder', location }
  if (info.isFile() && isArchive(location)) return { kind: 'zip', location }
  throw new AppError(
    'input-invalid',
    `${location} is neither a folder nor a ZIP archive. Add single files to a collection instead.`,
  )
}

type Given<Options> = { [Key in keyof Options]?: Exclude<Options[Key], undefined> }

/** Leaves out what was not given, so that it does not overwrite what is there. */
export function withoutUndefined<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>
}
