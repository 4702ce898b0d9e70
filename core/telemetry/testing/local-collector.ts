import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { decodeSpans, type ReceivedSpan } from './otlp-messages.ts'

export interface ReceivedRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  spans: ReceivedSpan[]
  /** What came, unzipped. */
  bytes: Buffer
}

export interface CollectorAnswer {
  status: number
  headers?: Record<string, string>
  body?: Uint8Array | string
}

/** A collector on this machine that keeps what it is sent. */
export interface LocalCollector extends AsyncDisposable {
  endpoint: string
  host: string
  requests: ReceivedRequest[]
  /** For the requests that come next, in order; after them it takes everything. */
  answerWith(...answers: CollectorAnswer[]): void
  /** Instead, for each request. */
  decide(answer: ((request: ReceivedRequest) => CollectorAnswer | undefined) | undefined): void
}

export async function openLocalCollector(): Promise<LocalCollector> {
  const requests: ReceivedRequest[] = []
  const planned: CollectorAnswer[] = []
  let decide: ((request: ReceivedRequest) => CollectorAnswer | undefined) | undefined
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const sent = Buffer.concat(parts)
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      const { method = '', url: path = '', headers } = request
      const received = { method, path, headers, spans: decodeSpans(bytes), bytes }
      requests.push(received)
      const answer = planned.shift() ?? decide?.(received) ?? { status: 200 }
      response.writeHead(answer.status, { 'content-type': 'application/x-protobuf', ...answer.headers })
      response.end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    answerWith: (...answers) => void planned.push(...answers),
    decide: (answer) => void (decide = answer),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
