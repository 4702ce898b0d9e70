import { useState, type ReactNode } from 'react'
import { CircleAlert } from 'lucide-react'
import type { ErrorCode, ErrorData } from '../../core/contract/errors.ts'
import { failureText } from '../state/failure.ts'
import { hrefOf, type Route } from '../state/route.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'

/** The page where what went wrong is put right. */
const waysOut: Partial<Record<ErrorCode, { label: string; to: Route }>> = {
  'model-missing': { label: 'Go to Models', to: { page: 'models', modelId: null } },
  'network-refused': { label: 'Go to Network', to: { page: 'network' } },
}

/** What went wrong and what to do; details on demand; copyable. */
export function FailureNote({
  failure,
  title,
  onRetry,
  action,
}: {
  failure: ErrorData
  title?: string
  onRetry?: () => void
  action?: ReactNode
}) {
  const [open, setOpen] = useState(false)
  const way = waysOut[failure.code]
  const hasDetails = Object.keys(failure.details).length > 0
  return (
    <div className="failure" role="alert">
      <CircleAlert size={16} aria-hidden className="failure-icon" />
      <div className="failure-body">
        {title ? <p className="failure-title">{title}</p> : null}
        <p>{failure.message}</p>
        {open ? <pre className="failure-details">{JSON.stringify(failure.details, null, 2)}</pre> : null}
        <div className="failure-actions">
          {onRetry ? (
            <Button look="plain" small onPress={onRetry}>
              Try again
            </Button>
          ) : null}
          {action}
          {way ? (
            <a className="quiet-link" href={hrefOf(way.to)}>
              {way.label}
            </a>
          ) : null}
          {hasDetails ? (
            <Button look="quiet" small onPress={() => setOpen(!open)} aria-expanded={open}>
              {open ? 'Hide details' : 'Details'}
            </Button>
          ) : null}
          <CopyButton text={() => failureText(failure)} label="Copy the error" words="Copy" />
          <code className="failure-code">{failure.code}</code>
        </div>
      </div>
    </div>
  )
}
