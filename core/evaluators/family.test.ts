import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { citationPrecision } from './citation-precision.ts'
import { citationRecall } from './citation-recall.ts'
import type { AnsweredCase, SpanCase } from './evaluator.ts'
import { exactMatch } from './exact-match.ts'
import { answerEvaluators, evaluatorDefinitions, rankingEvaluators, spanEvaluators } from './list.ts'
import { map } from './map.ts'
import { mrr } from './mrr.ts'
import { ndcg } from './ndcg.ts'
import { precision } from './precision.ts'
import { recall } from './recall.ts'
import { refusal } from './refusal.ts'
import { rougeL } from './rouge-l.ts'
import { spanIou } from './span-iou.ts'
import { spanPrecisionOmega } from './span-precision-omega.ts'
import { spanPrecision } from './span-precision.ts'
import { spanRecall } from './span-recall.ts'
import { tokenF1 } from './token-f1.ts'
import { unsupportedRate } from './unsupported-rate.ts'

const graded = new Map([
  ['a', 3],
  ['b', 2],
  ['c', 1],
  ['d', 0],
])

describe('the list', () => {
  it('names every implementation in the folder', () => {
    const files = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
      .filter((file) => file.isFile() && !/test|list|evaluator\.ts/.test(file.name))
      .map((file) => file.name)
    expect(evaluatorDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })

  it('gives every implementation an id, a label and a sentence of its own', () => {
    for (const member of ['id', 'label', 'summary'] as const) {
      const values = evaluatorDefinitions.map((definition) => definition[member])
      expect(new Set(values).size).toBe(values.length)
    }
  })
})

describe.each(rankingEvaluators.filter(({ id }) => id !== 'precision'))('ranking: $id', (definition) => {
  const evaluator = definition.create(definition.options.parse({}))

  it('is 1 for the best order and 0 for nothing right', () => {
    expect(evaluator.score({ ranking: ['a', 'b', 'c', 'd'], relevance: graded })).toBeCloseTo(1, 12)
    expect(evaluator.score({ ranking: ['x', 'd', 'y'], relevance: graded })).toBe(0)
    expect(evaluator.score({ ranking: [], relevance: graded })).toBe(0)
  })
})

describe.each(rankingEvaluators)('ranking: $id', (definition) => {
  const evaluator = definition.create(definition.options.parse({}))

  it('is 0, not NaN, where nothing is relevant', () => {
    expect(evaluator.score({ ranking: ['a'], relevance: new Map([['a', 0]]) })).toBe(0)
    expect(evaluator.score({ ranking: ['a'], relevance: new Map() })).toBe(0)
  })

  it('looks at k results only', () => {
    const one = definition.create(definition.options.parse({ k: 1 }))
    expect(one.score({ ranking: ['x', 'a'], relevance: graded })).toBe(0)
  })

  it('counts an item once, however often it comes, and stays within 0 and 1 where one result brings several', () => {
    const once = evaluator.score({ ranking: ['a', 'x', 'y'], relevance: graded })
    expect(evaluator.score({ ranking: ['a', 'a', ['a']], relevance: graded })).toBe(once)
    const together = evaluator.score({ ranking: [['a', 'b', 'c'], 'd'], relevance: graded })
    expect(together).toBeGreaterThan(0)
    expect(together).toBeLessThanOrEqual(1)
  })
})

describe('values worked out by hand', () => {
  it('nDCG', () => {
    // DCG = 1/log2(2) + 0 + 3/log2(4) = 2.5; ideal = 3/1 + 2/log2(3) + 1/2 = 4.761860
    expect(ndcg.create({ k: 10 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(0.525005, 6)
    // k = 2: DCG = 1; ideal = 3 + 2/log2(3) = 4.261860
    expect(ndcg.create({ k: 2 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(0.234639, 6)
  })
  it('nDCG@10 as trec_eval: linear gains, ideal over all that is judged, places beyond ten not counted', () => {
    const relevance = new Map(Array.from({ length: 12 }, (_, index) => [`r${index}`, 1]))
    const ranking = Array.from({ length: 12 }, (_, index) => `r${index}`)
    // Twelve relevant ones, ten places: full marks.
    expect(ndcg.create({ k: 10 }).score({ ranking, relevance })).toBe(1)
    // The first ten wrong, then right ones: nothing.
    const late = [...Array.from({ length: 10 }, (_, index) => `x${index}`), ...ranking]
    expect(ndcg.create({ k: 10 }).score({ ranking: late, relevance })).toBe(0)
    // Gains 2 at rank 2 and 1 at rank 3, judged 2, 1, 1: (2/1.584963 + 1/2) / (2 + 1/1.584963 + 1/2) = 0.562727
    const some = new Map([
      ['p', 2],
      ['q', 1],
      ['s', 1],
    ])
    expect(ndcg.create({ k: 10 }).score({ ranking: ['x', 'p', 'q'], relevance: some })).toBeCloseTo(0.562727, 5)
  })
  it('recall', () => {
    expect(recall.create({ k: 2 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(1 / 3, 12)
    expect(recall.create({ k: 3 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(2 / 3, 12)
    expect(recall.create({ k: 1 }).score({ ranking: [['c', 'a'], 'b'], relevance: graded })).toBeCloseTo(2 / 3, 12)
  })
  it('precision: a short list has empty places', () => {
    expect(precision.create({ k: 4 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBe(0.5)
    expect(precision.create({ k: 2 }).score({ ranking: ['c', 'a'], relevance: graded })).toBe(1)
  })
  it('reciprocal rank', () => {
    expect(mrr.create({ k: 10 }).score({ ranking: ['x', 'd', 'b', 'a'], relevance: graded })).toBeCloseTo(1 / 3, 12)
  })
  it('average precision', () => {
    // Found at 1 and 3, one never: (1 + 2/3) / 3
    expect(map.create({ k: 10 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(5 / 9, 12)
    expect(map.create({ k: 2 }).score({ ranking: ['c', 'x', 'a'], relevance: graded })).toBeCloseTo(1 / 3, 12)
  })
})

const span = (start: number, end: number, documentId = 'd') => ({ documentId, start, end })

describe('text', () => {
  // Expected: 100 characters in two places. Found: 0-100 (30 of them), 80-180 (20 more; 80-100 is read twice), another document.
  const scored: SpanCase = {
    expected: [span(70, 120), span(300, 350)],
    retrieved: [span(0, 100), span(80, 180), span(70, 120, 'other')],
    covering: [span(0, 100), span(80, 180), span(280, 340)],
  }

  it('gives the values worked out by hand', () => {
    expect(spanRecall.create({ k: 5 }).score(scored)).toBeCloseTo(50 / 100, 12)
    expect(spanPrecision.create({ k: 5 }).score(scored)).toBeCloseTo(50 / 250, 12)
    expect(spanIou.create({ k: 5 }).score(scored)).toBeCloseTo(50 / (250 + 50), 12)
    // Chunks 0-180 and 280-340 with the lost ten of 340-350; 90 of the 100 are in chunks.
    expect(spanPrecisionOmega.create({}).score(scored)).toBeCloseTo(90 / (180 + 60 + 10), 12)
  })

  it('looks at k results only', () => {
    expect(spanRecall.create({ k: 1 }).score(scored)).toBeCloseTo(30 / 100, 12)
    expect(spanPrecision.create({ k: 1 }).score(scored)).toBeCloseTo(30 / 100, 12)
    expect(spanIou.create({ k: 1 }).score(scored)).toBeCloseTo(30 / 170, 12)
  })

  it.each(spanEvaluators)(
    '$id is 1 for exactly what was expected, 0 for nothing, null where nothing was',
    (definition) => {
      const evaluator = definition.create(definition.options.parse({}) as never)
      const exact = { expected: [span(3, 9)], retrieved: [span(3, 9)], covering: [span(3, 9)] }
      expect(evaluator.score(exact)).toBe(1)
      expect(evaluator.score({ ...exact, retrieved: [], covering: [] })).toBe(0)
      expect(evaluator.score({ expected: [], retrieved: [span(0, 5)], covering: [] })).toBeNull()
    },
  )
})

const answered: AnsweredCase = {
  question: 'How long?',
  answer: 'The calibration takes 24 hours. [1] It is repeated yearly. [2]',
  refused: false,
  citations: [span(0, 10), span(50, 60)],
  unsupported: [{ start: 36, end: 62 }],
  expectedAnswer: '24 hours',
  answerable: true,
  expected: [span(5, 20), span(90, 99)],
  passages: ['The calibration takes 24 hours.'],
}

describe('answers', () => {
  const score = (id: string, change: Partial<AnsweredCase> = {}): number | null => {
    const definition = answerEvaluators.find((one) => one.id === id)!
    return definition.create({}).score({ ...answered, ...change })
  }

  it('compares words as SQuAD does', () => {
    expect(score(exactMatch.id)).toBe(0)
    expect(score(exactMatch.id, { answer: 'the 24  Hours! [1]' })).toBe(1)
    // 7 words without articles ("calibration takes 24 hours it is repeated yearly" = 8), 2 shared: P 2/8, R 1
    expect(score(tokenF1.id)).toBeCloseTo((2 * 0.25) / 1.25, 12)
    expect(score(tokenF1.id, { answer: 'hours hours' })).toBeCloseTo(0.5, 12)
    expect(score(rougeL.id)).toBeCloseTo((2 * 0.25) / 1.25, 12)
    // Both words, wrong order: a subsequence of one.
    expect(score(rougeL.id, { answer: 'hours 24' })).toBeCloseTo(0.5, 12)
    expect(score(tokenF1.id, { answer: 'hours 24' })).toBe(1)
    expect(score(tokenF1.id, { answer: '二十四小时', expectedAnswer: '二十四小时' })).toBe(1)
  })

  it('says nothing where nobody wrote an answer', () => {
    for (const { id } of [exactMatch, tokenF1, rougeL]) expect(score(id, { expectedAnswer: null })).toBeNull()
  })

  it('judges citations by where they point', () => {
    expect(score(citationPrecision.id)).toBe(0.5)
    expect(score(citationRecall.id)).toBe(0.5)
    expect(score(citationPrecision.id, { citations: [] })).toBeNull()
    expect(score(citationRecall.id, { citations: [] })).toBe(0)
    expect(score(citationRecall.id, { expected: [] })).toBeNull()
  })

  it('counts sentences without support', () => {
    expect(score(unsupportedRate.id)).toBe(0.5)
    expect(score(unsupportedRate.id, { unsupported: [] })).toBe(0)
    expect(score(unsupportedRate.id, { refused: true })).toBeNull()
  })

  it('wants a refusal exactly where there is nothing to be said', () => {
    expect(score(refusal.id)).toBe(1)
    expect(score(refusal.id, { answerable: false })).toBe(0)
    expect(score(refusal.id, { answerable: false, refused: true })).toBe(1)
    expect(score(refusal.id, { refused: true })).toBe(0)
  })
})
