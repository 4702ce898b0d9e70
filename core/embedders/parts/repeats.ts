import { AppError } from '../../contract/errors.ts'
import type { Repeats } from '../../contract/models.ts'

/**
 * What all occurrences of a token in a text count together. 'logarithm': ln(1 + n), so that a word that a passage is
 * full of does not drown the others.
 */
export function repeatWeight(repeats: Repeats, count: number): number {
  return repeats === 'linear' ? count : Math.log(1 + count)
}

/** For a model.json that asks for it where a text's vector is no mean of its tokens' own vectors. */
export function repeatsError(folder: string): AppError {
  return new AppError(
    'model-invalid',
    `The model.json in ${folder} weighs repeated tokens ("repeats"), which only a model without layers can do, with the ` +
      'mean as its pooling. Take "repeats" out of it, or choose another pooling.',
  )
}
