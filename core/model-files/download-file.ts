import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, isCancellation, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { type FileSum, readPieces, requireSpace } from './file-pieces.ts'

export interface DownloadFileOptions {
  url: string
  /** From the network door. */
  fetch: typeof fetch
  /** What has come so far; it is gone on with. */
  partPath: string
  /** As far as known beforehand. */
  expected: { bytes?: number | undefined; sha256?: string | undefined }
  /** ETag under which the part began. */
  etag: string | undefined
  /** Called when the file begins under another ETag than before. */
  onEtag(etag: string | undefined): Promise<void>
  /** Bytes of this file that are there, and its size once known. */
  onProgress(done: number, total: number | undefined): void
  signal?: AbortSignal | undefined
  pace?: DownloadPace | undefined
}

/** Waiting and giving up. */
export interface DownloadPace {
  /** Tries in a row that bring nothing before it is given up. */
  attempts: number
  /** Wait after the first try that failed; doubled each time, up to a minute, with a random part. */
  firstWaitMs: number
  /** A server that says to wait longer than this is not waited for. */
  longestWaitMs: number
  /** A connection that brings nothing for so long is given up. */
  stallMs: number
}

export const defaultPace: DownloadPace = { attempts: 6, firstWaitMs: 1000, longestWaitMs: 120_000, stallMs: 60_000 }

/** Larger than any model; what a server may at most make us write where its size is not known. */
const maxFileBytes = 512 * 1024 ** 3

/**
 * Downloads one file into `partPath`, going on where an earlier try ended (Range with If-Range, RFC 9110 section 13.1.5
 * and 14): a file that has changed meanwhile begins anew. The whole is checked by size and SHA-256 as far as known.
 * What came stays in `partPath` after an error or a cancel, except where it is known to be wrong.
 * Errors: network-refused, connection-lost, request-refused (asks for a sign-in), model-missing, model-invalid,
 * disk-full, cancelled.
 */
export async function downloadFile(options: DownloadFileOptions): Promise<FileSum> {
  const { expected, partPath, signal } = options
  const pace = options.pace ?? defaultPace
  await using part = await openPart(partPath, expected.bytes, signal)
  let etag = options.etag
  let resumed = part.bytes > 0
  let failures = 0
  const useEtag = async (fresh: string | undefined): Promise<void> => {
    if (fresh !== etag) await options.onEtag(fresh)
    etag = fresh
  }
  for (;;) {
    throwIfAborted(signal)
    const before = part.bytes
    const outcome = await attempt({ ...options, pace, part, etag, useEtag })
    if (outcome.state === 'complete') {
      const sha256 = part.hash.copy().digest('hex')
      const isRight = expected.sha256 === undefined || expected.sha256 === sha256
      if (isRight && (expected.bytes ?? part.bytes) === part.bytes) {
        await part.file.sync()
        return { bytes: part.bytes, sha256 }
      }
      const wrong = { url: options.url, expected, found: { bytes: part.bytes, sha256 } }
      await part.empty()
      await useEtag(undefined)
      // Two halves of different files do not make one: once more from its start.
      if (!resumed) throw notAsListed(wrong)
      resumed = false
      continue
    }
    failures = part.bytes > before ? 0 : failures + 1
    if (failures >= pace.attempts) throw outcome.error
    const wait = Math.min(60_000, pace.firstWaitMs * 2 ** Math.max(0, failures - 1)) * (0.5 + Math.random() / 2)
    const waitMs = Math.max(wait, outcome.waitMs ?? 0)
    if (waitMs > pace.longestWaitMs) throw outcome.error
    // That the wait was broken off is told above.
    await delay(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined)
  }
}

type Outcome = { state: 'complete' } | { state: 'again'; error: AppError; waitMs?: number | undefined }

interface Attempt extends DownloadFileOptions {
  pace: DownloadPace
  part: Part
  useEtag(etag: string | undefined): Promise<void>
}

/** One request. Throws what another try would not change. */
async function attempt({
  url,
  fetch,
  part,
  etag,
  expected,
  pace,
  signal,
  onProgress,
  useEtag,
}: Attempt): Promise<Outcome> {
  // Without a way to know that it is still the same file, going on is safe only where the whole is checked.
  const goOn = part.bytes > 0 && (etag !== undefined || expected.sha256 !== undefined)
  if (part.bytes > 0 && !goOn) await part.empty()
  const stall = new AbortController()
  const any = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal
  let timer = setTimeout(() => stall.abort(), pace.stallMs)
  const beat = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stall.abort(), pace.stallMs)
  }
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (goOn) headers.range = `bytes=${part.bytes}-`
    if (goOn && etag !== undefined) headers['if-range'] = etag
    const response = await fetch(url, { headers, signal: any })
    const leave = (): Promise<void> => response.body?.cancel() ?? Promise.resolve()
    if (response.status === 416 && goOn) {
      await leave()
      // 'bytes */123': nothing was left to send, or the file is shorter than what we have.
      const size = Number(/\*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? NaN)
      if (size === part.bytes) return { state: 'complete' }
      await part.empty()
      return { state: 'again', error: connectionLost(url) }
    }
    if (!response.ok) {
      await leave()
      return { state: 'again', error: refusal(response.status, url), waitMs: retryAfter(response) }
    }
    if (!response.body) return { state: 'again', error: connectionLost(url) }
    const freshEtag = strongEtag(response)
    const range = response.status === 206 ? contentRange(response) : undefined
    if (response.status === 206 && (range?.start !== part.bytes || (etag !== undefined && freshEtag !== etag))) {
      await leave()
      await part.empty()
      await useEtag(undefined)
      return { state: 'again', error: connectionLost(url) }
    }
    // The whole file although a part was asked for: it has changed, or the server knows no parts.
    if (!range) await part.empty()
    await useEtag(freshEtag)
    const total = range ? range.total : lengthOf(response)
    if (total !== undefined && expected.bytes !== undefined && total !== expected.bytes) {
      await leave()
      await part.empty()
      throw notAsListed({ url, expected, found: { bytes: total } })
    }
    const size = expected.bytes ?? total
    if (size !== undefined) await requireSpace(dirname(part.path), size - part.bytes)
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      beat()
      if (part.bytes + piece.length > (size ?? maxFileBytes)) {
        await part.empty()
        throw notAsListed({ url, expected, found: { bytes: part.bytes + piece.length } })
      }
      await part.append(piece)
      onProgress(part.bytes, size)
    }
    if (size !== undefined && part.bytes < size) return { state: 'again', error: connectionLost(url) }
    return { state: 'complete' }
  } catch (error) {
    if (signal?.aborted) throwIfAborted(signal)
    const known = knownError(error)
    if (known) throw known
    return { state: 'again', error: connectionLost(url, error) }
  } finally {
    clearTimeout(timer)
  }
}

/** A file that grows, with the hash of what is in it. */
interface Part extends AsyncDisposable {
  readonly path: string
  readonly file: FileHandle
  readonly bytes: number
  readonly hash: Hash
  append(piece: Uint8Array): Promise<void>
  empty(): Promise<void>
}

async function openPart(
  path: string,
  expectedBytes: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const file = await open(path, 'a')
  let bytes = 0
  let hash = createHash('sha256')
  const empty = async (): Promise<void> => {
    await file.truncate(0)
    bytes = 0
    hash = createHash('sha256')
  }
  try {
    for await (const piece of readPieces(path, { signal })) {
      hash.update(piece)
      bytes += piece.length
    }
    if (expectedBytes !== undefined && bytes > expectedBytes) await empty()
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    path,
    file,
    get bytes() {
      return bytes
    },
    get hash() {
      return hash
    },
    async append(piece) {
      await file.writeFile(piece)
      hash.update(piece)
      bytes += piece.length
    },
    empty,
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** What is not a matter of the connection: a door that refuses, a full disk. */
function knownError(error: unknown): AppError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof AppError && !isCancellation(at)) return at
  }
  const { code, details } = toAppError(error)
  const isOurs = code === 'disk-full' || code === 'file-unreadable' || code === 'workspace-unwritable'
  return isOurs ? new AppError(code, toAppError(error).message, { cause: error, details }) : undefined
}

/** Throws for what another try would not change; gives the error to end with for the rest. */
function refusal(status: number, url: string): AppError {
  const details = { status, url }
  if (status === 401 || status === 403) {
    throw new AppError(
      'request-refused',
      'The hub gives this model only to people who are signed in or have accepted its licence. Download it in a ' +
        'browser, then import the folder or file.',
      { details },
    )
  }
  if (status === 404 || status === 410) {
    throw new AppError(
      'model-missing',
      `The hub does not have this file (any more): ${url}. Update Quarry, or import the model from a folder.`,
      { details },
    )
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new AppError('connection-lost', `The hub is busy or broken (it answered ${status}). Try again later.`, {
      retryable: true,
      details,
    })
  }
  throw new AppError('connection-lost', `The hub answered ${status}, which is not understood. Check the address.`, {
    details,
  })
}

function connectionLost(url: string, cause?: unknown): AppError {
  return new AppError(
    'connection-lost',
    `The connection to ${hostOf(url)} was lost or could not be made. What has come is kept: try again to go on.`,
    { retryable: true, details: { url }, ...(cause === undefined ? {} : { cause }) },
  )
}

function notAsListed(details: Record<string, unknown>): AppError {
  return new AppError(
    'model-invalid',
    'What came is not the file that the catalogue names: its size or checksum is another. It was thrown away. ' +
      'Try again; if it stays so, the file has changed on the hub.',
    { details },
  )
}

function strongEtag(response: Response): string | undefined {
  const etag = response.headers.get('etag')
  // A weak one does not promise the same bytes.
  return etag !== null && etag.startsWith('"') ? etag : undefined
}

function contentRange(response: Response): { start: number; total: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  if (!match) return undefined
  return { start: Number(match[1]), total: match[2] === '*' ? undefined : Number(match[2]) }
}

function lengthOf(response: Response): number | undefined {
  const length = Number(response.headers.get('content-length') ?? NaN)
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  return Number.isSafeInteger(length) && encoding === 'identity' ? length : undefined
}

/** Seconds or a date (RFC 9110 section 10.2.3), as milliseconds from now. */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after')
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
