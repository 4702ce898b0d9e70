import { seededRandom } from '../../shared/random.ts'

/** Weights that a seed fixes, spread evenly around `centre`. */
export interface RandomWeights {
  /** @param spread The farthest from `centre` that a value may be. */
  values(count: number, spread: number, centre?: number): Float32Array
}

export function randomWeights(seed: number): RandomWeights {
  const random = seededRandom(seed)
  return {
    values: (count, spread, centre = 0) =>
      Float32Array.from({ length: count }, () => centre + (2 * random() - 1) * spread),
  }
}
