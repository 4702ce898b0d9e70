import { create } from 'zustand'
import type { Connection, ConnectionStatus } from '../client/connect.ts'
import { provideClient } from './client.ts'

interface ConnectionStore {
  status: ConnectionStatus
  /** Counts the times the connection opened: what was read before a loss is read again after it. */
  generation: number
  retry(): void
}

/** Whether the core answers, as data that the page renders. */
export const useConnection = create<ConnectionStore>(() => ({
  status: { state: 'connecting' },
  generation: 0,
  retry: () => {},
}))

/** Ties the page's stores to a connection. Returns the function that unties them. */
export function followConnection(
  connection: Pick<Connection, 'client' | 'getStatus' | 'subscribe' | 'retry'>,
): () => void {
  provideClient(connection.client)
  const apply = (): void => {
    const status = connection.getStatus()
    useConnection.setState((state) => ({
      status,
      generation: status.state === 'open' && state.status.state !== 'open' ? state.generation + 1 : state.generation,
    }))
  }
  useConnection.setState({ retry: () => connection.retry() })
  apply()
  return connection.subscribe(apply)
}
