import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function datasetHandlers({ datasets, datasetLibrary, collections, traces }: Services) {
  return {
    list: os.datasets.list.handler(async () => ({ datasets: await datasets.list() })),
    get: os.datasets.get.handler(({ input }) => datasets.get(input.datasetId)),
    create: os.datasets.create.handler(({ input }) => {
      const { name, description, collectionId } = input
      if (collectionId !== null) collections.getCore(collectionId)
      return datasetLibrary.create(name, description, collectionId)
    }),
    update: os.datasets.update.handler(({ input }) => {
      const { datasetId, ...change } = input
      return datasets.update(datasetId, change)
    }),
    remove: os.datasets.remove.handler(({ input }) => ({ removed: datasetLibrary.remove(input.datasetId) })),
    versions: os.datasets.versions.handler(({ input }) => ({
      versions: datasetLibrary.versions(input.datasetId, input.limit),
    })),
    cases: os.datasets.cases.handler(({ input }) => {
      const { datasetId, ...selection } = input
      return datasets.cases(datasetId, selection)
    }),
    case: os.datasets.case.handler(({ input }) => datasets.getCase(input.datasetId, input.caseId)),
    addCase: os.datasets.addCase.handler(({ input }) => datasets.addCase(input.datasetId, input.case)),
    addTrace: os.datasets.addTrace.handler(({ input }) => datasets.addTrace(traces.get(input.traceId), input)),
    updateCase: os.datasets.updateCase.handler(({ input }) =>
      datasets.updateCase(input.datasetId, input.caseId, input.change),
    ),
    setCases: os.datasets.setCases.handler(async ({ input }) => {
      const { datasetId, caseIds, ...change } = input
      const changed = await datasets.setCases(datasetId, caseIds, change)
      return { changed, dataset: await datasets.get(datasetId) }
    }),
    removeCases: os.datasets.removeCases.handler(async ({ input }) => {
      const removed = datasets.removeCases(input.datasetId, input.caseIds)
      return { removed, dataset: await datasets.get(input.datasetId) }
    }),
    split: os.datasets.split.handler(async ({ input }) => {
      const { datasetId, ...deal } = input
      await datasets.split(datasetId, deal)
      return datasets.get(datasetId)
    }),
  }
}
