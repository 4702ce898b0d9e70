import { AppError, toAppError } from '../contract/errors.ts'

/**
 * What happens to a worker while a model is at work, said of the model: the pool's own sentences are about files.
 * `what` begins the sentence: 'The language model', 'The reranking model'.
 */
export function modelError(thrown: unknown, what: string): AppError {
  const error = toAppError(thrown)
  const { details } = error
  const say = (code: AppError['code'], sentence: string): AppError =>
    new AppError(code, `${what} ${sentence}`, { retryable: true, details, cause: thrown })
  if (error.code === 'internal' && typeof details.workerEnd === 'string') {
    return say(
      'internal',
      `stopped unexpectedly (${details.workerEnd}). It is loaded again when it is next used; if it stops again, choose another model.`,
    )
  }
  if (error.code === 'memory-exceeded' && typeof details.memoryMb === 'number') {
    return say('memory-exceeded', 'needs more memory than there is. Choose a smaller model, or a shorter context.')
  }
  if (error.code === 'time-exceeded' && typeof details.timeoutMs === 'number') {
    const minutes = Math.max(1, Math.round(details.timeoutMs / 60_000))
    return say('time-exceeded', `said nothing for ${minutes} min and was stopped. Choose a smaller model.`)
  }
  return error
}
