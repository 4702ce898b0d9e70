import type { GeneratorDependencies, Passage } from '../generator.ts'
import { answersType, type Question, type QuestionTerm } from './question.ts'
import type { Unit } from './units.ts'
import { likenesses } from './likeness.ts'
import { relatedRoots } from './related.ts'
import { bagOf, matchStrength, type WordBag } from './words.ts'

/** What is known about one unit with respect to the question. All members are between 0 and 1 unless noted. */
export interface UnitFeatures {
  /** The part of the question's terms, weighted by rarity, that the unit has. */
  coverage: number
  /** What words related to the question's terms add to that. */
  relatedCoverage: number
  /** What the units beside it, and its headings and title, add to both. */
  neighbourCoverage: number
  headingCoverage: number
  /** Coverage of the whole passage with its headings, title and context. */
  passageCoverage: number
  passageRelatedCoverage: number
  /** The part of the question's names, codes and numbers that the unit has; 0.5 where the question has none. */
  nameCoverage: number
  /** The part of the question's neighbouring terms that are neighbours in the unit too. */
  adjacency: number
  /** 1 / (1 + position of the passage in the list). */
  rank: number
  /** The passage's retrieval score between the list's lowest and highest. */
  relativeScore: number
  /** Cosine with the question, times how far the question's vector may be trusted. Down to -1. */
  similarity: number
  passageSimilarity: number
  answerType: number
  isTableRow: number
  isListItem: number
  isShort: number
  isLong: number
  /** References and figures of tables that were flattened: few letters. */
  isSymbols: number
}

export interface AssessedUnit {
  unit: Unit
  features: UnitFeatures
  /** Parallel to the question's terms: how well the unit itself has each. */
  matches: number[]
  /** The same with related words counted in. */
  related: number[]
  bag: WordBag
}

export interface Evidence {
  question: Question
  /** Parallel to the question's terms: how much each counts; they add up to 1. */
  weights: number[]
  /** Parallel to the question's terms: whether no chunk of the collection has it. */
  unknown: boolean[]
  /** Parallel to the question's terms: whether the embedding model knows it as a whole word, so that related ones show. */
  known: boolean[]
  /** 0 to 1: the part of the question that the embedding model knows as whole words; 0 without a vector. */
  trust: number
  units: AssessedUnit[]
}

/** What a light word counts, compared with another of its rarity. */
const lightness = 0.35
/** What a word outside the sentence that asks counts. */
const asideness = 0.5
/** What a related word counts where the word itself counts 1. */
const most = 0.75
/** More units than this are not compared with the question's vector: the lexically best are. */
const maxEmbedded = 256

/**
 * Gathers everything the answer is decided on. Throws what `embed` throws.
 */
export async function gatherEvidence(
  question: Question,
  passages: readonly Passage[],
  units: readonly Unit[],
  dependencies: Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer' | 'termStatistics'>,
): Promise<Evidence> {
  const { weights, unknown } = termWeights(question, dependencies)
  const bags = units.map((unit) => bagOf(unit.header ? `${unit.header[0] ?? ''} ${unit.text}` : unit.text))
  const surroundingBags = passages.map((passage) =>
    bagOf([passage.documentTitle, ...passage.headings, passage.context].join('\n').slice(0, 5000)),
  )
  const alike = await likenesses(
    question.terms.map((term) => (term.name ? '' : term.word.folded)),
    new Set([...bags, ...surroundingBags].flatMap((bag) => [...bag.folded])),
    dependencies,
  )
  const relatedMatches = (strengths: readonly number[], bag: WordBag): number[] =>
    question.terms.map((term, index) => {
      const strength = strengths[index] ?? 0
      return term.name || strength >= most ? strength : Math.max(strength, relatedStrength(term, alike[index], bag))
    })
  // What a passage asks itself, in a heading or in the text, is said of the answer below it.
  const withAsked = (own: readonly number[][]): number[][] =>
    own.map((strengths, index) => {
      const asked = units[index - 1]
      if (!asked || asked.passage !== units[index]?.passage || !isQuestion(asked)) return strengths
      return strongest(
        strengths,
        (own[index - 1] ?? []).map((strength) => 0.8 * strength),
      )
    })
  const plain = bags.map((bag) => termMatches(question, bag))
  const matches = withAsked(plain)
  const related = withAsked(plain.map((strengths, index) => relatedMatches(strengths, bags[index] as WordBag)))
  const cover = (strengths: readonly number[]): number =>
    strengths.reduce((sum, strength, term) => sum + strength * (weights[term] ?? 0), 0)

  const scores = passages.map((passage) => passage.score)
  const highest = Math.max(...scores)
  const lowest = Math.min(...scores)
  const nameTerms = question.terms.flatMap((term, index) => (term.name ? [index] : []))

  const surroundings = surroundingBags.map((bag) => termMatches(question, bag))
  const passageMatches = [...surroundings]
  const relatedSurroundings = surroundings.map((each, index) => relatedMatches(each, surroundingBags[index] as WordBag))
  const passageRelated = [...relatedSurroundings]
  for (const [index, unit] of units.entries()) {
    passageMatches[unit.passage] = strongest(passageMatches[unit.passage] ?? [], matches[index] ?? [])
    passageRelated[unit.passage] = strongest(passageRelated[unit.passage] ?? [], related[index] ?? [])
  }
  const headingMatches = new Map<string, number[]>()
  const headingsOf = (unit: Unit): number[] => {
    const key = `${unit.passage} ${unit.heading}`
    const known = headingMatches.get(key)
    if (known) return known
    const bag = bagOf(unit.heading)
    const inner = relatedMatches(termMatches(question, bag), bag)
    const found = strongest(relatedSurroundings[unit.passage] ?? [], inner)
    headingMatches.set(key, found)
    return found
  }

  const { similarities, passageSimilarities, trust, known } = await similaritiesOf(
    question, passages, units, related.map(cover), dependencies,
  ) // prettier-ignore

  const assessed = units.map((unit, index): AssessedUnit => {
    const own = matches[index] ?? []
    const ownRelated = related[index] ?? []
    const bag = bags[index] as WordBag
    const beside = [units[index - 1], units[index + 1]].map((other, side) =>
      other && other.passage === unit.passage && Math.abs(other.block - unit.block) <= 1
        ? (related[side === 0 ? index - 1 : index + 1] ?? [])
        : [],
    )
    const withNeighbours = beside.reduce(strongest, ownRelated)
    const withHeadings = strongest(ownRelated, headingsOf(unit))
    const coverage = cover(own)
    const allCoverage = cover(ownRelated)
    const passageCoverage = cover(passageMatches[unit.passage] ?? [])
    const letters = unit.text.match(/\p{L}/gu)?.length ?? 0
    const words = bag.words.length
    const passage = passages[unit.passage] as Passage
    return {
      unit,
      matches: own,
      related: ownRelated,
      bag,
      features: {
        coverage,
        relatedCoverage: allCoverage - coverage,
        neighbourCoverage: cover(withNeighbours) - allCoverage,
        headingCoverage: cover(withHeadings) - allCoverage,
        passageCoverage,
        passageRelatedCoverage: cover(passageRelated[unit.passage] ?? []) - passageCoverage,
        nameCoverage:
          nameTerms.length === 0 ? 0.5 : nameTerms.reduce((sum, term) => sum + (own[term] ?? 0), 0) / nameTerms.length,
        adjacency: adjacencyOf(question, own, bag),
        rank: 1 / (1 + unit.passage),
        relativeScore: highest > lowest ? (passage.score - lowest) / (highest - lowest) : 1,
        similarity: similarities[index] ?? 0,
        passageSimilarity: passageSimilarities[unit.passage] ?? 0,
        answerType: answersType(question, unit.text, unit.heading),
        isTableRow: unit.kind === 'table-row' ? 1 : 0,
        isListItem: unit.kind === 'list-item' ? 1 : 0,
        isShort: words < 5 ? 1 : words < 8 ? 0.5 : 0,
        isLong: Math.min(1, Math.max(0, (words - 30) / 40)),
        isSymbols: letters < 0.6 * unit.text.replace(/\s/gu, '').length ? 1 : 0,
      },
    }
  })
  return { question, weights, unknown, known, trust, units: assessed }
}

export function isQuestion(unit: Unit): boolean {
  return /[?？]\s*["'”’」』]?$/u.test(unit.text)
}

/** Robertson and Spärck Jones's idf, in its form that is never negative, scaled to add up to 1. */
function termWeights(
  question: Question,
  { termStatistics }: Pick<GeneratorDependencies, 'termStatistics'>,
): { weights: number[]; unknown: boolean[] } {
  const { chunks, frequencies } = termStatistics(question.terms.map((term) => term.word.surface))
  const raw = question.terms.map((term, index) => {
    // A rare word that is no name is as likely another word for what the documents say: it weighs no more than three do.
    const least = term.name ? 0 : 3
    const frequency = Math.min(Math.max(frequencies[index] ?? 0, least), chunks)
    const rarity = Math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))
    return (term.light ? lightness : 1) * (term.aside ? asideness : 1) * rarity
  })
  const sum = raw.reduce((total, each) => total + each, 0)
  const weights = raw.map((each) => (sum > 0 ? each / sum : 1 / raw.length))
  const unknown = weights.map((_, index) => (frequencies[index] ?? 0) === 0)
  return { weights, unknown }
}

/** A word of the list of related ones, or one that the model has near. */
function relatedStrength(term: QuestionTerm, alike: ReadonlyMap<string, number> | undefined, bag: WordBag): number {
  for (const root of relatedRoots(term.word)) if (bag.roots.has(root)) return most
  let best = 0
  if (alike) for (const [word, strength] of alike) if (strength > best && bag.folded.has(word)) best = strength
  return best
}

function termMatches(question: Question, bag: WordBag): number[] {
  return question.terms.map((term) => matchStrength(term.word, bag))
}

function strongest(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => Math.max(a[index] ?? 0, b[index] ?? 0))
}

function adjacencyOf(question: Question, own: readonly number[], bag: WordBag): number {
  if (question.terms.length < 2) return 0
  const places = question.terms.map((term, index) =>
    (own[index] ?? 0) < 0.5
      ? []
      : bag.words.flatMap((word, place) =>
          word.stem === term.word.stem || word.stem.startsWith(term.word.stem.slice(0, 5)) ? [place] : [],
        ),
  )
  let near = 0
  for (let index = 0; index + 1 < places.length; index += 1) {
    const [left, right] = [places[index] ?? [], places[index + 1] ?? []]
    if (left.some((a) => right.some((b) => a !== b && Math.abs(a - b) <= 3))) near += 1
  }
  return near / (places.length - 1)
}

/** Cosines of the question with each unit and with each passage's middle (the mean of its units' vectors). */
async function similaritiesOf(
  question: Question,
  passages: readonly Passage[],
  units: readonly Unit[],
  coverages: readonly number[],
  { embed, dimensions, tokenizer }: Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer'>,
): Promise<{ similarities: number[]; passageSimilarities: number[]; trust: number; known: boolean[] }> {
  const none = {
    similarities: units.map(() => 0),
    passageSimilarities: passages.map(() => 0),
    trust: 0,
    known: question.terms.map(() => false),
  }
  const query = await embed([question.text], 'query')
  if (!query.some((value) => value !== 0)) return none
  const known = knownTerms(question, tokenizer)
  const trust = known.filter(Boolean).length / Math.max(1, known.length)
  if (trust === 0) return none

  const order = units.map((_, index) => index)
  if (order.length > maxEmbedded) order.sort((a, b) => (coverages[b] ?? 0) - (coverages[a] ?? 0) || a - b)
  const chosen = order.slice(0, maxEmbedded)
  const vectors = await embed(chosen.map((index) => units[index]?.text ?? ''), 'passage') // prettier-ignore

  const similarities = units.map(() => 0)
  const sums = passages.map(() => new Float64Array(dimensions))
  for (const [row, index] of chosen.entries()) {
    const sum = sums[units[index]?.passage ?? 0]
    let dot = 0
    for (let column = 0; column < dimensions; column += 1) {
      const value = vectors[row * dimensions + column] ?? 0
      dot += value * (query[column] ?? 0)
      if (sum) sum[column] = (sum[column] ?? 0) + value
    }
    similarities[index] = Number.isFinite(dot) ? dot * trust : 0
  }
  const passageSimilarities = sums.map((sum) => {
    let dot = 0
    let square = 0
    for (let column = 0; column < dimensions; column += 1) {
      dot += (sum[column] ?? 0) * (query[column] ?? 0)
      square += (sum[column] ?? 0) ** 2
    }
    return square > 0 && Number.isFinite(dot) ? (dot / Math.sqrt(square)) * trust : 0
  })
  return { similarities, passageSimilarities, trust, known }
}

/** A model that must spell a word in pieces has hardly learned it: which terms are one token. */
function knownTerms(question: Question, tokenizer: GeneratorDependencies['tokenizer']): boolean[] {
  return question.terms.map(({ word }) => {
    const { ids, unknownId } = tokenizer.encode(word.surface)
    return ids.length === 1 && ids[0] !== unknownId
  })
}
