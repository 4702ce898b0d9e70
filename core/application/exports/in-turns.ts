import { setImmediate as nextTurn } from 'node:timers/promises'

const sliceMs = 8

/** What is made of each item, in order, with turns for others in between: ten thousand messages take seconds. */
export async function inTurns<Item, Part>(
  items: readonly Item[],
  make: (item: Item, index: number) => readonly Part[],
): Promise<Part[]> {
  const parts: Part[] = []
  let sliceStart = performance.now()
  for (const [index, item] of items.entries()) {
    parts.push(...make(item, index))
    if (performance.now() - sliceStart < sliceMs) continue
    await nextTurn()
    sliceStart = performance.now()
  }
  return parts
}
