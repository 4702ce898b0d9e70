import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../../contract/errors.ts'
import type { NetworkFetch } from '../../network/door.ts'
import { cancelled, throwIfAborted } from '../../shared/abort.ts'
import type { AskedProvider } from './connection.ts'
import { answerCut, answerTooLong, notAnApi, noAnswer, statusError, unreachable } from './provider-errors.ts'

export interface Patience {
  /** How often a request is made in all. */
  attempts?: number
  /** The first pause between two of them, about; each one is twice as long. */
  pauseMs?: number
  /** A server that asks for a longer pause is not asked again by itself. */
  longestPauseMs?: number
  /** An answer that is longer is not read to its end. */
  maximumBytes?: number
}

export interface PatientFetchParts {
  provider: AskedProvider
  fetch: NetworkFetch
  patience?: Patience
}

/** As `fetch`, with the key that must not be in any error. */
export type PatientFetch = (
  input: string | URL | Request,
  init: RequestInit,
  key: string | undefined,
) => Promise<Response>

/**
 * A `fetch` that waits for so long and no longer, asks again where that may help (no connection, 429, 5xx; a pause with
 * jitter, or what Retry-After says), and throws an AppError for everything but a good answer. Nothing is asked again
 * once an answer has begun.
 */
export function createPatientFetch({ provider, fetch, patience = {} }: PatientFetchParts): PatientFetch {
  const { attempts = 4, pauseMs = 500, longestPauseMs = 30_000, maximumBytes = 64_000_000 } = patience

  return async (input, init, key) => {
    const signal = init.signal ?? undefined
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(signal)
      const outcome = await ask(input, init, key, signal)
      if (outcome instanceof Response) return outcome
      const { error, retryAfterMs } = outcome
      const pause = retryAfterMs ?? pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
      if (!error.retryable || attempt >= attempts || pause > longestPauseMs) throw error
      await wait(pause, undefined, signal ? { signal } : {}).catch(() => {})
    }
  }

  async function ask(
    input: string | URL | Request,
    init: RequestInit,
    key: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Response | { error: AppError; retryAfterMs?: number }> {
    const { timeouts } = provider
    const leave = new AbortController()
    const both = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal
    let late = false
    const timer = setTimeout(() => {
      late = true
      leave.abort()
    }, timeouts.firstByteMs)
    let response: Response
    try {
      response = await fetch(input, { ...init, signal: both })
    } catch (error) {
      if (signal?.aborted) throw cancelled()
      if (error instanceof AppError) throw error
      return { error: late ? noAnswer(provider, timeouts.firstByteMs) : unreachable(provider, error) }
    } finally {
      clearTimeout(timer)
    }
    if (response.ok) {
      const type = response.headers.get('content-type') ?? ''
      if (!isOfApis(type)) {
        leave.abort()
        throw notAnApi(provider, type)
      }
      const body = response.body && limited(response.body, { leave, signal, maximumBytes, tooLong: 'throw' })
      const { status, statusText, headers } = response
      return new Response(body, { status, statusText, headers })
    }
    const limits = { leave, signal, maximumBytes: 64_000, tooLong: 'cut' } as const
    // What was said about the failure is worth less than that there is one.
    const text = response.body ? await readText(limited(response.body, limits)) : ''
    if (signal?.aborted) throw cancelled()
    const retryAfterMs = readRetryAfter(response.headers)
    const error = statusError(provider, { status: response.status, text, key, retryAfterMs })
    return { error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }

  /** The same bytes, within the limits of time and length. */
  function limited(body: ReadableStream<Uint8Array>, limits: Limits): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { leave, signal, maximumBytes, tooLong } = limits
    const { idleMs } = provider.timeouts
    const reader = body.getReader()
    let bytes = 0
    return new ReadableStream(
      {
        async pull(controller) {
          let idle = false
          const timer = setTimeout(() => {
            idle = true
            leave.abort()
          }, idleMs)
          try {
            const { done, value } = await reader.read()
            if (done) return controller.close()
            bytes += value.length
            if (bytes <= maximumBytes) return controller.enqueue(value as Uint8Array<ArrayBuffer>)
            leave.abort()
            if (tooLong === 'throw') throw answerTooLong(provider, maximumBytes)
            controller.close()
          } catch (error) {
            if (signal?.aborted) throw cancelled()
            if (error instanceof AppError) throw error
            throw idle ? noAnswer(provider, idleMs) : answerCut(provider)
          } finally {
            clearTimeout(timer)
          }
        },
        async cancel() {
          leave.abort()
          await reader.cancel().catch(() => {})
        },
      },
      { highWaterMark: 0 },
    )
  }
}

interface Limits {
  /** Ends the request. */
  leave: AbortController
  signal: AbortSignal | undefined
  maximumBytes: number
  tooLong: 'throw' | 'cut'
}

/** JSON in one piece or many. A page for people is somebody else's answer: of a proxy, a login, a wrong address. */
function isOfApis(contentType: string): boolean {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  return type === '' || /^(application\/(.*json.*|octet-stream)|text\/(event-stream|plain))$/.test(type)
}

async function readText(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of body) text += decoder.decode(bytes, { stream: true })
  } catch {
    // Its beginning, then.
  }
  return text
}

/** Seconds or a date. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined || value === '') return undefined
  const milliseconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds)
}
