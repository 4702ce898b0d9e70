import type { Document } from '../../../core/contract/documents.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { JobEvent } from '../../../core/contract/jobs.ts'
import type { DocumentId, SourceId } from '../../../core/shared/ids.ts'

/** How a sync may end for a file, in the order in which people look for it. */
export const outcomeLabels = {
  failed: 'Failed',
  waiting: 'Waiting for approval',
  added: 'Added',
  changed: 'Changed',
  removed: 'Removed',
  moved: 'Moved, or the same as another file',
} as const
export type SyncOutcome = keyof typeof outcomeLabels

export interface SyncedFile {
  path: string
  documentId: DocumentId | null
  reason: ErrorData | null
}

/** What one job did with the files of one source. */
export interface SyncReport {
  sourceId: SourceId
  files: Record<SyncOutcome, SyncedFile[]>
}

export function createSyncReport(sourceId: SourceId): SyncReport {
  return { sourceId, files: { failed: [], waiting: [], added: [], changed: [], removed: [], moved: [] } }
}

/**
 * Takes in the documents of the source that fail or wait: a sync passes over those that have not changed, so that its
 * events do not name them.
 */
export function addStanding(report: SyncReport, documents: readonly Document[]): void {
  for (const { id, sourceId, status, path, reason } of documents) {
    if (sourceId !== report.sourceId || (status !== 'failed' && status !== 'waiting')) continue
    const files = report.files[status]
    if (files.every((file) => file.documentId !== id)) files.push({ path, documentId: id, reason })
  }
}

/** Takes an event of the job into the report. */
export function noteInReport(report: SyncReport, event: JobEvent): void {
  if (event.type !== 'document-end' || event.sourceId !== report.sourceId) return
  const { path, documentId, reason } = event
  const outcome = outcomeOf(event)
  if (outcome) report.files[outcome].push({ path, documentId, reason })
}

function outcomeOf({ outcome, change }: Extract<JobEvent, { type: 'document-end' }>): SyncOutcome | null {
  if (outcome === 'ready') return change ?? 'changed'
  return outcome === 'unchanged' ? null : outcome
}
