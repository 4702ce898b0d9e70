import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import {
  gateSchema,
  type Release,
  type ReleaseEvent,
  type ReleaseGate,
  type ReleaseLine,
  type ReleaseStage,
} from '../contract/releases.ts'
import { createId, type LineId, type ReleaseId, type RunId } from '../shared/ids.ts'

export interface NewRelease {
  lineId: LineId
  pipeline: Pipeline
  note: string
  basedOn: ReleaseId | null
}

/** Lines, their releases and what happened to them. The tables refuse to rewrite what is not a draft any more. */
export interface ReleaseLibrary {
  /** By name. */
  lines(): ReleaseLine[]
  /** Errors: item-missing. */
  line(id: LineId): ReleaseLine
  /** The one that new collections start with; undefined in a workspace that has none yet. */
  standard(): ReleaseLine | undefined
  /** Errors: name-taken. */
  createLine(name: string, description: string, options?: { isStandard?: boolean }): ReleaseLine
  /** Errors: item-missing, name-taken. */
  updateLine(
    id: LineId,
    change: { name?: string | undefined; description?: string | undefined; gate?: ReleaseGate | undefined },
  ): ReleaseLine
  /** Drafts first, then by number, newest first. */
  releases(lineId: LineId): Release[]
  /** Errors: item-missing. */
  get(id: ReleaseId): Release
  find(id: ReleaseId): Release | undefined
  createDraft(release: NewRelease): Release
  edit(id: ReleaseId, change: { pipeline?: Pipeline | undefined; note?: string | undefined }): Release
  /** A draft gets its number and its evidence. */
  makeCandidate(id: ReleaseId, runId: RunId | null): Release
  setStage(id: ReleaseId, stage: Exclude<ReleaseStage, 'draft'>): void
  remove(id: ReleaseId): boolean
  /** Under the line's next number. */
  addEvent(lineId: LineId, event: Omit<ReleaseEvent, 'number' | 'at'>): void
  /** Newest first. */
  events(lineId: LineId): ReleaseEvent[]
}

export function createReleaseLibrary(database: Database): ReleaseLibrary {
  const columns = `r.*, l.name AS line, p.who AS promoted_by, p.created_at AS promoted_since
    FROM releases r JOIN lines l ON l.id = r.line_id LEFT JOIN promotions p ON p.release_id = r.id`
  const selectRelease = database.prepare<[string], ReleaseRow>(`SELECT ${columns} WHERE r.id = ?`)
  const selectOfLine = database.prepare<[string], ReleaseRow>(
    `SELECT ${columns} WHERE r.line_id = ? ORDER BY r.number IS NOT NULL, r.number DESC, r.created_at DESC, r.id DESC`,
  )
  const selectProduction = database.prepare<[string], ReleaseRow>(
    `SELECT ${columns} WHERE r.line_id = ? AND r.stage = 'production'`,
  )
  const selectLines = database.prepare<[], LineRow>('SELECT * FROM lines ORDER BY name')
  const selectLine = database.prepare<[string], LineRow>('SELECT * FROM lines WHERE id = ?')
  const selectByName = database.prepare<[string], LineRow>('SELECT * FROM lines WHERE name = ?')
  const selectStandard = database.prepare<[], LineRow>('SELECT * FROM lines WHERE is_standard = 1')
  const selectCounts = database.prepare<[string], { stage: ReleaseStage; count: number }>(
    'SELECT stage, count(*) AS count FROM releases WHERE line_id = ? GROUP BY stage',
  )
  const insertLine = database.prepare(
    'INSERT INTO lines (id, name, description, gate, is_standard, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const updateLine = database.prepare('UPDATE lines SET name = ?, description = ?, gate = ? WHERE id = ?')
  const insertRelease = database.prepare(
    `INSERT INTO releases (id, line_id, stage, pipeline, note, based_on, created_at, changed_at)
     VALUES (?, ?, 'draft', ?, ?, ?, ?, ?)`,
  )
  const updateDraft = database.prepare('UPDATE releases SET pipeline = ?, note = ?, changed_at = ? WHERE id = ?')
  const updateCandidate = database.prepare(
    `UPDATE releases SET stage = 'candidate', run_id = @runId, changed_at = @now,
       number = 1 + max((SELECT coalesce(max(o.number), 0) FROM releases o WHERE o.line_id = releases.line_id),
         (SELECT coalesce(max(e.release_number), 0) FROM release_events e WHERE e.line_id = releases.line_id))
     WHERE id = @id`,
  )
  const updateStage = database.prepare('UPDATE releases SET stage = ?, changed_at = ? WHERE id = ?')
  const deleteRelease = database.prepare('DELETE FROM releases WHERE id = ?')
  const insertEvent = database.prepare(
    `INSERT INTO release_events (line_id, number, release_id, release_number, data)
     VALUES (@lineId, 1 + (SELECT coalesce(max(number), 0) FROM release_events WHERE line_id = @lineId), @releaseId,
       @releaseNumber, @data)`,
  )
  const selectEvents = database.prepare<[string], { number: number; data: string }>(
    'SELECT number, data FROM release_events WHERE line_id = ? ORDER BY number DESC',
  )

  const toLine = (row: LineRow): ReleaseLine => {
    const counts = new Map(selectCounts.all(row.id).map(({ stage, count }) => [stage, count]))
    const count = (stage: ReleaseStage): number => counts.get(stage) ?? 0
    const production = selectProduction.get(row.id)
    return {
      id: row.id as LineId,
      name: row.name,
      description: row.description,
      isStandard: row.is_standard === 1,
      production: production ? toRelease(production) : null,
      gate: gateSchema.parse(JSON.parse(row.gate)),
      counts: { draft: count('draft'), candidate: count('candidate'), retired: count('retired') },
      createdAt: row.created_at,
    }
  }
  const requireFree = (name: string, except?: LineId): void => {
    const other = selectByName.get(name.trim())
    if (other && other.id !== except) {
      throw new AppError('name-taken', `There is already a pipeline called "${other.name}". Choose another name.`, {
        details: { name },
      })
    }
  }

  const library: ReleaseLibrary = {
    lines: () => selectLines.all().map(toLine),
    line(id) {
      const row = selectLine.get(id)
      if (row) return toLine(row)
      throw new AppError('item-missing', `There is no pipeline ${id}.`, { details: { id } })
    },
    standard() {
      const row = selectStandard.get()
      return row && toLine(row)
    },
    createLine(name, description, { isStandard = false } = {}) {
      requireFree(name)
      const id = createId('line')
      const gate = JSON.stringify(gateSchema.parse({}))
      insertLine.run(id, name.trim(), description, gate, isStandard ? 1 : 0, Date.now())
      return library.line(id)
    },
    updateLine(id, { name, description, gate }) {
      const known = library.line(id)
      if (name !== undefined) requireFree(name, id)
      updateLine.run(
        name?.trim() ?? known.name,
        description ?? known.description,
        JSON.stringify(gate ?? known.gate),
        id,
      )
      return library.line(id)
    },
    releases: (lineId) => selectOfLine.all(lineId).map(toRelease),
    get(id) {
      const release = library.find(id)
      if (release) return release
      throw new AppError('item-missing', `There is no release ${id}. It may have been discarded.`, { details: { id } })
    },
    find(id) {
      const row = selectRelease.get(id)
      return row && toRelease(row)
    },
    createDraft({ lineId, pipeline, note, basedOn }) {
      const [id, now] = [createId('release'), Date.now()]
      insertRelease.run(id, lineId, JSON.stringify(pipeline), note, basedOn, now, now)
      return library.get(id)
    },
    edit(id, { pipeline, note }) {
      const known = library.get(id)
      updateDraft.run(JSON.stringify(pipeline ?? known.pipeline), note ?? known.note, Date.now(), id)
      return library.get(id)
    },
    makeCandidate(id, runId) {
      updateCandidate.run({ id, runId, now: Date.now() })
      return library.get(id)
    },
    setStage: (id, stage) => void updateStage.run(stage, Date.now(), id),
    remove: (id) => deleteRelease.run(id).changes > 0,
    addEvent(lineId, event) {
      const { releaseId, releaseNumber } = event
      insertEvent.run({ lineId, releaseId, releaseNumber, data: JSON.stringify({ ...event, at: Date.now() }) })
    },
    events: (lineId) =>
      selectEvents
        .all(lineId)
        .map(({ number, data }) => ({ ...(JSON.parse(data) as Omit<ReleaseEvent, 'number'>), number })),
  }
  return library
}

interface LineRow {
  id: string
  name: string
  description: string
  gate: string
  is_standard: number
  created_at: number
}

interface ReleaseRow {
  id: string
  line_id: string
  line: string
  number: number | null
  stage: ReleaseStage
  pipeline: string
  note: string
  based_on: string | null
  run_id: string | null
  created_at: number
  changed_at: number
  promoted_by: string | null
  promoted_since: number | null
}

function toRelease(row: ReleaseRow): Release {
  return {
    id: row.id as ReleaseId,
    lineId: row.line_id as LineId,
    line: row.line,
    number: row.number,
    stage: row.stage,
    // Pipelines grow options; what an older one did not say is as it was.
    pipeline: pipelineSchema.parse(JSON.parse(row.pipeline)),
    note: row.note,
    basedOn: row.based_on as ReleaseId | null,
    runId: row.run_id as RunId | null,
    promotion: row.promoted_since === null ? null : { who: row.promoted_by ?? '', since: row.promoted_since },
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}
