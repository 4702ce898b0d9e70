import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData } from '../contract/errors.ts'
import type { CaseResult, Run, RunFacts, RunManifest, RunSummary } from '../contract/runs.ts'
import { pipelineSchema } from '../contract/pipeline.ts'
import { type CollectionId, createId, type JobId, type RunId, type TuneId } from '../shared/ids.ts'

export interface NewRun {
  name: string
  manifest: RunManifest
  jobId?: JobId | null
  tuneId?: TuneId | null
  trial?: number | null
  tags?: readonly string[]
}

/** Measurements and the results of their cases. */
export interface RunLibrary {
  create(run: NewRun): Run
  /** Errors: item-missing. */
  get(id: RunId): Run
  find(id: RunId): Run | undefined
  ofJob(jobId: JobId): Run | undefined
  /** Newest first; trials of a tune only where one is named. */
  list(options: {
    collectionId?: CollectionId | undefined
    datasetId?: string | undefined
    tuneId?: TuneId | undefined
    tag?: string | undefined
    limit: number
  }): Run[]
  setJob(id: RunId, jobId: JobId): void
  begin(id: RunId, facts: RunFacts): void
  end(
    id: RunId,
    status: 'done' | 'failed' | 'cancelled',
    outcome: { summary?: RunSummary | undefined; error?: ErrorData },
  ): void
  addCase(id: RunId, result: CaseResult): void
  /** In the order of the run. */
  cases(id: RunId, options?: { limit?: number; offset?: number; caseId?: string | undefined }): CaseResult[]
  update(
    id: RunId,
    change: { name?: string | undefined; tags?: readonly string[] | undefined; note?: string | undefined },
  ): Run
  /** Lets go of another baseline of the same dataset. */
  pinBaseline(id: RunId, pinned: boolean): Run
  remove(id: RunId): boolean
  /** A run that was measured elsewhere, as it was; what it was made of may not be here. */
  restore(run: Run, cases: readonly CaseResult[]): void
}

export function createRunLibrary(database: Database): RunLibrary {
  const columns = 'r.*, (SELECT count(*) FROM run_cases c WHERE c.run_id = r.id) AS done'
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM runs r WHERE r.id = ?`)
  const selectOfJob = database.prepare<[string], Row>(
    `SELECT ${columns} FROM runs r WHERE r.job_id = ? ORDER BY r.created_at, r.id LIMIT 1`,
  )
  const selectList = database.prepare<[Record<string, unknown>], Row>(
    `SELECT ${columns} FROM runs r
     WHERE (:collectionId IS NULL OR r.collection_id = :collectionId)
       AND (:datasetId IS NULL OR r.dataset_id = :datasetId)
       AND r.tune_id IS :tuneId
       AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE t.value = :tag))
     ORDER BY r.created_at DESC, r.id DESC LIMIT :limit`,
  )
  const insert = database.prepare(
    `INSERT INTO runs (id, name, collection_id, dataset_id, tune_id, trial, job_id, status, manifest, tags, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)`,
  )
  const updateJob = database.prepare('UPDATE runs SET job_id = ? WHERE id = ?')
  const updateBegin = database.prepare(
    `UPDATE runs SET status = 'running', facts = ?, started_at = coalesce(started_at, ?) WHERE id = ?`,
  )
  const updateEnd = database.prepare('UPDATE runs SET status = ?, summary = ?, error = ?, finished_at = ? WHERE id = ?')
  const updateFacts = database.prepare('UPDATE runs SET name = ?, tags = ?, note = ? WHERE id = ?')
  const letGo = database.prepare('UPDATE runs SET is_baseline = 0 WHERE dataset_id = ?')
  const pin = database.prepare('UPDATE runs SET is_baseline = ? WHERE id = ?')
  const insertCase = database.prepare(
    'INSERT OR REPLACE INTO run_cases (run_id, number, case_id, data) VALUES (?, ?, ?, ?)',
  )
  const selectCases = database
    .prepare<[string, number, number], string>(
      'SELECT data FROM run_cases WHERE run_id = ? ORDER BY number LIMIT ? OFFSET ?',
    )
    .pluck()
  const selectCase = database
    .prepare<[string, string], string>('SELECT data FROM run_cases WHERE run_id = ? AND case_id = ?')
    .pluck()
  const insertWhole = database.prepare(
    `INSERT INTO runs (id, name, collection_id, dataset_id, status, error, manifest, facts, summary, tags, note,
       created_at, started_at, finished_at)
     VALUES (@id, @name, (SELECT id FROM collections WHERE id = @collectionId), @datasetId, @status, @error, @manifest,
       @facts, @summary, @tags, @note, @createdAt, @startedAt, @finishedAt)`,
  )
  const deleteRun = database.prepare('DELETE FROM runs WHERE id = ?')

  const library: RunLibrary = {
    create({ name, manifest, jobId = null, tuneId = null, trial = null, tags = [] }) {
      const id = createId('run')
      const { collectionId, datasetId } = manifest
      const json = JSON.stringify(manifest)
      insert.run(id, name, collectionId, datasetId, tuneId, trial, jobId, json, JSON.stringify(tags), Date.now())
      return library.get(id)
    },
    find(id) {
      const row = select.get(id)
      return row && toRun(row)
    },
    get(id) {
      const run = library.find(id)
      if (run) return run
      throw new AppError('item-missing', `There is no run ${id}. It may have been removed.`, { details: { id } })
    },
    ofJob(jobId) {
      const row = selectOfJob.get(jobId)
      return row && toRun(row)
    },
    list: ({ collectionId = null, datasetId = null, tuneId = null, tag = null, limit }) =>
      selectList.all({ collectionId, datasetId, tuneId, tag, limit }).map(toRun),
    setJob: (id, jobId) => void updateJob.run(jobId, id),
    begin: (id, facts) => void updateBegin.run(JSON.stringify(facts), Date.now(), id),
    end(id, status, { summary, error }) {
      const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))
      updateEnd.run(status, json(summary), json(error), Date.now(), id)
    },
    addCase: (id, result) => void insertCase.run(id, result.number, result.caseId, JSON.stringify(result)),
    cases(id, { limit = -1, offset = 0, caseId } = {}) {
      const rows = caseId === undefined ? selectCases.all(id, limit, offset) : selectCase.all(id, caseId)
      return rows.map((data) => JSON.parse(data) as CaseResult)
    },
    update(id, { name, tags, note }) {
      const known = library.get(id)
      updateFacts.run(name ?? known.name, JSON.stringify(tags ?? known.tags), note ?? known.note, id)
      return library.get(id)
    },
    pinBaseline: database.transaction((id: RunId, pinned: boolean) => {
      const { datasetId } = library.get(id)
      letGo.run(datasetId)
      pin.run(pinned ? 1 : 0, id)
      return library.get(id)
    }),
    remove: (id) => deleteRun.run(id).changes > 0,
    restore: database.transaction((run: Run, cases: readonly CaseResult[]) => {
      insertWhole.run({
        id: run.id,
        name: run.name,
        collectionId: run.collectionId,
        datasetId: run.datasetId,
        status: run.status,
        error: run.error && JSON.stringify(run.error),
        manifest: JSON.stringify(run.manifest),
        facts: run.facts && JSON.stringify(run.facts),
        summary: run.summary && JSON.stringify(run.summary),
        tags: JSON.stringify(run.tags),
        note: run.note,
        createdAt: run.createdAt,
        startedAt: run.startedAt,
        finishedAt: run.finishedAt,
      })
      for (const each of cases) library.addCase(run.id, each)
    }),
  }
  return library
}

interface Row {
  id: string
  name: string
  collection_id: string | null
  dataset_id: string
  tune_id: string | null
  trial: number | null
  job_id: string | null
  status: Run['status']
  error: string | null
  manifest: string
  facts: string | null
  summary: string | null
  tags: string
  note: string
  is_baseline: number
  created_at: number
  started_at: number | null
  finished_at: number | null
  done: number
}

function toRun(row: Row): Run {
  const manifest = JSON.parse(row.manifest) as RunManifest
  return {
    id: row.id as RunId,
    name: row.name,
    collectionId: row.collection_id as CollectionId | null,
    datasetId: row.dataset_id,
    tuneId: row.tune_id as TuneId | null,
    trial: row.trial,
    jobId: row.job_id as JobId | null,
    status: row.status,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    // Pipelines grow options; what an older one did not say is as it was.
    manifest: { ...manifest, pipeline: pipelineSchema.parse(manifest.pipeline) },
    facts: row.facts === null ? null : (JSON.parse(row.facts) as RunFacts),
    summary: row.summary === null ? null : (JSON.parse(row.summary) as RunSummary),
    done: row.done,
    tags: JSON.parse(row.tags) as string[],
    note: row.note,
    isBaseline: row.is_baseline === 1,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}
