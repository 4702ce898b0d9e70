import { setTimeout as delay } from 'node:timers/promises'
import { Changes } from '../shared/changes.ts'
import type { Progress } from '../shared/progress.ts'

/** What long work of a call is given. */
export interface Watch {
  signal: AbortSignal
  onProgress(progress: Progress): void
}

const minimumGapMs = 150

/**
 * Work as a stream: the latest progress, at most a few times a second, then the result as what the generator returns.
 * Who leaves, or whose signal fires, stops the work, and is let go when it has stopped.
 */
export async function* withProgress<Result>(
  work: (watch: Watch) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Progress, Result> {
  const left = new AbortController()
  const stop = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const changes = new Changes()
  let latest: Progress | undefined
  let settled = false
  const onProgress = (progress: Progress): void => {
    latest = progress
    changes.notify()
  }
  const result = work({ signal: stop, onProgress }).finally(() => {
    settled = true
    changes.notify()
  })
  // Its failure is thrown below, once what came before it has been told.
  const ended = result.then(
    () => undefined,
    () => undefined,
  )
  try {
    for (;;) {
      const seen = changes.version
      const progress = latest
      latest = undefined
      if (progress) yield progress
      if (settled) return await result
      await changes.after(seen)
      await Promise.race([delay(minimumGapMs), ended])
    }
  } finally {
    left.abort()
    await ended
  }
}

/** Progress events, then what the work gives. */
export async function* told<Result>(
  signal: AbortSignal | undefined,
  work: (watch: Watch) => Promise<Result>,
): AsyncGenerator<Progress & { type: 'progress' }, Result> {
  const events = withProgress(work, signal)
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    yield { type: 'progress' as const, ...next.value }
  }
}
