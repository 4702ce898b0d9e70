import { expect, it } from 'vitest'
import { readRule, ruleSentence, splitMetric, writeRule } from './gate-rules.ts'

it.each(['recall@5>=0.9', 'ndcg@10>0.5', 'latency<=-1', 'token-f1<1'])('%s is read and written back', (text) => {
  const rule = readRule(text)
  expect(rule && writeRule(rule)).toBe(text)
})

it.each(['', 'recall@5', 'recall@5 = 0.9', '>= 0.9', 'Recall>=1', 'recall@5>=high'])('%s is no rule', (text) => {
  expect(readRule(text)).toBeNull()
})

it('is said in words, and kept as it is where it cannot be', () => {
  expect(ruleSentence(' recall@5 >= 0.90 ')).toBe('recall@5 at least 0.9')
  expect(ruleSentence('something else')).toBe('something else')
})

it('takes a metric apart', () => {
  expect(splitMetric('recall@5')).toEqual({ id: 'recall', first: 5 })
  expect(splitMetric('token-f1')).toEqual({ id: 'token-f1', first: null })
})
