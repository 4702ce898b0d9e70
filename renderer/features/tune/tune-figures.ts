import type { Trial, Tune, TuneResult } from '../../../core/contract/tune.ts'
import { assignmentWords, shortLabel, valueWords } from '../../../core/contract/option-words.ts'

/** What a trial is called: what it varied, or that it is the pipeline that was there. */
export function trialName({ number, parameters }: Pick<Trial, 'number' | 'parameters'>): string {
  if (number === 0) return 'As it was'
  return assignmentWords(parameters) || `Trial ${number}`
}

/** The ends of one scale for all intervals, at tenths, so that differences are seen and rows can be compared. */
export function scaleOf(trials: readonly Pick<Trial, 'score'>[]): [number, number] {
  const scores = trials.flatMap(({ score }) => (score ? [score] : []))
  if (scores.length === 0) return [0, 1]
  const low = Math.floor(Math.min(...scores.map((score) => score.low)) * 10 + 1e-9) / 10
  const high = Math.ceil(Math.max(...scores.map((score) => score.high)) * 10 - 1e-9) / 10
  return low < high ? [low, high] : [low, low + 0.1]
}

export interface EffectBar {
  /** 'Max tokens' */
  option: string
  value: string
  mean: number
  /** From the middle of the option's own means: what choosing this value does. */
  difference: number
  trials: number
}

/**
 * What each value of each option does to the mean, most effective option first; options of one value do nothing. Numbers
 * stand in their order, so that a tendency is seen.
 */
export function effectBars(effects: TuneResult['effects']): EffectBar[] {
  return effects
    .filter(({ values }) => values.length > 1)
    .flatMap(({ path, values }) => {
      const middle = values.reduce((sum, { mean }) => sum + mean, 0) / values.length
      return inOrder(values).map(({ value, mean, trials }) => ({
        option: shortLabel(path),
        value: valueWords(value),
        mean,
        difference: mean - middle,
        trials,
      }))
    })
}

function inOrder<Value extends { value: unknown }>(values: readonly Value[]): Value[] {
  if (!values.every(({ value }) => typeof value === 'number')) return [...values]
  return values.toSorted((a, b) => Number(a.value) - Number(b.value))
}

/** How far the search went, in a sentence. */
export function coverageWords(
  { combinations, status }: Pick<Tune, 'combinations' | 'status'>,
  result: TuneResult,
): string {
  const tried = result.trials.filter(({ number }) => number !== 0)
  const count = (wanted: Trial['status']): number => tried.filter((trial) => trial.status === wanted).length
  const isAll = status === 'done' && result.unfinished === null
  const parts = [
    isAll
      ? `All ${combinations} combinations were tried`
      : `${tried.length} of ${combinations} combinations were tried besides the present pipeline`,
    ...(count('stopped') > 0 ? [`${count('stopped')} stopped early: it was clear that they would not win`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} failed`] : []),
  ]
  return `${parts.join('; ')}.`
}
