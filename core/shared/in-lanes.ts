import { throwIfAborted } from './abort.ts'

/**
 * Runs `work` over `items`, at most `lanes` at a time, and yields results as they come. The first error that `work`
 * throws ends everything: no new item is begun, those in hand are waited for, then the error is thrown.
 */
export async function* inLanes<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  lanes: number,
  signal: AbortSignal | undefined,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running = new Set<Promise<void>>()
  const finished: Result[] = []
  const failures: unknown[] = []
  const begin = (item: Item): void => {
    const task: Promise<void> = work(item)
      .then(
        (result) => void finished.push(result),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => running.delete(task))
    running.add(task)
  }
  try {
    for await (const item of items) {
      throwIfAborted(signal)
      begin(item)
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
