import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import {
  maxTokensOption,
  measureDocument,
  minTokensOption,
  overlapFits,
  overlapProblem,
  overlapTokensOption,
} from './parts/options.ts'
import { pack } from './parts/pack.ts'

const optionsSchema = z
  .object({
    maxTokens: maxTokensOption(256),
    overlapTokens: overlapTokensOption(0),
    minTokens: minTokensOption(64),
    unit: z
      .enum(['tokens', 'characters'])
      .default('tokens')
      .describe(
        'What the sizes count. With characters nothing is tokenised: faster, chunks say 0 tokens, and the embedding model may cut long ones.',
      ),
  })
  .refine(overlapFits, overlapProblem)

export type RecursiveOptions = z.infer<typeof optionsSchema>

/**
 * Cuts at the coarsest place that makes a chunk fit: section, paragraph, sentence, line, word, character. The idea is that
 * of LangChain's RecursiveCharacterTextSplitter, on elements in place of separators and with the embedder's own tokens.
 */
export const recursiveChunker: ChunkerDefinition<RecursiveOptions> = {
  id: 'recursive',
  label: 'By structure',
  summary: 'Fills chunks with whole paragraphs and starts a new one at headings; the right choice for most documents.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, options.unit, tokenizer)
      return pack(document, readBlocks(document), measure, {
        max: options.maxTokens,
        min: options.minTokens,
        overlap: options.overlapTokens,
        even: true,
      })
    },
  }),
}
