import { isCancellation } from '../../core/contract/errors.ts'

/**
 * Runs a follower of a stream again whenever it breaks, a little later each time, until it ends by itself or `signal`
 * fires. Calls made while the connection is lost wait for it, so this is all that rejoining takes.
 */
export async function keepFollowing(run: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (signal.aborted || isCancellation(error)) return
      await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** attempt)))
    }
  }
}
