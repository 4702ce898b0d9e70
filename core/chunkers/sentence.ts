import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { maxTokensOption, measureDocument, overlapFits, overlapProblem, overlapTokensOption } from './parts/options.ts'
import { pack } from './parts/pack.ts'
import { readSentences } from './parts/sentences.ts'

const optionsSchema = z
  .object({ maxTokens: maxTokensOption(192), overlapTokens: overlapTokensOption(32) })
  .refine(overlapFits, overlapProblem)

export type SentenceOptions = z.infer<typeof optionsSchema>

/** Whole sentences in order until a chunk is full, across paragraphs and headings. */
export const sentenceChunker: ChunkerDefinition<SentenceOptions> = {
  id: 'sentence',
  label: 'By sentences',
  summary: 'Fills each chunk with whole sentences, whatever the paragraphs; good for running text without structure.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const sentences = readSentences(document.text, readBlocks(document))
      return pack(document, sentences, measureDocument(document, 'tokens', tokenizer), {
        max: options.maxTokens,
        min: Infinity,
        overlap: options.overlapTokens,
        even: false,
      })
    },
  }),
}
