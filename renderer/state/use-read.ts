import { useEffect, useState } from 'react'
import type { ErrorData } from '../../core/contract/errors.ts'
import { toFailure } from './failure.ts'

/** Reads once, and again when `key` changes or on `retry`; what it read before stays in view meanwhile. */
export function useRead<Value>(read: (signal: AbortSignal) => Promise<Value>, key: unknown) {
  const [value, setValue] = useState<Value | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    read(controller.signal).then(
      (answer) => {
        // What was read for an earlier key may come after what is read for this one.
        if (controller.signal.aborted) return
        setValue(answer)
        setFailure(null)
      },
      (error: unknown) => setFailure(controller.signal.aborted ? null : toFailure(error)),
    )
    return () => controller.abort()
    // `read` is made anew at each render; `key` says when its answer would differ.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, attempt])
  return { value, failure, retry: () => setAttempt((count) => count + 1) }
}
