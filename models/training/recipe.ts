import type { TrainerOptions } from './trainer.ts'
import type { VocabularyOptions } from './vocabulary.ts'

export const vocabularyOptions: VocabularyOptions = { size: 32_768, minCount: 3, surplus: 1.35 }

/** The best of what was tried, by the sets it was chosen on; README.md has the figures. */
export const recipe: TrainerOptions = {
  dimensions: 512,
  prefixes: [64, 128, 256, 512].map((size) => ({ size, weight: 1 })),
  temperature: 0.05,
  batch: 1024,
  steps: 3000,
  rate: 0.004,
  seed: 1,
  runLength: 1,
  oneSourceShare: 0.5,
  sourcePower: 0.65,
  sourceWeights: { wordnet: 0.4, tldr: 0.5, banking77: 0.5, clinc150: 0.5, arxiv: 2.5 },
  maxQueryTokens: 48,
  maxPassageTokens: 160,
  cropShare: 0.7,
  cropLeast: 0.1,
  dropShare: 0.05,
  excerptShare: 0,
  excerptDropShare: 0.3,
  repeats: 'logarithm',
}

/** Power of the inverse document frequency that rows are multiplied with after training. */
export const rarityPower = 0
