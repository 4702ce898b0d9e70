import type { NestedClient } from '@orpc/client'
import type { AnyRouter } from '@orpc/server'
import { channelPair } from '../contract/channel.ts'
import { createWireClient } from '../contract/wire-client.ts'
import type { Log } from '../shared/log.ts'
import { serveChannel } from './serve-channel.ts'

/**
 * A client over a router in the same process. Values are copied and validated as on every other wire, so what works
 * here works there. Disposing it cancels what is running.
 */
export function connectInProcess<Client extends NestedClient<Record<never, never>>>(
  router: AnyRouter,
  options: { log: Log },
): { client: Client; [Symbol.asyncDispose](): Promise<void> } {
  const [near, far] = channelPair()
  const served = serveChannel(router, far, options)
  return { client: createWireClient<Client>(near), [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}
