import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { maxTokensOption, measureDocument, overlapFits, overlapProblem, overlapTokensOption } from './parts/options.ts'
import { createChunkWriter } from './parts/chunk-writer.ts'
import { stretchesOf } from './parts/stretches.ts'
import { lastGraphemeStart, lastWordStart, nextWordStart } from './parts/text-breaks.ts'

const optionsSchema = z
  .object({ maxTokens: maxTokensOption(256), overlapTokens: overlapTokensOption(32) })
  .refine(overlapFits, overlapProblem)

export type FixedOptions = z.infer<typeof optionsSchema>

/** Windows of equal size with an overlap, cut between words: the baseline that other chunkers are compared with. */
export const fixedChunker: ChunkerDefinition<FixedOptions> = {
  id: 'fixed',
  label: 'Fixed size',
  summary: 'Windows of equal size that overlap, cut between words, blind to structure; a baseline to compare with.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const { text } = document
      const { maxTokens: max, overlapTokens: overlap } = options
      const measure = measureDocument(document, 'tokens', tokenizer)
      const writer = createChunkWriter(document, measure, max)
      const blocks = readBlocks(document)
      let block = 0
      for (const stretch of stretchesOf(blocks)) {
        for (let start = stretch.start; start < stretch.end;) {
          while (block + 1 < blocks.length && blocks[block + 1]!.start <= start) block += 1
          const end = windowEnd(text, start, stretch.end, measure.reach(start, stretch.end, max))
          writer.write(start, end, blocks[block]!.headings)
          const back = nextWordStart(text, measure.reachBack(start, end, overlap), end)
          start = back > Math.max(start, writer.lastStart()) && end < stretch.end ? back : end
        }
      }
      return writer.chunks
    },
  }),
}

/** Between words where one starts in the last quarter, else between grapheme clusters, else at the limit. */
function windowEnd(text: string, start: number, end: number, limit: number): number {
  if (limit >= end) return end
  const word = lastWordStart(text, limit - ((limit - start) >> 2), limit)
  if (word > start) return word
  const cluster = lastGraphemeStart(text, start, limit)
  return cluster > start ? cluster : Math.min(end, start + (text.codePointAt(start)! > 0xffff ? 2 : 1))
}
