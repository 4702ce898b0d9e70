import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData } from '../contract/errors.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import type { Tune, TuneResult, TuneSpec } from '../contract/tune.ts'
import { type CollectionId, createId, type JobId, type TuneId } from '../shared/ids.ts'

/** What is kept of a tune beside its trials, which are runs. */
export interface StoredTune extends Omit<Tune, 'result'> {
  spentMs: number
  /** Once it is over. */
  outcome: Pick<TuneResult, 'decision' | 'recommendation' | 'unfinished'> | null
}

export interface NewTune {
  name: string
  collectionId: CollectionId
  datasetId: string
  datasetVersion: number
  jobId: JobId
  spec: TuneSpec
  pipeline: Pipeline
  combinations: number
}

export interface TuneLibrary {
  create(tune: NewTune): StoredTune
  /** Errors: item-missing. */
  get(id: TuneId): StoredTune
  find(id: TuneId): StoredTune | undefined
  ofJob(jobId: JobId): StoredTune | undefined
  /** Newest first. */
  list(limit: number): StoredTune[]
  begin(id: TuneId): void
  addSpent(id: TuneId, milliseconds: number): void
  end(
    id: TuneId,
    status: 'done' | 'failed' | 'cancelled',
    result: { outcome?: StoredTune['outcome']; error?: ErrorData },
  ): void
  /** With its trials. */
  remove(id: TuneId): boolean
}

export function createTuneLibrary(database: Database): TuneLibrary {
  const select = database.prepare<[string], Row>('SELECT * FROM tunes WHERE id = ?')
  const selectOfJob = database.prepare<[string], Row>('SELECT * FROM tunes WHERE job_id = ?')
  const selectList = database.prepare<[number], Row>('SELECT * FROM tunes ORDER BY created_at DESC, id DESC LIMIT ?')
  const insert = database.prepare(
    `INSERT INTO tunes (id, name, collection_id, dataset_id, job_id, status, spec, created_at)
     VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)`,
  )
  const updateBegin = database.prepare(
    `UPDATE tunes SET status = 'running', started_at = coalesce(started_at, ?) WHERE id = ?`,
  )
  const updateSpent = database.prepare('UPDATE tunes SET spent_ms = spent_ms + ? WHERE id = ?')
  const updateEnd = database.prepare('UPDATE tunes SET status = ?, result = ?, error = ?, finished_at = ? WHERE id = ?')
  const deleteTune = database.prepare('DELETE FROM tunes WHERE id = ?')

  const library: TuneLibrary = {
    create({ name, collectionId, datasetId, jobId, ...rest }) {
      const id = createId('tune')
      insert.run(id, name, collectionId, datasetId, jobId, JSON.stringify(rest), Date.now())
      return library.get(id)
    },
    find(id) {
      const row = select.get(id)
      return row && toTune(row)
    },
    get(id) {
      const tune = library.find(id)
      if (tune) return tune
      throw new AppError('item-missing', `There is no tuning ${id}. It may have been removed.`, { details: { id } })
    },
    ofJob(jobId) {
      const row = selectOfJob.get(jobId)
      return row && toTune(row)
    },
    list: (limit) => selectList.all(limit).map(toTune),
    begin: (id) => void updateBegin.run(Date.now(), id),
    addSpent: (id, milliseconds) => void updateSpent.run(milliseconds, id),
    end(id, status, { outcome, error }) {
      const json = (value: unknown): string | null => (value ? JSON.stringify(value) : null)
      updateEnd.run(status, json(outcome), json(error), Date.now(), id)
    },
    remove: (id) => deleteTune.run(id).changes > 0,
  }
  return library
}

interface Row {
  id: string
  name: string
  collection_id: string | null
  dataset_id: string
  job_id: string | null
  status: Tune['status']
  error: string | null
  spec: string
  result: string | null
  spent_ms: number
  created_at: number
  started_at: number | null
  finished_at: number | null
}

function toTune(row: Row): StoredTune {
  const kept = JSON.parse(row.spec) as Pick<NewTune, 'datasetVersion' | 'spec' | 'pipeline' | 'combinations'>
  return {
    id: row.id as TuneId,
    name: row.name,
    collectionId: row.collection_id as CollectionId | null,
    datasetId: row.dataset_id,
    datasetVersion: kept.datasetVersion,
    jobId: row.job_id as JobId | null,
    status: row.status,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    spec: kept.spec,
    pipeline: pipelineSchema.parse(kept.pipeline),
    combinations: kept.combinations,
    outcome: row.result === null ? null : (JSON.parse(row.result) as StoredTune['outcome']),
    spentMs: row.spent_ms,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}
