import { Component, type ErrorInfo, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'

interface State {
  error: Error | null
  where: string
}

/** A part of the page that broke says so, with details to copy, and leaves the rest of the page alone. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null, where: '' }

  static getDerivedStateFromError(thrown: unknown): Partial<State> {
    return { error: thrown instanceof Error ? thrown : new Error(JSON.stringify(thrown)) }
  }

  override componentDidCatch(_error: unknown, info: ErrorInfo): void {
    this.setState({ where: info.componentStack ?? '' })
  }

  override render(): ReactNode {
    const { error, where } = this.state
    if (error === null) return this.props.children
    const text = error.stack ?? error.message
    return (
      <div className="empty" role="alert">
        <h2>This part of the page stopped working</h2>
        <p className="empty-text">Your documents are safe: they are kept by the core, not by the page.</p>
        <div className="empty-actions">
          <Button look="primary" onPress={() => this.setState({ error: null, where: '' })}>
            Show it again
          </Button>
          <Button onPress={() => window.location.reload()}>Reload the page</Button>
          <CopyButton text={() => `${text}\n${where}`} label="Copy the details" words="Copy details" />
        </div>
        <pre className="failure-details">{error.message}</pre>
      </div>
    )
  }
}
