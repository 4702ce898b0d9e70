import { useState, type ReactNode } from 'react'
import { ChevronRight } from 'lucide-react'
import type { Document } from '../../core/contract/documents.ts'
import { formatWhen } from './format.ts'

/**
 * What is known of a document beyond its name: the facts that are always told, and on demand where else it is, its tags, what
 * the file says of itself. Data, as text.
 */
export function DocumentDetails({ document, children }: { document: Document; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  const facts = detailsOf(document)
  return (
    <div className="document-details">
      <p className="document-facts">
        {children}
        {facts.length === 0 ? null : (
          <button type="button" className="disclosure" aria-expanded={open} onClick={() => setOpen(!open)}>
            <ChevronRight size={14} aria-hidden />
            Details
          </button>
        )}
      </p>
      {open ? (
        <dl className="facts facts-small" tabIndex={0} aria-label="Details">
          {facts.map(([name, values]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {values.map((value, index) => (
                  <span key={index}>{value}</span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  )
}

/** Names and values in the order in which they are shown. */
export function detailsOf(document: Document): [name: string, values: string[]][] {
  const { tags, otherPaths, modifiedAt, metadata } = document
  const stated = Object.entries(metadata).map(([key, value]): [string, string[]] => [
    labelOf(key),
    Array.isArray(value) ? value : [String(value)],
  ])
  const known: [string, string[]][] = [
    ['Tags', tags],
    ['Also at', otherPaths],
    ['Changed', modifiedAt === null ? [] : [formatWhen(modifiedAt)]],
  ]
  return [...known, ...stated].filter(([, values]) => values.some((value) => value !== ''))
}

/** 'content-type' → 'Content type'. */
function labelOf(key: string): string {
  const words = key.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
