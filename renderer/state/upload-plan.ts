/** Bytes of one piece: large enough to be quick, small enough that progress moves and a cancel is prompt. */
export const pieceBytes = 4 * 1024 * 1024

export interface Piece {
  offset: number
  /** Exclusive. */
  end: number
  last: boolean
}

/** The pieces of a file of `size` bytes, in order, covering it exactly once. An empty file is one empty piece. */
export function planPieces(size: number, maxBytes: number = pieceBytes): Piece[] {
  const count = Math.max(1, Math.ceil(size / maxBytes))
  return Array.from({ length: count }, (_, index) => ({
    offset: index * maxBytes,
    end: Math.min(size, (index + 1) * maxBytes),
    last: index === count - 1,
  }))
}

/**
 * Runs `work` over the items with at most `limit` under way. Stops starting new ones as soon as one throws or the
 * signal fires, waits for those that run, then throws the first error.
 */
export async function runBounded<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let next = 0
  let failed = false
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      signal.throwIfAborted()
      const item = items[next++] as Item
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(limit, items.length) }, lane)
  const results = await Promise.allSettled(lanes)
  const rejected = results.find((result) => result.status === 'rejected')
  if (rejected) throw rejected.reason
  signal.throwIfAborted()
}

/** What a person calls a batch: its one file, its one top folder, or how many files. */
export function nameOfBatch(paths: readonly string[]): string {
  const [first] = paths
  if (first !== undefined && paths.length === 1) return lastPart(first)
  const tops = new Set(paths.map((path) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')))
  const [top] = tops
  if (tops.size === 1 && top) return top
  return `${paths.length.toLocaleString('en')} files`
}

/** The last part of a path of any system, without a trailing separator. */
export function lastPart(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? path
  )
}
