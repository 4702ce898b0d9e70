import { z } from 'zod'
import type { ParsedDocument } from '../../contract/parsed-document.ts'
import type { Tokenizer } from '../../shared/tokenizer.ts'
import { measureCharacters, measureTokens, type Measure } from './measure.ts'

/** The sizes of a chunk, as every chunker that counts tokens offers them. */
export const maxTokensOption = (standard: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(8).max(100_000).default(standard).describe('Tokens in a chunk at most, counted by the embedding model.')

export const overlapTokensOption = (standard: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(0).max(50_000).default(standard).describe('Tokens at the end of a chunk that the next one repeats.')

export const minTokensOption = (standard: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(0).max(50_000).default(standard).describe('A section smaller than this is joined with the next one.')

export const answerTokensOption = (standard: number): z.ZodDefault<z.ZodInt> =>
  z
    .int()
    .min(8)
    .max(100_000)
    .default(standard)
    .describe('Tokens at most of what is given to the generator, and cited, where a chunk is found.')

export const overlapProblem = {
  message: 'The overlap must be at most half of the chunk size. Make it smaller, or the chunks larger.',
  path: ['overlapTokens'],
}

/** An overlap of more than half a chunk would repeat everything more than once. */
export function overlapFits(options: { maxTokens: number; overlapTokens: number }): boolean {
  return options.overlapTokens * 2 <= options.maxTokens
}

/**
 * Sizes of a document's spans. What was measured is kept as long as the document is: cut again, under other options, it
 * need not be tokenised again.
 */
export function measureDocument(
  document: ParsedDocument,
  unit: 'tokens' | 'characters',
  tokenizer: Tokenizer,
): Measure {
  if (unit === 'characters') return measureCharacters()
  const known = measured.get(document)
  if (known?.tokenizer === tokenizer && known.text === document.text) return known.measure
  const measure = measureTokens(document.text, tokenizer)
  measured.set(document, { tokenizer, text: document.text, measure })
  return measure
}

/** One measure a document: seldom is one cut for two models. */
const measured = new WeakMap<ParsedDocument, { tokenizer: Tokenizer; text: string; measure: Measure }>()
