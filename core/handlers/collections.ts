import type { Services } from '../services/services.ts'
import { defaultPipeline } from '../services/default-pipeline.ts'
import { os } from './base.ts'

export function collectionHandlers(services: Services) {
  const { collections } = services
  return {
    list: os.collections.list.handler(() => ({ collections: collections.list() })),
    create: os.collections.create.handler(({ input }) =>
      collections.create(input.name, input.description, defaultPipeline),
    ),
    rename: os.collections.rename.handler(({ input }) => collections.rename(input.collectionId, input.name)),
    remove: os.collections.remove.handler(async ({ input }) => ({
      removed: await services.removeCollection(input.collectionId),
    })),
  }
}
