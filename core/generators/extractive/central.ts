import type { GeneratorDependencies, Passage } from '../generator.ts'
import { isProse } from './prose.ts'
import { type Unit, unitsOf } from './units.ts'
import { bagOf, type WordBag } from './words.ts'

/** Sentences that are compared at most: all pairs are looked at. */
const mostSentences = 400
/** Fewer words say nothing on their own; more are a paragraph. */
const [fewestWords, mostWords] = [5, 60]
/** What likeness to a sentence that was chosen costs: an overview does not say a thing twice … */
const likenessCost = 0.7
/** … and never what is as alike as this, while there is something else. */
const sameLikeness = 0.75
/** What the first sentence of a part is worth besides: it says what the part is about. */
const openingReward = 0.1

/**
 * The sentences that say most of what a document says: the one it begins with, and those most like all the others (by
 * words and by the embedding model), no two alike; in the order of the document. After LexRank (Erkan and Radev 2004,
 * arXiv:1109.2128), with mean likeness in place of its walk.
 */
export async function centralSentences(
  passages: readonly Passage[],
  count: number,
  dependencies: Pick<GeneratorDependencies, 'embed' | 'dimensions'>,
): Promise<Unit[]> {
  const sentences = thinned(passages.flatMap((passage, position) => proseOf(passage, position)))
  if (sentences.length <= count) return sentences.map(({ unit }) => unit)
  const likeness = await likenessesOf(sentences, dependencies)
  const centrality = sentences.map((_, row) => sum(likeness[row] ?? []) / (sentences.length - 1))
  const most = Math.max(...centrality, Number.MIN_VALUE)
  const chosen = [0]
  while (chosen.length < count) {
    let best = { row: -1, worth: -Infinity }
    for (const [row, { opens }] of sentences.entries()) {
      if (chosen.includes(row)) continue
      const alike = Math.max(...chosen.map((other) => likeness[row]?.[other] ?? 0))
      const isSame = alike > sameLikeness ? 10 : 0
      const worth = (centrality[row] ?? 0) / most + (opens ? openingReward : 0) - likenessCost * alike - isSame
      if (worth > best.worth) best = { row, worth }
    }
    chosen.push(best.row)
  }
  return chosen.toSorted((a, b) => a - b).flatMap((row) => sentences[row]?.unit ?? [])
}

interface Sentence {
  unit: Unit
  bag: WordBag
  /** Whether it is the first of its passage. */
  opens: boolean
}

function proseOf(passage: Passage, position: number): Sentence[] {
  const sentences = unitsOf(passage, position)
    .filter(({ kind }) => kind === 'sentence' || kind === 'list-item')
    .map((unit) => ({ unit, bag: bagOf(unit.text) }))
    .filter(({ unit, bag }) => bag.words.length >= fewestWords && bag.words.length <= mostWords && isProse(unit.text))
  return sentences.map((sentence, index) => ({ ...sentence, opens: index === 0 }))
}

/** Of a long document, sentences from all over it, and the first. */
function thinned(sentences: readonly Sentence[]): Sentence[] {
  if (sentences.length <= mostSentences) return [...sentences]
  const step = sentences.length / mostSentences
  return Array.from({ length: mostSentences }, (_, index) => sentences[Math.floor(index * step)] as Sentence)
}

/** Row by row how alike two sentences are, 0 to 1; a sentence to itself: 0. */
async function likenessesOf(
  sentences: readonly Sentence[],
  { embed, dimensions }: Pick<GeneratorDependencies, 'embed' | 'dimensions'>,
): Promise<Float64Array[]> {
  const vectors = await embed(
    sentences.map(({ unit }) => unit.text),
    'passage',
  )
  const known = sentences.map((_, row) => dot(vectors, row, row, dimensions) > 0)
  const rows = sentences.map(() => new Float64Array(sentences.length))
  for (const [a, { bag }] of sentences.entries()) {
    for (let b = a + 1; b < sentences.length; b += 1) {
      const words = sharedStems(bag, (sentences[b] as Sentence).bag)
      // Words alone where the model does not know both sentences.
      const isKnown = known[a] === true && known[b] === true
      const likeness = isKnown ? (Math.max(0, dot(vectors, a, b, dimensions)) + words) / 2 : words
      ;(rows[a] as Float64Array)[b] = likeness
      ;(rows[b] as Float64Array)[a] = likeness
    }
  }
  return rows
}

function dot(vectors: Float32Array, a: number, b: number, dimensions: number): number {
  let product = 0
  for (let column = 0; column < dimensions; column += 1) {
    product += (vectors[a * dimensions + column] ?? 0) * (vectors[b * dimensions + column] ?? 0)
  }
  return product
}

function sharedStems(a: WordBag, b: WordBag): number {
  const [few, many] = a.stems.size <= b.stems.size ? [a.stems, b.stems] : [b.stems, a.stems]
  let shared = 0
  for (const stem of few) if (many.has(stem)) shared += 1
  return shared / Math.max(1, Math.sqrt(few.size * many.size))
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
