import { useEffect, useState } from 'react'
import { Unplug } from 'lucide-react'
import type { ErrorData } from '../../core/contract/errors.ts'
import type { ConnectionStatus } from '../client/connect.ts'
import { useConnection } from '../state/connection.ts'
import { useWorkspace } from '../state/workspace.ts'
import { Button } from '../ui/button.tsx'
import { FailureNote } from '../ui/failure-note.tsx'

/** How the start is going, until the core has answered once. */
export function StartingPage({ connection, failure }: { connection: ConnectionStatus; failure: ErrorData | null }) {
  const retry = useConnection((state) => state.retry)
  const problem = connection.state === 'lost' || connection.state === 'refused' ? connection.error : failure
  const retryAll = (): void => {
    retry()
    void useWorkspace.getState().refresh()
  }
  return (
    <main className="starting">
      <h1>Quarry</h1>
      {problem ? (
        <FailureNote failure={problem} title="Quarry could not start" onRetry={retryAll} />
      ) : (
        <SlowText text="Opening the workspace …" />
      )}
    </main>
  )
}

/** Says that the core went away and when it is tried again; nothing is lost meanwhile. */
export function ConnectionBanner({ connection }: { connection: ConnectionStatus }) {
  const retry = useConnection((state) => state.retry)
  const secondsLeft = useSecondsUntil(connection.state === 'lost' ? connection.retryAt : null)
  if (connection.state !== 'lost' && connection.state !== 'refused') return null
  return (
    <div className="banner" role="alert">
      <Unplug size={15} aria-hidden />
      <span>
        {connection.error.message}
        {connection.state === 'lost' ? ' Work that was started goes on.' : ''}
      </span>
      {connection.state === 'lost' ? (
        <span className="soft number" aria-hidden>
          {secondsLeft > 0 ? `Trying again in ${secondsLeft} s` : 'Trying again …'}
        </span>
      ) : null}
      <Button small onPress={retry}>
        Try now
      </Button>
    </div>
  )
}

/** A start that takes no time needs no words. */
function SlowText({ text }: { text: string }) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p className="soft" role="status">
      {shown ? text : ''}
    </p>
  )
}

function useSecondsUntil(at: number | null): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (at === null) return undefined
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [at])
  return at === null ? 0 : Math.max(0, Math.ceil((at - now) / 1000))
}
