import type { AnyRouter } from '@orpc/server'
import { channelOverPort, type PortLike } from '../contract/channel.ts'
import type { Log } from '../shared/log.ts'
import { serveChannel, type ServedChannel } from '../wire/serve-channel.ts'

/** Serves a router on one end of a message channel: Node's, the page's, or Electron's. */
export function serveMessagePort(router: AnyRouter, port: PortLike, options: { log: Log }): ServedChannel {
  return serveChannel(router, channelOverPort(port), options)
}
