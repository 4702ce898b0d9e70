/** Where something stands; any unit, y grows downwards. */
export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/**
 * Shapes in the order in which a person reads them: what stands above something comes before it, and so does what
 * stands to the left in the same row. The given order, which is the one that the author or the layout chose, holds
 * where it agrees with that; where it does not, rows are read from the top. Shapes without a place come first.
 */
export function inReadingOrder<Shape extends { box?: Rectangle | undefined }>(shapes: readonly Shape[]): Shape[] {
  // Every pair is compared; nobody reads a slide of more shapes than this as text.
  if (shapes.length > 600) return [...shapes]
  const isGivenOrderGood = shapes.every((shape, index) =>
    shapes.slice(0, index).every((earlier) => !comesBefore(shape.box, earlier.box)),
  )
  if (isGivenOrderGood) return [...shapes]
  const rowByRow = shapes.toSorted((a, b) => (a.box?.y ?? 0) - (b.box?.y ?? 0) || (a.box?.x ?? 0) - (b.box?.x ?? 0))
  const waiting = rowByRow.map((shape) => ({
    shape,
    after: shapes.filter((other) => other !== shape && comesBefore(other.box, shape.box)),
  }))
  const ordered: Shape[] = []
  const done = new Set<Shape>()
  while (waiting.length > 0) {
    const free = waiting.findIndex(({ after }) => after.every((shape) => done.has(shape)))
    // Shapes that overlap can each want to be first.
    const [next] = waiting.splice(Math.max(free, 0), 1)
    if (!next) break
    done.add(next.shape)
    ordered.push(next.shape)
  }
  return ordered
}

/** Shapes may touch and overlap a little, as people place them by hand. */
const slack = 0.1

function comesBefore(first: Rectangle | undefined, second: Rectangle | undefined): boolean {
  if (!first || !second) return false
  const across = overlap(first.x, first.width, second.x, second.width)
  const down = overlap(first.y, first.height, second.y, second.height)
  const isAbove = down <= slack && first.y + first.height / 2 < second.y + second.height / 2
  const isLeft = across <= slack && first.x + first.width / 2 < second.x + second.width / 2
  if (isAbove) return across > slack || isLeft
  return isLeft && down > 0.5
}

/** The share of the shorter of two stretches that lies in the other; below 0 where they are apart. */
function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  const shared = Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart)
  return shared / Math.max(Math.min(length, otherLength), 1e-9)
}
