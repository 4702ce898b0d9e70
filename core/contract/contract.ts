import { askContract } from './ask.ts'
import { collectionsContract } from './collections.ts'
import { documentsContract } from './documents.ts'
import { datasetsContract } from './datasets.ts'
import { evaluationContract } from './evaluation.ts'
import { ingestContract } from './ingest.ts'
import { labContract } from './lab.ts'
import { jobsContract } from './jobs.ts'
import { botsContract } from './bots.ts'
import { catalogueContract } from './catalogue.ts'
import { chunksContract } from './chunks.ts'
import { conversationsContract } from './conversations.ts'
import { modelsContract } from './models.ts'
import { promptsContract } from './prompts.ts'
import { linesContract, releasesContract } from './releases.ts'
import { runsContract } from './runs.ts'
import { trackingContract } from './tracking.ts'
import { networkContract } from './network.ts'
import { providersContract } from './providers.ts'
import { searchContract } from './search.ts'
import { sourcesContract } from './sources.ts'
import { tracesContract } from './traces.ts'
import { tunesContract } from './tune.ts'
import { workspaceContract } from './workspace.ts'

/** The ML layer: documents, pipelines, search, answers, measurements. */
export const machineLearningContract = {
  workspace: workspaceContract,
  catalogue: catalogueContract,
  collections: collectionsContract,
  documents: documentsContract,
  chunks: chunksContract,
  sources: sourcesContract,
  ingest: ingestContract,
  jobs: jobsContract,
  search: searchContract,
  ask: askContract,
  traces: tracesContract,
  datasets: datasetsContract,
  evaluation: evaluationContract,
  runs: runsContract,
  tunes: tunesContract,
  tracking: trackingContract,
  lines: linesContract,
  releases: releasesContract,
  prompts: promptsContract,
  lab: labContract,
  models: modelsContract,
  network: networkContract,
  providers: providersContract,
}
export type MachineLearningContract = typeof machineLearningContract

/** The application layer: what people make of the ML layer, and reach it through its contract alone. */
export const applicationContract = {
  bots: botsContract,
  conversations: conversationsContract,
}
export type ApplicationContract = typeof applicationContract

/**
 * Everything a client can ask of the core host. From this one value come the typed client, validation on both sides,
 * the REST routes and their OpenAPI document. Queries read, commands change, streams are async iterators of events.
 */
export const contract = { ...machineLearningContract, ...applicationContract }
export type Contract = typeof contract
