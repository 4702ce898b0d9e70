import { useState, type ReactNode } from 'react'
import { ChevronRight } from 'lucide-react'
import { CopyButton } from '../../ui/copy-button.tsx'
import { formatNumberOf } from '../../ui/format.ts'

/** A JSON value under a name: closed until somebody opens it, and copied whole. */
export function JsonView({
  label,
  value,
  openAtFirst = false,
}: {
  label: string
  value: unknown
  openAtFirst?: boolean
}) {
  const [open, setOpen] = useState(openAtFirst)
  return (
    <div className="json">
      <div className="json-head">
        <button type="button" className="disclosure" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronRight size={14} aria-hidden />
          {label} <span className="soft">{summaryOf(value)}</span>
        </button>
        <CopyButton text={() => JSON.stringify(value, null, 2) ?? ''} label={`Copy the ${label.toLowerCase()}`} />
      </div>
      {open ? (
        <div className="json-body mono" tabIndex={0} role="region" aria-label={label}>
          <Value value={value} depth={0} />
        </div>
      ) : null}
    </div>
  )
}

const mostShown = 4000
const mostMembers = 200

function Value({ value, depth }: { value: unknown; depth: number }): ReactNode {
  if (typeof value === 'string') {
    return value.length > mostShown ? `${value.slice(0, mostShown)} … (${value.length} characters)` : value
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing'
  const members = Object.entries(value) as [string, unknown][]
  if (members.length === 0) return Array.isArray(value) ? '[]' : '{}'
  return (
    <ul className="json-members">
      {members.slice(0, mostMembers).map(([name, member]) => (
        <li key={name}>
          {isFolded(member) ? (
            <details open={depth === 0 && members.length <= 4}>
              <summary>
                <span className="json-name">{name}</span> <span className="soft">{summaryOf(member)}</span>
              </summary>
              <Value value={member} depth={depth + 1} />
            </details>
          ) : (
            <>
              <span className="json-name">{name}</span> <Value value={member} depth={depth + 1} />
            </>
          )}
        </li>
      ))}
      {members.length > mostMembers ? <li className="soft">and {members.length - mostMembers} more</li> : null}
    </ul>
  )
}

function isFolded(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function summaryOf(value: unknown): string {
  if (Array.isArray(value)) return formatNumberOf(value.length, 'entry', 'entries')
  if (typeof value === 'object' && value !== null) return Object.keys(value).slice(0, 4).join(', ')
  return ''
}
