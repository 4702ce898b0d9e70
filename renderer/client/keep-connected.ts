import type { Channel } from '../../core/contract/channel.ts'
import { AppError, toAppError, toErrorData } from '../../core/contract/errors.ts'
import { connectionLost } from '../../core/contract/wire-errors.ts'
import type { Connection, ConnectionStatus } from './connect.ts'

export interface KeepConnectedOptions {
  /** Pause before the first new try; doubled for each further one. */
  firstDelayMs?: number
  longestDelayMs?: number
  /** How long a call waits for a connection before it rejects with 'connection-lost'. */
  waitMs?: number
}

export interface KeptConnection extends Omit<Connection, 'client'> {
  /** The open channel, as soon as there is one. */
  channel(signal: AbortSignal | undefined): Promise<Channel>
}

/**
 * Opens a channel and opens it again whenever it closes, with growing pauses.
 * @param open Rejects with a retryable AppError when it should be tried again, with another one when it should not.
 */
export function keepConnected(open: () => Promise<Channel>, options: KeepConnectedOptions = {}): KeptConnection {
  const { firstDelayMs = 250, longestDelayMs = 5_000, waitMs = 15_000 } = options
  const listeners = new Set<() => void>()
  let status: ConnectionStatus = { state: 'connecting' }
  let current: Channel | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let disposed = false

  const setStatus = (next: ConnectionStatus): void => {
    status = next
    for (const listener of [...listeners]) listener()
  }
  const lose = (error: AppError): void => {
    if (disposed) return
    current = undefined
    if (!error.retryable) return setStatus({ state: 'refused', error: toErrorData(error) })
    const delayMs = Math.min(firstDelayMs * 2 ** attempt, longestDelayMs)
    attempt += 1
    timer = setTimeout(() => void tryOpen(), delayMs)
    setStatus({ state: 'lost', error: toErrorData(error), attempt, retryAt: Date.now() + delayMs })
  }
  const tryOpen = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    try {
      const channel = await open()
      if (disposed) return channel.close()
      current = channel
      attempt = 0
      setStatus({ state: 'open' })
      channel.onClose(() => lose(connectionLost()))
    } catch (error) {
      lose(toAppError(error))
    }
  }
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  void tryOpen()

  return {
    getStatus: () => status,
    subscribe,
    retry: () => {
      if (timer === undefined && status.state !== 'refused') return
      attempt = 0
      setStatus({ state: 'connecting' })
      void tryOpen()
    },
    channel: (signal) =>
      new Promise((resolve, reject) => {
        const settle = (): boolean => {
          if (current) resolve(current)
          else if (disposed) reject(connectionLost())
          else if (signal?.aborted) reject(new AppError('cancelled', 'Cancelled.'))
          else if (status.state === 'refused') reject(refusal(status.error))
          else return false
          return true
        }
        if (settle()) return
        const finish = (): void => {
          unsubscribe()
          clearTimeout(patience)
          signal?.removeEventListener('abort', onChange)
        }
        const onChange = (): void => {
          if (settle()) finish()
        }
        const unsubscribe = subscribe(onChange)
        signal?.addEventListener('abort', onChange)
        const patience = setTimeout(() => {
          finish()
          reject(connectionLost())
        }, waitMs)
      }),
    [Symbol.dispose]: () => {
      disposed = true
      clearTimeout(timer)
      current?.close()
      current = undefined
      for (const listener of [...listeners]) listener()
    },
  }
}

function refusal(error: { code: AppError['code']; message: string; details: Record<string, unknown> }): AppError {
  return new AppError(error.code, error.message, { details: error.details })
}
