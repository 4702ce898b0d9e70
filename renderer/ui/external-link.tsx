import { ExternalLink as Icon } from 'lucide-react'
import { shell } from '../platform/shell.ts'
import { sayFailure } from '../state/notices.ts'

/** An address of the web: opened in the person's own browser, never by Quarry. */
export function ExternalLink({ href, children }: { href: string; children: string }) {
  return (
    <a
      className="external-link"
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      onClick={(event) => {
        event.preventDefault()
        void shell.openExternal(href).catch(sayFailure)
      }}
    >
      {children}
      <Icon size={12} aria-label="(in your browser)" />
    </a>
  )
}
