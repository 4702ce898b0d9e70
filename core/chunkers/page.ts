import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { pack } from './parts/pack.ts'
import { blocksByPage } from './parts/cut-blocks.ts'

const optionsSchema = z.object({ maxTokens: maxTokensOption(512) })

export type PageOptions = z.infer<typeof optionsSchema>

/** One chunk a page; a page that is too long is cut by structure. A document without pages counts as one page. */
export const pageChunker: ChunkerDefinition<PageOptions> = {
  id: 'page',
  label: 'By page',
  summary: 'One chunk for each page, so that a citation is a page; good for slides and forms.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      return blocksByPage(document).flatMap((blocks) =>
        pack(document, blocks, measure, { max: options.maxTokens, min: Infinity, overlap: 0, even: true }),
      )
    },
  }),
}
