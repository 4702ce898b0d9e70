import {
  Circle,
  CircleCheck,
  CircleDashed,
  CircleX,
  History,
  Hourglass,
  LoaderCircle,
  TriangleAlert,
} from 'lucide-react'
import type { Document, DocumentStatus } from '../../../core/contract/documents.ts'
import { staleReason, statusLabels } from './document-columns.ts'

/** What can be done with a document that waits for approval. */
export interface Reviewing {
  onReview(document: Document, approve: boolean): void
}

/** The status in a word and a shape (never by colour alone), with the reason beside it when it failed. */
export function StatusCell({ document, isActive, onReview }: { document: Document; isActive: boolean } & Reviewing) {
  const warning = document.warnings[0]
  const stale = staleReason(document)
  return (
    <span className={`status status-${document.status}`}>
      <StatusIcon status={document.status} />
      <span className="status-word">{document.status === 'waiting' ? 'Waiting' : statusLabels[document.status]}</span>
      {stale ? (
        <span className="status-stale" title={stale}>
          <History size={12} aria-hidden /> Out of date
          <span className="visually-hidden">: {stale}</span>
        </span>
      ) : null}
      {document.status === 'waiting' ? (
        <span className="status-actions">
          <RowAction isActive={isActive} label={`Approve ${document.name}`} onPress={() => onReview(document, true)}>
            Approve
          </RowAction>
          <RowAction isActive={isActive} label={`Turn away ${document.name}`} onPress={() => onReview(document, false)}>
            Turn away
          </RowAction>
        </span>
      ) : document.reason ? (
        <span className="status-reason" title={document.reason.message}>
          {document.reason.message}
        </span>
      ) : warning && document.status === 'ready' ? (
        <span className="status-warning" title={document.warnings.join('\n')}>
          <TriangleAlert size={12} aria-label="Warning" /> {warning}
        </span>
      ) : null}
    </span>
  )
}

/** In the tab order only where its row is: the grid stays one stop. */
function RowAction({
  isActive,
  label,
  onPress,
  children,
}: {
  isActive: boolean
  label: string
  onPress(): void
  children: string
}) {
  return (
    <button
      type="button"
      className="link-button"
      aria-label={label}
      tabIndex={isActive ? 0 : -1}
      onClick={(event) => {
        // The row beneath would open.
        event.stopPropagation()
        onPress()
      }}
    >
      {children}
    </button>
  )
}

function StatusIcon({ status }: { status: DocumentStatus }) {
  if (status === 'ready') return <CircleCheck size={14} aria-hidden />
  if (status === 'failed') return <CircleX size={14} aria-hidden />
  if (status === 'waiting') return <Hourglass size={14} aria-hidden />
  if (status === 'queued') return <CircleDashed size={14} aria-hidden />
  if (status === 'embedding') return <Circle size={14} aria-hidden />
  return <LoaderCircle size={14} aria-hidden />
}
