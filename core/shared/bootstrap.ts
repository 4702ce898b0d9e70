import { seededRandom } from './random.ts'

/** A mean with the interval in which it would lie in 95 of 100 samples of as many cases. */
export interface Interval {
  mean: number
  low: number
  high: number
}

export type Verdict = 'better' | 'worse' | 'no difference shown'

export interface PairedResult extends Interval {
  /** Of the second one. 'better' and 'worse' are said only where the interval of the difference leaves out 0. */
  verdict: Verdict
}

const resamples = 2000
/** Fewer cases than this show no difference, whatever their interval says: its ends are the cases themselves. */
const fewestCases = 5

/**
 * The 95 % percentile interval of a mean (Efron and Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13). The
 * same values and seed give the same interval. Zeros for no values.
 */
export function bootstrapMean(values: readonly number[], seed = 1): Interval {
  if (values.length === 0) return { mean: 0, low: 0, high: 0 }
  const random = seededRandom(seed)
  const means = new Float64Array(resamples)
  for (let round = 0; round < resamples; round++) {
    let sum = 0
    for (let draw = 0; draw < values.length; draw++) sum += values[Math.floor(random() * values.length)]!
    means[round] = sum / values.length
  }
  means.sort()
  return { mean: meanOf(values), low: quantile(means, 0.025), high: quantile(means, 0.975) }
}

/**
 * The difference `after` − `before` of the same cases, resampled case by case: what the cases have in common falls out.
 *
 * @param better Which score is the better one; the interval is that of the difference as it is.
 */
export function pairedBootstrap(
  before: readonly number[],
  after: readonly number[],
  { seed = 1, better = 'higher' }: { seed?: number; better?: 'higher' | 'lower' } = {},
): PairedResult {
  if (before.length !== after.length) throw new RangeError('Paired scores must be of the same cases.')
  const interval = bootstrapMean(
    after.map((score, index) => score - before[index]!),
    seed,
  )
  return { ...interval, verdict: verdictOf(interval, before.length, better) }
}

function verdictOf({ low, high }: Interval, cases: number, better: 'higher' | 'lower'): Verdict {
  if (cases < fewestCases || (low <= 0 && high >= 0)) return 'no difference shown'
  return low > 0 === (better === 'higher') ? 'better' : 'worse'
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Nearest rank: the smallest value that at least this part of the values do not exceed. 0 of nothing. */
export function percentile(values: readonly number[], part: number): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    part,
  )
}

function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
}
