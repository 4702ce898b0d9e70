/** How a text's vector is made of its tokens' states: their mean, the first one's, the last one's. */
export type Pooling = 'mean' | 'cls' | 'last'

/** @param states Of one text's tokens, shape [tokens × width], row-major. */
export function pool(states: Float32Array, width: number, pooling: Pooling): Float64Array {
  if (pooling === 'cls') return Float64Array.from(states.subarray(0, width))
  if (pooling === 'last') return Float64Array.from(states.subarray(states.length - width))
  // Only its direction is kept, and the mean points where the sum points.
  const sum = new Float64Array(width)
  for (let from = 0; from < states.length; from += width) {
    for (let index = 0; index < width; index++) sum[index]! += states[from + index]!
  }
  return sum
}

/** The first `dimensions` numbers scaled to length 1; zeros where there is no direction. */
export function unit(vector: Float64Array, dimensions = vector.length): Float64Array {
  const kept = vector.subarray(0, dimensions)
  let squares = 0
  for (const value of kept) squares += value * value
  const length = Math.sqrt(squares)
  return Number.isFinite(length) && length > 0 ? kept.map((value) => value / length) : new Float64Array(dimensions)
}
