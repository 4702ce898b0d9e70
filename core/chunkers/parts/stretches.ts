import type { Block } from './blocks.ts'

export interface Stretch {
  start: number
  end: number
}

/** The text from one page header or footer to the next. */
export function stretchesOf(blocks: readonly Block[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const block of blocks) {
    const open = stretches.at(-1)
    if (open && !block.afterGap) open.end = block.end
    else stretches.push({ start: block.start, end: block.end })
  }
  return stretches
}
