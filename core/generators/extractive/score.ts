import type { AssessedUnit, Evidence, UnitFeatures } from './evidence.ts'

/**
 * The weights here are fitted, not guessed: `npm run bench -- answers --fit` finds them on the calibration half of the
 * shared question sets (see docs/decisions/0004-extractive-answers.md). The model is linear so that a person can read
 * it. Set by hand, because those sets cannot teach them: rank, relativeScore, headingCoverage, isTableRow, isListItem,
 * isShort, isSymbols, and focusMissing below.
 */
export const unitWeights: Readonly<Record<keyof UnitFeatures, number>> = {
  coverage: 6.8,
  neighbourCoverage: 2,
  headingCoverage: 3,
  passageCoverage: 5.3,
  nameCoverage: -0.3,
  adjacency: 1.3,
  rank: 0.6,
  relativeScore: 1,
  similarity: 1.4,
  passageSimilarity: 2.5,
  answerType: 2,
  isTableRow: 0,
  isListItem: 0.2,
  isShort: -0.5,
  isLong: -0.1,
  isSymbols: -1,
}

/** Higher is better; comparable only within one question. */
export function scoreUnit(features: UnitFeatures): number {
  let sum = 0
  for (const name of Object.keys(unitWeights) as (keyof UnitFeatures)[]) sum += unitWeights[name] * features[name]
  return sum
}

/** What the decision to answer or to refuse rests on. */
export interface AnswerFeatures {
  /** Of the unit to be shown first, with its headings and neighbours. */
  coverage: number
  ownCoverage: number
  passageCoverage: number
  nameCoverage: number
  adjacency: number
  similarity: number
  passageSimilarity: number
  /** 0 when there are no vectors: then the two similarities say nothing. */
  trust: number
  answerType: number
  /** The weight of terms that the collection never uses. */
  unknownWeight: number
  /** Weight of the heaviest term that the unit and what is around it lack. */
  heaviestMissing: number
  /** 1 if what is counted ("how many otters") is not in the passage, or the kind asked for not in the collection. */
  focusMissing: number
  /** 1 / number of terms: a question of one word is easily covered. */
  brevity: number
}

export const answerWeights: Readonly<Record<keyof AnswerFeatures, number>> = {
  coverage: 3.93,
  ownCoverage: 2.32,
  passageCoverage: 3.97,
  nameCoverage: 1.06,
  adjacency: 1.44,
  similarity: 0.82,
  passageSimilarity: 2.14,
  trust: -1.06,
  answerType: -0.32,
  unknownWeight: 4.21,
  heaviestMissing: -1.32,
  focusMissing: -1.2,
  brevity: -2.32,
}
export const answerIntercept = -5.27

export function answerFeatures(evidence: Evidence, best: AssessedUnit): AnswerFeatures {
  const { features } = best
  const around = features.coverage + Math.max(features.neighbourCoverage, features.headingCoverage)
  const passage = evidence.units.filter((other) => other.unit.passage === best.unit.passage)
  const strengthOf = (term: number): number => Math.max(...passage.map((other) => other.matches[term] ?? 0))
  const heaviestMissing = evidence.weights.reduce(
    (heaviest, weight, term) => Math.max(heaviest, weight * (1 - strengthOf(term))),
    0,
  )
  const { focus, counts } = evidence.question
  const focusMissing = focus >= 0 && strengthOf(focus) < 0.5 && (counts || evidence.unknown[focus] === true)
  return {
    coverage: Math.min(1, around),
    ownCoverage: features.coverage,
    passageCoverage: features.passageCoverage,
    nameCoverage: features.nameCoverage,
    adjacency: features.adjacency,
    similarity: features.similarity,
    passageSimilarity: features.passageSimilarity,
    trust: evidence.trust,
    answerType: features.answerType,
    unknownWeight: evidence.weights.reduce((sum, weight, term) => sum + (evidence.unknown[term] ? weight : 0), 0),
    heaviestMissing,
    focusMissing: focusMissing ? 1 : 0,
    brevity: 1 / evidence.question.terms.length,
  }
}

/** How likely it is, 0 to 1, that the passages answer the question. Calibrated on questions of four sets. */
export function answerability(features: AnswerFeatures): number {
  let sum = answerIntercept
  for (const name of Object.keys(answerWeights) as (keyof AnswerFeatures)[]) sum += answerWeights[name] * features[name]
  return 1 / (1 + Math.exp(-sum))
}
