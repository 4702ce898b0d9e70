/**
 * The one error type that crosses every wire. `code` is for programs, `message` is a sentence for a person that says
 * what to do next, `details` is plain JSON.
 */
export const errorCodes = [
  'input-invalid',
  'item-missing',
  'name-taken',
  'workspace-locked',
  'workspace-newer',
  'workspace-corrupt',
  'workspace-unwritable',
  'disk-full',
  'collection-empty',
  'implementation-unknown',
  'model-missing',
  'model-invalid',
  'model-in-use',
  'type-unsupported',
  'file-missing',
  /** It is there, but not what was read. */
  'file-changed',
  'file-unreadable',
  'file-empty',
  'file-corrupt',
  'file-encrypted',
  'file-scanned',
  'file-too-large',
  'time-exceeded',
  'memory-exceeded',
  'network-refused',
  'network-locked',
  'provider-in-use',
  /** The server says that the key is wrong or missing, or may not do this. */
  'provider-refused',
  /** Too many requests, or what was paid for is used up. */
  'provider-limited',
  /** No connection, no answer in time, or trouble on the server's side. */
  'provider-unreachable',
  /** What came back is not what the API promises, or ended in the middle. */
  'provider-answer-invalid',
  /** Keys cannot be read or kept. */
  'keys-unavailable',
  /** A release may not go where it was to go: what was asked of it does not hold. */
  'gate-failed',
  /** Two pipelines read documents in different ways and cannot share their texts. */
  'pipeline-mismatch',
  /** The two sides speak different versions of the contract. */
  'contract-mismatch',
  'connection-lost',
  'request-refused',
  'cancelled',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export interface AppErrorOptions {
  /** Whether the same call may succeed later without a change by the user. */
  retryable?: boolean
  /** Plain JSON that helps a program or a curious person; never secrets. */
  details?: Record<string, unknown>
  cause?: unknown
}

export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }
}

/** The JSON shape of an error inside events and `--json` output. */
export interface ErrorData {
  code: ErrorCode
  message: string
  retryable: boolean
  details: Record<string, unknown>
}

export function toErrorData(error: unknown): ErrorData {
  const known = toAppError(error)
  return { code: known.code, message: known.message, retryable: known.retryable, details: known.details }
}

export function fromErrorData(data: ErrorData): AppError {
  return new AppError(data.code, data.message, { retryable: data.retryable, details: data.details })
}

/** Any thrown value as an AppError: operating-system errors get their own code and a sentence. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (isCancellation(error)) return new AppError('cancelled', 'Cancelled.')
  const systemCode = systemErrorCode(error)
  const known = systemCode === undefined ? undefined : systemErrors[systemCode]
  const text = error instanceof Error ? error.message : String(error)
  if (known) {
    const [code, sentence] = known
    const message = code === 'file-missing' ? withPath(sentence, error) : sentence
    return new AppError(code, message, { cause: error, details: { system: systemCode, text } })
  }
  return new AppError('internal', `Something went wrong inside Quarry: ${text}`, { cause: error })
}

/** "… is not there any more: /home/a/b.md. Check the path": a path that was mistyped is seen then. */
function withPath(sentence: string, error: unknown): string {
  const path = error instanceof Error && 'path' in error ? error.path : undefined
  return typeof path === 'string' ? sentence.replace('. ', `: ${path}. `) : sentence
}

export function isCancellation(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'cancelled'
  return error instanceof Error && error.name === 'AbortError'
}

function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  if (typeof error.code !== 'string') return undefined
  // SQLite's extended codes (SQLITE_CORRUPT_VTAB …) refine a primary code.
  return /^SQLITE_[A-Z]+/.exec(error.code)?.[0] ?? error.code
}

const systemErrors: Record<string, [ErrorCode, string]> = {
  ENOENT: ['file-missing', 'The file or folder is not there any more. Check the path, or add it again.'],
  ENOTDIR: ['file-missing', 'Part of the path is not a folder. Check the path.'],
  EACCES: [
    'file-unreadable',
    'No permission to read this. Change its permissions, or copy it to a place you may read.',
  ],
  EPERM: ['file-unreadable', 'No permission to read this. Change its permissions, or copy it to a place you may read.'],
  EISDIR: ['file-unreadable', 'This is a folder, not a file.'],
  EIO: ['file-unreadable', 'The disk reported an error while reading this file. Check the disk, then try again.'],
  EMFILE: ['file-unreadable', 'Too many files are open on this machine. Close some programs, then try again.'],
  ENAMETOOLONG: ['file-unreadable', 'The name of this file is too long for the file system. Shorten it.'],
  ELOOP: ['file-unreadable', 'This link points back to itself.'],
  ENOSPC: ['disk-full', 'The disk is full. Free some space, then retry: nothing that was ready is lost.'],
  SQLITE_FULL: ['disk-full', 'The disk is full. Free some space, then retry: nothing that was ready is lost.'],
  SQLITE_CORRUPT: [
    'workspace-corrupt',
    'The workspace database is damaged. Restore a backup from its "backups" folder.',
  ],
  SQLITE_NOTADB: [
    'workspace-corrupt',
    'The workspace database is damaged. Restore a backup from its "backups" folder.',
  ],
  SQLITE_READONLY: ['workspace-unwritable', 'The workspace folder cannot be written. Change its permissions.'],
  SQLITE_CANTOPEN: [
    'workspace-unwritable',
    'The workspace database cannot be opened. Check the folder and its permissions.',
  ],
  SQLITE_IOERR: [
    'workspace-unwritable',
    'The disk reported an error while the workspace was read or written. Check the disk, then try again.',
  ],
  EROFS: ['workspace-unwritable', 'The disk is read-only. Choose a workspace folder that can be written.'],
}
