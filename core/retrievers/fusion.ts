/** A ranked list of one kind of evidence: scores by chunk, best first. */
export type Leg = readonly { chunkId: number; score: number }[]
export type Scores = Map<number, number>

/**
 * Scores stretched to 0 (worst of the list) … 1 (best); a list of equal scores becomes all ones. Convex combination of
 * min-max scores: Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval, ACM TOIS 42(1), 2023.
 */
export function minMax(leg: Leg): Scores {
  const finite = leg.filter(({ score }) => Number.isFinite(score))
  let low = Infinity
  let high = -Infinity
  for (const { score } of finite) {
    low = Math.min(low, score)
    high = Math.max(high, score)
  }
  return new Map(finite.map(({ chunkId, score }) => [chunkId, high > low ? (score - low) / (high - low) : 1]))
}

/**
 * 1 / (k + rank), rank from 1. Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual
 * Rank Learning Methods, SIGIR 2009 (k = 60 there).
 */
export function reciprocalRanks(leg: Leg, k: number): Scores {
  return new Map(leg.map(({ chunkId }, index) => [chunkId, 1 / (k + index + 1)]))
}

/** Weighted sum; a chunk that a list lacks gets 0 from it. */
export function weightedSum(parts: readonly { scores: Scores; weight: number }[]): Scores {
  const total: Scores = new Map()
  for (const { scores, weight } of parts) {
    if (!(weight > 0)) continue
    for (const [chunkId, score] of scores) total.set(chunkId, (total.get(chunkId) ?? 0) + weight * score)
  }
  return total
}

/** Best first; equal scores in the order of the chunks. */
export function ranked(scores: Scores): { chunkId: number; score: number }[] {
  return [...scores]
    .map(([chunkId, score]) => ({ chunkId, score: Number.isNaN(score) ? -Infinity : score }))
    .sort((a, b) => b.score - a.score || a.chunkId - b.chunkId)
}
