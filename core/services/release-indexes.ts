import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData, toAppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { Release, ReleaseChoice, ReleaseIndex } from '../contract/releases.ts'
import type { JobReporter, JobRunner, JobWork } from '../jobs/job-runner.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import type { JobLibrary, JobRow } from '../library/jobs.ts'
import type { ReleaseIndexLibrary, ReleasePair } from '../library/release-indexes.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import { canonicalJson } from '../shared/hash.ts'
import type { CollectionId, JobId, ReleaseId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { indexFingerprint, type OpenIndex, sameIndex } from './collection-indexes.ts'
import type { Embedding } from './embedding.ts'
import { fillIndex } from './fill-index.ts'
import type { IngestStepParts } from './ingest-work.ts'
import { readsAlike } from './pipelines.ts'
import { lowerTitleOf, type Releases, titleOf } from './releases.ts'

/**
 * The indexes that collections are asked in with releases. Where a collection's own index is made like the release's, it is
 * that one; otherwise one stands beside it, which jobs build and keep up for as long as somebody asks.
 */
export interface ReleaseIndexes {
  /**
   * Where to look for passages; undefined: the collection has no documents. Errors: item-missing (there is none yet;
   * retryable while a job builds it), pipeline-mismatch, model-missing.
   */
  indexFor(collectionId: CollectionId, release: Release): Promise<OpenIndex | undefined>
  /** Errors: see contract. */
  prepare(owner: string, choice: ReleaseChoice, collectionIds: readonly CollectionId[]): JobId[]
  /** Starts what is to be built so that this release can answer for these collections. Gives the jobs. */
  start(release: Release, collectionIds: readonly CollectionId[]): JobId[]
  /** Whether questions can be answered with it. */
  isReady(pair: ReleasePair): boolean
  /** Brings what is wanted of a collection, or of all, up to its documents. */
  keepUp(collectionId?: CollectionId): void
  /** The documents of this collection are about to go: nobody asks them any more. */
  forget(collectionId: CollectionId): void
  /** How far it is, by collection. */
  list(releaseId: ReleaseId, collectionIds?: readonly CollectionId[]): ReleaseIndex[]
  /** Why a collection cannot be asked with a pipeline, as a sentence; undefined: it can. */
  readsOtherwise(collectionId: CollectionId, pipeline: Pipeline, title: string): string | undefined
  /** Drops what nobody asks any more, unless something is measured meanwhile: that may be in use, then. */
  tidy(): void
  work: JobWork
}

export interface ReleaseIndexParts extends IngestStepParts {
  database: Database
  library: ReleaseIndexLibrary
  releaseLibrary: Pick<ReleaseLibrary, 'get'>
  releases: Pick<Releases, 'resolve'>
  collections: CollectionLibrary
  jobs: JobLibrary
  openEmbedding(owner: { pipeline: Pipeline }): Promise<Embedding>
  lanes: number
  jobRunner(): JobRunner
  /** An index of this release is complete, or will not be. In the transaction that stores the end of its job. */
  ended(pair: ReleasePair, outcome: 'done' | 'cancelled' | ErrorData): void
  log: Log
}

export function createReleaseIndexes(parts: ReleaseIndexParts): ReleaseIndexes {
  const { library, collections, documents, indexLibrary, collectionIndexes, jobs } = parts

  /** The collection's own index, where it is made like the release's. */
  const ownOf = (collectionId: CollectionId, pipeline: Pipeline): OpenIndex | undefined => {
    const active = collectionIndexes.active(collectionId)
    return active?.row.pipeline && sameIndex(active.row.pipeline, pipeline) ? active : undefined
  }
  /** What is known of the pair's index without opening a model. */
  const rowOf = (pair: ReleasePair, pipeline: Pipeline) => {
    const own = ownOf(pair.collectionId, pipeline)
    if (own) return own.row
    const indexId = library.link(pair)?.indexId ?? null
    return indexId === null ? undefined : indexLibrary.find(indexId)
  }
  const hasDocuments = (collectionId: CollectionId): boolean => collectionIndexes.active(collectionId) !== undefined
  const activeJobOf = (pair: ReleasePair): JobRow | undefined => {
    const jobId = library.link(pair)?.jobId
    const job = jobId ? jobs.get(jobId) : undefined
    return job && (job.status === 'queued' || job.status === 'running') ? job : undefined
  }

  const isReady = (pair: ReleasePair): boolean => {
    const { pipeline } = parts.releaseLibrary.get(pair.releaseId)
    return !hasDocuments(pair.collectionId) || answers(rowOf(pair, pipeline))
  }

  /** The job that does what is missing for a pair; undefined where nothing is, or where it cannot be done. */
  const bringUp = (pair: ReleasePair): JobId | undefined => {
    const { collectionId } = pair
    const release = parts.releaseLibrary.get(pair.releaseId)
    if (!hasDocuments(collectionId)) return undefined
    const own = ownOf(collectionId, release.pipeline)
    if (own) {
      // Kept up by what reads the documents.
      library.setIndex(pair, own.row.id)
      return undefined
    }
    const running = activeJobOf(pair)
    if (running) return running.id
    const row = rowOf(pair, release.pipeline)
    if (answers(row) && indexLibrary.waitingFor(collectionId, row.id) === 0) return undefined
    if (readsOtherwise(collectionId, release.pipeline, titleOf(release)) !== undefined) return undefined
    const job = jobs.create('release-index', labelOf('Preparing', release, collectionId), collectionId, {})
    library.setJob(pair, job.id)
    parts.jobRunner().enqueue(job.id)
    return job.id
  }

  const readsOtherwise: ReleaseIndexes['readsOtherwise'] = (collectionId, pipeline, title) => {
    const collection = collections.getCore(collectionId)
    if (readingOf(collection.pipeline) === readingOf(pipeline)) return undefined
    const known = [...documents.known(collectionId).values()].filter(({ version }) => version > 0)
    if (readsAlike(collection.pipeline, pipeline, known)) return undefined
    return (
      `${title} reads or cleans the documents of "${collection.name}" in another way than the collection does, and their ` +
      'texts are shared. Give the collection the parsers and cleaning of that release first (its page, Pipeline), or ' +
      'choose another release.'
    )
  }
  const labelOf = (verb: string, release: Release, collectionId: CollectionId): string =>
    `${verb} "${collections.getCore(collectionId).name}" for ${lowerTitleOf(release)}`

  const tidy = (): void => {
    const measures = jobs.active().some(({ kind }) => kind === 'evaluate' || kind === 'tune')
    for (const link of library.unwanted()) {
      const job = activeJobOf(link)
      if (job) {
        // Its end tidies up.
        void parts.jobRunner().cancel(job.id)
        continue
      }
      const row = link.indexId === null ? undefined : indexLibrary.find(link.indexId)
      if (row?.purpose === 'evaluation' && !library.isKept(row.id)) {
        if (measures) continue
        collectionIndexes.drop(row)
      }
      library.unlink(link)
    }
  }

  const service: ReleaseIndexes = {
    async indexFor(collectionId, release) {
      if (!hasDocuments(collectionId)) return undefined
      const pair = { releaseId: release.id, collectionId }
      const row = rowOf(pair, release.pipeline)
      const otherwise = readsOtherwise(collectionId, release.pipeline, titleOf(release))
      if (otherwise !== undefined) throw mismatch(otherwise)
      if (answers(row)) return collectionIndexes.open(row)
      // One that was only measured so far, with all documents as they are now.
      const { modelId } = await parts.openEmbedding(release)
      const found = indexLibrary.withFingerprint(collectionId, indexFingerprint(release.pipeline, modelId))
      if (answers(found) && indexLibrary.waitingFor(collectionId, found.id) === 0) return collectionIndexes.open(found)
      const { name } = collections.getCore(collectionId)
      const job = activeJobOf(pair)
      if (job) {
        throw new AppError('item-missing', `The index of "${name}" for ${lowerTitleOf(release)} is being built.`, {
          retryable: true,
          details: { jobId: job.id },
        })
      }
      throw new AppError('item-missing', `"${name}" has no index for ${lowerTitleOf(release)} yet.`, {
        details: { collectionId, releaseId: release.id },
      })
    },
    prepare(owner, choice, collectionIds) {
      const release = collectionIds.length > 0 ? parts.releases.resolve(choice) : undefined
      if (release?.stage === 'draft') {
        throw new AppError(
          'input-invalid',
          `${titleOf(release)} may still change. Propose it first, or choose a release.`,
        )
      }
      for (const id of collectionIds) collections.getCore(id)
      // What is asked is a fact, whether or not it can be built at once: it is tried again when documents change.
      const jobIds = parts.database.transaction(() => {
        library.setUses(owner, choice, collectionIds)
        return release ? service.start(release, collectionIds) : []
      })()
      tidy()
      for (const id of collectionIds) {
        const otherwise = release && readsOtherwise(id, release.pipeline, titleOf(release))
        if (otherwise !== undefined) throw mismatch(otherwise)
      }
      return jobIds
    },
    start: (release, collectionIds) =>
      collectionIds.flatMap((collectionId) => bringUp({ releaseId: release.id, collectionId }) ?? []),
    isReady,
    keepUp(collectionId) {
      for (const pair of library.wanted(collectionId)) bringUp(pair)
    },
    forget(collectionId) {
      library.forgetCollection(collectionId)
    },
    list(releaseId, collectionIds) {
      const release = parts.releaseLibrary.get(releaseId)
      const ids = collectionIds ?? collections.list().map(({ id }) => id)
      return ids.map((collectionId) => {
        const { name } = collections.getCore(collectionId)
        const pair = { releaseId, collectionId }
        const jobId = activeJobOf(pair)?.id ?? null
        const base = { collectionId, collection: name, jobId }
        if (!hasDocuments(collectionId)) return { ...base, state: 'ready', waiting: 0 }
        if (readsOtherwise(collectionId, release.pipeline, titleOf(release)) !== undefined)
          return { ...base, state: 'reads-otherwise', waiting: 0 }
        const row = rowOf(pair, release.pipeline)
        const waiting = indexLibrary.waitingFor(collectionId, row?.id ?? 0)
        if (!answers(row)) return { ...base, state: 'missing', waiting }
        return { ...base, state: waiting === 0 ? 'ready' : 'behind', waiting }
      })
    },
    readsOtherwise,
    tidy,
    work: {
      async run(job, reporter) {
        const link = library.linkOfJob(job.id)
        // The collection was removed, or nobody asks any more.
        if (!link || !library.isWanted(link)) return
        await build(link, job, reporter)
      },
      done(job) {
        const link = library.linkOfJob(job.id)
        if (!link) return
        const release = parts.releaseLibrary.get(link.releaseId)
        jobs.setLabel(job.id, labelOf('Prepared', release, link.collectionId))
        parts.ended(link, 'done')
        // Documents may have come between the last look and this.
        afterwards(() => {
          if (library.isWanted(link)) bringUp(link)
          tidy()
        })
      },
      cancelled: (job) => endedBadly(job, 'cancelled'),
      failed: (job, error) => endedBadly(job, error),
    },
  }

  function endedBadly(job: JobRow, outcome: 'cancelled' | ErrorData): void {
    const link = library.linkOfJob(job.id)
    if (!link) return
    parts.ended(link, outcome)
    afterwards(tidy)
  }

  /** When the end of the job is stored. */
  function afterwards(action: () => void): void {
    queueMicrotask(() => {
      try {
        if (parts.database.open) action()
      } catch (thrown) {
        const { code, message } = toAppError(thrown)
        parts.log.error('The indexes of releases could not be looked after.', { code, message })
      }
    })
  }

  async function build(pair: ReleasePair, job: JobRow, reporter: JobReporter): Promise<void> {
    const release = parts.releaseLibrary.get(pair.releaseId)
    const collection = { ...collections.getCore(pair.collectionId), pipeline: release.pipeline }
    const otherwise = readsOtherwise(pair.collectionId, release.pipeline, titleOf(release))
    if (otherwise !== undefined) throw mismatch(otherwise)
    reporter.label('loading the embedding model')
    const embedding = await parts.openEmbedding(release)
    const index = collectionIndexes.ensureBeside(pair.collectionId, release.pipeline, embedding)
    const tried = new Set<string>()
    for (;;) {
      const missing = indexLibrary.documentsWithout(pair.collectionId, index.row.id)
      const keys = missing.map(({ id }) => `${id} ${documents.get(id).version}`)
      const fresh = keys.filter((key) => !tried.has(key))
      // What is left has no text, and so no chunks.
      if (fresh.length === 0) break
      fresh.forEach((key) => tried.add(key))
      // What an earlier process did is counted already.
      reporter.listed(job.ready + tried.size)
      let put = 0
      const documentPut = (): void => {
        reporter.itemEnd({ ready: 1 })
        put += 1
      }
      await fillIndex(
        collection,
        index,
        embedding,
        { ...parts, documentPut },
        ({ done, total }) => reporter.label(`indexing: ${done} of ${total} documents`),
        reporter.signal,
      )
      // Removed meanwhile, or without text.
      if (put < fresh.length) reporter.itemEnd({ ready: fresh.length - put })
    }
    indexLibrary.setComplete(index.row.id)
    // Only now: one that was left from a measurement may lack what came since.
    library.setIndex(pair, index.row.id)
  }

  return service
}

/** Whether questions may go to this index. */
function answers<Row extends { state: string; completeAt: number | null }>(row: Row | undefined): row is Row {
  return row !== undefined && (row.state === 'active' || row.completeAt !== null)
}

/** What decides how files are read, so that most pairs need no look at single documents. */
function readingOf({ parsers, cleaning, rules }: Pipeline): string {
  const own = rules.filter((rule) => rule.parsers !== undefined || rule.cleaning !== undefined)
  return canonicalJson({ parsers, cleaning, rules: own.map(({ chunker: _chunker, ...rule }) => rule) })
}

function mismatch(message: string): AppError {
  return new AppError('pipeline-mismatch', message)
}
