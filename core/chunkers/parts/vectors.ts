import { AppError } from '../../contract/errors.ts'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
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

interface Part {
  start: number
  end: number
}

interface Kept {
  model: string
  text: string
  parts: readonly Part[]
  vectors: PartVectors
}

/** Of a document that is cut again and again, under two settings at a time: a vector a sentence is megabytes. */
const mostKept = 2
const kept = new WeakMap<ParsedDocument, Kept[]>()

/**
 * Vectors of parts of a document. They are kept as long as the document is: cut again, with other sizes, it need not be
 * read by the model again. Errors: model-missing (there is no embedding model), and those of the model.
 */
export async function embedParts(
  document: ParsedDocument,
  parts: readonly Part[],
  embed: EmbedTexts | undefined,
): Promise<PartVectors> {
  const { text } = document
  const model = embed?.model
  const known = kept.get(document) ?? []
  const found = known.find((each) => each.model === model && each.text === text && areSame(each.parts, parts))
  if (found) return found.vectors
  const vectors = await readParts(text, parts, embed)
  if (model !== undefined) kept.set(document, [{ model, text, parts, vectors }, ...known].slice(0, mostKept))
  return vectors
}

function areSame(a: readonly Part[], b: readonly Part[]): boolean {
  return a.length === b.length && a.every(({ start, end }, index) => start === b[index]!.start && end === b[index]!.end)
}

async function readParts(text: string, parts: readonly Part[], embed: EmbedTexts | undefined): Promise<PartVectors> {
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
