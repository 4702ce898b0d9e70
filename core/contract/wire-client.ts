import {
  createORPCClient,
  mapEventIterator,
  type ClientContext,
  type ClientLink,
  type NestedClient,
} from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { Channel } from './channel.ts'
import { fromWireError } from './wire-errors.ts'

/**
 * The typed client over a channel. Whatever goes wrong, calls and streams reject with an AppError: the one thrown by
 * the handler, 'cancelled' when the caller's signal fired, 'connection-lost' (retryable) when the channel closed.
 * @param source The channel, or a function that is asked for it at each call (and may reject with an AppError).
 */
export function createWireClient<Client extends NestedClient<Record<never, never>>>(
  source: Channel | ((signal: AbortSignal | undefined) => Promise<Channel>),
): Client {
  const links = new WeakMap<Channel, ClientLink<ClientContext>>()
  const linkTo = (channel: Channel): ClientLink<ClientContext> => {
    const link = links.get(channel) ?? linkOverChannel(channel)
    links.set(channel, link)
    return link
  }
  const link: ClientLink<ClientContext> = {
    call: async (path, input, options) => {
      const channel = typeof source === 'function' ? await source(options.signal) : source
      const toAppError = (error: unknown) => fromWireError(error, { signal: options.signal, lost: channel.closed })
      try {
        const output = await linkTo(channel).call(path, input, options)
        if (!isEventIterator(output)) return output
        return mapEventIterator(output, {
          value: async (value: unknown) => value,
          error: async (error) => toAppError(error),
        })
      } catch (error) {
        throw toAppError(error)
      }
    },
  }
  return createORPCClient<Client>(link)
}

function linkOverChannel(channel: Channel): ClientLink<ClientContext> {
  let onClose = (): void => {}
  channel.onClose(() => onClose())
  const socket = {
    readyState: 1,
    send: (message: string | Uint8Array<ArrayBuffer>) => {
      channel.send(message)
      // A call that was being encoded while the channel closed would wait for ever.
      if (channel.closed) queueMicrotask(onClose)
    },
    addEventListener: (type: string, listener: (event: { data: unknown }) => unknown) => {
      if (type === 'close') onClose = () => void listener({ data: undefined })
      if (type === 'message') {
        channel.onMessage((data) => {
          // The host speaks another language: nothing that follows can be trusted.
          Promise.resolve(listener({ data })).catch(() => channel.close())
        })
      }
    },
    removeEventListener: () => {},
  }
  return new RPCLink({ websocket: socket as unknown as WebSocket })
}

function isEventIterator(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
