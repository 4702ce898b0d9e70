import type { Database } from 'better-sqlite3'
import type {
  CaseFilter,
  caseSorts,
  CaseState,
  Dataset,
  DatasetVersion,
  LostReason,
  TestCase,
} from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import { type CollectionId, createId, type DatasetId, type DocumentId } from '../shared/ids.ts'

/** What should be found: words of a document, or (`text` null) a document as a whole. */
export interface Judgement {
  /** Of the document when it was judged, or the id that a set gives it. */
  path: string
  grade: number
  text: string | null
  /** Where the words stood when they were judged. */
  judgedStart: number | null
  /** Where they stand now; null before they were looked up. */
  documentId: DocumentId | null
  placedVersion: number | null
  start: number | null
  end: number | null
  lost: LostReason | null
}

/** A case as it is kept. */
export interface StoredCase {
  id: string
  question: string
  answer: string | null
  answerable: boolean
  tags: string[]
  split: string
  state: CaseState
  origin: TestCase['origin']
  notes: string
  createdAt: number
  judgements: Judgement[]
}

/** What a hash is made of and an export holds: everything that was judged, nothing of where it stands now. */
export interface CaseContent {
  id: string
  question: string
  answer: string | null
  answerable: boolean
  tags: string[]
  split: string
  state: CaseState
  origin: TestCase['origin']
  notes: string
  expected: { path: string; start: number; text: string; grade: number }[]
  relevant: { path: string; grade: number }[]
}

/** A judgement that has to be looked up (again): it has no document yet, or its document has another version. */
export interface Unplaced {
  row: number
  documentId: DocumentId | null
  path: string
  text: string | null
  /** Where the words stood last. */
  start: number
  lost: LostReason | null
}

export interface Placed extends Pick<Judgement, 'documentId' | 'placedVersion' | 'start' | 'end' | 'lost'> {
  row: number
}

export interface CaseSort {
  by: (typeof caseSorts)[number]
  descending: boolean
}

const sortColumns = {
  question: 'c.question COLLATE NOCASE',
  state: 'c.state',
  split: 'c.split',
  created: 'c.created_at',
} as const

/** One step of a dataset's history; applied in one transaction. */
export interface CaseChanges {
  add?: readonly StoredCase[]
  /** By id. */
  replace?: readonly StoredCase[]
  remove?: readonly string[]
}

/** A dataset without its counts, which take time to make. */
export type DatasetCore = Pick<Dataset, 'id' | 'name' | 'collectionId' | 'version' | 'hash'>

export interface DatasetLibrary {
  /** By name. */
  list(): Dataset[]
  /** By name. */
  ids(): DatasetId[]
  /** Errors: item-missing. */
  getCore(id: DatasetId): DatasetCore
  /** Errors: item-missing. */
  get(id: DatasetId): Dataset
  findByName(name: string): Dataset | undefined
  /** Errors: name-taken. */
  create(name: string, description: string, collectionId: CollectionId | null): Dataset
  /** Errors: item-missing, name-taken. */
  update(
    id: DatasetId,
    change: {
      name?: string | undefined
      description?: string | undefined
      collectionId?: CollectionId | null | undefined
    },
  ): Dataset
  remove(id: DatasetId): boolean
  /** In the order of the set, or sorted. */
  cases(id: DatasetId, filter: CaseFilter, limit: number, offset: number, sort?: CaseSort): StoredCase[]
  /** In the order of the set. */
  caseIds(id: DatasetId, filter: CaseFilter): string[]
  count(id: DatasetId, filter: CaseFilter): number
  /** Errors: item-missing. */
  getCase(id: DatasetId, caseId: string): StoredCase
  /** Of the given ids those that the dataset has. */
  known(id: DatasetId, caseIds: readonly string[]): Set<string>
  /** Makes the next version; none where nothing changes. Gives how many cases changed. Errors: item-missing, name-taken. */
  commit(id: DatasetId, changes: CaseChanges, note: string): number
  versions(id: DatasetId, limit: number): DatasetVersion[]
  /** The cases of an earlier version, without places. Errors: item-missing. */
  casesAt(id: DatasetId, version: number): CaseContent[]
  unplaced(id: DatasetId): Unplaced[]
  place(placed: readonly Placed[]): void
  /** The judgements are about the documents of another collection now. */
  forgetPlaces(id: DatasetId): void
}

/** A case cannot be measured: words that are lost, or not one of the documents that should be found is there. */
const isStale = `(EXISTS (SELECT 1 FROM dataset_judgements j WHERE j.case_row = c.id AND j.text IS NOT NULL AND j.lost IS NOT NULL)
  OR (EXISTS (SELECT 1 FROM dataset_judgements j WHERE j.case_row = c.id AND j.text IS NULL AND j.grade > 0)
    AND NOT EXISTS (SELECT 1 FROM dataset_judgements j WHERE j.case_row = c.id AND j.grade > 0 AND j.lost IS NULL)))`

export function createDatasetLibrary(database: Database): DatasetLibrary {
  const selectAll = database.prepare<[], Row>('SELECT * FROM datasets ORDER BY name')
  const select = database.prepare<[string], Row>('SELECT * FROM datasets WHERE id = ?')
  const selectByName = database.prepare<[string], Row>('SELECT * FROM datasets WHERE name = ?')
  const insert = database.prepare(
    `INSERT INTO datasets (id, name, description, collection_id, version, hash, created_at, changed_at)
     VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
  )
  const updateFacts = database.prepare('UPDATE datasets SET name = ?, description = ?, collection_id = ? WHERE id = ?')
  const updateVersion = database.prepare('UPDATE datasets SET version = ?, hash = ?, changed_at = ? WHERE id = ?')
  const deleteOne = database.prepare('DELETE FROM datasets WHERE id = ?')
  const countBy = {
    states: countStatement('state'),
    splits: countStatement('split'),
  }
  const countTags = database.prepare<[string], Count>(
    `SELECT t.value AS name, count(*) AS count FROM dataset_cases c, json_each(c.tags) t
     WHERE c.dataset_id = ? GROUP BY 1 ORDER BY 1`,
  )
  const countStale = database
    .prepare<[string], number>(`SELECT count(*) FROM dataset_cases c WHERE c.dataset_id = ? AND ${isStale}`)
    .pluck()
  const selectCase = database.prepare<[string, string], CaseRow>(
    'SELECT * FROM dataset_cases WHERE dataset_id = ? AND case_id = ?',
  )
  const selectCases = database.prepare<[string, string], CaseRow>(
    'SELECT * FROM dataset_cases WHERE dataset_id = ? AND case_id IN (SELECT value FROM json_each(?))',
  )
  const selectKnown = database
    .prepare<[string, string], string>(
      'SELECT case_id FROM dataset_cases WHERE dataset_id = ? AND case_id IN (SELECT value FROM json_each(?))',
    )
    .pluck()
  const selectJudgements = database.prepare<[string], JudgementRow>(
    `SELECT * FROM dataset_judgements WHERE case_row IN (SELECT value FROM json_each(?)) ORDER BY case_row, ordinal`,
  )
  const selectLast = database
    .prepare<[string], number>('SELECT coalesce(max(position), 0) FROM dataset_cases WHERE dataset_id = ?')
    .pluck()
  const insertCase = database.prepare(
    `INSERT INTO dataset_cases (dataset_id, case_id, position, question, answer, answerable, tags, split, state, origin, notes,
       hash, created_at)
     VALUES (@datasetId, @id, @position, @question, @answer, @answerable, @tags, @split, @state, @origin, @notes, @hash, @createdAt)`,
  )
  const updateCase = database.prepare(
    `UPDATE dataset_cases SET question = @question, answer = @answer, answerable = @answerable, tags = @tags, split = @split,
       state = @state, origin = @origin, notes = @notes, hash = @hash
     WHERE dataset_id = @datasetId AND case_id = @id`,
  )
  const deleteCase = database.prepare('DELETE FROM dataset_cases WHERE id = ?')
  const deleteJudgements = database.prepare('DELETE FROM dataset_judgements WHERE case_row = ?')
  const insertJudgement = database.prepare(
    `INSERT INTO dataset_judgements (case_row, ordinal, path, grade, text, judged_start, document_id, placed_version,
       start_offset, end_offset, lost)
     VALUES (@row, @ordinal, @path, @grade, @text, @judgedStart, @documentId, @placedVersion, @start, @end, @lost)`,
  )
  const selectHashes = database
    .prepare<[string], string>('SELECT hash FROM dataset_cases WHERE dataset_id = ? ORDER BY position')
    .pluck()
  const insertVersion = database.prepare(
    `INSERT INTO dataset_versions (dataset_id, number, hash, note, changed, before, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const selectVersions = database.prepare<[string, number], VersionRow>(
    `SELECT number, hash, note, changed, created_at FROM dataset_versions WHERE dataset_id = ? ORDER BY number DESC LIMIT ?`,
  )
  const selectBefore = database
    .prepare<[string, number], string>(
      'SELECT before FROM dataset_versions WHERE dataset_id = ? AND number > ? ORDER BY number DESC',
    )
    .pluck()
  const selectUnplaced = database.prepare<[string], UnplacedRow>(
    `SELECT j.id, j.document_id, j.path, j.text, coalesce(j.start_offset, j.judged_start, 0) AS start, j.lost
     FROM dataset_judgements j JOIN dataset_cases c ON c.id = j.case_row LEFT JOIN documents d ON d.id = j.document_id
     WHERE c.dataset_id = ? AND (j.document_id IS NULL OR d.version IS NOT j.placed_version)`,
  )
  const updatePlace = database.prepare(
    `UPDATE dataset_judgements SET document_id = @documentId, placed_version = @placedVersion,
       start_offset = coalesce(@start, start_offset), end_offset = coalesce(@end, end_offset), lost = @lost WHERE id = @row`,
  )
  const clearPlaces = database.prepare(
    `UPDATE dataset_judgements SET document_id = NULL, placed_version = NULL, lost = NULL
     WHERE case_row IN (SELECT id FROM dataset_cases WHERE dataset_id = ?)`,
  )

  function countStatement(column: string) {
    return database.prepare<[string], Count>(
      `SELECT ${column} AS name, count(*) AS count FROM dataset_cases WHERE dataset_id = ? GROUP BY 1 ORDER BY 1`,
    )
  }

  const rowOf = (id: DatasetId): Row => {
    const row = select.get(id)
    if (row) return row
    throw new AppError('item-missing', `There is no dataset ${id}. It may have been removed.`, { details: { id } })
  }
  const toDataset = (row: Row): Dataset => {
    const states = counts(countBy.states.all(row.id))
    return {
      ...toCore(row),
      description: row.description,
      createdAt: row.created_at,
      changedAt: row.changed_at,
      cases: Object.values(states).reduce((sum, count) => sum + count, 0),
      states,
      splits: counts(countBy.splits.all(row.id)),
      tags: counts(countTags.all(row.id)),
      stale: countStale.get(row.id) ?? 0,
    }
  }
  const withJudgements = (rows: readonly CaseRow[]): StoredCase[] => {
    const byCase = Map.groupBy(selectJudgements.all(JSON.stringify(rows.map(({ id }) => id))), (row) => row.case_row)
    return rows.map((row) => toCase(row, byCase.get(row.id) ?? []))
  }
  /** Each case beside what is stored of it, read some thousand at a time. */
  function* withPresent(id: DatasetId, cases: readonly StoredCase[]) {
    for (let from = 0; from < cases.length; from += 1000) {
      const some = cases.slice(from, from + 1000)
      const rows = selectCases.all(id, JSON.stringify(some.map((each) => each.id)))
      const present = new Map(withJudgements(rows).map((old, index) => [old.id, { old, row: rows[index]! }]))
      for (const changed of some) {
        const found = present.get(changed.id)
        if (!found) throw missingCase(changed.id)
        yield { changed, ...found }
      }
    }
  }
  const addJudgements = (row: number | bigint, judgements: readonly Judgement[]): void => {
    judgements.forEach((judgement, ordinal) => insertJudgement.run({ ...judgement, row, ordinal }))
  }
  const requireFreeName = (name: string, exceptId?: string): void => {
    const other = selectByName.get(name.trim())
    if (!other || other.id === exceptId) return
    throw new AppError('name-taken', `There is already a dataset called "${name.trim()}". Choose another name.`, {
      details: { name },
    })
  }

  const library: DatasetLibrary = {
    list: () => selectAll.all().map(toDataset),
    ids: () => selectAll.all().map((row) => row.id as DatasetId),
    getCore: (id) => toCore(rowOf(id)),
    get: (id) => toDataset(rowOf(id)),
    findByName(name) {
      const row = selectByName.get(name.trim())
      return row && toDataset(row)
    },
    create(name, description, collectionId) {
      requireFreeName(name)
      const id = createId('dataset')
      const now = Date.now()
      insert.run(id, name.trim(), description, collectionId, hashOf([]), now, now)
      return library.get(id)
    },
    update(id, change) {
      const row = rowOf(id)
      if (change.name !== undefined) requireFreeName(change.name, id)
      const collectionId = change.collectionId === undefined ? row.collection_id : change.collectionId
      database.transaction(() => {
        updateFacts.run(change.name?.trim() ?? row.name, change.description ?? row.description, collectionId, id)
        if (collectionId !== row.collection_id) library.forgetPlaces(id)
      })()
      return library.get(id)
    },
    remove: (id) => deleteOne.run(id).changes > 0,
    caseIds(id, filter) {
      rowOf(id)
      const { where, parameters } = toWhere(filter)
      return database
        .prepare<Record<string, unknown>, string>(
          `SELECT c.case_id FROM dataset_cases c WHERE c.dataset_id = @id AND ${where} ORDER BY c.position`,
        )
        .pluck()
        .all({ ...parameters, id })
    },
    cases(id, filter, limit, offset, { by, descending } = { by: 'order', descending: false }) {
      rowOf(id)
      const { where, parameters } = toWhere(filter)
      const way = descending ? 'DESC' : 'ASC'
      const order = by === 'order' ? `c.position ${way}` : `${sortColumns[by]} ${way}, c.position`
      const rows = database
        .prepare<Record<string, unknown>, CaseRow>(
          `SELECT c.* FROM dataset_cases c WHERE c.dataset_id = @id AND ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`,
        )
        .all({ ...parameters, id, limit, offset })
      return withJudgements(rows)
    },
    count(id, filter) {
      const { where, parameters } = toWhere(filter)
      return (
        database
          .prepare<Record<string, unknown>, number>(
            `SELECT count(*) FROM dataset_cases c WHERE c.dataset_id = @id AND ${where}`,
          )
          .pluck()
          .get({ ...parameters, id }) ?? 0
      )
    },
    getCase(id, caseId) {
      rowOf(id)
      const row = selectCase.get(id, caseId)
      if (row) return withJudgements([row])[0]!
      throw missingCase(caseId)
    },
    known: (id, caseIds) => new Set(selectKnown.all(id, JSON.stringify(caseIds))),
    commit: database.transaction(
      (id: DatasetId, { add = [], replace = [], remove = [] }: CaseChanges, note: string) => {
        // Without a prototype: an id may be called anything.
        const before = Object.create(null) as Before
        const { version } = rowOf(id)
        let position = selectLast.get(id) ?? 0
        const [taken] = library.known(
          id,
          add.map((each) => each.id),
        )
        if (taken !== undefined) throw takenCase(taken)
        for (const added of add) {
          if (added.id in before) throw takenCase(added.id)
          before[added.id] = null
          position += 1
          const { lastInsertRowid } = insertCase.run({ ...columnsOf(added), datasetId: id, position })
          addJudgements(lastInsertRowid, added.judgements)
        }
        for (const { changed, row, old } of withPresent(id, replace)) {
          const patch = differences(contentOf(old), contentOf(changed))
          if (!patch) continue
          before[changed.id] = patch
          updateCase.run({ ...columnsOf(changed), datasetId: id })
          if (patch.expected || patch.relevant) {
            deleteJudgements.run(row.id)
            addJudgements(row.id, changed.judgements)
          }
        }
        for (const caseId of remove) {
          const row = selectCase.get(id, caseId)
          if (!row) continue
          before[caseId] = { ...contentOf(withJudgements([row])[0]!), position: row.position }
          deleteCase.run(row.id)
        }
        const changed = Object.keys(before).length
        if (changed === 0) return 0
        const hash = hashOf(selectHashes.all(id))
        const now = Date.now()
        updateVersion.run(version + 1, hash, now, id)
        insertVersion.run(id, version + 1, hash, note, changed, JSON.stringify(before), now)
        return changed
      },
    ),
    versions(id, limit) {
      rowOf(id)
      return selectVersions.all(id, limit).map((row) => ({
        number: row.number,
        hash: row.hash,
        note: row.note,
        changed: row.changed,
        createdAt: row.created_at,
      }))
    },
    casesAt(id, version) {
      const row = rowOf(id)
      if (version > row.version) {
        throw new AppError('item-missing', `"${row.name}" has no version ${version}: the newest is ${row.version}.`)
      }
      const rows = database
        .prepare<[string], CaseRow>('SELECT * FROM dataset_cases WHERE dataset_id = ? ORDER BY position')
        .all(id)
      const stored = withJudgements(rows)
      const cases = new Map(
        rows.map((each, index) => [each.case_id, { position: each.position, ...contentOf(stored[index]!) }]),
      )
      for (const json of selectBefore.iterate(id, version)) {
        for (const [caseId, patch] of Object.entries(JSON.parse(json) as Before)) {
          if (patch === null) cases.delete(caseId)
          else cases.set(caseId, { ...cases.get(caseId)!, ...patch })
        }
      }
      return [...cases.values()]
        .sort((a, b) => a.position - b.position)
        .map(({ position: _position, ...content }) => content)
    },
    unplaced: (id) =>
      selectUnplaced.all(id).map((row) => ({
        row: row.id,
        documentId: row.document_id as DocumentId | null,
        path: row.path,
        text: row.text,
        start: row.start,
        lost: row.lost,
      })),
    place: database.transaction((placed: readonly Placed[]) => {
      for (const each of placed) updatePlace.run(each)
    }),
    forgetPlaces: (id) => void clearPlaces.run(id),
  }
  return library
}

/** What was judged of a case, without where it stands now. */
export function contentOf(stored: StoredCase): CaseContent {
  const { id, question, answer, answerable, tags, split, state, origin, notes, judgements } = stored
  const expected = judgements.flatMap(({ path, text, judgedStart, grade }) =>
    text === null ? [] : [{ path, start: judgedStart ?? 0, text, grade }],
  )
  const relevant = judgements.flatMap(({ path, text, grade }) => (text === null ? [{ path, grade }] : []))
  return { id, question, answer, answerable, tags, split, state, origin, notes, expected, relevant }
}

/** A judgement that has not been looked up. */
export function unplacedJudgement(given: { path: string; grade: number; text?: string; start?: number }): Judgement {
  const { path, grade, text = null, start = null } = given
  const nowhere = { documentId: null, placedVersion: null, lost: null }
  const end = text === null || start === null ? null : start + text.length
  return { path, grade, text, judgedStart: start, start, end, ...nowhere }
}

function hashOf(caseHashes: readonly string[]): string {
  return sha256(caseHashes.join('\n'))
}

/** By case id: what a version replaced, with its place where the case was taken out; null for a case that was new. */
type Before = Record<string, (Partial<CaseContent> & { position?: number }) | null>

/** The old values of what differs; undefined where nothing does. */
function differences(old: CaseContent, changed: CaseContent): Partial<CaseContent> | undefined {
  const entries = Object.entries(old).filter(
    ([key, value]) => canonicalJson(value) !== canonicalJson(changed[key as keyof CaseContent]),
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function columnsOf(stored: StoredCase) {
  const { judgements: _judgements, tags, answerable, ...rest } = stored
  const hash = sha256(canonicalJson(contentOf(stored)))
  return { ...rest, tags: JSON.stringify(tags), answerable: answerable ? 1 : 0, hash }
}

function toWhere({ state, split, tag, stale, search }: CaseFilter) {
  const conditions = ['1 = 1']
  const parameters: Record<string, unknown> = {}
  const also = (condition: string, name: string, value: unknown): void => {
    conditions.push(condition)
    parameters[name] = value
  }
  if (state !== undefined) also('c.state = @state', 'state', state)
  if (split !== undefined) also('c.split = @split', 'split', split)
  if (tag !== undefined) also('EXISTS (SELECT 1 FROM json_each(c.tags) t WHERE t.value = @tag)', 'tag', tag)
  if (stale !== undefined) conditions.push(stale ? isStale : `NOT ${isStale}`)
  for (const [index, word] of (search ?? '').trim().split(/\s+/).entries()) {
    if (word !== '') also(`instr(lower(c.question), lower(@word${index})) > 0`, `word${index}`, word)
  }
  return { where: conditions.join(' AND '), parameters }
}

interface Count {
  name: string
  count: number
}

function counts(rows: readonly Count[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
}

interface Row {
  id: string
  name: string
  description: string
  collection_id: string | null
  version: number
  hash: string
  created_at: number
  changed_at: number
}

interface CaseRow {
  id: number
  case_id: string
  position: number
  question: string
  answer: string | null
  answerable: number
  tags: string
  split: string
  state: CaseState
  origin: TestCase['origin']
  notes: string
  created_at: number
}

interface JudgementRow {
  case_row: number
  path: string
  grade: number
  text: string | null
  judged_start: number | null
  document_id: string | null
  placed_version: number | null
  start_offset: number | null
  end_offset: number | null
  lost: LostReason | null
}

interface VersionRow {
  number: number
  hash: string
  note: string
  changed: number
  created_at: number
}

interface UnplacedRow {
  id: number
  document_id: string | null
  path: string
  text: string | null
  start: number
  lost: LostReason | null
}

function toCore(row: Row): DatasetCore {
  return {
    id: row.id as DatasetId,
    name: row.name,
    collectionId: row.collection_id as CollectionId | null,
    version: row.version,
    hash: row.hash,
  }
}

function toCase(row: CaseRow, judgements: readonly JudgementRow[]): StoredCase {
  return {
    id: row.case_id,
    question: row.question,
    answer: row.answer,
    answerable: row.answerable === 1,
    tags: JSON.parse(row.tags) as string[],
    split: row.split,
    state: row.state,
    origin: row.origin,
    notes: row.notes,
    createdAt: row.created_at,
    judgements: judgements.map((each) => ({
      path: each.path,
      grade: each.grade,
      text: each.text,
      judgedStart: each.judged_start,
      documentId: each.document_id as DocumentId | null,
      placedVersion: each.placed_version,
      start: each.start_offset,
      end: each.end_offset,
      // Its document went away since it was looked up.
      lost: each.lost ?? (each.document_id === null && each.placed_version !== null ? 'document-missing' : null),
    })),
  }
}

function missingCase(id: string): AppError {
  return new AppError('item-missing', `There is no case "${id}" in this dataset. It may have been removed.`, {
    details: { id },
  })
}

function takenCase(id: string): AppError {
  return new AppError('name-taken', `There is already a case "${id}" in this dataset. Give it another id.`, {
    details: { id },
  })
}
