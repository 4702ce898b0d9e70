import { create } from 'zustand'
import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { JobEvent } from '../../../core/contract/jobs.ts'
import type { CollectionId, DocumentId, JobId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { createLatest } from '../../state/latest.ts'

interface DocumentsStore {
  collectionId: CollectionId | null
  /** As the core lists them: by path. Null until first read. */
  documents: Document[] | null
  failure: ErrorData | null
  /** Counts the times the list was read: what was asked of the core about these documents is asked again. */
  reads: number
  load(collectionId: CollectionId): Promise<void>
}

const latest = createLatest()

/** The documents of the collection that is shown. */
export const useDocuments = create<DocumentsStore>((set, get) => ({
  collectionId: null,
  documents: null,
  failure: null,
  reads: 0,
  load: async (collectionId) => {
    if (get().collectionId !== collectionId) {
      waiting.clear()
      latest.outdate()
      set({ collectionId, documents: null, failure: null })
    }
    const isNews = latest.begin()
    try {
      const documents = await listAll(collectionId)
      if (!isNews()) return
      // What was noted before the list came is older than it: a stage shown after it would stay for good.
      waiting.clear()
      set((state) => ({ documents, failure: null, reads: state.reads + 1 }))
    } catch (error) {
      if (isNews()) set({ failure: toFailure(error) })
    }
  },
}))

/**
 * Keeps the rows in step with a job until it ends or `signal` fires. A job that was followed before is rejoined after
 * the last event seen. Throws what the stream throws, so that the caller can start again.
 */
export async function followDocuments(jobId: JobId, collectionId: CollectionId, signal: AbortSignal): Promise<void> {
  const events = await core().jobs.watch({ jobId, after: lastSeen.get(jobId) ?? 0 }, { signal })
  for await (const event of events) {
    if (signal.aborted) return
    lastSeen.set(jobId, event.number)
    if (useDocuments.getState().collectionId === collectionId) note(event, collectionId)
  }
}

/** Removes rows at once; the core has already done so. */
export function forgetDocuments(ids: ReadonlySet<string>): void {
  useDocuments.setState((state) => ({
    documents: state.documents && state.documents.filter((document) => !ids.has(document.id)),
  }))
  // A list that is on its way may have them still.
  const { collectionId, load } = useDocuments.getState()
  if (latest.outdate() && collectionId) void load(collectionId)
}

/** The rows with the changes in them; the same array when nothing changed. Exported for its test. */
export function applyChanges(
  documents: Document[],
  changes: ReadonlyMap<string, Partial<Document>>,
): { documents: Document[]; unknown: boolean } {
  let known = 0
  let changed = false
  const next = documents.map((document) => {
    const change = changes.get(document.id)
    if (!change) return document
    known++
    const same = (Object.keys(change) as (keyof Document)[]).every((key) => Object.is(change[key], document[key]))
    if (same) return document
    changed = true
    return { ...document, ...change }
  })
  return { documents: changed ? next : documents, unknown: known < changes.size }
}

/** What an event says about its document, if anything. */
export function changeOf(event: JobEvent, nowMs: number): [DocumentId, Partial<Document>][] {
  if (event.type === 'progress') return event.documents.map(({ id, status }) => [id, { status }])
  if (event.type !== 'document-end' || event.documentId === null) return []
  const { documentId, outcome, reason, pages, chunks } = event
  if (outcome === 'failed') return [[documentId, { status: 'failed', reason }]]
  if (outcome === 'unchanged') return [[documentId, { status: 'ready', reason: null }]]
  return [[documentId, { status: 'ready', reason: null, stale: false, pages, chunks, indexedAt: nowMs }]]
}

/** The number of the last event seen of each job. */
const lastSeen = new Map<JobId, number>()

/** Changes are gathered and shown four times a second: 10,000 rows need not be walked for every file. */
const flushMs = 250
const waiting = new Map<string, Partial<Document>>()
let flushTimer: ReturnType<typeof setTimeout> | undefined
let reloadTimer: ReturnType<typeof setTimeout> | undefined
const pageSize = 20_000

function note(event: JobEvent, collectionId: CollectionId): void {
  if (event.type === 'job-end') return
  if (event.type === 'job-start') reloadSoon(collectionId, 300)
  for (const [id, change] of changeOf(event, Date.now())) waiting.set(id, { ...waiting.get(id), ...change })
  flushTimer ??= setTimeout(() => {
    flushTimer = undefined
    const state = useDocuments.getState()
    if (state.collectionId !== collectionId || !state.documents) return
    const { documents, unknown } = applyChanges(state.documents, waiting)
    waiting.clear()
    if (documents !== state.documents) useDocuments.setState({ documents })
    // New rows: the list is read again, the seldomer the longer it is.
    if (unknown) reloadSoon(collectionId, 1000 + documents.length / 4)
  }, flushMs)
}

function reloadSoon(collectionId: CollectionId, inMs: number): void {
  reloadTimer ??= setTimeout(() => {
    reloadTimer = undefined
    if (useDocuments.getState().collectionId === collectionId) void useDocuments.getState().load(collectionId)
  }, inMs)
}

async function listAll(collectionId: CollectionId): Promise<Document[]> {
  const first = await core().documents.list({ collectionId, limit: pageSize, offset: 0 })
  const documents = first.documents
  while (documents.length < first.total) {
    const more = await core().documents.list({ collectionId, limit: pageSize, offset: documents.length })
    if (more.documents.length === 0) break
    documents.push(...more.documents)
  }
  return documents
}
