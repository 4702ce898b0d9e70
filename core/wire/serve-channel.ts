import { mapEventIterator } from '@orpc/client'
import type { AnyRouter } from '@orpc/server'
// The handler for Bun's sockets asks only for `send` and gives back a promise, so it fits any channel; the handlers for
// ports and sockets drop that promise, and one malformed message would end the process.
import { RPCHandler } from '@orpc/server/bun-ws'
import { ORPCError } from '@orpc/client'
import type { StandardRPCHandlerOptions } from '@orpc/server/standard'
import type { Channel } from '../contract/channel.ts'
import type { Log } from '../shared/log.ts'
import { requestUnreadable, toWireErrorAndLog } from './errors-on-the-wire.ts'

export interface ServedChannel {
  /** Closes the channel, cancels its calls and waits for them. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Answers calls of the router that come over the channel until it closes; then its calls are cancelled and the streams
 * it was producing are ended, so that their `finally` runs.
 */
export function serveChannel(router: AnyRouter, channel: Channel, options: { log: Log }): ServedChannel {
  const { log } = options
  const handler = new RPCHandler(router, handlerOptions(log, createPace(channel)))
  const socket = { send: (message: string | Uint8Array<ArrayBuffer>) => (channel.send(message), 0) }
  const running = new Set<Promise<void>>()
  channel.onMessage((message) => {
    const work = handler
      .message(socket, message)
      .catch((error: unknown) => {
        if (error instanceof ORPCError) log.warn('A stream failed while it was being closed', { text: error.message })
        else {
          log.warn('A message could not be read; its connection is closed', { text: String(error) })
          channel.close()
        }
      })
      .finally(() => running.delete(work))
    running.add(work)
  })
  channel.onClose(() => handler.close(socket))
  return {
    [Symbol.asyncDispose]: async () => {
      channel.close()
      if (!(await settledInTime(running))) log.warn('Calls that ignore their cancellation were left behind')
    },
  }
}

/** The part of a handler that is the same over every wire: errors in our form, and streams that let others live. */
export function handlerOptions(log: Log, pace: Pace): StandardRPCHandlerOptions<Record<never, never>> {
  return {
    clientInterceptors: [
      async ({ path, next }) => {
        const toWire = (error: unknown) => toWireErrorAndLog(error, path.join('.'), log)
        try {
          const output = await next()
          if (!isEventIterator(output)) return output
          return mapEventIterator(output, {
            value: async (value) => {
              const pause = pace()
              if (pause) await pause
              return value
            },
            error: async (error) => toWire(error),
          })
        } catch (error) {
          throw toWire(error)
        }
      },
    ],
    interceptors: [
      async ({ next, request }) => {
        try {
          return await next()
        } catch (error) {
          // What procedures throw has been converted above; the rest failed before it reached one.
          if (error instanceof ORPCError) throw toWireErrorAndLog(error, request.url.pathname, log)
          throw toWireErrorAndLog(requestUnreadable(error), request.url.pathname, log)
        }
      },
    ],
  }
}

/** Asked before each event of a stream: a promise to wait for, or nothing. */
export type Pace = () => Promise<void> | undefined

/**
 * Lets the process breathe while streams produce: waits while the channel is full, and gives way after each slice of
 * time. A producer that never waits by itself would otherwise keep even its own cancellation from being read.
 */
export function createPace(channel: Pick<Channel, 'drained'>): Pace {
  const sliceMs = 8
  let sliceStart = performance.now()
  let turn: Promise<void> | undefined
  return () => {
    const full = channel.drained()
    if (full) return full
    if (turn) return turn
    if (performance.now() - sliceStart < sliceMs) return undefined
    turn = new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined
        sliceStart = performance.now()
        resolve()
      })
    })
    return turn
  }
}

const disposePatienceMs = 5_000

async function settledInTime(running: ReadonlySet<Promise<void>>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), disposePatienceMs)
  const all = Promise.allSettled(running).then(() => true)
  const settled = await Promise.race([all, promise])
  clearTimeout(timer)
  return settled
}

function isEventIterator(value: unknown): value is AsyncIteratorObject<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value
}
