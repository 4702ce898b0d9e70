import { isQuestion, type AssessedUnit, type Evidence } from './evidence.ts'
import { isContents } from './prose.ts'
import { scoreUnit } from './score.ts'

/** Units shown as one statement with one citation: a unit, sometimes with the sentence before it. */
export interface Statement {
  /** Consecutive units of one passage. */
  units: AssessedUnit[]
  /** 0 for the statement that answers best. */
  place: number
}

/** A further statement must come this near to the best one's score: the right one is often second or third. */
const scoreMargin = 2
/** … and cover this part of what the best one covers, unless it brings this much of the question that was missing. */
const furtherCoverage = 0.5
const freshEnough = 0.15
/** What a question's term that was not covered yet is worth, and what likeness to a chosen statement costs. */
const noveltyReward = 1.5
const likenessCost = 2
/** Statements more alike than this (shared stems by the shorter one's) say the same. */
const sameLikeness = 0.8
const maxListItems = 12

/** Units by score, best first; headings, questions and tables of contents are no answers. Ties go to the earlier one. */
export function rankUnits(evidence: Evidence): { assessed: AssessedUnit; score: number }[] {
  return evidence.units
    .filter(({ unit }) => unit.kind !== 'heading' && !isQuestion(unit) && !isContents(unit.text))
    .map((assessed) => ({ assessed, score: scoreUnit(assessed.features) }))
    .sort((a, b) => b.score - a.score || byPlace(a.assessed, b.assessed))
}

/**
 * The statements of an answer, best first: greedy by score, reward for parts of the question not covered yet, and cost
 * for likeness (maximal marginal relevance, Carbonell and Goldstein 1998). A question that asks for several things gets
 * the whole list that its best unit stands in.
 */
export function selectStatements(evidence: Evidence, maxStatements: number): Statement[] {
  const ranked = rankUnits(evidence)
  const best = ranked[0]
  if (!best) return []
  const chosen: AssessedUnit[] = []
  const statements: Statement[] = []
  const add = (units: AssessedUnit[]): void => {
    chosen.push(...units)
    statements.push({ units, place: statements.length })
  }

  const list = evidence.question.wantsList ? listAround(evidence, best.assessed) : []
  if (list.length > 1) {
    for (const item of list) add([item])
    return statements
  }

  add(withAntecedent(evidence, best.assessed))
  while (statements.length < maxStatements) {
    let next: { assessed: AssessedUnit; worth: number } | undefined
    for (const { assessed, score } of ranked) {
      if (score < best.score - scoreMargin) break
      if (chosen.includes(assessed)) continue
      const likeness = Math.max(...chosen.map((other) => likenessOf(assessed, other)))
      if (likeness > sameLikeness) continue
      const fresh = newCoverage(evidence, assessed, chosen)
      if (coverageOf(assessed) < furtherCoverage * coverageOf(best.assessed) && fresh < freshEnough) continue
      const worth = score + noveltyReward * fresh - likenessCost * likeness
      if (worth >= best.score - scoreMargin && (!next || worth > next.worth)) next = { assessed, worth }
    }
    if (!next) break
    add(withAntecedent(evidence, next.assessed).filter((each) => !chosen.includes(each)))
  }
  return statements
}

function coverageOf({ features }: AssessedUnit): number {
  return features.coverage + features.relatedCoverage
}

/** Shared stems by the stems of the shorter one, 0 to 1. */
export function likenessOf(a: AssessedUnit, b: AssessedUnit): number {
  const [few, many] = a.bag.stems.size <= b.bag.stems.size ? [a.bag.stems, b.bag.stems] : [b.bag.stems, a.bag.stems]
  if (few.size === 0) return a.unit.text === b.unit.text ? 1 : 0
  let shared = 0
  for (const stem of few) if (many.has(stem)) shared += 1
  return shared / few.size
}

function newCoverage(evidence: Evidence, unit: AssessedUnit, chosen: readonly AssessedUnit[]): number {
  return evidence.weights.reduce((sum, weight, term) => {
    const had = Math.max(...chosen.map((other) => other.related[term] ?? 0))
    return sum + weight * Math.max(0, (unit.related[term] ?? 0) - had)
  }, 0)
}

/** The items of the list that a unit belongs to or introduces, with the sentence that introduces them. */
function listAround(evidence: Evidence, best: AssessedUnit): AssessedUnit[] {
  const passage = evidence.units.filter((other) => other.unit.passage === best.unit.passage)
  const at = passage.indexOf(best)
  let first = at
  if (best.unit.kind !== 'list-item') {
    if (!/[:：]$/u.test(best.unit.text) || passage[at + 1]?.unit.kind !== 'list-item') return []
    first = at + 1
  }
  const { block } = (passage[first] as AssessedUnit).unit
  const items = passage.filter((other) => other.unit.block === block && other.unit.kind === 'list-item')
  // A list longer than anybody reads: the part around the item that matched.
  const from = Math.max(0, Math.min(items.indexOf(best) - 2, items.length - maxListItems))
  const shown = items.length > maxListItems ? items.slice(from, from + maxListItems) : items
  const before = passage[passage.indexOf(items[0] as AssessedUnit) - 1]
  return before && introduces(before) ? [before, ...shown] : shown
}

/** The unit, and before it the sentence without which a reader does not know what it speaks of. */
function withAntecedent(evidence: Evidence, unit: AssessedUnit): AssessedUnit[] {
  const before = evidence.units[evidence.units.indexOf(unit) - 1]
  if (!before || before.unit.passage !== unit.unit.passage) return [unit]
  if (unit.unit.kind === 'list-item') return introduces(before) && unit.bag.words.length < 10 ? [before, unit] : [unit]
  const refersBack =
    unit.unit.kind === 'sentence' && before.unit.block === unit.unit.block && leansBack.test(unit.unit.text)
  return refersBack && before.unit.kind === 'sentence' ? [before, unit] : [unit]
}

function introduces(before: AssessedUnit): boolean {
  return before.unit.kind === 'sentence' && /[:：]$/u.test(before.unit.text)
}

/** Begins with a word that points to the sentence before. */
const leansBack =
  /^(?:He|She|It|They|His|Her|Its|Their|This|These|Those|That|Such|Both|The (?:former|latter|same)|Er|Sie|Es|Ihre?|Seine?|Diese[rsmn]?|Dies|Jene[rsmn]?|Beide|Il|Elle|Ils|Elles|Cela|Ce|Cette|Ces|Esto|Este|Esta)(?=\s)|^(?:他们|她们|它们|他|她|它|这|那|该|此|其|これ|それ|この|その|彼|彼女|เขา|มัน|สิ่งนี้)/u

function byPlace(a: AssessedUnit, b: AssessedUnit): number {
  return a.unit.passage - b.unit.passage || a.unit.order - b.unit.order
}
