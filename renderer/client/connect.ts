import type { Client } from '../../core/contract/client.ts'
import type { ErrorData } from '../../core/contract/errors.ts'
import { createWireClient } from '../../core/contract/wire-client.ts'
import { openDesktopChannel } from './desktop-channel.ts'
import { keepConnected } from './keep-connected.ts'
import { openLoopbackChannel } from './loopback-channel.ts'

/** Where the page stands with the core host. The page renders it; calls need not look at it. */
export type ConnectionStatus =
  /** The first connection is being made: show a splash, not an error. Calls made now wait for it. */
  | { state: 'connecting' }
  | { state: 'open' }
  /** The host went away. It is tried again by itself at `retryAt` (milliseconds since 1970); calls made now wait. */
  | { state: 'lost'; error: ErrorData; attempt: number; retryAt: number }
  /** The host said no (wrong token, locked workspace …): nothing happens until `retry()`. Calls reject at once. */
  | { state: 'refused'; error: ErrorData }

export interface Connection {
  /**
   * The same object for the life of the page, over whichever wire there is and across reconnects. A call that was under
   * way when the host went away rejects with AppError 'connection-lost' (retryable); a stream likewise, in its loop.
   * To rejoin a job, call `jobs.watch` again with the number of the last event seen.
   */
  readonly client: Client
  /** The same object until the status changes: made for `useSyncExternalStore(subscribe, getStatus)`. */
  getStatus(): ConnectionStatus
  /** Returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void
  /** Tries again now, after 'lost' or 'refused'. */
  retry(): void
  [Symbol.dispose](): void
}

/** Connects the page to its core host: by the shell's port on the desktop, by WebSocket in a plain browser. */
export function connect(): Connection {
  const shell = window.quarryShell
  const connection = keepConnected(shell ? () => openDesktopChannel(shell) : openLoopbackChannel)
  return {
    client: createWireClient<Client>(connection.channel),
    getStatus: connection.getStatus,
    subscribe: connection.subscribe,
    retry: connection.retry,
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  }
}
