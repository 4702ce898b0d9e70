import { z } from 'zod'
import type { Page } from '../contract/parsed-document.ts'
import type { ChunkerDefinition } from './chunker.ts'
import type { Block } from './parts/blocks.ts'
import { blocksByPage } from './parts/cut-blocks.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { pack } from './parts/pack.ts'

const optionsSchema = z.object({
  maxTokens: maxTokensOption(256),
  minTokens: z
    .int()
    .min(0)
    .max(50_000)
    .default(24)
    .describe('A slide smaller than this is joined with the next one, where both fit. 0: none is.'),
})

export type SlidesOptions = z.infer<typeof optionsSchema>

/**
 * One chunk a slide. A slide of a few words (a title, a picture's caption) goes with the one after it; one that is too long
 * is cut by structure, and its title is context of every part. Pages, sheets and chapters are treated alike.
 *
 * When: presentations.
 * Cost: none; as many chunks as slides.
 * Source: own; a page as the unit as in NVIDIA's "Finding the Best Chunking Strategy", 2025.
 */
export const slidesChunker: ChunkerDefinition<SlidesOptions> = {
  id: 'slides',
  label: 'By slide',
  summary: 'One chunk a slide with its title; slides of a few words go with the next one. For presentations.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      const { maxTokens: max, minTokens } = options
      const size = (blocks: readonly Block[]): number => measure.size(blocks[0]!.start, blocks.at(-1)!.end)
      const slides: { blocks: Block[]; pages: (Page | undefined)[] }[] = []
      blocksByPage(document).forEach((blocks, index) => {
        if (blocks.length === 0) return
        const before = slides.at(-1)
        const page = document.pages[index]
        const joins =
          before !== undefined &&
          !blocks[0]!.afterGap &&
          size(before.blocks) < minTokens &&
          size([before.blocks[0]!, blocks.at(-1)!]) <= max
        if (joins) {
          before.blocks.push(...blocks)
          before.pages.push(page)
        } else slides.push({ blocks: [...blocks], pages: [page] })
      })
      return slides.flatMap(({ blocks, pages }) => {
        const chunks = pack(document, blocks, measure, { max, min: Infinity, overlap: 0, even: true })
        const title = pages.length === 1 ? (pages[0]?.label ?? '') : ''
        for (const chunk of chunks) {
          const isKnown = chunk.headings.includes(title) || chunk.text.includes(title)
          if (!isKnown) chunk.context = [title, chunk.context].filter(Boolean).join('\n')
        }
        return chunks
      })
    },
  }),
}
