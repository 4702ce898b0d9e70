import { Circle, CircleCheck, CircleDashed, CircleX, LoaderCircle, TriangleAlert } from 'lucide-react'
import type { Document, DocumentStatus } from '../../../core/contract/documents.ts'
import { statusLabels } from './document-columns.ts'

/** The status in a word and a shape (never by colour alone), with the reason beside it when it failed. */
export function StatusCell({ document }: { document: Document }) {
  const warning = document.warnings[0]
  return (
    <span className={`status status-${document.status}`}>
      <StatusIcon status={document.status} />
      <span className="status-word">{statusLabels[document.status]}</span>
      {document.reason ? (
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

function StatusIcon({ status }: { status: DocumentStatus }) {
  if (status === 'ready') return <CircleCheck size={14} aria-hidden />
  if (status === 'failed') return <CircleX size={14} aria-hidden />
  if (status === 'queued') return <CircleDashed size={14} aria-hidden />
  if (status === 'embedding') return <Circle size={14} aria-hidden />
  return <LoaderCircle size={14} aria-hidden />
}
