import type { Range } from '@tanstack/react-virtual'

/**
 * Which rows of a long list exist: those in sight, some beyond at either end, and always the active one, so that the
 * focus is never lost by scrolling. Indexes rise.
 */
export function rowsInRange({ startIndex, endIndex, overscan, count }: Range, activeIndex: number): number[] {
  const from = Math.max(0, startIndex - overscan)
  const to = Math.min(count - 1, endIndex + overscan)
  const indexes = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
  if (activeIndex < from) indexes.unshift(activeIndex)
  if (activeIndex > to && activeIndex < count) indexes.push(activeIndex)
  return indexes
}
