import type { TuneSpec } from '../../../core/contract/tune.ts'

/** How a search goes through its combinations, each in a sentence. */
export const strategies: { id: TuneSpec['strategy']; name: string; sentence: string }[] = [
  { id: 'grid', name: 'All combinations', sentence: 'Tries every one. Right while there are some dozens.' },
  {
    id: 'random',
    name: 'Drawn at random',
    sentence:
      'Tries as many as the budget allows, drawn from all of them. Right for large spaces, with little to go by.',
  },
  {
    id: 'halving',
    name: 'Knock-out',
    sentence:
      'Asks all of them a few questions, keeps the better third for three times as many, and so on. Cheapest for many combinations and many questions.',
  },
  {
    id: 'coordinate',
    name: 'One option at a time',
    sentence:
      'Finds the best value of the first option, keeps it, goes on with the next. Few trials; misses what only works together.',
  },
]

export function strategyOf(id: TuneSpec['strategy']) {
  return strategies.find((strategy) => strategy.id === id) ?? strategies[0]!
}

/** Metrics that a search is usually decided by; any other one can be named in the JSON view. */
export const usualMetrics = [
  { id: 'ndcg@10', label: 'ndcg@10', hint: 'the right passages, high up' },
  { id: 'recall@5', label: 'recall@5', hint: 'the right passages among the first five' },
  { id: 'mrr@10', label: 'mrr@10', hint: 'the first right passage, high up' },
  { id: 'precision@5', label: 'precision@5', hint: 'little that is beside the point' },
  { id: 'span-recall@5', label: 'span-recall@5', hint: 'the words that matter, found' },
  { id: 'span-iou@5', label: 'span-iou@5', hint: 'the words that matter, and few others' },
]
