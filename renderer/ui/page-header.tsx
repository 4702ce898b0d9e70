import type { ReactNode } from 'react'

/** Title, scope, primary action: the same on every page. */
export function PageHeader({ title, scope, actions }: { title: ReactNode; scope?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="page-header">
      <h1>{title}</h1>
      {scope ? <div className="page-scope">{scope}</div> : null}
      <div className="page-actions">{actions}</div>
    </header>
  )
}
