import { AppError, isCancellation } from '../contract/errors.ts'

/** The beginning of a server's answer, in whole pieces and at most `mostBytes`; what is longer is not read to its end. */
export async function readAnswer(
  response: Response,
  mostBytes: number,
): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const parts: Uint8Array[] = []
  let length = 0
  let isWhole = true
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length
    if (length > mostBytes) {
      isWhole = false
      break
    }
    parts.push(part)
  }
  return { bytes: Buffer.concat(parts), isWhole }
}

/**
 * Why a request came to nothing before there was an answer. `server`: such as 'The MLflow server 127.0.0.1:5000';
 * `advice`: a sentence.
 */
export function notReached(
  error: unknown,
  { server, timeoutMs, advice }: { server: string; timeoutMs: number; advice: string },
): AppError {
  const late = isCancellation(error) || (error instanceof Error && error.name === 'TimeoutError')
  const what = late ? `did not answer within ${timeoutMs / 1000} seconds` : 'could not be reached'
  return new AppError('connection-lost', `${server} ${what}. ${advice}`, { retryable: true, cause: error })
}
