import type { Database } from 'better-sqlite3'
import { AppError, type ErrorData } from '../contract/errors.ts'
import type { Job, JobEvent } from '../contract/jobs.ts'
import type { SyncResult } from '../contract/sources.ts'
import {
  type CollectionId,
  createId,
  type DocumentId,
  type JobId,
  type SourceId,
  type UploadId,
} from '../shared/ids.ts'

export type JobStatus = Job['status']
export type StoredJobEvent = Exclude<JobEvent, { type: 'progress' }>
type WithoutNumber<Event> = Event extends unknown ? Omit<Event, 'number'> : never
export type NewJobEvent = WithoutNumber<StoredJobEvent>

/** What a job was started with; kept so that it can go on after a restart. */
export interface IngestInput {
  /** Absolute files, folders and archives: they become sources, or are ones. */
  paths: string[]
  uploadIds: UploadId[]
  /** Known documents to read again. */
  documentIds: DocumentId[]
  /** Sources to look through. */
  sourceIds: SourceId[]
  /** Reads files again whose size and time have not changed. */
  verify: boolean
  /** Takes a folder that has become empty for empty. */
  allowEmpty: boolean
}

export const emptyInput: IngestInput = {
  paths: [],
  uploadIds: [],
  documentIds: [],
  sourceIds: [],
  verify: false,
  allowEmpty: false,
}

/** A job as stored, without what only a running job knows (rate, current file). */
export interface JobRow {
  id: JobId
  kind: Job['kind']
  label: string
  collectionId: CollectionId | null
  status: JobStatus
  error: ErrorData | null
  listed: boolean
  total: number | null
  ready: number
  failed: number
  unchanged: number
  added: number
  changed: number
  removed: number
  chunks: number
  bytes: number
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
}

/** How a job's counts change when one document comes to an end. */
export interface CountChange {
  ready?: number
  failed?: number
  unchanged?: number
  added?: number
  changed?: number
  removed?: number
  chunks?: number
  bytes?: number
}

export type SyncCounts = Omit<SyncResult, 'waiting' | 'jobId'>

export interface JobLibrary {
  create(kind: Job['kind'], label: string, collectionId: CollectionId | null, input: Partial<IngestInput>): JobRow
  /** Errors: item-missing. */
  get(id: JobId): JobRow
  /** Kept apart from the row: it may name 100,000 files, and the row is read at every step. Errors: item-missing. */
  input(id: JobId): IngestInput
  setInput(id: JobId, input: IngestInput): void
  /** How the documents of each source ended. */
  countBySource(id: JobId): Map<SourceId, SyncCounts>
  /** Newest first. */
  list(limit: number): JobRow[]
  /** Queued or running, oldest first. */
  active(): JobRow[]
  setRunning(id: JobId): void
  setLabel(id: JobId, label: string): void
  setListed(id: JobId, total: number): void
  count(id: JobId, change: CountChange): void
  end(id: JobId, status: 'done' | 'failed' | 'cancelled', error: ErrorData | null): void
  /** Runs `action` in one transaction. */
  together(action: () => void): void
  /** Stores an event under the job's next number. */
  append(id: JobId, event: NewJobEvent): StoredJobEvent
  /** Stored events with a number above `after`, in order. */
  events(id: JobId, after: number, limit: number): StoredJobEvent[]
  lastNumber(id: JobId): number
  /** What the job found in each source that it looked through, in order. */
  listings(id: JobId): Extract<StoredJobEvent, { type: 'source-listed' }>[]
}

export function createJobLibrary(database: Database): JobLibrary {
  const insert = database.prepare(
    `INSERT INTO jobs (id, kind, label, collection_id, input, status, created_at) VALUES (?, ?, ?, ?, ?, 'queued', ?)`,
  )
  const columns = `id, kind, label, collection_id, status, error, listed, total, ready, failed, unchanged, added, changed,
    removed, chunks, bytes,
    created_at, started_at, finished_at`
  const select = database.prepare<[string], Row>(`SELECT ${columns} FROM jobs WHERE id = ?`)
  const selectInput = database.prepare<[string], string>('SELECT input FROM jobs WHERE id = ?').pluck()
  const updateInput = database.prepare('UPDATE jobs SET input = ? WHERE id = ?')
  const selectOutcomes = database.prepare<
    [string],
    { source: string; outcome: string; change: string | null; count: number }
  >(
    `SELECT data ->> '$.sourceId' AS source, data ->> '$.outcome' AS outcome, data ->> '$.change' AS change,
       count(*) AS count
     FROM job_events WHERE job_id = ? AND data ->> '$.type' = 'document-end' AND data ->> '$.sourceId' IS NOT NULL
     GROUP BY 1, 2, 3`,
  )
  const selectList = database.prepare<[number], Row>(
    `SELECT ${columns} FROM jobs ORDER BY created_at DESC, id DESC LIMIT ?`,
  )
  const selectActive = database.prepare<[], Row>(
    `SELECT ${columns} FROM jobs WHERE status IN ('queued', 'running') ORDER BY created_at, id`,
  )
  const updateRunning = database.prepare(
    `UPDATE jobs SET status = 'running', started_at = coalesce(started_at, ?) WHERE id = ?`,
  )
  const updateLabel = database.prepare('UPDATE jobs SET label = ? WHERE id = ?')
  const updateListed = database.prepare('UPDATE jobs SET listed = 1, total = ? WHERE id = ?')
  const updateCounts = database.prepare(
    `UPDATE jobs SET ready = ready + ?, failed = failed + ?, unchanged = unchanged + ?, added = added + ?,
       changed = changed + ?, removed = removed + ?, chunks = chunks + ?, bytes = bytes + ? WHERE id = ?`,
  )
  const updateEnd = database.prepare('UPDATE jobs SET status = ?, error = ?, finished_at = ? WHERE id = ?')
  const insertEvent = database.prepare('INSERT INTO job_events (job_id, number, data) VALUES (?, ?, ?)')
  const selectLast = database
    .prepare<[string], number>('SELECT coalesce(max(number), 0) FROM job_events WHERE job_id = ?')
    .pluck()
  const selectEvents = database
    .prepare<[string, number, number], string>(
      'SELECT data FROM job_events WHERE job_id = ? AND number > ? ORDER BY number LIMIT ?',
    )
    .pluck()

  const selectListings = database
    .prepare<[string], string>(
      `SELECT data FROM job_events WHERE job_id = ? AND data ->> '$.type' = 'source-listed' ORDER BY number`,
    )
    .pluck()

  const library: JobLibrary = {
    create(kind, label, collectionId, input) {
      const id = createId('job')
      insert.run(id, kind, label, collectionId, JSON.stringify({ ...emptyInput, ...input }), Date.now())
      return library.get(id)
    },
    get(id) {
      const row = select.get(id)
      if (!row) throw missing(id)
      return toJobRow(row)
    },
    input(id) {
      const input = selectInput.get(id)
      if (input === undefined) throw missing(id)
      return { ...emptyInput, ...(JSON.parse(input) as Partial<IngestInput>) }
    },
    setInput: (id, input) => void updateInput.run(JSON.stringify(input), id),
    countBySource(id) {
      const counts = new Map<SourceId, SyncCounts>()
      for (const row of selectOutcomes.iterate(id)) {
        const count = counts.get(row.source as SourceId) ?? {
          added: 0,
          changed: 0,
          removed: 0,
          unchanged: 0,
          failed: 0,
        }
        counts.set(row.source as SourceId, count)
        if (row.outcome === 'failed') count.failed += row.count
        else if (row.outcome === 'removed') count.removed += row.count
        else if (row.outcome === 'unchanged' || row.outcome === 'moved') count.unchanged += row.count
        else if (row.change === 'added' || row.change === 'changed') count[row.change] += row.count
      }
      return counts
    },
    list: (limit) => selectList.all(limit).map(toJobRow),
    active: () => selectActive.all().map(toJobRow),
    setRunning: (id) => void updateRunning.run(Date.now(), id),
    setLabel: (id, label) => void updateLabel.run(label, id),
    setListed: (id, total) => void updateListed.run(total, id),
    count(id, { ready = 0, failed = 0, unchanged = 0, added = 0, changed = 0, removed = 0, chunks = 0, bytes = 0 }) {
      updateCounts.run(ready, failed, unchanged, added, changed, removed, chunks, bytes, id)
    },
    end: (id, status, error) => void updateEnd.run(status, error && JSON.stringify(error), Date.now(), id),
    together: (action) => database.transaction(action)(),
    append(id, event) {
      const numbered = { ...event, number: (selectLast.get(id) ?? 0) + 1 }
      insertEvent.run(id, numbered.number, JSON.stringify(numbered))
      return numbered
    },
    events: (id, after, limit) => selectEvents.all(id, after, limit).map((data) => JSON.parse(data) as StoredJobEvent),
    lastNumber: (id) => selectLast.get(id) ?? 0,
    listings: (id) =>
      selectListings.all(id).map((data) => JSON.parse(data) as ReturnType<typeof library.listings>[number]),
  }
  return library
}

interface Row {
  id: string
  kind: Job['kind']
  label: string
  collection_id: string | null
  status: JobStatus
  error: string | null
  listed: number
  total: number | null
  ready: number
  failed: number
  unchanged: number
  added: number
  changed: number
  removed: number
  chunks: number
  bytes: number
  created_at: number
  started_at: number | null
  finished_at: number | null
}

function missing(id: JobId): AppError {
  return new AppError('item-missing', `There is no job ${id}.`, { details: { id } })
}

function toJobRow(row: Row): JobRow {
  return {
    id: row.id as JobId,
    kind: row.kind,
    label: row.label,
    collectionId: row.collection_id as CollectionId | null,
    status: row.status,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    listed: row.listed === 1,
    total: row.total,
    ready: row.ready,
    failed: row.failed,
    unchanged: row.unchanged,
    added: row.added,
    changed: row.changed,
    removed: row.removed,
    chunks: row.chunks,
    bytes: row.bytes,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}
