import { describe, expect, it } from 'vitest'
import { tuneSpecSchema } from '../contract/tune.ts'
import { seededRandom } from '../shared/random.ts'
import { defaultPipeline } from '../services/default-pipeline.ts'
import {
  applyAssignment,
  type Assignment,
  countPoints,
  effectsOf,
  hasLost,
  type Measured,
  paretoSet,
  pointsOf,
  recommend,
  tune,
  type TuneSteps,
  valuesOf,
} from './tune.ts'

const parameters = [
  { path: 'chunker.options.maxTokens', values: [64, 128, 256] },
  { path: 'retriever.options.vectorWeight', from: 0, to: 1, step: 0.25 },
]
const space = [...pointsOf(parameters)]
const specOf = (more: object = {}) => tuneSpecSchema.parse({ parameters, ...more })

/** Best at 128 tokens and a weight of 0.75. */
const worth = (assignment: Assignment): number => {
  const tokens = Number(assignment['chunker.options.maxTokens'] ?? 256)
  const weight = Number(assignment['retriever.options.vectorWeight'] ?? 0.25)
  return 0.8 - Math.abs(tokens - 128) / 1000 - Math.abs(weight - 0.75) / 10
}

function stepsOf(more: Partial<TuneSteps> = {}) {
  const asked: { assignment: Assignment; cases: number }[] = []
  const numbers = new Map<string, number>()
  const steps: TuneSteps = {
    better: 'higher',
    cases: 90,
    possible: (assignment) => assignment,
    exhausted: () => null,
    trial(assignment, cases) {
      asked.push({ assignment, cases })
      const key = JSON.stringify(assignment)
      if (!numbers.has(key)) numbers.set(key, numbers.size)
      return Promise.resolve({ number: numbers.get(key)!, mean: worth(assignment), isWhole: true })
    },
    ...more,
  }
  return { steps, asked }
}

describe('a search space', () => {
  it('has every combination, ranges with exact steps', () => {
    expect(valuesOf(parameters[1]!)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(valuesOf({ path: 'passages', from: 0, to: 1, step: 0.1 })).toEqual([
      0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
    ])
    expect(countPoints(parameters)).toBe(15)
    expect(space).toHaveLength(15)
    expect(new Set(space.map((point) => JSON.stringify(point))).size).toBe(15)
  })

  it('puts values at their paths, a choice before its options, and leaves the pipeline alone', () => {
    const before = structuredClone(defaultPipeline)
    const changed = applyAssignment(defaultPipeline, {
      'chunker.options.maxTokens': 99,
      chunker: 'sentence',
      passages: 3,
    })
    expect(changed).toMatchObject({ chunker: { id: 'sentence', options: { maxTokens: 99 } }, passages: 3 })
    expect(defaultPipeline).toEqual(before)
    expect(applyAssignment(defaultPipeline, { 'reranker.options.candidates': 20 })).toBeUndefined()
  })
})

describe('strategies', () => {
  const best = { 'chunker.options.maxTokens': 128, 'retriever.options.vectorWeight': 0.75 }

  it.each(['grid', 'random', 'halving', 'coordinate'] as const)(
    '%s finds the best there is, baseline first',
    async (strategy) => {
      const { steps, asked } = stepsOf()
      const outcome = await tune(space, specOf({ strategy }), steps)
      expect(asked[0]).toEqual({ assignment: {}, cases: 90 })
      expect(outcome.unfinished).toBeNull()
      expect(outcome.best.mean).toBeCloseTo(worth(best), 12)
      // Nothing is measured twice in the same way.
      const keys = asked.map((one) => JSON.stringify(one))
      expect(new Set(keys).size).toBe(keys.length)
    },
  )

  it('coordinate descent sets no option that what it has chosen does not have', async () => {
    const parameters = [
      { path: 'chunker', values: ['page', 'recursive'] },
      { path: 'chunker.options.maxTokens', values: [64, 128] },
    ]
    const { steps, asked } = stepsOf({
      possible: ({ 'chunker.options.maxTokens': tokens, ...rest }) =>
        tokens === undefined || rest.chunker === 'page' ? rest : { ...rest, 'chunker.options.maxTokens': tokens },
    })
    const trial: TuneSteps['trial'] = async (assignment, cases, against) => ({
      ...(await steps.trial(assignment, cases, against)),
      mean: assignment.chunker === 'page' ? 0.9 : 0.1,
    })
    const points = [{ chunker: 'page' }, ...[...pointsOf(parameters)].slice(2)]
    await tune(points, specOf({ strategy: 'coordinate', parameters }), { ...steps, trial })
    expect(asked.map(({ assignment }) => assignment)).toEqual([{}, { chunker: 'page' }, { chunker: 'recursive' }])
  })

  it('coordinate descent needs fewer trials than the grid', async () => {
    const { steps, asked } = stepsOf()
    await tune(space, specOf({ strategy: 'coordinate' }), steps)
    expect(asked.length).toBeLessThan(15)
  })

  it('halving asks few questions of many and all of few', async () => {
    const { steps, asked } = stepsOf()
    await tune(space, specOf({ strategy: 'halving' }), steps)
    const perRound = Map.groupBy(asked.slice(1), ({ cases }) => cases)
    expect([...perRound].map(([cases, trials]) => [cases, trials.length])).toEqual([
      [10, 15],
      [30, 5],
      [90, 2],
    ])
  })

  it('the same seed draws the same order, another seed another', async () => {
    const orderOf = async (seed: number) => {
      const { steps, asked } = stepsOf()
      await tune(space, specOf({ strategy: 'random', settings: { seed } }), steps)
      return asked.map(({ assignment }) => JSON.stringify(assignment))
    }
    expect(await orderOf(1)).toEqual(await orderOf(1))
    expect(await orderOf(1)).not.toEqual(await orderOf(2))
  })

  it('a spent budget ends the search with its reason and what there is', async () => {
    const { steps, asked } = stepsOf({ exhausted: (trials) => (trials >= 4 ? 'enough' : null) })
    const outcome = await tune(space, specOf(), steps)
    expect(outcome.unfinished).toBe('enough')
    expect(asked).toHaveLength(5)
  })

  it('never takes a trial for the best that was not measured, or not wholly', async () => {
    const { steps } = stepsOf()
    const broken: TuneSteps = {
      ...steps,
      trial: async (assignment, cases, against) => {
        const outcome = await steps.trial(assignment, cases, against)
        if (assignment['chunker.options.maxTokens'] === 128) return { ...outcome, mean: NaN }
        if (assignment['chunker.options.maxTokens'] === 64) return { ...outcome, isWhole: false }
        return outcome
      },
    }
    const outcome = await tune(space, specOf(), broken)
    expect(outcome.best.mean).toBeCloseTo(worth({ ...best, 'chunker.options.maxTokens': 256 }), 12)
  })

  it('a cancellation ends it', async () => {
    const { steps } = stepsOf()
    await expect(tune(space, specOf(), steps, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('the end of a trial that cannot win', () => {
  const random = seededRandom(2)
  const best = Array.from({ length: 40 }, () => random())

  it('comes only when it is shown', () => {
    const worse = best.map((score) => score - 0.2)
    expect(hasLost(best, worse, 'higher', 1)).toBe(true)
    expect(hasLost(best, worse, 'lower', 1)).toBe(false)
    expect(hasLost(best, best, 'higher', 1)).toBe(false)
    expect(hasLost(best.slice(0, 10), worse.slice(0, 10), 'higher', 1)).toBe(false)
  })
})

describe('the report', () => {
  const trial = (number: number, mean: number, latencyMs: number, indexBytes: number, maxTokens: number): Measured => ({
    number,
    mean,
    latencyMs,
    indexBytes,
    isWhole: true,
    assignment: { 'chunker.options.maxTokens': maxTokens },
  })

  it('keeps of each trade-off what nothing else beats', () => {
    const trials = [
      trial(1, 0.9, 10, 100, 64),
      trial(2, 0.8, 5, 100, 128),
      trial(3, 0.7, 5, 50, 256),
      // Worse than 2 in quality, the same in time (within what a machine varies) and size.
      trial(4, 0.75, 5.2, 100, 256),
    ]
    expect([...paretoSet(trials, 'higher')]).toEqual([1, 2, 3])
  })

  it('says how far each option moves the mean', () => {
    const effects = effectsOf([trial(1, 0.9, 1, 1, 64), trial(2, 0.7, 1, 1, 64), trial(3, 0.5, 1, 1, 128)], parameters)
    expect(effects[0]).toEqual({
      path: 'chunker.options.maxTokens',
      range: expect.closeTo(0.3, 12) as number,
      values: [
        { value: 64, mean: 0.8, trials: 2 },
        { value: 128, mean: 0.5, trials: 1 },
      ],
    })
    expect(effects[1]).toMatchObject({ range: 0, values: [] })
  })

  it('recommends only what was shown', () => {
    const evidence = {
      metric: 'ndcg@10',
      trial: 7,
      assignment: { passages: 4 },
      before: 0.8,
      after: 0.85,
      difference: { mean: 0.05, low: 0.02, high: 0.08 },
      cases: 40,
    }
    expect(recommend({ ...evidence, verdict: 'better' }, '')).toEqual({
      trial: 7,
      sentence:
        'Take trial 7 (Passages 4): ndcg@10 on 40 questions that no trial saw is 0.850 instead of 0.800 (difference +0.050, 95 % interval +0.020 to +0.080).',
    })
    const shown = recommend({ ...evidence, verdict: 'no difference shown' }, '')
    expect(shown.trial).toBeNull()
    expect(shown.sentence).toContain('and no difference was shown:')
    expect(recommend(null, 'nothing was better').sentence).toBe('Stay with the present pipeline: nothing was better.')
  })
})
