import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function collectionHandlers(services: Services) {
  const { collections } = services
  return {
    list: os.collections.list.handler(() => ({ collections: collections.list() })),
    create: os.collections.create.handler(({ input }) =>
      collections.create(input.name, input.description, services.releases.standardPipeline()),
    ),
    setPipeline: os.collections.setPipeline.handler(async ({ input }) => {
      const jobId = await services.pipelines.set(input.collectionId, input.pipeline)
      return { collection: collections.get(input.collectionId), jobId }
    }),
    indexes: os.collections.indexes.handler(({ input }) => {
      const { pipeline: present } = collections.getCore(input.collectionId)
      const rows = services.indexLibrary.all(input.collectionId).filter(({ purpose }) => purpose === 'answers')
      return {
        indexes: rows.map(({ id, state, pipeline, createdAt, retiredAt }) => ({
          id,
          state,
          pipeline: pipeline ?? present,
          createdAt,
          retiredAt,
          ...services.indexLibrary.countIn(id),
        })),
      }
    }),
    rollBack: os.collections.rollBack.handler(async ({ input }) => {
      const jobId = await services.pipelines.rollBack(input.collectionId)
      return { collection: collections.get(input.collectionId), jobId }
    }),
    dropRetired: os.collections.dropRetired.handler(({ input }) => ({
      dropped: services.collectionIndexes.dropRetired(input.collectionId),
    })),
    rename: os.collections.rename.handler(({ input }) => collections.rename(input.collectionId, input.name)),
    remove: os.collections.remove.handler(async ({ input }) => ({
      removed: await services.removeCollection(input.collectionId),
    })),
  }
}
