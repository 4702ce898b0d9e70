import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Evaluator } from './evaluator.ts'
import { evaluatorDefinitions } from './list.ts'
import { mrr } from './mrr.ts'
import { ndcg } from './ndcg.ts'
import { recall } from './recall.ts'

const graded = new Map([
  ['a', 3],
  ['b', 2],
  ['c', 1],
  ['d', 0],
])

describe('the list', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => !/test|list|evaluator\.ts/.test(file))
    expect(evaluatorDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })
})

describe.each(evaluatorDefinitions)('$id', (definition) => {
  const evaluator: Evaluator = definition.create(definition.options.parse({}))

  it('is 1 for the best order and 0 for nothing right', () => {
    expect(evaluator.score({ ranking: ['a', 'b', 'c', 'd'], relevance: graded })).toBeCloseTo(1, 12)
    expect(evaluator.score({ ranking: ['x', 'd', 'y'], relevance: graded })).toBe(0)
    expect(evaluator.score({ ranking: [], relevance: graded })).toBe(0)
  })

  it('is 0, not NaN, where nothing is relevant', () => {
    expect(evaluator.score({ ranking: ['a'], relevance: new Map([['a', 0]]) })).toBe(0)
    expect(evaluator.score({ ranking: ['a'], relevance: new Map() })).toBe(0)
  })

  it('looks at k results only', () => {
    const one = definition.create(definition.options.parse({ k: 1 }))
    expect(one.score({ ranking: ['x', 'a'], relevance: graded })).toBe(0)
  })
})

describe('values worked out by hand', () => {
  it('nDCG', () => {
    // DCG = 1/log2(2) + 0 + 3/log2(4) = 2.5; ideal = 3/1 + 2/log2(3) + 1/2 = 4.761860
    expect(ndcg.create({ k: 10 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(0.525005, 6)
    // k = 2: DCG = 1; ideal = 3 + 2/log2(3) = 4.261860
    expect(ndcg.create({ k: 2 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(0.234639, 6)
  })
  it('recall', () => {
    expect(recall.create({ k: 2 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(1 / 3, 12)
    expect(recall.create({ k: 3 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(2 / 3, 12)
  })
  it('reciprocal rank', () => {
    expect(mrr.create({ k: 10 }).score({ ranking: ['x', 'd', 'b', 'a'], relevance: graded })).toBeCloseTo(1 / 3, 12)
  })
})
