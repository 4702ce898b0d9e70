import type { Collection } from '../contract/collections.ts'
import type { Choice } from '../contract/pipeline.ts'
import type { Workspace } from '../database/open-workspace.ts'
import type { TextGenerator } from '../generators/text-generator.ts'
import type { JobRunner } from '../jobs/job-runner.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { DatasetLibrary } from '../library/datasets.ts'
import type { DocumentLibrary } from '../library/documents.ts'
import type { IndexLibrary } from '../library/indexes.ts'
import type { ChunkEditLibrary } from '../library/chunk-edits.ts'
import type { IngestInput } from '../library/jobs.ts'
import type { NetworkAttempts } from '../library/network-attempts.ts'
import type { PromptLibrary } from '../library/prompts.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import type { RunLibrary } from '../library/runs.ts'
import type { SourceLibrary } from '../library/sources.ts'
import type { TraceLibrary } from '../library/traces.ts'
import type { LocateModel } from '../model-files/locator.ts'
import type { ModelStore } from '../model-files/model-store.ts'
import type { NetworkDoor } from '../network/door.ts'
import type { NetworkPolicy } from '../network/policy.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { CollectionId, DocumentId, JobId, SourceId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import type { ChunkRevisions } from './chunk-revisions.ts'
import type { CollectionIndexes } from './collection-indexes.ts'
import type { DatasetFiles } from './dataset-files.ts'
import type { Datasets } from './datasets.ts'
import type { DocumentFiles } from './document-files.ts'
import type { DocumentTexts } from './document-texts.ts'
import type { Embedding } from './embedding.ts'
import type { EvaluationSubjects } from './evaluation-subjects.ts'
import type { IngestKind } from './ingest-work.ts'
import type { Lab } from './lab.ts'
import type { ModelSpeeds } from './model-speeds.ts'
import type { Pipelines } from './pipelines.ts'
import type { Providers } from './providers.ts'
import type { Prompts } from './prompts.ts'
import type { Promotions } from './promotions.ts'
import type { Previews } from './previews.ts'
import type { Retrieval } from './retrieval.ts'
import type { ReleaseGates } from './release-gate.ts'
import type { ReleaseIndexes } from './release-indexes.ts'
import type { Releases } from './releases.ts'
import type { Sample } from './sample.ts'
import type { Runs } from './runs.ts'
import type { TraceExporter } from './trace-export.ts'
import type { TraceKeeper } from './trace-keeping.ts'
import type { Tracking } from './tracking.ts'
import type { SourceWatcher } from './source-watcher.ts'
import type { TestSets } from './test-sets.ts'
import type { Tuning } from './tuning.ts'
import type { Uploads } from './uploads.ts'

/** What handlers work with: everything of one open workspace, built in app.ts. */
export interface Services {
  version: string
  log: Log
  workspace: Workspace
  collections: CollectionLibrary
  documents: DocumentLibrary
  sources: SourceLibrary
  chunkEdits: ChunkEditLibrary
  traces: TraceLibrary
  traceKeeper: TraceKeeper
  traceExporter: TraceExporter
  subjects: EvaluationSubjects
  indexLibrary: IndexLibrary
  collectionIndexes: CollectionIndexes
  texts: DocumentTexts
  documentFiles: DocumentFiles
  uploads: Uploads
  sample: Sample
  retrieval: Retrieval
  datasetLibrary: DatasetLibrary
  datasets: Datasets
  testSets: TestSets
  runs: Runs
  tracking: Tracking
  runLibrary: RunLibrary
  tuning: Tuning
  releaseLibrary: ReleaseLibrary
  releases: Releases
  releaseIndexes: ReleaseIndexes
  releaseGates: ReleaseGates
  promotions: Promotions
  promptLibrary: PromptLibrary
  prompts: Prompts
  datasetFiles: DatasetFiles
  lab: Lab
  jobRunner: JobRunner
  pipelines: Pipelines
  previews: Previews
  chunkRevisions: ChunkRevisions
  sourceWatcher: SourceWatcher
  network: { door: NetworkDoor; policy: NetworkPolicy; attempts: NetworkAttempts }
  /** Servers with models, and ways to them. */
  providers: Providers
  /** Their keys. */
  secrets: SecretStore
  openEmbedding(owner: Pick<Collection, 'pipeline'>): Promise<Embedding>
  /** A language model, loaded in a process of its own. Errors: model-missing, model-invalid, memory-exceeded. */
  openTextGenerator(choice: Choice): Promise<TextGenerator>
  locateModel: LocateModel
  modelSpeeds: ModelSpeeds
  /** What the processes that hold models take, in MiB; null: there is none. */
  modelMemory(): { inferenceMb: number | null; generationMb: number | null }
  modelStore: ModelStore
  /** What was opened of a model is not used again: it has gone, or its place was taken. */
  forgetModel(id: string): void
  /** Errors: item-missing. */
  startIngest(collectionId: CollectionId, kind: IngestKind, input: Partial<IngestInput>): JobId
  removeDocuments(ids: readonly DocumentId[]): Promise<number>
  /** Takes out what came from a source; files with a path in another source stay. Gives how many documents went. */
  removeSourceDocuments(id: SourceId): Promise<number>
  removeCollection(id: CollectionId): Promise<boolean>
}
