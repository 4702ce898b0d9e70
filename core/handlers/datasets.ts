import { isAbsolute } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'
import { told } from './with-progress.ts'

export function datasetHandlers({ datasets, datasetLibrary, datasetFiles, collections, traces }: Services) {
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
      const { datasetId, sort, descending, ...selection } = input
      return datasets.cases(datasetId, { ...selection, sort: { by: sort, descending } })
    }),
    caseIds: os.datasets.caseIds.handler(({ input }) => datasets.caseIds(input.datasetId, input)),
    differences: os.datasets.differences.handler(({ input }) => datasets.differences(input.datasetId, input)),
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
    import: os.datasets.import.handler(async function* ({ input, signal }) {
      if (input.path !== undefined) requireAbsolute(input.path)
      const result = yield* told(signal, (watch) => datasetFiles.import(input, watch))
      yield { type: 'import-end' as const, ...result }
    }),
    export: os.datasets.export.handler(async function* ({ input, signal }) {
      requireAbsolute(input.path)
      const { datasetId, format, path } = input
      const written = yield* told(signal, (watch) => datasetFiles.export(datasetId, format, path, watch))
      yield { type: 'export-end' as const, ...written }
    }),
    download: os.datasets.download.handler(async function* ({ input, signal }) {
      for await (const { file, text } of datasetFiles.pieces(input.datasetId, input.format, signal))
        yield { file, text }
    }),
    generate: os.datasets.generate.handler(async function* ({ input, signal }) {
      const result = yield* told(signal, (watch) => datasetFiles.generate(input, watch))
      yield { type: 'generate-end' as const, ...result }
    }),
  }
}

function requireAbsolute(path: string): void {
  if (isAbsolute(path)) return
  throw new AppError('input-invalid', `"${path}" is not an absolute path. Give the whole path.`)
}
