import { toAppError } from '../contract/errors.ts'
import type { TraceKeeping } from '../contract/traces.ts'
import type { TraceSettingsLibrary } from '../library/trace-settings.ts'
import type { TraceLibrary } from '../library/traces.ts'
import type { TraceId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'

/** How long traces are kept. What is older goes at the beginning, and once an hour. */
export interface TraceKeeper extends AsyncDisposable {
  state(): TraceKeeping
  keep(retentionDays: number): Promise<TraceKeeping & { removed: number }>
  remove(ids: readonly TraceId[]): Promise<number>
  removeBefore(time: number): Promise<number>
}

export interface TraceKeeperParts {
  traces: TraceLibrary
  settings: TraceSettingsLibrary
  /** Gives the space of what went back to the disk. */
  giveBack(): Promise<void>
  /** Lets others have their turn. */
  pause(): Promise<void>
  now(): number
  log: Log
}

const dayMs = 24 * 60 * 60 * 1000
const lookEveryMs = 60 * 60 * 1000
/** A trace holds passages and prompts, and may take a megabyte. */
const atATime = 100

export function createTraceKeeper({ traces, settings, giveBack, pause, now, log }: TraceKeeperParts): TraceKeeper {
  let disposed = false
  const removeBefore = async (time: number): Promise<number> => {
    let removed = 0
    while (!disposed) {
      const some = traces.removeBefore(time, atATime)
      removed += some
      if (some < atATime) break
      await pause()
    }
    if (removed > 0 && !disposed) await giveBack()
    return removed
  }
  const apply = (): Promise<number> => {
    const { retentionDays } = settings.read()
    return retentionDays === 0 ? Promise.resolve(0) : removeBefore(now() - retentionDays * dayMs)
  }
  const look = async (): Promise<void> => {
    try {
      const removed = await apply()
      if (removed > 0) log.info('Old traces were removed.', { removed })
    } catch (thrown) {
      log.warn('Old traces could not be removed.', { code: toAppError(thrown).code })
    }
  }
  let looking = look()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, lookEveryMs)
  timer.unref()

  const state = (): TraceKeeping => ({
    retentionDays: settings.read().retentionDays,
    traces: traces.count({}),
    oldestAt: traces.oldestAt(),
  })
  return {
    state,
    async keep(retentionDays) {
      settings.write({ retentionDays })
      const removed = await apply()
      return { ...state(), removed }
    },
    async remove(ids) {
      const removed = traces.remove(ids)
      if (removed > 0) await giveBack()
      return removed
    },
    removeBefore,
    async [Symbol.asyncDispose]() {
      disposed = true
      clearInterval(timer)
      await looking
    },
  }
}
