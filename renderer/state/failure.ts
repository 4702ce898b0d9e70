import { isCancellation, toErrorData, type ErrorData } from '../../core/contract/errors.ts'

/** The renderer's edge: what was thrown becomes data that a component can show. Cancellation is no failure: null. */
export function toFailure(error: unknown): ErrorData | null {
  return isCancellation(error) ? null : toErrorData(error)
}

/** A failure as text for a bug report: code, sentence and details. */
export function failureText(failure: ErrorData): string {
  const details = Object.keys(failure.details).length > 0 ? `\n${JSON.stringify(failure.details, null, 2)}` : ''
  return `${failure.message}\n(${failure.code})${details}`
}
