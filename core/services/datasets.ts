import type { Trace } from '../contract/traces.ts'
import type { caseChangeSchema } from '../contract/datasets.ts'
import {
  type CaseDifference,
  type CaseFilter,
  type CaseState,
  type Dataset,
  newCaseSchema,
  noSplit,
  type TestCase,
} from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import { findAnchors } from '../flows/find-anchors.ts'
import { isProblem, placePassage, sayProblem } from '../flows/place-passage.ts'
import type { CollectionLibrary } from '../library/collections.ts'
import {
  type CaseContent,
  type CaseSort,
  type DatasetCore,
  type DatasetLibrary,
  type Judgement,
  type Placed,
  type StoredCase,
  type Unplaced,
  unplacedJudgement,
} from '../library/datasets.ts'
import type { DocumentLibrary, StoredText } from '../library/documents.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { canonicalJson, sha256 } from '../shared/hash.ts'
import { type CollectionId, createId, type DatasetId, type DocumentId } from '../shared/ids.ts'
import type { z } from 'zod'
import type { DocumentTexts } from './document-texts.ts'

export type ParsedCase = z.output<typeof newCaseSchema>
export type ParsedChange = z.output<typeof caseChangeSchema>

/** Datasets with their passages at the places where they stand now. */
export interface Datasets {
  list(): Promise<Dataset[]>
  /** Errors: item-missing. */
  get(id: DatasetId): Promise<Dataset>
  /** Errors: item-missing, name-taken. */
  update(id: DatasetId, change: Parameters<DatasetLibrary['update']>[1]): Promise<Dataset>
  /** In order; all of them without a limit; of an earlier version where one is given. Errors: item-missing. */
  cases(id: DatasetId, options?: CaseSelection): Promise<{ cases: TestCase[]; total: number }>
  /** Errors: item-missing. */
  caseIds(id: DatasetId, filter: CaseFilter): Promise<{ caseIds: string[] }>
  /** What differs between two versions. Errors: item-missing. */
  differences(id: DatasetId, between: { from: number; to: number; limit: number }): Differences
  /** All of them, in order, some hundred at a time. Errors: item-missing. */
  batches(id: DatasetId, signal?: AbortSignal): AsyncIterable<{ cases: TestCase[]; done: number; total: number }>
  /** Errors: item-missing. */
  getCase(id: DatasetId, caseId: string): Promise<TestCase>
  /** Errors: item-missing, name-taken, input-invalid. */
  addCase(id: DatasetId, given: ParsedCase, origin?: TestCase['origin']): Promise<TestCase>
  /** Errors: item-missing, input-invalid. */
  addTrace(
    trace: Trace,
    options: { datasetId?: DatasetId | undefined; answerable?: boolean | undefined },
  ): Promise<{ datasetId: DatasetId; case: TestCase }>
  /** Errors: item-missing, input-invalid. */
  updateCase(id: DatasetId, caseId: string, change: ParsedChange): Promise<TestCase>
  setCases(id: DatasetId, caseIds: readonly string[], change: ManyChange): Promise<number>
  removeCases(id: DatasetId, caseIds: readonly string[]): number
  /** Errors: item-missing, input-invalid. */
  split(id: DatasetId, deal: Deal): Promise<void>
  /** A dataset from what is known by its words alone, whose documents may still be on their way. Errors: name-taken. */
  createFrom(
    name: string,
    description: string,
    collectionId: CollectionId,
    cases: readonly QuotedCase[],
    note: string,
  ): Dataset
  /** What is needed to judge passages that are given for a collection's documents. */
  placesIn(collectionId: CollectionId | null): Places
  /** Looks up what has no place, or had one in an earlier version of its document. */
  settle(id: DatasetId, signal?: AbortSignal): Promise<void>
}

export interface CaseSelection extends CaseFilter {
  version?: number | undefined
  limit?: number
  offset?: number
  sort?: CaseSort
}

export interface Differences {
  added: number
  removed: number
  changed: number
  differences: CaseDifference[]
}

export interface QuotedCase {
  id: string
  question: string
  answer?: string | undefined
  answerable: boolean
  tags?: readonly string[]
  expected: readonly { path: string; quote: string }[]
}

export interface ManyChange {
  state?: CaseState | undefined
  split?: string | undefined
  addTags: readonly string[]
  removeTags: readonly string[]
}

export interface Deal {
  parts: readonly { name: string; share: number }[]
  seed: number
  byTag: boolean
}

/** `document`: where the document is that `path` named when it was judged. */
export type GivenPlace = ParsedCase['expected'][number] & { document?: string | undefined }

/** Finds documents of one collection, and passages in them. */
export interface Places {
  /** The ready document with this path, further path, or id of a set. */
  find(path: string): DocumentId | undefined
  /** A judgement at its place. Errors: item-missing (the document), input-invalid (the passage). */
  place(given: GivenPlace): Judgement
  /** A judgement of a whole document; one whose document is not there waits for it. */
  relevant(given: { path: string; grade: number; document?: string | undefined }): Judgement
}

export interface DatasetParts {
  datasets: DatasetLibrary
  collections: CollectionLibrary
  documents: DocumentLibrary
  texts: DocumentTexts
}

/** Cases in hand at a time; other calls go between. */
const batchSize = 1000

export function createDatasets({ datasets, collections, documents, texts }: DatasetParts): Datasets {
  const textOf = (id: DocumentId): StoredText | undefined => {
    try {
      return texts.get(id)
    } catch (error) {
      // Never ready so far, or just removed: it is not there for now.
      if (error instanceof AppError && error.code === 'item-missing') return undefined
      throw error
    }
  }

  const placesIn = (collectionId: CollectionId | null): Places => {
    let finder: ((path: string) => DocumentId | undefined) | undefined
    const find = (path: string): DocumentId | undefined => {
      if (collectionId === null) return undefined
      finder ??= finderOf(documents.readPaths(collectionId))
      return finder(path)
    }
    const nameOf = (): string => (collectionId === null ? '' : collections.getCore(collectionId).name)
    const documentOf = (given: GivenPlace): StoredText => {
      const { documentId, path = '', document } = given
      if (documentId !== undefined) {
        const stored = texts.get(documentId)
        if (stored.document.collectionId === collectionId) return stored
        const { name } = stored.document
        throw new AppError(
          'input-invalid',
          `"${name}" is not in the collection of this dataset. Choose a passage of its own documents.`,
        )
      }
      const found = (document === undefined ? undefined : find(document)) ?? find(path)
      const stored = found && textOf(found)
      if (stored) return stored
      throw new AppError(
        'item-missing',
        collectionId === null
          ? 'This dataset has no collection to look for passages in. Choose one for it first.'
          : `There is no document "${path}" in "${nameOf()}", or it has not been read yet.`,
        { details: { path } },
      )
    }
    return {
      find,
      place(given) {
        const { document, text } = documentOf(given)
        const span = placePassage(text, given)
        if (isProblem(span)) {
          throw new AppError('input-invalid', `This passage cannot be used: ${sayProblem(span, document.path)}.`, {
            details: { ...span, path: document.path },
          })
        }
        const words = text.slice(span.start, span.end)
        const judgement = unplacedJudgement({
          path: given.path ?? document.path,
          grade: given.grade,
          text: words,
          start: span.start,
        })
        return { ...judgement, documentId: document.id, placedVersion: document.version }
      },
      relevant({ path, grade, document }) {
        const judgement = unplacedJudgement({ path, grade })
        const found = (document === undefined ? undefined : find(document)) ?? find(path)
        return found === undefined
          ? judgement
          : { ...judgement, documentId: found, placedVersion: documents.get(found).version }
      },
    }
  }

  /** One document's judgements, each by itself: two that are about the same words may stand at the same place. */
  const placeIn = (documentId: DocumentId, judgements: readonly Unplaced[]): Placed[] => {
    const stored = textOf(documentId)
    if (!stored) return judgements.map(({ row }) => gone(row))
    const { version } = stored.document
    const anchors = judgements.map(({ text, start }) => ({ anchor: text ?? '', start }))
    const together = findAnchors(stored.text, anchors)
    return judgements.map(({ row, text }, index) => {
      if (text === null) return { row, documentId, placedVersion: version, start: null, end: null, lost: null }
      const span = together[index] ?? findAnchors(stored.text, [anchors[index]!])[0]
      const place = span ? { ...span, lost: null } : { start: null, end: null, lost: 'text-missing' as const }
      return { row, documentId, placedVersion: version, ...place }
    })
  }

  const settle = async (id: DatasetId, signal?: AbortSignal): Promise<void> => {
    const { collectionId } = datasets.getCore(id)
    if (collectionId === null) return
    const unplaced = datasets.unplaced(id)
    if (unplaced.length === 0) return
    const places = placesIn(collectionId)
    const byDocument = Map.groupBy(unplaced, ({ documentId, path }) => documentId ?? places.find(path))
    for (const [documentId, judgements] of byDocument) {
      throwIfAborted(signal)
      if (documentId === undefined) {
        // Those that are known to be missing need not be written again.
        datasets.place(judgements.filter(({ lost }) => lost !== 'document-missing').map(({ row }) => gone(row)))
      } else {
        for (let from = 0; from < judgements.length; from += 500) {
          datasets.place(placeIn(documentId, judgements.slice(from, from + 500)))
          await nextTurn()
        }
      }
    }
  }

  const settleAll = async (): Promise<void> => {
    for (const id of datasets.ids()) await settle(id)
  }

  /** A dataset without a collection takes that of the first passage that is given by its document. */
  const adoptCollection = (dataset: DatasetCore, expected: ParsedCase['expected']): CollectionId | null => {
    const documentId = expected.find((span) => span.documentId !== undefined)?.documentId
    if (dataset.collectionId !== null || documentId === undefined) return dataset.collectionId
    const { collectionId } = documents.get(documentId)
    datasets.update(dataset.id, { collectionId })
    return collectionId
  }

  const service: Datasets = {
    placesIn,
    settle,
    async list() {
      await settleAll()
      return datasets.list()
    },
    async get(id) {
      await settle(id)
      return datasets.get(id)
    },
    async update(id, change) {
      if (change.collectionId) collections.getCore(change.collectionId)
      datasets.update(id, change)
      return service.get(id)
    },
    async cases(id, { version, limit = -1, offset = 0, sort, ...filter } = {}) {
      await settle(id)
      const { version: newest, collectionId } = datasets.getCore(id)
      if (version === undefined || version === newest) {
        const total = datasets.count(id, filter)
        return { cases: datasets.cases(id, filter, limit, offset, sort).map(present), total }
      }
      const places = placesIn(collectionId)
      const all = datasets.casesAt(id, version).map((content) => presentContent(content, places, placeIn))
      const found = all.filter((each) => passes(each, filter))
      return { cases: limit < 0 ? found.slice(offset) : found.slice(offset, offset + limit), total: found.length }
    },
    async caseIds(id, filter) {
      // Which ones are stale is known once their passages were looked for.
      if (filter.stale !== undefined) await settle(id)
      return { caseIds: datasets.caseIds(id, filter) }
    },
    differences(id, { from, to, limit }) {
      const before = new Map(datasets.casesAt(id, from).map((content) => [content.id, content]))
      const after = new Map(datasets.casesAt(id, to).map((content) => [content.id, content]))
      const all: CaseDifference[] = []
      for (const [caseId, content] of after) {
        const old = before.get(caseId)
        const fields = old ? changedFields(old, content) : []
        if (old && fields.length === 0) continue
        all.push({ caseId, question: content.question, kind: old ? 'changed' : 'added', fields })
      }
      for (const [caseId, { question }] of before)
        if (!after.has(caseId)) all.push({ caseId, question, kind: 'removed', fields: [] })
      const count = (wanted: CaseDifference['kind']): number => all.filter(({ kind }) => kind === wanted).length
      return {
        added: count('added'),
        removed: count('removed'),
        changed: count('changed'),
        differences: all.slice(0, limit),
      }
    },
    async *batches(id, signal) {
      await settle(id, signal)
      const total = datasets.count(id, {})
      for (let offset = 0; ; offset += batchSize) {
        throwIfAborted(signal)
        const cases = datasets.cases(id, {}, batchSize, offset).map(present)
        if (cases.length > 0) yield { cases, done: offset + cases.length, total }
        if (cases.length < batchSize) return
        await nextTurn()
      }
    },
    async getCase(id, caseId) {
      await settle(id)
      return present(datasets.getCase(id, caseId))
    },
    async addCase(id, given, origin = 'manual') {
      const dataset = datasets.getCore(id)
      requireSomething(given)
      const places = placesIn(adoptCollection(dataset, given.expected))
      const stored = storedCase(given, places, origin, Date.now())
      datasets.commit(id, { add: [stored] }, `Added "${short(stored.question)}"`)
      return service.getCase(id, stored.id)
    },
    async addTrace(trace, { datasetId, answerable }) {
      const isAnswerable = answerable ?? !trace.refused
      if (isAnswerable && trace.citations.length === 0) {
        throw new AppError(
          'input-invalid',
          'Nothing was cited here. Keep it as a question to be refused, or make a case from the document itself.',
        )
      }
      const id = datasetId ?? datasetOf(trace)
      // The same words may support several statements: one passage is enough.
      const spans = isAnswerable ? distinct(trace.citations) : []
      const given = newCaseSchema.parse({
        question: trace.question.slice(0, 10_000),
        expected: spans.map(({ documentId, path, start, text }) =>
          documents.exists(documentId) ? { documentId, start, text } : { path, start, text },
        ),
        answer: isAnswerable ? withoutMarkers(trace.answer) : null,
        answerable: isAnswerable,
      })
      return { datasetId: id, case: await service.addCase(id, given, 'trace') }
    },
    async updateCase(id, caseId, change) {
      const dataset = datasets.getCore(id)
      const old = datasets.getCase(id, caseId)
      const { expected, relevant, ...rest } = change
      const places = placesIn(expected ? adoptCollection(dataset, expected) : dataset.collectionId)
      // A passage that was there already and is given back as it is keeps what was judged, lost ones too.
      const spans = expected
        ? expected.map((span) => keptJudgement(old.judgements, span) ?? places.place(span))
        : old.judgements.filter(({ text }) => text !== null)
      const whole = relevant
        ? relevant.map((each) => places.relevant(each))
        : old.judgements.filter(({ text }) => text === null)
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      const changed = { ...old, ...given, judgements: [...spans, ...whole] }
      if (changed.tags) changed.tags = [...new Set(changed.tags)]
      datasets.commit(id, { replace: [changed] }, `Changed "${short(changed.question)}"`)
      return service.getCase(id, caseId)
    },
    async setCases(id, caseIds, change) {
      const replace: StoredCase[] = []
      const wanted = new Set(caseIds)
      for await (const stored of eachCase(id)) {
        if (!wanted.delete(stored.id)) continue
        const kept = stored.tags.filter((tag) => !change.removeTags.includes(tag))
        replace.push({
          ...stored,
          state: change.state ?? stored.state,
          split: change.split ?? stored.split,
          tags: [...new Set([...kept, ...change.addTags])],
        })
      }
      const [missing] = wanted
      if (missing !== undefined) datasets.getCase(id, missing)
      return datasets.commit(id, { replace }, noteOf(change, replace.length))
    },
    removeCases(id, caseIds) {
      datasets.getCore(id)
      return datasets.commit(
        id,
        { remove: caseIds },
        caseIds.length === 1 ? 'Removed a case' : `Removed ${caseIds.length} cases`,
      )
    },
    createFrom(name, description, collectionId, cases, note) {
      const { id } = datasets.create(name, description, collectionId)
      datasets.commit(id, { add: cases.map(toStored) }, note)
      return datasets.get(id)
    },
    async split(id, deal) {
      requireWhole(deal.parts)
      const cases: StoredCase[] = []
      for await (const stored of eachCase(id)) cases.push(stored)
      const replace = dealOut(cases, deal)
      const shares = deal.parts.map(({ name, share }) => `${name} ${Math.round(share * 100)} %`).join(', ')
      datasets.commit(id, { replace }, `Split into ${shares}`)
    },
  }

  const toStored = ({ expected, answer, tags = [], ...given }: QuotedCase): StoredCase => ({
    ...given,
    answer: answer ?? null,
    tags: [...tags],
    split: noSplit,
    state: 'accepted',
    origin: 'import',
    notes: '',
    createdAt: Date.now(),
    judgements: expected.map(({ path, quote }) => unplacedJudgement({ path, grade: 1, text: quote, start: 0 })),
  })

  async function* eachCase(id: DatasetId): AsyncGenerator<StoredCase> {
    for (let offset = 0; ; offset += batchSize) {
      const cases = datasets.cases(id, {}, batchSize, offset)
      yield* cases
      if (cases.length < batchSize) return
      await nextTurn()
    }
  }

  function datasetOf({ collectionId }: Trace): DatasetId {
    const own = datasets.list().filter((dataset) => dataset.collectionId === collectionId)
    const latest = own.sort((a, b) => b.changedAt - a.changedAt)[0]
    if (latest) return latest.id
    const name = collectionId === null ? 'Questions' : `Questions about ${collections.getCore(collectionId).name}`
    return (datasets.findByName(name) ?? datasets.create(name, '', collectionId)).id
  }

  return service
}

/** A case from what was given for it, with its passages at their places. Errors: item-missing, input-invalid. */
export function storedCase(
  given: ParsedCase,
  places: Places,
  origin: TestCase['origin'],
  createdAt: number,
): StoredCase {
  const { expected, relevant, id = createId('case'), tags, ...rest } = given
  const judgements = [
    ...expected.map((span) => places.place(span)),
    ...relevant.map((document) => places.relevant(document)),
  ]
  return { ...rest, id, tags: [...new Set(tags)], origin, createdAt, judgements }
}

/** By its path; by the id of a set, whose documents are kept as text files; by the end of its path, if only one has it. */
function finderOf(known: readonly { id: DocumentId; path: string }[]): (path: string) => DocumentId | undefined {
  const paths = new Map<string, DocumentId>()
  const byName = new Map<string, { id: DocumentId; path: string }[]>()
  for (const each of known) {
    if (!paths.has(each.path)) paths.set(each.path, each.id)
    const name = lastPart(each.path)
    const others = byName.get(name)
    if (others) others.push(each)
    else byName.set(name, [each])
  }
  return (path) => {
    const exact = paths.get(path) ?? paths.get(`${path}.txt`)
    if (exact !== undefined) return exact
    const ending = (byName.get(lastPart(path)) ?? []).filter((each) => each.path.endsWith(`/${path}`))
    const ids = new Set(ending.map(({ id }) => id))
    return ids.size === 1 ? [...ids][0] : undefined
  }
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const gone = (row: number): Placed => ({
  row,
  documentId: null,
  placedVersion: null,
  start: null,
  end: null,
  lost: 'document-missing',
})

function present(stored: StoredCase): TestCase {
  const { judgements, ...rest } = stored
  const expected = judgements.flatMap(({ text, ...each }) =>
    text === null
      ? []
      : [
          {
            documentId: each.documentId,
            path: each.path,
            start: each.start ?? each.judgedStart ?? 0,
            end: each.end ?? (each.judgedStart ?? 0) + text.length,
            text,
            grade: each.grade,
            judgedStart: each.judgedStart ?? 0,
            lost: each.lost,
          },
        ],
  )
  const relevant = judgements.flatMap(({ text, documentId, path, grade }) =>
    text === null ? [{ documentId, path, grade }] : [],
  )
  return { ...rest, expected, relevant, stale: sayStale(judgements) }
}

function presentContent(
  { expected, relevant, ...rest }: CaseContent,
  places: Places,
  placeIn: (id: DocumentId, judgements: readonly Unplaced[]) => Placed[],
): TestCase {
  const judgements = [
    ...expected.map((span) => unplacedJudgement(span)),
    ...relevant.map((document) => unplacedJudgement(document)),
  ].map((judgement): Judgement => {
    const documentId = places.find(judgement.path)
    if (documentId === undefined) return { ...judgement, lost: 'document-missing' }
    const { text, path, judgedStart } = judgement
    const [placed] = placeIn(documentId, [{ row: 0, documentId, path, text, start: judgedStart ?? 0, lost: null }])
    return { ...judgement, ...placed! }
  })
  return present({ ...rest, createdAt: 0, judgements })
}

function sayStale(judgements: readonly Judgement[]): string | null {
  const spans = judgements.filter(({ text }) => text !== null)
  const lost = spans.find((span) => span.lost !== null)
  if (lost) {
    return lost.lost === 'document-missing'
      ? `The document "${lost.path}" is not in the collection.`
      : `The expected words are not in "${lost.path}" any more.`
  }
  const wanted = judgements.filter(({ grade }) => grade > 0)
  if (spans.length > 0 || wanted.length === 0 || wanted.some((document) => document.lost === null)) return null
  return 'None of its documents is in the collection.'
}

function passes(each: TestCase, { state, split, tag, stale, search }: CaseFilter): boolean {
  const words = (search ?? '').toLowerCase().split(/\s+/)
  return (
    (state === undefined || each.state === state) &&
    (split === undefined || each.split === split) &&
    (tag === undefined || each.tags.includes(tag)) &&
    (stale === undefined || (each.stale !== null) === stale) &&
    words.every((word) => each.question.toLowerCase().includes(word))
  )
}

/** The judgement that a given passage means when it comes back unchanged. */
function keptJudgement(
  judgements: readonly Judgement[],
  { path, text, start, grade }: ParsedCase['expected'][number],
): Judgement | undefined {
  const found = judgements.find(
    (each) => each.text === text && each.path === path && (each.start === start || each.judgedStart === start),
  )
  return found && { ...found, grade }
}

function requireSomething({ expected, relevant, answer, answerable }: ParsedCase): void {
  if (!answerable || expected.length + relevant.length > 0 || (answer ?? '').trim() !== '') return
  throw new AppError(
    'input-invalid',
    'A case needs an expected passage, a document or an answer, or the word that it should be refused.',
  )
}

function changedFields(before: CaseContent, after: CaseContent): string[] {
  return Object.keys(after).filter(
    (name) => canonicalJson(Reflect.get(before, name)) !== canonicalJson(Reflect.get(after, name)),
  )
}

function distinct(citations: Trace['citations']): Trace['citations'] {
  const seen = new Set<string>()
  return citations.filter(({ documentId, start, end }) => {
    const key = `${documentId} ${start} ${end}`
    return !seen.has(key) && seen.add(key)
  })
}

function withoutMarkers(answer: string): string {
  return answer.replaceAll(/\s*\[\d+\]/g, '').trim()
}

function short(question: string): string {
  return question.length <= 60 ? question : `${question.slice(0, 59).trimEnd()}…`
}

function noteOf({ state, split, addTags, removeTags }: ManyChange, count: number): string {
  const cases = count === 1 ? '1 case' : `${count} cases`
  if (state !== undefined)
    return `${{ accepted: 'Accepted', rejected: 'Rejected', proposed: 'Proposed' }[state]} ${cases}`
  if (split !== undefined) return `Moved ${cases} to ${split}`
  return addTags.length + removeTags.length > 0 ? `Tagged ${cases}` : `Looked at ${cases}`
}

function requireWhole(parts: Deal['parts']): void {
  const sum = parts.reduce((total, { share }) => total + share, 0)
  const names = new Set(parts.map(({ name }) => name))
  if (Math.abs(sum - 1) < 0.001 && names.size === parts.length) return
  throw new AppError(
    'input-invalid',
    names.size < parts.length
      ? 'Two parts have the same name. Give each its own.'
      : `The shares add up to ${Math.round(sum * 1000) / 1000}. They have to add up to 1.`,
  )
}

/** Sorted by a hash of seed and id, then cut at the shares: a few more cases hardly move the others. */
function dealOut(cases: readonly StoredCase[], { parts, seed, byTag }: Deal): StoredCase[] {
  const groups = byTag ? Map.groupBy(cases, ({ tags }) => tags.join(';')) : new Map([['', cases]])
  return [...groups.values()].flatMap((group) => {
    const sorted = group
      .map((stored) => ({ stored, key: sha256(`${seed}\n${stored.id}`) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    return sorted.map(({ stored }, index) => ({ ...stored, split: partAt((index + 0.5) / sorted.length, parts) }))
  })
}

function partAt(place: number, parts: Deal['parts']): string {
  let sum = 0
  for (const { name, share } of parts) {
    sum += share
    if (place < sum) return name
  }
  return parts.at(-1)!.name
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
