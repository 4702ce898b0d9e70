import { describe, expect, it } from 'vitest'
import type { Pipeline } from '../../../core/contract/pipeline.ts'
import { flatten, histogram, paretoFront, pipelineWords } from './run-figures.ts'

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
