import { describe, expect, it } from 'vitest'
import type { Trial, TuneResult } from '../../../core/contract/tune.ts'
import { coverageWords, effectBars, scaleOf, trialName } from './tune-figures.ts'

const trial = (number: number, status: Trial['status'] = 'done') => ({ number, status }) as Trial

it('names a trial by what it varied', () => {
  expect(trialName({ number: 0, parameters: { 'chunker.options.maxTokens': 256 } })).toBe('As it was')
  expect(trialName({ number: 3, parameters: { 'chunker.options.maxTokens': 128, reranker: null } })).toBe(
    'Max tokens 128, reranker none',
  )
  expect(trialName({ number: 4, parameters: {} })).toBe('Trial 4')
})

describe('the scale of all intervals', () => {
  it('holds them, and ends at tenths', () => {
    expect(
      scaleOf([{ score: { mean: 0.7, low: 0.61, high: 0.78 } }, { score: { mean: 0.8, low: 0.7, high: 0.9 } }]),
    ).toEqual([0.6, 0.9])
  })
  it('is never empty', () => {
    expect(scaleOf([{ score: null }])).toEqual([0, 1])
    expect(scaleOf([{ score: { mean: 1, low: 1, high: 1 } }])).toEqual([1, 1.1])
  })
})

it('tells what each value does against the middle of its option', () => {
  const bars = effectBars([
    {
      path: 'chunker.options.maxTokens',
      range: 0.2,
      values: [
        { value: 256, mean: 0.6, trials: 2 },
        { value: 128, mean: 0.8, trials: 2 },
      ],
    },
    { path: 'retriever.options.mergeNeighbours', range: 0, values: [{ value: true, mean: 0.7, trials: 4 }] },
  ])
  expect(bars.map(({ option, value, difference }) => [option, value, Math.round(difference * 1000) / 1000])).toEqual([
    ['Max tokens', '128', 0.1],
    ['Max tokens', '256', -0.1],
  ])
})

it('says what was and was not tried', () => {
  const trials = [trial(0), trial(1), trial(2, 'stopped'), trial(3, 'failed')]
  const result = { trials, unfinished: null } as TuneResult
  const rest = '1 stopped early: it was clear that they would not win; 1 failed.'
  expect(coverageWords({ combinations: 4, status: 'done' }, result)).toBe(`All 4 combinations were tried; ${rest}`)
  const part = `3 of 9 combinations were tried besides the present pipeline; ${rest}`
  expect(coverageWords({ combinations: 9, status: 'cancelled' }, result)).toBe(part)
  expect(coverageWords({ combinations: 9, status: 'done' }, { ...result, unfinished: '3 trials were made.' })).toBe(
    part,
  )
})
