/** How far a judge and people agree on the same things, said yes or no to. */
export interface Agreement {
  cases: number
  /** The part on which both say the same. */
  agreement: number
  /**
   * Cohen's kappa (1960): agreement beyond what chance gives; 1 whole, 0 no better than chance. Null where it says
   * nothing, because both always say the same one thing.
   */
  kappa: number | null
}

/** The same cases in the same order. */
export function agreementOf(judge: readonly boolean[], people: readonly boolean[]): Agreement {
  if (judge.length !== people.length) throw new RangeError('Labels must be of the same cases.')
  const cases = judge.length
  if (cases === 0) return { cases, agreement: 0, kappa: null }
  const agreement = judge.filter((label, index) => label === people[index]).length / cases
  const yes = (labels: readonly boolean[]): number => labels.filter(Boolean).length / cases
  const [a, b] = [yes(judge), yes(people)]
  const byChance = a * b + (1 - a) * (1 - b)
  return { cases, agreement, kappa: byChance === 1 ? null : (agreement - byChance) / (1 - byChance) }
}
