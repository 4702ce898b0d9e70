import { AppError } from '../../contract/errors.ts'
import type { EmbedTexts } from '../chunker.ts'

/** Vectors of parts of a text. */
export interface PartVectors {
  readonly count: number
  /** Cosine of two of them, -1 to 1; 0 where the model knows nothing of one. */
  likeness(a: number, b: number): number
  /** Mean of that over all pairs. */
  meanLikeness(): number
}

/** What is read of one part: a line of a megabyte says enough in its first lines, and models read no further. */
const longestPart = 4000
/** Parts in one request: between two, others get their turn, and this one shows that it is alive. */
const partsAtATime = 512

/** Errors: model-missing (there is no embedding model), and those of the model. */
export async function embedParts(
  text: string,
  parts: readonly { start: number; end: number }[],
  embed: EmbedTexts | undefined,
): Promise<PartVectors> {
  if (!embed) {
    throw new AppError(
      'model-missing',
      'This chunker compares sentences by an embedding model, and there is none here. Choose another chunker.',
    )
  }
  let vectors = new Float32Array()
  let dimensions = 0
  for (let from = 0; from < parts.length; from += partsAtATime) {
    const texts = parts
      .slice(from, from + partsAtATime)
      .map(({ start, end }) => text.slice(start, Math.min(end, start + longestPart)).toWellFormed())
    const answer = await embed(texts)
    if (from === 0) {
      dimensions = answer.dimensions
      vectors = new Float32Array(parts.length * dimensions)
    }
    vectors.set(answer.vectors, from * dimensions)
  }

  const likeness = (a: number, b: number): number => {
    let sum = 0
    const [left, right] = [a * dimensions, b * dimensions]
    for (let column = 0; column < dimensions; column++) sum += vectors[left + column]! * vectors[right + column]!
    return sum
  }
  return {
    count: parts.length,
    likeness,
    meanLikeness() {
      if (parts.length < 2) return 0
      // The sum over all pairs is the square of the sum, less each one with itself.
      const sum = new Float64Array(dimensions)
      let own = 0
      for (let part = 0; part < parts.length; part++) {
        own += likeness(part, part)
        for (let column = 0; column < dimensions; column++) sum[column]! += vectors[part * dimensions + column]!
      }
      const all = sum.reduce((total, value) => total + value * value, 0)
      return (all - own) / (parts.length * (parts.length - 1))
    },
  }
}
