import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { AnyRouter } from '@orpc/server'
import { AppError } from '../contract/errors.ts'
import type { Log } from '../shared/log.ts'
import { createHttpWire } from './wire-http.ts'

export interface ServeOptions {
  router: AnyRouter
  /** The built page, `out/renderer`. May be missing: the API works without it. */
  rendererFolder: string
  /** 0, the default, takes any free one. */
  port?: number
  /** A new random one by default, 256 bits. For tests and scripts that start the host themselves. */
  token?: string
  /** Shown in the OpenAPI document. */
  version?: string
  log: Log
}

export interface ServedHost {
  /** The address to open, with the token in its fragment. Print it; do not log it. */
  readonly url: string
  readonly port: number
  readonly token: string
  /** Stops listening, cancels running calls and waits for them. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Serves a router and the page on 127.0.0.1, to this machine only.
 * Errors: request-refused (the port is taken, or may not be used).
 */
export async function serve(options: ServeOptions): Promise<ServedHost> {
  const { router, rendererFolder, log, version = '0.0.0' } = options
  const token = options.token ?? randomBytes(32).toString('base64url')
  const wire = createHttpWire({ router, rendererFolder, version, token, log })
  const port = await listen(wire.server, options.port ?? 0)
  wire.listening(port)
  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    port,
    token,
    [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose](),
  }
}

function listen(server: ReturnType<typeof createHttpWire>['server'], port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, port)))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
  })
}

function portError(error: NodeJS.ErrnoException, port: number): AppError {
  const details = { port, system: error.code }
  if (error.code === 'EADDRINUSE') {
    const message = `Port ${port} is taken by another program. Stop it, choose another with --port, or leave --port out.`
    return new AppError('request-refused', message, { cause: error, details })
  }
  if (error.code === 'EACCES') {
    const message = `Port ${port} may not be used by this user. Choose one from 1024 up, or leave --port out.`
    return new AppError('request-refused', message, { cause: error, details })
  }
  const message = `Quarry cannot listen on port ${port} of 127.0.0.1: ${error.message}`
  return new AppError('request-refused', message, { cause: error, details })
}
