/** Numbers in [0, 1): Mulberry32, the same for the same parts of a seed on every machine. */
export function createRandom(...seed: readonly number[]): () => number {
  let state = 0x9e3779b9
  for (const part of seed) state = mix(Math.imul(state ^ part, 0x85ebca6b) + 0x6d2b79f5)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    return mix(state) / 4_294_967_296
  }
}

/** A whole number in [0, bound). */
export function below(random: () => number, bound: number): number {
  return Math.floor(random() * bound)
}

function mix(state: number): number {
  let value = Math.imul(state ^ (state >>> 15), 1 | state)
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
  return (value ^ (value >>> 14)) >>> 0
}
