import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Duplex } from 'node:stream'
import { OpenAPIHandler } from '@orpc/openapi/node'
import type { AnyRouter } from '@orpc/server'
import { BodyLimitPlugin } from '@orpc/server/node'
import { experimental_ZodSmartCoercionPlugin as ZodSmartCoercionPlugin } from '@orpc/zod/zod4'
import { WebSocketServer, type WebSocket } from 'ws'
import { channelOverWebSocket } from '../contract/channel.ts'
import { AppError, toErrorData } from '../contract/errors.ts'
import { fromWireError, isWireError } from '../contract/wire-errors.ts'
import type { Log } from '../shared/log.ts'
import { requestLimit, requestTooLarge } from '../wire/errors-on-the-wire.ts'
import { generateOpenApiDocument } from './open-api.ts'
import { findPageFile, pageHeaders } from './page-files.ts'
import { createRequestGuard, type Refusal } from './request-guard.ts'
import { createPace, handlerOptions, serveChannel, type ServedChannel } from '../wire/serve-channel.ts'

export interface HttpWireOptions {
  router: AnyRouter
  rendererFolder: string
  /** For the OpenAPI document. */
  version: string
  token: string
  log: Log
}

export interface HttpWire {
  readonly server: Server
  /** Known only after the server listens; requests before that are refused. */
  listening(port: number): void
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A router over HTTP, on a server that has yet to listen:
 * - `/ws` the page's wire: one WebSocket for all calls and streams (a browser allows six HTTP/1.1 connections a host,
 *   so a page with more event streams than that would hang);
 * - `/api/v1/…` the same procedures as REST routes, streams as server-sent events; `/api/v1/openapi.json` says which;
 * - `/session` 204 when the token is right;
 * - everything else: files of the built page.
 */
export function createHttpWire(options: HttpWireOptions): HttpWire {
  const { router, rendererFolder, version, token, log } = options
  const rest = createRestHandler(router, log)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: requestLimit,
    perMessageDeflate: false,
    handleProtocols: () => 'quarry',
  })
  const served = new Map<WebSocket, ServedChannel>()
  let guard: ReturnType<typeof createRequestGuard> | undefined

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value)
    const refusal = guard ? guard.checkPlace(request) : notYet
    if (refusal) return sendRefusal(response, refusal)
    // Not with URL, which would take '//x/y' for a host and '/a/../b' for '/b'.
    const pathname = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (pathname !== '/session' && pathname !== '/ws' && !/^\/api(\/|$)/.test(pathname)) {
      return sendPageFile(request, response, rendererFolder, pathname)
    }
    response.setHeader('cache-control', 'no-store')
    const stranger = guard?.checkToken(request)
    if (stranger) return sendRefusal(response, stranger)
    if (pathname === '/session') return void response.writeHead(204).end()
    if (pathname === '/api/v1/openapi.json')
      return sendJson(response, 200, await generateOpenApiDocument(router, version))
    if (Number(request.headers['content-length'] ?? 0) > requestLimit) return sendTooLarge(response)
    const { matched } = await rest.handle(request, response, { prefix: '/api/v1', context: {} })
    if (!matched) sendError(response, 404, unknownAddress(request))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error('A request failed unexpectedly', { path: request.url?.split('?')[0], text: String(error) })
      sendError(response, 500, new AppError('internal', 'Something went wrong inside Quarry.'))
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = guard ? (guard.checkPlace(request) ?? guard.checkToken(request)) : notYet
    if (refusal) return refuseUpgrade(socket, refusal.status, refusal.error)
    if (request.url !== '/ws') return refuseUpgrade(socket, 404, unknownAddress(request))
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const channel = channelOverWebSocket(webSocket)
      served.set(webSocket, serveChannel(router, channel, { log }))
      webSocket.on('close', () => served.delete(webSocket))
    })
  })
  // Half-open sockets and noise are not worth a word.
  server.on('clientError', (_error, socket) => socket.destroy())

  return {
    server,
    listening: (port) => {
      guard = createRequestGuard(port, token)
    },
    [Symbol.asyncDispose]: async () => {
      const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined
      await Promise.all([...served.values()].map((each) => each[Symbol.asyncDispose]()))
      sockets.close()
      // Streams of the REST routes never end by themselves.
      server.closeAllConnections()
      await closed
    },
  }
}

function createRestHandler(router: AnyRouter, log: Log) {
  const pace = createPace({ drained: () => undefined })
  return new OpenAPIHandler(router, {
    ...handlerOptions(log, pace),
    plugins: [new BodyLimitPlugin({ maxBodySize: requestLimit }), new ZodSmartCoercionPlugin()],
    // The same shape as errors inside events and of `--json`.
    customErrorResponseBodyEncoder: (error) => ({
      error: toErrorData(isWireError(error) ? fromWireError(error, { signal: undefined, lost: false }) : error),
    }),
  })
}

async function sendPageFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  pathname: string,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return sendError(response, 405, new AppError('request-refused', 'Files of the page can only be read.'))
  }
  const file = await findPageFile(folder, pathname)
  if (!file) {
    const home = await findPageFile(folder, '/')
    if (home) return sendError(response, 404, unknownAddress(request))
    return sendError(
      response,
      404,
      new AppError('file-missing', 'The page is not built. Run "npm run build", then reload.'),
    )
  }
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': file.size,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
  if (request.method === 'HEAD') return void response.end()
  // A reader that leaves early is no error.
  await pipeline(createReadStream(file.path), response).catch(() => response.destroy())
}

const notYet: Refusal = { status: 403, error: new AppError('request-refused', 'Quarry is still starting. Try again.') }

function unknownAddress(request: IncomingMessage): AppError {
  return new AppError(
    'item-missing',
    `There is nothing at ${request.method ?? 'GET'} ${request.url?.split('?')[0] ?? '/'}. The list is at /api/v1/openapi.json.`,
  )
}

function sendTooLarge(response: ServerResponse): void {
  // The rest of the body is not read, so the connection is of no further use.
  response.setHeader('connection', 'close')
  sendError(response, 413, requestTooLarge())
}

function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer')
  sendError(response, refusal.status, refusal.error)
}

function sendError(response: ServerResponse, status: number, error: AppError): void {
  sendJson(response, status, { error: toErrorData(error) })
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function refuseUpgrade(socket: Duplex, status: number, error: AppError): void {
  const body = JSON.stringify({ error: toErrorData(error) })
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
