import type { AssessedUnit, Evidence, UnitFeatures } from './evidence.ts'

/**
 * The weights here are fitted, not guessed. `npm run bench -- answers --fit` finds them on the calibration half of the
 * shared question sets (see docs/decisions/0004-extractive-answers.md); from there they were moved a little, with the
 * calibration half of the questions in other words in view. The model is linear so that a person can read it. Set by
 * hand, because those sets cannot teach them: rank, relativeScore, headingCoverage, isTableRow, isListItem, isShort,
 * isSymbols, and focusMissing and unknownWeight below.
 */
export const unitWeights: Readonly<Record<keyof UnitFeatures, number>> = {
  coverage: 6.8,
  relatedCoverage: 5.5,
  neighbourCoverage: 2.1,
  headingCoverage: 3,
  passageCoverage: 4.3,
  passageRelatedCoverage: 3.8,
  nameCoverage: -0.3,
  adjacency: 0.9,
  rank: 0.3,
  relativeScore: 1,
  similarity: 2.5,
  passageSimilarity: 1.5,
  answerType: 3,
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
  relatedCoverage: number
  passageCoverage: number
  passageRelatedCoverage: number
  nameCoverage: number
  adjacency: number
  similarity: number
  passageSimilarity: number
  /** 0 when there are no vectors: then the two similarities say nothing. */
  trust: number
  answerType: number
  /**
   * The weight of terms that the collection never uses, as far as nothing in the passage is related to them. It excuses
   * the coverage that they cannot bring; less where the model knows the word and would have found a related one.
   */
  unknownWeight: number
  /** Weight of the heaviest term that the unit and what is around it lack. */
  heaviestMissing: number
  /** 1 if what is counted ("how many otters") is not in the passage, or the kind asked for not in the collection. */
  focusMissing: number
  /** 1 / number of terms: a question of one word is easily covered. */
  brevity: number
}

export const answerWeights: Readonly<Record<keyof AnswerFeatures, number>> = {
  coverage: 4.2,
  ownCoverage: 0.45,
  relatedCoverage: 1.7,
  passageCoverage: 3.35,
  passageRelatedCoverage: 2.15,
  nameCoverage: 0.6,
  adjacency: 1.65,
  similarity: 0.9,
  passageSimilarity: 1.05,
  trust: -0.9,
  answerType: 0.6,
  unknownWeight: 2.2,
  heaviestMissing: -1.3,
  focusMissing: -2,
  brevity: -3.05,
}
export const answerIntercept = -4

/** How much of that excuse is left for a word the model knows. */
const knownAbsence = 0.55

export function answerFeatures(evidence: Evidence, best: AssessedUnit): AnswerFeatures {
  const { features } = best
  const around =
    features.coverage + features.relatedCoverage + Math.max(features.neighbourCoverage, features.headingCoverage)
  const passage = evidence.units.filter((other) => other.unit.passage === best.unit.passage)
  const strengthOf = (term: number): number => Math.max(...passage.map((other) => other.related[term] ?? 0))
  const heaviestMissing = evidence.weights.reduce(
    (heaviest, weight, term) => Math.max(heaviest, weight * (1 - strengthOf(term))),
    0,
  )
  const { focus, counts } = evidence.question
  const focusMissing = focus >= 0 && strengthOf(focus) < 0.5 && (counts || evidence.unknown[focus] === true)
  return {
    coverage: Math.min(1, around),
    ownCoverage: features.coverage,
    relatedCoverage: features.relatedCoverage,
    passageCoverage: features.passageCoverage,
    passageRelatedCoverage: features.passageRelatedCoverage,
    nameCoverage: features.nameCoverage,
    adjacency: features.adjacency,
    similarity: features.similarity,
    passageSimilarity: features.passageSimilarity,
    trust: evidence.trust,
    answerType: features.answerType,
    unknownWeight: evidence.weights.reduce(
      (sum, weight, term) =>
        evidence.unknown[term]
          ? sum + weight * (1 - strengthOf(term)) * (evidence.known[term] ? knownAbsence : 1)
          : sum,
      0,
    ),
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
