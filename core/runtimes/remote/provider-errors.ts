import { AppError, isCancellation } from '../../contract/errors.ts'
import { cancelled } from '../../shared/abort.ts'
import type { AskedProvider } from './connection.ts'
import { withoutKey } from './without-key.ts'

/** Sentences about what goes wrong with a remote server. None of them, nor their details, ever holds a key. */

export interface BadStatus {
  status: number
  /** The beginning of what was said about it. */
  text: string
  key: string | undefined
  retryAfterMs: number | undefined
}

/** What an answer with a status of 300 and above means. */
export function statusError(provider: AskedProvider, { status, text, key, retryAfterMs }: BadStatus): AppError {
  const { id, label, baseUrl } = provider
  const said = spoken(text, key)
  const because = said === '' ? '' : ` It says: ${said}`
  const details = { provider: id, status }
  if (status === 401 || status === 403 || /api[ _]?key[ _](not[ _]valid|invalid)/i.test(text)) {
    // Not what it says: such answers like to repeat the key.
    const what = status === 403 ? 'the key, or does not let it do this' : 'the key'
    return new AppError(
      'provider-refused',
      `${label} does not accept ${what}. Check it, and enter it again: quarry providers key ${id}`,
      { details },
    )
  }
  if (status === 402 || status === 429) {
    const pause = retryAfterMs === undefined ? '' : ` Try again in ${duration(retryAfterMs)}.`
    const hint = pause === '' ? ' Wait a while, or look at the limits of your account.' : pause
    return new AppError('provider-limited', `${label} takes no more requests for now (${status}).${hint}${because}`, {
      retryable: status === 429,
      details: { ...details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    })
  }
  if (status === 408 || status >= 500) {
    return new AppError(
      'provider-unreachable',
      `${label} has trouble of its own (${status}). Try again later.${because}`,
      { retryable: true, details },
    )
  }
  if ((status === 404 || status === 400 || status === 422) && speaksOfUnknownModel(status, text)) {
    return new AppError(
      'model-missing',
      `${label} has no such model. See what it has (quarry providers models ${id}) and choose another.${because}`,
      { details },
    )
  }
  if (status === 400 || status === 413 || status === 422) {
    const hint = /context|too (long|large)|length|exceed|maximum/i.test(text)
      ? ' Give it fewer or shorter texts: fewer passages, a lower limit of tokens.'
      : ' Check the options of the pipeline.'
    return new AppError('input-invalid', `${label} does not take the request.${hint}${because}`, { details })
  }
  return new AppError(
    'provider-answer-invalid',
    `${label} does not know what it was asked (${status}). Check that ${baseUrl} is the address of its API.${because}`,
    { details },
  )
}

/** No connection could be made. */
export function unreachable(provider: AskedProvider, cause: unknown): AppError {
  const { id, label, baseUrl } = provider
  const system = systemCode(cause)
  const { host } = new URL(baseUrl)
  const details = { provider: id, ...(system === undefined ? {} : { system }) }
  if (system !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(system)) {
    return new AppError(
      'provider-unreachable',
      `The certificate of ${host} is not trusted (${system}). Where it is your own, name its file in NODE_EXTRA_CA_CERTS.`,
      { details },
    )
  }
  const why = sentences[system ?? ''] ?? `It failed${system === undefined ? '' : ` (${system})`}.`
  return new AppError('provider-unreachable', `${label} cannot be reached at ${host}. ${why}`, {
    retryable: system !== 'ENOTFOUND',
    details,
  })
}

const sentences: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there: start the server, or check the port.',
  ENOTFOUND: 'There is no such host: check the address, and that this machine has a network.',
  EAI_AGAIN: 'Its name could not be looked up: check that this machine has a network.',
  ENETUNREACH: 'This machine has no network.',
  EHOSTUNREACH: 'There is no way to that machine.',
  ECONNRESET: 'The connection was cut.',
  ETIMEDOUT: 'It did not answer.',
  UND_ERR_CONNECT_TIMEOUT: 'It did not answer.',
  UND_ERR_SOCKET: 'The connection was cut.',
}

export function noAnswer(provider: AskedProvider, waitedMs: number): AppError {
  return new AppError(
    'provider-unreachable',
    `${provider.label} said nothing for ${duration(waitedMs)}. Try again, or give it more time: quarry providers set ${provider.id}`,
    // A slow one is not made faster by asking again.
    { details: { provider: provider.id, waitedMs } },
  )
}

export function answerCut(provider: AskedProvider): AppError {
  return new AppError('provider-answer-invalid', `The answer of ${provider.label} ended in the middle. Try again.`, {
    retryable: true,
    details: { provider: provider.id },
  })
}

export function answerTooLong(provider: AskedProvider, maximumBytes: number): AppError {
  return new AppError(
    'provider-answer-invalid',
    `The answer of ${provider.label} is longer than ${maximumBytes} bytes and was not read to its end.`,
    { details: { provider: provider.id, maximumBytes } },
  )
}

export function notAnApi(provider: AskedProvider, contentType: string): AppError {
  const type = /^[\w.+/-]{1,60}/.exec(contentType)?.[0] ?? 'something else'
  return new AppError(
    'provider-answer-invalid',
    `What answers at ${provider.baseUrl} sends ${type}, not what the API of ${provider.label} sends. Check the address, ` +
      'and that no login page or proxy is in between.',
    { details: { provider: provider.id, type } },
  )
}

/** It was an answer, but not one of this API. `what` ends the sentence. */
export function answerWrong(provider: AskedProvider, what: string): AppError {
  return new AppError(
    'provider-answer-invalid',
    `${provider.label} answered in a way that is not of its API: ${what}. Check the kind and the address of the provider.`,
    { details: { provider: provider.id } },
  )
}

/** Whatever a client library threw. What it holds of the answer is left behind: it may hold anything. */
export function remoteError(thrown: unknown, provider: AskedProvider, signal?: AbortSignal): AppError {
  if (signal?.aborted) return cancelled()
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if (error instanceof AppError) return error
    if (isCancellation(error)) return cancelled()
  }
  const name = thrown instanceof Error ? thrown.name : ''
  if (/UnsupportedFunctionality/.test(name)) {
    return new AppError('input-invalid', `${provider.label} cannot do what was asked. Check the options.`)
  }
  if (/JSONParse/.test(name)) return answerWrong(provider, 'what came is not JSON')
  return answerWrong(provider, 'what came has another shape')
}

function speaksOfUnknownModel(status: number, text: string): boolean {
  if (status === 404) return /model/i.test(text)
  return /model_not_found|(unknown|invalid|unsupported) model|model\b[^.]{0,80}\b(not found|does not exist|is not supported)/i.test(
    text,
  )
}

/** What a server said, in one line without the key; '' where it said nothing that a person reads. */
function spoken(text: string, key: string | undefined): string {
  const message = messageIn(text)
  const line = message.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  const safe = withoutKey(line, key)
  return safe.length > 300 ? `${safe.slice(0, 300)}…` : safe
}

/** The places where APIs put it. */
function messageIn(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text.includes('<') ? '' : text
  }
  const found = find(Array.isArray(value) ? value[0] : value, 0)
  return found ?? ''
}

function find(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || depth > 3) return undefined
  const record = value as Record<string, unknown>
  for (const name of ['error', 'message', 'detail', 'msg']) {
    const found = find(record[name], depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** Of Node's own errors, which stand behind the TypeError that `fetch` throws. */
function systemCode(error: unknown): string | undefined {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth += 1) {
    if ('code' in inner && typeof inner.code === 'string') return inner.code
    if (inner instanceof AggregateError) return systemCode(inner.errors[0])
  }
  return undefined
}

function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}
