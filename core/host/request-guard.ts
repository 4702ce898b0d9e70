import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '../contract/errors.ts'

export interface Refusal {
  status: 401 | 403
  error: AppError
}

/**
 * Decides who may talk to a loopback host. Every program and every website on this machine can reach the port, so:
 * `Host` must name this address (against DNS rebinding), `Origin` must be this page where it is sent at all (against
 * other websites), and everything but the page's own files needs the token of this start.
 */
export function createRequestGuard(port: number, token: string) {
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`])
  if (port === 80) for (const host of ['127.0.0.1', 'localhost']) hosts.add(host)
  const origins = new Set([...hosts].map((host) => `http://${host}`))

  return {
    /** For every request, the page's files included. */
    checkPlace(request: IncomingMessage): Refusal | undefined {
      if (!hosts.has(request.headers.host ?? '')) {
        return refuse(403, 'Quarry answers on 127.0.0.1 and localhost only. Open the address that it printed.')
      }
      const { origin } = request.headers
      if (origin !== undefined && !origins.has(origin)) {
        return refuse(403, 'Quarry answers its own page and programs of this machine only, not other websites.')
      }
      return undefined
    },

    /** For everything that reads or changes the workspace. The token comes as a bearer, or in a socket's protocols. */
    checkToken(request: IncomingMessage): Refusal | undefined {
      const site = request.headers['sec-fetch-site']
      if (site !== undefined && site !== 'same-origin' && site !== 'none') {
        return refuse(403, 'Quarry answers its own page and programs of this machine only, not other websites.')
      }
      const given = bearer(request) ?? socketToken(request)
      if (given !== undefined && sameText(given, token)) return undefined
      return refuse(
        401,
        'The key is missing or from an earlier start. Open the address that "quarry serve" printed, or send its token as "Authorization: Bearer …".',
      )
    },
  }
}

function refuse(status: Refusal['status'], message: string): Refusal {
  return { status, error: new AppError('request-refused', message) }
}

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer ([\w-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** A page cannot set headers on a WebSocket, but it can name protocols. */
function socketToken(request: IncomingMessage): string | undefined {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim())
  return protocols.find((part) => part.startsWith('token.'))?.slice('token.'.length)
}

/** In a time that does not depend on where they differ. */
function sameText(one: string, two: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(two))
}
