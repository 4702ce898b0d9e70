import type { AskedRelease, Exchange, Persona } from '../contract/ask.ts'
import { AppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { Release, ReleaseChoice } from '../contract/releases.ts'
import type { SearchMode } from '../contract/values.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import { bothFilters, pipelineFilter, sqlFilter } from '../library/document-filter.ts'
import type { DocumentLibrary, SqlFilter } from '../library/documents.ts'
import type { CollectionId, DocumentId } from '../shared/ids.ts'
import type { AskedOf } from './ask-steps.ts'
import type { CollectionIndexes, OpenIndex } from './collection-indexes.ts'
import type { ReleaseIndexes } from './release-indexes.ts'
import type { Releases } from './releases.ts'
import type { SearchedIndex } from './retrieval.ts'

export interface AskRequest {
  collectionIds: readonly CollectionId[]
  mode: SearchMode
  filter?: string | undefined
  documentIds: readonly DocumentId[]
  tags: readonly string[]
  release?: ReleaseChoice | undefined
  persona?: Persona | undefined
  history: readonly Exchange[]
}

export interface AskedParts {
  collections: Pick<CollectionLibrary, 'getCore'>
  documents: Pick<DocumentLibrary, 'get' | 'list'>
  collectionIndexes: CollectionIndexes
  releases: Pick<Releases, 'resolve'>
  releaseIndexes: Pick<ReleaseIndexes, 'indexFor'>
}

/** What is asked: which indexes, which documents of them, and by which pipeline. */
export interface Asked extends AskedOf {
  collectionIds: CollectionId[]
  release: AskedRelease | null
  /** Documents that are left, at most two are counted. */
  documents: number
  /** What cannot be asked, as sentences. */
  note: string | null
}

/** A pipeline that is asked with in place of the release, or of what the collections have, and its indexes. */
export interface AskedWith {
  pipeline: Pipeline
  indexFor(id: CollectionId): Promise<OpenIndex>
}

/** Errors: item-missing, input-invalid (a filter), model-missing (of a release). */
export async function askedOf(request: AskRequest, parts: AskedParts, given?: AskedWith): Promise<Asked> {
  const release = request.release && parts.releases.resolve(request.release)
  const filter = bothFilters(sqlFilter(request.filter), oneOf(request.documentIds, request.tags))
  const { found, notes } = collectionsOf(request.collectionIds, parts)
  requireDocuments(request.documentIds, found, parts)
  // Each collection is searched within the filter of the pipeline by which it is asked.
  const reached = found.map(({ id, ...own }) => ({ id, filter: (given ?? release ?? own).pipeline.filter }))
  const indexes: SearchedIndex[] = []
  for (const { id, filter: own } of reached) {
    const { index, note } = given ? { index: await given.indexFor(id) } : await indexOf(id, release, parts)
    if (index) indexes.push({ ...index, filter: own })
    if (note) notes.push(note)
  }
  const ready = (id: CollectionId, within: SqlFilter | undefined) =>
    parts.documents.list(id, { status: 'ready', limit: 2, offset: 0, ...(within ? { filter: within } : {}) })
  const asked = reached.flatMap((one) => ready(one.id, bothFilters(filter, pipelineFilter(one))))
  const [only] = asked.length === 1 ? asked : []
  if (asked.length === 0) {
    const leftOut = reached.filter((one) => one.filter !== '' && ready(one.id, filter).length > 0)
    const filters = new Set(leftOut.map((one) => one.filter))
    if (filters.size > 0) notes.push(`No document asked passes the pipeline's filter: ${[...filters].join('; ')}.`)
  }
  return {
    searched: { pipeline: (given ?? release ?? found[0]!).pipeline, indexes },
    mode: request.mode,
    ...(filter ? { filter } : {}),
    ...(only ? { documentId: only.id } : {}),
    ...(request.persona ? { persona: request.persona } : {}),
    history: request.history,
    collectionIds: found.map(({ id }) => id),
    release: release ? { releaseId: release.id, line: release.line, number: release.number } : null,
    documents: asked.length,
    note: notes.join(' ') || null,
  }
}

/** The one of the release; the collection's own where there is no release, or nothing of it yet, which is then said. */
async function indexOf(
  id: CollectionId,
  release: Release | undefined,
  { collectionIndexes, releaseIndexes }: AskedParts,
): Promise<{ index?: OpenIndex | undefined; note?: string }> {
  if (!release) return { index: collectionIndexes.active(id) }
  try {
    return { index: await releaseIndexes.indexFor(id, release) }
  } catch (error) {
    const isWithout = error instanceof AppError && (error.code === 'item-missing' || error.code === 'pipeline-mismatch')
    if (!isWithout) throw error
    return { index: collectionIndexes.active(id), note: `${error.message} Until then its present index is searched.` }
  }
}

/** Those that are still there. */
function collectionsOf(ids: readonly CollectionId[], { collections }: AskedParts) {
  const found: CollectionCore[] = []
  let missing: AppError | undefined
  let removed = 0
  for (const id of new Set(ids)) {
    try {
      found.push(collections.getCore(id))
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'item-missing') throw error
      missing = error
      removed += 1
    }
  }
  if (found.length === 0 && missing) throw missing
  const which =
    removed === 1 ? 'One of the collections was removed and is' : `${removed} collections were removed and are`
  return { found, notes: removed === 0 ? [] : [`${which} not searched.`] }
}

function requireDocuments(
  ids: readonly DocumentId[],
  collections: readonly CollectionCore[],
  { documents }: AskedParts,
): void {
  const asked = new Set(collections.map(({ id }) => id))
  for (const id of ids) {
    const document = documents.get(id)
    if (asked.has(document.collectionId)) continue
    const which = asked.size === 1 ? 'this collection' : 'these collections'
    throw new AppError('item-missing', `"${document.name}" is not in ${which}. Ask the collection that it is in.`)
  }
}

function oneOf(documentIds: readonly DocumentId[], tags: readonly string[]): SqlFilter | undefined {
  const conditions = [
    ...(documentIds.length > 0 ? ['d.id IN (SELECT value FROM json_each(:askedDocuments))'] : []),
    ...(tags.length > 0
      ? [
          `EXISTS (SELECT 1 FROM json_each(d.tags) v
             WHERE v.value COLLATE NOCASE IN (SELECT value FROM json_each(:askedTags)))`,
        ]
      : []),
  ]
  if (conditions.length === 0) return undefined
  return {
    where: `(${conditions.join(' OR ')})`,
    parameters: {
      ...(documentIds.length > 0 ? { askedDocuments: JSON.stringify(documentIds) } : {}),
      ...(tags.length > 0 ? { askedTags: JSON.stringify(tags) } : {}),
    },
  }
}
