import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { maxTokensOption, measureDocument, overlapFits, overlapProblem, overlapTokensOption } from './parts/options.ts'
import { pack } from './parts/pack.ts'
import { dropSpace, nextSentenceStart } from './parts/text-breaks.ts'

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
      const sentences = readBlocks(document).flatMap((block) => sentencesOf(document.text, block))
      return pack(document, sentences, measureDocument(document, 'tokens', tokenizer), {
        max: options.maxTokens,
        min: Infinity,
        overlap: options.overlapTokens,
        even: false,
      })
    },
  }),
}

const wholeKinds = new Set<Block['kind']>(['heading', 'table', 'code'])

function sentencesOf(text: string, block: Block): Block[] {
  if (wholeKinds.has(block.kind)) return [block]
  const sentences: Block[] = []
  for (let start = block.start; start < block.end;) {
    const next = nextSentenceStart(text, start, block.end)
    const until = next < 0 ? block.end : next
    const end = dropSpace(text, start, until)
    if (end > start) sentences.push({ ...block, start, end, afterGap: block.afterGap && start === block.start })
    start = until
  }
  return sentences
}
