import { statSync } from 'node:fs'
import { contractVersions } from '../contract/versions.ts'
import { generatorDefinitions } from '../generators/list.ts'
import { describeModel } from '../model-files/describe-model.ts'
import { defaultPipeline } from '../services/default-pipeline.ts'
import { modelName } from '../services/embedding.ts'
import { sampleName, sampleQuestionsName } from '../services/sample.ts'
import type { Services } from '../services/services.ts'
import { findDefinition } from '../shared/family.ts'
import { os } from './base.ts'

export function workspaceHandlers(services: Services) {
  const { workspace, sample, collections, documents } = services
  return {
    versions: os.workspace.versions.handler(() => contractVersions),
    status: os.workspace.status.handler(async () => {
      const embedder = await describeModel(services.locateModel, modelName(defaultPipeline.embedder))
      const generator = findDefinition('generator', generatorDefinitions, defaultPipeline.generator.id)
      const counts = documents.countAll()
      return {
        folder: workspace.folder,
        version: services.version,
        offline: services.network.policy.rules().offline,
        embedder: { model: embedder.name, dimensions: embedder.dimensions, label: embedder.name },
        generator: { id: generator.id, label: generator.label },
        collections: collections.list().length,
        documents: counts.documents,
        chunks: counts.chunks,
        databaseBytes: sizeOf(workspace.databasePath) + sizeOf(`${workspace.databasePath}-wal`),
        sampleOffered: (await sample.installed()) && !collections.findByName(sampleName),
      }
    }),
    addSample: os.workspace.addSample.handler(async () => {
      const paths = await sample.folders()
      const collection =
        collections.findByName(sampleName) ??
        collections.create(sampleName, 'Demo documents written for Quarry.', services.releases.standardPipeline())
      const jobId = services.startIngest(collection.id, 'ingest', { paths })
      if (!services.datasetLibrary.findByName(sampleQuestionsName)) {
        const cases = (await sample.cases()).map(({ featured, ...each }) => ({
          ...each,
          tags: featured ? ['featured'] : [],
        }))
        const about = 'Questions about the demo documents, with the passages that answer them.'
        services.datasets.createFrom(sampleQuestionsName, about, collection.id, cases, 'Came with the sample')
      }
      return { collectionId: collection.id, jobId }
    }),
    sampleQuestions: os.workspace.sampleQuestions.handler(async () => ({
      questions: (await sample.cases()).map(({ question, answerable }) => ({ question, answerable })),
    })),
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
