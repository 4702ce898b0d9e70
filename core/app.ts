import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import type { Database } from 'better-sqlite3'
import { createApplication } from './application/application.ts'
import { createComputePool } from './compute/pool.ts'
import type { StartWorker, WorkerLimits } from './compute/worker-process.ts'
import type { MachineLearningClient } from './contract/client.ts'
import type { Collection } from './contract/collections.ts'
import type { Choice } from './contract/pipeline.ts'
import { giveBackSpace } from './database/give-back-space.ts'
import { openWorkspace } from './database/open-workspace.ts'
import { askHandlers } from './handlers/ask.ts'
import { os } from './handlers/base.ts'
import { catalogueHandlers } from './handlers/catalogue.ts'
import { chunkHandlers } from './handlers/chunks.ts'
import { collectionHandlers } from './handlers/collections.ts'
import { datasetHandlers } from './handlers/datasets.ts'
import { documentHandlers } from './handlers/documents.ts'
import { evaluationHandlers } from './handlers/evaluation.ts'
import { ingestHandlers } from './handlers/ingest.ts'
import { jobHandlers } from './handlers/jobs.ts'
import { labHandlers } from './handlers/lab.ts'
import { modelHandlers } from './handlers/models.ts'
import { networkHandlers } from './handlers/network.ts'
import { providerHandlers } from './handlers/providers.ts'
import { promptHandlers } from './handlers/prompts.ts'
import { lineHandlers, releaseHandlers } from './handlers/releases.ts'
import { runHandlers } from './handlers/runs.ts'
import { trackingHandlers } from './handlers/tracking.ts'
import { searchHandlers } from './handlers/search.ts'
import { sourceHandlers } from './handlers/sources.ts'
import { traceHandlers } from './handlers/traces.ts'
import { tuneHandlers } from './handlers/tunes.ts'
import { workspaceHandlers } from './handlers/workspace.ts'
import { createJobRunner, type JobRunner, type JobWork } from './jobs/job-runner.ts'
import { createChunkEditLibrary } from './library/chunk-edits.ts'
import { createCollectionLibrary } from './library/collections.ts'
import { createDatasetLibrary } from './library/datasets.ts'
import { createDocumentLibrary } from './library/documents.ts'
import { createEmbeddingCache } from './library/embedding-cache.ts'
import { createEmbeddingProbes } from './library/embedding-probes.ts'
import { createIndexLibrary } from './library/indexes.ts'
import { createJobLibrary, type JobRow } from './library/jobs.ts'
import { createModelSpeedLibrary } from './library/model-speeds.ts'
import { createNetworkAttempts } from './library/network-attempts.ts'
import { createNetworkSettingsLibrary } from './library/network-settings.ts'
import { createProviderLibrary } from './library/providers.ts'
import { createPromptLibrary } from './library/prompts.ts'
import { createReadingLibrary } from './library/readings.ts'
import { createReleaseIndexLibrary } from './library/release-indexes.ts'
import { createReleaseLibrary } from './library/releases.ts'
import { createRunLibrary } from './library/runs.ts'
import { createSourceLibrary } from './library/sources.ts'
import { createTraceExports } from './library/trace-exports.ts'
import { createTraceSettingsLibrary } from './library/trace-settings.ts'
import { createTraceLibrary } from './library/traces.ts'
import { createTuneLibrary } from './library/tunes.ts'
import { createModelLocator } from './model-files/locator.ts'
import { createModelStore } from './model-files/model-store.ts'
import { type AdministratorPlaces, readAdministratorPolicy, systemPolicyFile } from './network/administrator.ts'
import { createNetworkDoor } from './network/door.ts'
import { createNetworkPolicy } from './network/policy.ts'
import { keyFileSealer } from './secrets/key-file-sealer.ts'
import { type Keychain, keychainSealer } from './secrets/keychain-sealer.ts'
import { passphraseSealer } from './secrets/passphrase-sealer.ts'
import { createSecretStore, type SecretStore } from './secrets/secret-store.ts'
import { answerTasks } from './services/answer-tasks.ts'
import { createChunkRevisions } from './services/chunk-revisions.ts'
import { createCollectionIndexes } from './services/collection-indexes.ts'
import { createDatasetFiles } from './services/dataset-files.ts'
import { createDatasets } from './services/datasets.ts'
import { createDocumentFiles } from './services/document-files.ts'
import { createDocumentTexts } from './services/document-texts.ts'
import { type Embedding, modelName, openEmbedding } from './services/embedding.ts'
import { createEvaluationSubjects } from './services/evaluation-subjects.ts'
import { attachmentsBelow, createIngestWork, ingestKinds, jobLabel } from './services/ingest-work.ts'
import { createLab } from './services/lab.ts'
import { createLabIndexes } from './services/lab-indexes.ts'
import { createModelSpeeds } from './services/model-speeds.ts'
import { createPipelines, isCurrent, parsersFingerprint } from './services/pipelines.ts'
import { createPrompts } from './services/prompts.ts'
import { createPromotions } from './services/promotions.ts'
import { createPreviews } from './services/previews.ts'
import { createProviders } from './services/providers.ts'
import { openJudge } from './services/judge.ts'
import { createReadings } from './services/readings.ts'
import { createReleaseGates } from './services/release-gate.ts'
import { createReleaseIndexes } from './services/release-indexes.ts'
import { createReleases } from './services/releases.ts'
import { openReranking } from './services/reranking.ts'
import { createRetrieval } from './services/retrieval.ts'
import { createRuns } from './services/runs.ts'
import { createTraceExporter } from './services/trace-export.ts'
import { createTraceKeeper } from './services/trace-keeping.ts'
import { createTracking } from './services/tracking.ts'
import { openSample } from './services/sample.ts'
import type { Services } from './services/services.ts'
import { createSourceSync } from './services/source-sync.ts'
import { createSourceWatcher } from './services/source-watcher.ts'
import { createTestSets } from './services/test-sets.ts'
import { openTextGenerator } from './services/text-generation.ts'
import { createTuning } from './services/tuning.ts'
import { createUploads } from './services/uploads.ts'
import { canonicalJson } from './shared/hash.ts'
import type { CollectionId, DocumentId, UploadId } from './shared/ids.ts'
import type { Log } from './shared/log.ts'
import { connectInProcess } from './wire/wire-in-process.ts'

/** What differs between the desktop, a headless host, the command line and a test. */
export interface Environment {
  /** The workspace folder; made if it is absent. */
  dataFolder: string
  /** Who opens it, for the message to a second one: 'quarry serve'. */
  program: string
  /** Folders that hold model folders, searched in order. */
  modelFolders: readonly string[]
  /** The folder with `corpus/` and `questions.json`. */
  demoFolder: string
  /** How worker processes are started: Node's own, or the desktop shell's. */
  startWorker: StartWorker
  log: Log
  /** Cores this process may keep busy; by default all. */
  cores?: number
  /** A language model that nobody has used for this long is unloaded. Default: 5 minutes. */
  modelIdleMs?: number
  /** Files above this are refused. */
  maximumFileBytes?: number
  /** Whether unfinished jobs of an earlier process go on. */
  resumeJobs?: boolean
  /** Whether sources are watched and synced by their schedules. */
  watchSources?: boolean
  /** Where an administrator's word about the network is looked for; by default the system's file and QUARRY_OFFLINE. */
  administrator?: AdministratorPlaces
  /** The system's own protection of keys, where this host can reach it. */
  keychain?: Keychain
  /** Where keys and the passphrase over them are looked for; by default the environment of the process. */
  variables?: Readonly<Record<string, string | undefined>>
}

export interface App extends AsyncDisposable {
  router: MachineLearningRouter & Application['router']
  services: Services
}

type MachineLearningRouter = ReturnType<typeof createMachineLearningRouter>
type Application = Awaited<ReturnType<typeof createApplication>>

const defaultMaximumFileBytes = 256_000_000
const parseTimeoutMs = 10 * 60 * 1000
/** A parsed document of the largest size takes about half of this. */
const workerMemoryMb = 768
/** Starting a worker costs seconds (it loads the model), so with small files a worker has to last. */
const tasksPerWorker = 6000

/** Two fifths of the machine's memory as heap, so that the process may hold four fifths: a model is most of it. */
function modelMemoryMb(): number {
  const megabytes = Math.floor((totalmem() / 1024 / 1024) * 0.4)
  return Math.min(65_536, Math.max(workerMemoryMb, megabytes))
}

/** Builds everything from a data folder. Errors: workspace-locked, workspace-newer, workspace-corrupt, workspace-unwritable. */
export async function createApp(environment: Environment): Promise<App> {
  const { log } = environment
  await using cleanup = new AsyncDisposableStack()
  const workspace = cleanup.use(openWorkspace(environment.dataFolder, environment.program))
  const { database } = workspace

  const cores = environment.cores ?? availableParallelism()
  const poolOptions = {
    start: (limits: WorkerLimits) => environment.startWorker('compute', limits),
    log,
    timeoutMs: parseTimeoutMs,
    memoryMb: workerMemoryMb,
    tasksPerWorker,
  }
  const answer = answerTasks({
    openEmbedding: (choice) => openEmbedder(choice),
    openTextGenerator: (choice) => openTextGeneratorHere(choice),
  })
  const parsing = cleanup.use(createComputePool({ ...poolOptions, size: Math.max(1, cores), answer }))
  // Keeps the texts of the chunk lab and how they were measured: a slider asks for the same one again and again.
  const cutting = cleanup.use(
    createComputePool({ ...poolOptions, size: 1, tasksPerWorker: 0, retireAboveMb: 0, idleMs: 5 * 60_000, answer }),
  )
  // Models stay loaded in their one worker, however large they are, until nobody has used them for a while.
  const modelPool = { ...poolOptions, size: 1, tasksPerWorker: 0, retireAboveMb: 0, memoryMb: modelMemoryMb() }
  const inference = cleanup.use(createComputePool({ ...modelPool, idleMs: 30 * 60_000 }))
  // Apart from the embedder: what a language model takes, or crashes, is its own.
  const generation = cleanup.use(createComputePool({ ...modelPool, idleMs: environment.modelIdleMs ?? 5 * 60_000 }))

  const generationThreads = Math.max(1, cores - 1)

  const network = openNetwork(database, environment)
  const collections = createCollectionLibrary(database)
  const documents = createDocumentLibrary(database)
  const sources = createSourceLibrary(database)
  const chunkEdits = createChunkEditLibrary(database)
  const indexLibrary = createIndexLibrary(database)
  const jobs = createJobLibrary(database)
  const datasetLibrary = createDatasetLibrary(database)
  const runLibrary = createRunLibrary(database)
  const releaseLibrary = createReleaseLibrary(database)
  const releases = createReleases({
    library: releaseLibrary,
    pinnedTo: (id) => releaseIndexLibrary.pinnedTo(id),
    together: (action) => database.transaction(action)(),
  })
  releases.ensureStandard()
  const cache = createEmbeddingCache(database)
  const texts = createDocumentTexts(documents)
  const releaseIndexLibrary = createReleaseIndexLibrary(database)
  const collectionIndexes = createCollectionIndexes(database, indexLibrary, releaseIndexLibrary.isKept)
  const maximumFileBytes = environment.maximumFileBytes ?? defaultMaximumFileBytes
  const ocr = { folder: join(environment.dataFolder, 'ocr') }
  const uploads = createUploads(workspace.filesFolder, sources, maximumFileBytes)

  const modelsFolder = join(environment.dataFolder, 'models')
  const locateModel = createModelLocator([modelsFolder, ...environment.modelFolders])
  const modelStore = createModelStore({ folder: modelsFolder, bundledFolders: environment.modelFolders })
  const modelSpeeds = createModelSpeeds({
    library: createModelSpeedLibrary(database),
    locateModel,
    cache,
    openWorker: () => createComputePool(modelPool),
    threads: { inference: cores, generation: generationThreads },
    now: () => Date.now(),
  })
  const opened = new Map<string, Promise<Embedding>>()
  const secrets = openSecrets(environment)
  const storedTraces = createTraceLibrary(database)
  const traceSettings = createTraceSettingsLibrary(database)
  const traceExporter = cleanup.use(
    createTraceExporter({
      traces: storedTraces,
      exports: createTraceExports(database, Date.now),
      settings: traceSettings,
      secrets,
      door: network.door,
      version: packageVersion(),
      now: () => performance.timeOrigin + performance.now(),
      log,
    }),
  )
  const traces: Services['traces'] = {
    ...storedTraces,
    // What is stored waits for the collector from the same moment, where there is one.
    save(trace) {
      storedTraces.save(trace, { forExport: traceExporter.isOn })
      traceExporter.wake()
    },
  }
  const traceKeeper = cleanup.use(
    createTraceKeeper({
      traces,
      settings: traceSettings,
      giveBack: () => giveBackSpace(database, log, nextTurn),
      pause: nextTurn,
      now: Date.now,
      log,
    }),
  )
  const providers = createProviders({
    library: createProviderLibrary(database),
    secrets,
    door: network.door,
    collections,
    forget(id) {
      for (const key of opened.keys()) {
        if ((JSON.parse(key) as Choice).options.provider === id) opened.delete(key)
      }
    },
  })
  const { connect } = providers
  const embeddingParts = {
    locateModel,
    compute: inference,
    threads: cores,
    connect,
    probes: createEmbeddingProbes(database),
  }
  const openEmbedder = (choice: Choice): Promise<Embedding> => {
    const key = canonicalJson(choice)
    const known = opened.get(key)
    if (known) return known
    const opening = openEmbedding(choice, { ...embeddingParts, cache })
    opened.set(key, opening)
    // A model that was missing may be there the next time it is asked for.
    opening.catch(() => opened.delete(key))
    return opening
  }
  const openEmbeddingOnce = (owner: Pick<Collection, 'pipeline'>): Promise<Embedding> =>
    openEmbedder(owner.pipeline.embedder)

  const openRerankingHere = (choice: Choice) =>
    openReranking(choice, { locateModel, compute: inference, threads: cores, connect })
  const openTextGeneratorHere = (choice: Choice) =>
    openTextGenerator(choice, { locateModel, compute: generation, threads: generationThreads, connect })
  const retrieval = createRetrieval({
    openReranking: openRerankingHere,
    documents,
    indexLibrary,
    collectionIndexes,
    texts,
    openEmbedding: openEmbeddingOnce,
  })
  const removeFromIndexes = (collectionId: CollectionId, ids: readonly DocumentId[]): number =>
    database.transaction(() => {
      collectionIndexes.removeDocuments(collectionId, ids)
      return documents.remove(ids)
    })()
  const removeDocuments = async (
    given: readonly DocumentId[],
    note: (removed: readonly DocumentId[]) => void = () => {},
  ): Promise<number> => {
    const ids = [...new Set(given.flatMap((id) => [...attachmentsBelow(id, documents), id]))]
    const byCollection = Map.groupBy(ids, (id) => documents.get(id).collectionId)
    const uploadIds = new Set(ids.flatMap((id) => documents.uploadOf(id) ?? []))
    let removed = 0
    for (const [collectionId, group] of byCollection) {
      // In slices, so that taking out thousands of documents does not keep a question waiting.
      for (let from = 0; from < group.length; from += 50) {
        const slice = group.slice(from, from + 50)
        removed += database.transaction(() => {
          note(slice)
          return removeFromIndexes(collectionId, slice)
        })()
        slice.forEach((id) => texts.forget(id))
        await nextTurn()
      }
      if (group.length >= 100) collectionIndexes.optimize(collectionId)
    }
    // Several documents may come out of one uploaded archive.
    await uploads.remove([...uploadIds].filter((id) => !documents.usesUpload(id)))
    await giveBackSpace(database, log, nextTurn)
    return removed
  }

  const uploadPath = (id: UploadId): string => uploads.path(id)
  const isCurrentIn: Parameters<typeof createIngestWork>[0]['isCurrent'] = ({ pipeline }, document) =>
    isCurrent(pipeline, document)
  const fingerprintOfParsers = parsersFingerprint()
  const stepParts = {
    database,
    documents,
    chunkEdits,
    indexLibrary,
    collectionIndexes,
    texts,
    compute: parsing,
    isCurrent: isCurrentIn,
    maximumFileBytes,
    ocr,
  }
  const sourceSync = createSourceSync({
    database,
    documents,
    sources,
    jobs,
    uploadPath,
    isCurrent: isCurrentIn,
    parsersFingerprint: fingerprintOfParsers,
    removeDocuments,
  })
  const ingestWork = createIngestWork({
    ...stepParts,
    collections,
    jobs,
    sourceSync,
    openEmbedding: openEmbeddingOnce,
    parsersFingerprint: fingerprintOfParsers,
    lanes: cores + 1,
  })
  const datasets = createDatasets({ datasets: datasetLibrary, collections, documents, texts })
  const readings = createReadings({
    readings: createReadingLibrary(database),
    documents,
    collections,
    compute: parsing,
    maximumFileBytes,
    ocr,
    lanes: cores + 1,
  })
  const measuring = {
    ...stepParts,
    readings,
    openEmbedding: openEmbeddingOnce,
    openTextGenerator: openTextGeneratorHere,
    openReranking: openRerankingHere,
    lanes: cores + 1,
    log,
  }
  const subjects = createEvaluationSubjects(measuring)
  const runs = createRuns({
    database,
    runs: runLibrary,
    datasets,
    datasetLibrary,
    collections,
    documents,
    jobs,
    subjects,
    readings,
    openJudge: ({ judge }) => (judge ? openJudge(judge, openTextGeneratorHere) : Promise.resolve(undefined)),
    jobRunner: () => jobRunner,
    version: packageVersion(),
  })
  const tuning = createTuning({
    tunes: createTuneLibrary(database),
    runs,
    runLibrary,
    collections,
    datasetLibrary,
    readings,
    jobs,
    pipelines: () => pipelines,
    jobRunner: () => jobRunner,
  })
  const releaseIndexes = createReleaseIndexes({
    ...stepParts,
    library: releaseIndexLibrary,
    releaseLibrary,
    releases,
    collections,
    jobs,
    openEmbedding: openEmbeddingOnce,
    lanes: cores + 1,
    jobRunner: () => jobRunner,
    ended: (pair, outcome) => promotions.indexEnded(pair, outcome),
    log,
  })
  const releaseGates = createReleaseGates({
    releaseLibrary,
    releaseIndexLibrary,
    releaseIndexes,
    runs,
    runLibrary,
    datasetLibrary,
    collections,
    documents,
    jobRunner: () => jobRunner,
    locateModel,
    openEmbedding: openEmbeddingOnce,
  })
  const promotions = createPromotions({
    releaseLibrary,
    releaseIndexLibrary,
    releaseIndexes,
    gates: releaseGates,
    together: (action) => database.transaction(action)(),
  })
  const promptLibrary = createPromptLibrary(database)
  const prompts = createPrompts({
    library: promptLibrary,
    releaseLibrary,
    releases,
    releaseIndexes,
    collections,
    documents,
    collectionIndexes,
    runs,
    retrieval,
    openEmbedding: openEmbeddingOnce,
    openTextGenerator: openTextGeneratorHere,
  })
  prompts.ensureStandard()
  /** Documents changed: the indexes of releases follow. */
  const keepingUp = (work: JobWork): JobWork => {
    const follow = ({ collectionId }: JobRow): void => {
      if (collectionId !== null) releaseIndexes.keepUp(collectionId)
    }
    return {
      run: (job, reporter) => work.run(job, reporter),
      done(job) {
        work.done?.(job)
        follow(job)
      },
      cancelled(job) {
        work.cancelled(job)
        follow(job)
      },
      failed(job, error) {
        work.failed(job, error)
        follow(job)
      },
    }
  }
  const jobRunner: JobRunner = cleanup.use(
    createJobRunner(
      jobs,
      [
        [{ kinds: ingestKinds, unit: 'files', work: keepingUp(ingestWork) }],
        // Beside the reading of files: neither an hour of one nor an hour of the other keeps people waiting.
        [{ kinds: ['release-index'], unit: 'documents', work: releaseIndexes.work }],
        // One after the other: two measurements at a time would disturb each other's times.
        [
          { kinds: ['evaluate'], unit: 'questions', work: runs.work },
          { kinds: ['tune'], unit: 'trials', work: tuning.work },
        ],
      ],
      log,
    ),
  )

  const startIngest: Services['startIngest'] = (collectionId, kind, input) => {
    const label = jobLabel(kind, collections.getCore(collectionId), 'now')
    // There may be room for it again, and then what failed is known as failed before it is read again.
    jobRunner.storeEnds()
    const job = jobs.create(kind, label, collectionId, input)
    jobRunner.enqueue(job.id)
    return job.id
  }
  const labIndexes = cleanup.use(
    createLabIndexes({
      compute: parsing,
      openEmbedding: (choice, own) => openEmbedding(choice, { ...embeddingParts, cache: own }),
    }),
  )
  const pipelines = createPipelines({
    collections,
    indexLibrary,
    openEmbedding: openEmbeddingOnce,
    openReranking: openRerankingHere,
    openTextGenerator: openTextGeneratorHere,
    together: (action) => database.transaction(action)(),
    startReindex(id) {
      const { pipeline } = collections.getCore(id)
      const stale = [...documents.known(id).values()].filter(
        (file) => file.primary && file.version > 0 && !isCurrent(pipeline, file),
      )
      return startIngest(id, 'reindex', { documentIds: stale.map((file) => file.documentId) })
    },
  })
  const sourceWatcher = environment.watchSources
    ? cleanup.use(
        createSourceWatcher({
          sources,
          startSync(source) {
            const waits = jobs
              .active()
              .some(
                (job) =>
                  job.kind === 'sync' && job.status === 'queued' && jobs.input(job.id).sourceIds.includes(source.id),
              )
            if (!waits) startIngest(source.collectionId, 'sync', { sourceIds: [source.id] })
          },
          now: () => Date.now(),
          log,
        }),
      )
    : { refresh: () => {}, [Symbol.asyncDispose]: () => Promise.resolve() }

  const services: Services = {
    version: packageVersion(),
    log,
    workspace,
    collections,
    documents,
    sources,
    chunkEdits,
    traces,
    traceKeeper,
    traceExporter,
    subjects,
    indexLibrary,
    collectionIndexes,
    texts,
    documentFiles: createDocumentFiles({ documents, compute: parsing, maximumFileBytes }),
    uploads,
    sample: openSample(environment.demoFolder),
    retrieval,
    datasetLibrary,
    datasets,
    testSets: createTestSets(measuring),
    runs,
    tracking: createTracking({
      runLibrary,
      runs,
      fetch: network.door.fetchFor('run-export'),
      token: () => process.env.QUARRY_MLFLOW_TOKEN,
    }),
    runLibrary,
    tuning,
    releaseLibrary,
    releases,
    releaseIndexes,
    releaseGates,
    promotions,
    promptLibrary,
    prompts,
    datasetFiles: createDatasetFiles({
      library: datasetLibrary,
      datasets,
      collections,
      documents,
      uploads,
      maximumFileBytes,
      standardPipeline: releases.standardPipeline,
      together: (action) => database.transaction(action)(),
      startIngest: (id, uploadIds) => startIngest(id, 'ingest', { uploadIds }),
      watchJob: (id, signal) => jobRunner.watch(id, 0, signal),
      cancelJob: (id) => jobRunner.cancel(id),
      removeCollection: (id) => services.removeCollection(id),
      openEmbedding: openEmbeddingOnce,
      openTextGenerator: (choice) => services.openTextGenerator(choice),
    }),
    lab: createLab({
      collections,
      documents,
      uploads,
      parsing,
      cutting,
      openEmbedding: openEmbeddingOnce,
      indexes: labIndexes,
      maximumFileBytes,
      standardPipeline: releases.standardPipeline,
      ocr,
    }),
    jobRunner,
    pipelines,
    previews: createPreviews({ documents, compute: parsing, openEmbedding: openEmbeddingOnce, maximumFileBytes, ocr }),
    chunkRevisions: createChunkRevisions({
      ...stepParts,
      collections,
      openEmbedding: openEmbeddingOnce,
      changed: (id) => releaseIndexes.keepUp(id),
    }),
    sourceWatcher,
    network,
    providers,
    secrets,
    openEmbedding: openEmbeddingOnce,
    openTextGenerator: openTextGeneratorHere,
    locateModel,
    modelSpeeds,
    modelMemory: () => ({ inferenceMb: inference.residentMb, generationMb: generation.residentMb }),
    modelStore,
    forgetModel(id) {
      labIndexes.forgetModels()
      for (const key of opened.keys()) {
        if (modelName(JSON.parse(key) as Choice) === id) opened.delete(key)
      }
    },
    startIngest,
    removeDocuments,
    async removeSourceDocuments(id) {
      const gone = documents.leaveSource(id)
      return removeDocuments(gone)
    },
    async removeCollection(id) {
      releaseIndexes.forget(id)
      // Again and again, because another one may have been started meanwhile; after the last look nothing waits.
      for (;;) {
        const job = jobRunner.active().findLast((active) => active.collectionId === id)
        if (!job) break
        await jobRunner.cancel(job.id)
      }
      const { uploadIds, documentIds, removed } = database.transaction(() => {
        const uploadIds = documents.uploadsIn(id)
        const documentIds = documents.idsIn(id)
        collectionIndexes.dropAll(id)
        return { uploadIds, documentIds, removed: collections.remove(id) }
      })()
      documentIds.forEach((documentId) => texts.forget(documentId))
      await uploads.remove(uploadIds)
      await giveBackSpace(database, log, nextTurn)
      return removed
    },
  }

  uploads.removeOrphans()
  collectionIndexes.dropRetired()
  collectionIndexes.dropUnused()
  readings.dropUnused()
  releaseIndexes.tidy()
  if (environment.resumeJobs ?? true) {
    jobRunner.resume()
    releaseIndexes.keepUp()
    promotions.resume()
  }
  const machineLearning = createMachineLearningRouter(services)
  // The application layer is a client like any other: what it can do, a program on another machine could do.
  const { client } = cleanup.use(connectInProcess<MachineLearningClient>(machineLearning, { log }))
  const application = await createApplication({ database, machineLearning: client })
  log.info('Workspace opened.', { folder: workspace.folder, cores })
  const owned = cleanup.move()
  return {
    router: { ...machineLearning, ...application.router },
    services,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The one door to the network, with the rules that it keeps and the list of who knocked. */
function openNetwork(database: Database, { administrator, log }: Environment): Services['network'] {
  const places = administrator ?? { policyFile: systemPolicyFile(), offlineVariable: process.env.QUARRY_OFFLINE }
  const attempts = createNetworkAttempts(database, log)
  const policy = createNetworkPolicy({
    settings: createNetworkSettingsLibrary(database),
    administrator: () => readAdministratorPolicy(places),
  })
  return { door: createNetworkDoor({ policy, attempts }), policy, attempts }
}

/** Keys of providers: in a file of the workspace, sealed by the best that there is. */
function openSecrets({ dataFolder, keychain, variables = process.env }: Environment): SecretStore {
  const folder = resolve(dataFolder)
  return createSecretStore({
    path: join(folder, 'keys.json'),
    sealers: [
      ...(keychain ? [keychainSealer(keychain)] : []),
      passphraseSealer(variables.QUARRY_SECRETS_PASSPHRASE),
      // Beside the workspace, not in it: a copy of the workspace is then worth nothing.
      keyFileSealer(`${folder}.key`),
    ],
    variables,
  })
}

function createMachineLearningRouter(services: Services) {
  return os.router({
    workspace: workspaceHandlers(services),
    catalogue: catalogueHandlers(),
    collections: collectionHandlers(services),
    documents: documentHandlers(services),
    chunks: chunkHandlers(services),
    sources: sourceHandlers(services),
    ingest: ingestHandlers(services),
    jobs: jobHandlers(services),
    search: searchHandlers(services),
    ask: askHandlers(services),
    traces: traceHandlers(services),
    datasets: datasetHandlers(services),
    evaluation: evaluationHandlers(services),
    runs: runHandlers(services),
    tunes: tuneHandlers(services),
    tracking: trackingHandlers(services),
    lines: lineHandlers(services),
    releases: releaseHandlers(services),
    prompts: promptHandlers(services),
    lab: labHandlers(services),
    models: modelHandlers(services),
    network: networkHandlers(services),
    providers: providerHandlers(services),
  })
}

/** From package.json: beside `core/` in the sources, two folders up from the bundle. */
function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        string
      >
      if (name === 'quarry' && version) return version
    } catch {
      // The other place, then.
    }
  }
  return '0.0.0'
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
