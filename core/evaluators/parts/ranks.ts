import type { RankedCase } from '../evaluator.ts'

/** The gain of each of the first k places; an item that came before brings nothing again. */
export function gainsAt(k: number, { ranking, relevance }: RankedCase): number[] {
  const seen = new Set<string>()
  return ranking.slice(0, k).map((place) => {
    let gain = 0
    for (const id of typeof place === 'string' ? [place] : place) {
      if (seen.has(id)) continue
      seen.add(id)
      gain += Math.max(0, relevance.get(id) ?? 0)
    }
    return gain
  })
}

/** Ids of what is relevant. */
export function relevantItems({ relevance }: Pick<RankedCase, 'relevance'>): string[] {
  return [...relevance].flatMap(([id, gain]) => (gain > 0 ? [id] : []))
}

/** The relevant items among the first k places. */
export function foundWithin(k: number, { ranking, relevance }: RankedCase): Set<string> {
  const found = ranking.slice(0, k).flatMap((place) => (typeof place === 'string' ? [place] : [...place]))
  return new Set(found.filter((id) => (relevance.get(id) ?? 0) > 0))
}
