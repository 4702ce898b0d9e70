import { throwIfAborted } from './abort.ts'

/** Keeps what is in hand at a time below a limit: an item that alone is above it goes alone. */
export interface LaneLoad<Item> {
  weigh(item: Item): number
  capacity: number
}

/**
 * Runs `work` over `items`, at most `lanes` at a time, and yields results as they come. The first error that `work`
 * throws ends everything: no new item is begun, those in hand are waited for, then the error is thrown.
 */
export async function* inLanes<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  lanes: number,
  signal: AbortSignal | undefined,
  work: (item: Item) => Promise<Result>,
  load?: LaneLoad<Item>,
): AsyncGenerator<Result> {
  const running = new Set<Promise<void>>()
  let inHand = 0
  const finished: Result[] = []
  const failures: unknown[] = []
  const begin = (item: Item, weight: number): void => {
    inHand += weight
    const task: Promise<void> = work(item)
      .then(
        (result) => void finished.push(result),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => {
        running.delete(task)
        inHand -= weight
      })
    running.add(task)
  }
  try {
    for await (const item of items) {
      throwIfAborted(signal)
      const weight = load?.weigh(item) ?? 0
      while (load && running.size > 0 && inHand + weight > load.capacity) await Promise.race(running)
      if (failures.length > 0) break
      begin(item, weight)
      if (running.size >= lanes) await Promise.race(running)
      if (failures.length > 0) break
      yield* finished.splice(0)
    }
    while (running.size > 0 && failures.length === 0) {
      await Promise.race(running)
      yield* finished.splice(0)
    }
  } finally {
    await Promise.all(running)
  }
  yield* finished.splice(0)
  if (failures.length > 0) throw failures[0]
}
