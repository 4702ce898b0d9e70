import { describe, expect, it } from 'vitest'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import type { CaseResult } from '../../../core/contract/runs.ts'
import { flatten, histogram, paretoFront, pipelineWords, worstFirst } from './run-figures.ts'

const pipeline: Pipeline = {
  parsers: {},
  cleaning: [],
  rules: [],
  chunker: { id: 'recursive', options: { maxTokens: 256 } },
  embedder: { id: 'transformers', options: { model: 'static-256' } },
  index: { id: 'sqlite', options: {} },
  retriever: { id: 'hybrid', options: {} },
  reranker: null,
  generator: { id: 'extractive', options: {} },
  prompt: null,
  filter: '',
  passages: 8,
}

it('names a pipeline by what tells it from others', () => {
  expect(pipelineWords(pipeline)).toBe('recursive 256 · static-256 · hybrid')
  const other = { ...pipeline, chunker: { id: 'page', options: {} }, reranker: { id: 'llama', options: {} } }
  expect(pipelineWords(other)).toBe('page · static-256 · hybrid · llama')
})

it('names the leg of the search that was measured alone: it is no hybrid then', () => {
  expect(pipelineWords(pipeline, 'text')).toBe('recursive 256 · static-256 · words only')
  expect(pipelineWords(pipeline, 'vector')).toBe('recursive 256 · static-256 · meaning only')
})

describe('the order of cases', () => {
  const of = (number: number, score?: number, failed = false) =>
    ({
      number,
      scores: score === undefined ? {} : { m: score },
      error: failed ? { code: 'internal', message: '', retryable: false, details: {} } : null,
    }) as CaseResult
  const cases = [of(1), of(2, 0.5), of(3, 1), of(4, 0), of(5, undefined, true), of(6, 0.5)]
  const order = (better: 'higher' | 'lower') => worstFirst(cases, 'm', better).map(({ number }) => number)

  it('begins with what could not be asked and ends with what has no score', () => {
    expect(order('higher')).toEqual([5, 4, 2, 6, 3, 1])
    expect(order('lower')).toEqual([5, 3, 2, 6, 4, 1])
  })
})

describe('figures', () => {
  it('fall into bins, the ends included', () => {
    expect(histogram([0, 0.05, 0.1, 0.99, 1], 10).map(({ cases }) => cases)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2])
  })
})

it('finds what no other one beats in both', () => {
  const points = [
    { id: 'good and dear', quality: 0.9, cost: 10 },
    { id: 'fair and cheap', quality: 0.8, cost: 2 },
    { id: 'beaten', quality: 0.8, cost: 3 },
    { id: 'equal', quality: 0.8, cost: 2 },
  ]
  expect([...paretoFront(points, 'higher')].sort()).toEqual(['equal', 'fair and cheap', 'good and dear'])
  expect([...paretoFront(points, 'lower')].sort()).toEqual(['equal', 'fair and cheap'])
})

it('lays a value out line by line', () => {
  expect(flatten({ a: { b: 1, c: [] }, d: ['x', {}] })).toEqual([
    { path: 'a.b', value: '1' },
    { path: 'a.c', value: '[]' },
    { path: 'd.0', value: 'x' },
    { path: 'd.1', value: '{}' },
  ])
})
