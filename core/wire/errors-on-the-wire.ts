import { ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'
import { AppError, toAppError } from '../contract/errors.ts'
import { isWireError, toWireError } from '../contract/wire-errors.ts'
import type { Log } from '../shared/log.ts'

/** What a validator found wrong with one member of an input. */
export interface InputIssue {
  /** Names and numbers joined by dots; '' for the input as a whole. */
  path: string
  message: string
}

/**
 * Anything a handler, a stream or a validator threw, in the form that travels (`fromWireError` in the contract is the
 * other half). Unexpected errors are logged here, once; expected ones and cancellations are not.
 * @param procedure Where it happened, such as 'documents.list'.
 */
export function toWireErrorAndLog(error: unknown, procedure: string, log: Log): ORPCError<string, unknown> {
  if (isWireError(error)) return error
  const known = readable(error)
  if (known.code === 'internal') {
    const cause = known.cause instanceof Error ? known.cause : known
    log.error(`${procedure} failed unexpectedly`, { text: known.message, stack: cause.stack, ...known.details })
  }
  return toWireError(known)
}

/** An input that fails validation, as a sentence that names the member. */
export function inputInvalid(issues: readonly InputIssue[]): AppError {
  const [first] = issues
  const where = !first || first.path === '' ? 'This input' : `"${first.path}"`
  const more = issues.length > 1 ? ` There are ${issues.length - 1} more like this.` : ''
  const what = first ? withStop(first.message) : 'It has the wrong form.'
  return new AppError('input-invalid', `${where} is not valid: ${what}${more}`, { details: { issues } })
}

/** A request that could not be decoded at all. */
export function requestUnreadable(cause: unknown): AppError {
  return new AppError(
    'input-invalid',
    'The request could not be read. Check that its body is complete and well formed.',
    {
      cause,
    },
  )
}

/** Bytes. Upload pieces are at most 8 MB, and multipart adds a little. */
export const requestLimit = 16 * 1024 * 1024

export function requestTooLarge(): AppError {
  const message = `A request may have at most ${requestLimit / 1024 / 1024} MB. Send large files in pieces of 8 MB.`
  return new AppError('file-too-large', message)
}

function readable(error: unknown): AppError {
  if (!(error instanceof ORPCError)) return toAppError(error)
  const { cause } = error
  if (cause instanceof ValidationError) {
    const issues = cause.issues.map((issue) => ({
      path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
      message: issue.message,
    }))
    if (error.code === 'BAD_REQUEST') return inputInvalid(issues)
    // Our own output does not fit the contract: a defect, and the values may be document text, so only places are told.
    return new AppError('internal', 'Quarry made an answer that does not fit its own contract. Please report this.', {
      details: { issues },
    })
  }
  if (error.status === 413) return requestTooLarge()
  if (error.status >= 500)
    return new AppError('internal', `Something went wrong inside Quarry: ${error.message}`, { cause })
  return new AppError('request-refused', withStop(error.message), { cause })
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
