import { describe, expect, it } from 'vitest'
import type { CaseResult } from '../../../core/contract/runs.ts'
import { disagreements, judgedCases, kappaWords, nextUnlabelled } from './calibration.ts'

const result = (caseId: string, scores: Record<string, number>): CaseResult => ({
  number: 1,
  caseId,
  question: caseId,
  tags: [],
  scores,
  problems: {},
  error: null,
  latencyMs: 1,
  contextTokens: 1,
  retrieved: [],
  expected: [],
  answer: null,
})
const cases = judgedCases(
  [
    result('a', { faithfulness: 1 }),
    result('none', {}),
    result('b', { faithfulness: 0.5 }),
    result('c', { faithfulness: 0 }),
  ],
  'faithfulness',
)

describe('labels of people', () => {
  it('are asked for where the judge said something', () => {
    expect(cases.map(({ result: { caseId } }) => caseId)).toEqual(['a', 'b', 'c'])
  })

  it('go on to the next case without one, round the end', () => {
    expect(nextUnlabelled(cases, { a: true }, 0)).toBe(1)
    expect(nextUnlabelled(cases, { c: true, b: true }, 2)).toBe(0)
    expect(nextUnlabelled(cases, { a: true, b: true, c: true }, 0)).toBeNull()
    expect(nextUnlabelled([], {}, 0)).toBeNull()
  })

  it('disagree with a judge whose score is on the other side of the threshold', () => {
    const labels = { a: true, b: false, c: true, other: true }
    expect(disagreements(cases, labels, 0.5)).toEqual([
      { place: 1, score: 0.5, label: false },
      { place: 2, score: 0, label: true },
    ])
    expect(disagreements(cases, labels, 0.6)).toEqual([{ place: 2, score: 0, label: true }])
  })
})

it('puts kappa into words', () => {
  expect([-0.1, 0, 0.1, 0.2, 0.21, 0.5, 0.75, 1].map(kappaWords)).toEqual([
    'no better than chance',
    'no better than chance',
    'slight',
    'slight',
    'fair',
    'moderate',
    'substantial',
    'almost whole',
  ])
})
