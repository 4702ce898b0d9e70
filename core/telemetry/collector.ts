import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { notReached, readAnswer } from '../shared/server-answer.ts'
import type { FinishedSpan } from './trace-spans.ts'

export interface CollectorOptions {
  /** Without `/v1/traces`. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  /** The door's. */
  fetch: typeof globalThis.fetch
  /** For one request. */
  timeoutMs?: number
}

/** Whatever takes OTLP over HTTP in protobuf: OpenTelemetry's collector, MLflow, Langfuse, Phoenix, LangSmith. */
export interface Collector {
  /**
   * Spans that were taken are not sent again; what the collector says of those that it did not take is the note. Errors:
   * network-refused, connection-lost, request-refused (details: status, retryAfterMs), cancelled.
   */
  send(spans: readonly FinishedSpan[], signal?: AbortSignal): Promise<{ note: string | null }>
}

const defaultTimeoutMs = 30_000
const largestAnswer = 1_000_000
const compress = promisify(gzip)

/** Errors: input-invalid. */
export function createCollector(options: CollectorOptions): Collector {
  const { fetch, headers, timeoutMs = defaultTimeoutMs } = options
  const url = collectorAddress(options.endpoint)
  return {
    async send(spans, signal) {
      throwIfAborted(signal)
      const request = ProtobufTraceSerializer.serializeRequest([...spans])
      if (!request) throw new AppError('internal', 'These spans cannot be written as OTLP.')
      const body = await compress(request)
      const limit = AbortSignal.timeout(timeoutMs)
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
          body,
          // Traces, and the keys in the headers, go where a person said and nowhere else.
          redirect: 'error',
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        })
        const { bytes: answer } = await readAnswer(response, largestAnswer)
        if (!response.ok) throw refused(url.host, response, answer)
        return { note: noteOf(response, answer) }
      } catch (error) {
        throwIfAborted(signal)
        if (error instanceof AppError) throw error
        throw notReached(error, {
          server: `The collector ${url.host}`,
          timeoutMs,
          advice: 'Check that it runs and that the address is right.',
        })
      }
    },
  }
}

/** Where spans are sent. Errors: input-invalid. */
export function collectorAddress(endpoint: string): URL {
  const base = URL.parse(endpoint)
  if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '') {
    throw new AppError(
      'input-invalid',
      `"${endpoint}" is no address of a collector. It begins with http:// or https:// and has no password in it.`,
    )
  }
  const path = base.pathname.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')
  return new URL(`${base.origin}${path}/v1/traces`)
}

function isProtobuf(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').includes('protobuf')
}

/** A partial success: what was refused is not sent again. */
function noteOf(response: Response, answer: Uint8Array): string | null {
  if (!isProtobuf(response) || answer.length === 0) return null
  try {
    const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(answer)
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0)
    const said = partialSuccess?.errorMessage?.slice(0, 300) ?? ''
    if (rejected > 0) return `The collector did not take ${rejected} spans${said ? `: ${said}` : '.'}`
    return said || null
  } catch {
    // It took them; that it says so in another way is no reason to send them again.
    return null
  }
}

/** Those that pass by themselves, after https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const passing = new Set([408, 429, 502, 503, 504])

function refused(host: string, response: Response, answer: Uint8Array): AppError {
  const { status } = response
  const said = isProtobuf(response) ? '' : Buffer.from(answer).toString('utf8').trim().slice(0, 300)
  const advice =
    status === 401 || status === 403 ? 'Check the headers with its key.' : 'Check its address and settings.'
  const retryable = passing.has(status)
  return new AppError(
    'request-refused',
    `The collector ${host} refused (${status})${said ? `: ${said}` : ''}. ${retryable ? 'It is tried again later.' : advice}`,
    { retryable, details: { status, retryAfterMs: retryAfterMs(response) } },
  )
}

function retryAfterMs(response: Response): number | null {
  const value = response.headers.get('retry-after')
  if (value === null) return null
  const seconds = Number(value)
  const delay = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(delay) ? Math.max(0, delay) : null
}
