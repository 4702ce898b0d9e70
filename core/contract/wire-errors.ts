import { ORPCError } from '@orpc/client'
import { z } from 'zod'
import { AppError, errorCodes, isCancellation, type ErrorCode } from './errors.ts'

/** HTTP status by code, for the REST routes; 500 where a code has none. */
export const httpStatuses: Partial<Record<ErrorCode, number>> = {
  'input-invalid': 400,
  'item-missing': 404,
  'name-taken': 409,
  'workspace-locked': 409,
  'collection-empty': 409,
  'implementation-unknown': 400,
  'model-missing': 409,
  'model-in-use': 409,
  'type-unsupported': 415,
  'file-missing': 404,
  'file-changed': 409,
  'file-unreadable': 422,
  'file-empty': 422,
  'file-corrupt': 422,
  'file-encrypted': 422,
  'file-scanned': 422,
  'file-too-large': 413,
  'time-exceeded': 408,
  'disk-full': 507,
  'network-refused': 403,
  'network-locked': 403,
  'provider-in-use': 409,
  'provider-refused': 502,
  'provider-limited': 503,
  'provider-unreachable': 504,
  'provider-answer-invalid': 502,
  'keys-unavailable': 409,
  'request-refused': 403,
  cancelled: 499,
}

const wireDataSchema = z.object({ retryable: z.boolean(), details: z.record(z.string(), z.unknown()) })

/** The form in which an error travels; `fromWireError` is its inverse. Cause and stack stay at home. */
export function toWireError(error: AppError): ORPCError<ErrorCode, z.infer<typeof wireDataSchema>> {
  return new ORPCError(error.code, {
    status: httpStatuses[error.code] ?? 500,
    message: error.message,
    data: { retryable: error.retryable, details: error.details },
    cause: error,
  })
}

/** Whether it is in the form that `toWireError` gives. */
export function isWireError(error: unknown): error is ORPCError<ErrorCode, z.infer<typeof wireDataSchema>> {
  return error instanceof ORPCError && isErrorCode(error.code) && wireDataSchema.safeParse(error.data).success
}

/** Anything a call or a stream threw on the client's side, as the AppError that was thrown on the other. */
export function fromWireError(error: unknown, call: { signal: AbortSignal | undefined; lost: boolean }): AppError {
  if (error instanceof AppError) return error
  if (isWireError(error)) {
    return new AppError(error.code, error.message, { ...error.data, cause: error })
  }
  if (call.signal?.aborted || (isCancellation(error) && !call.lost)) return new AppError('cancelled', 'Cancelled.')
  if (call.lost) return connectionLost(error)
  const text = error instanceof Error ? error.message : String(error)
  return new AppError('internal', `Quarry's page and its host do not understand each other: ${text}`, { cause: error })
}

export function connectionLost(cause?: unknown): AppError {
  return new AppError('connection-lost', 'The connection to Quarry was lost. It is tried again by itself.', {
    retryable: true,
    cause,
  })
}

function isErrorCode(code: unknown): code is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(code)
}
