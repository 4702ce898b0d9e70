import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { maxTokensOption, measureDocument, minTokensOption } from './parts/options.ts'
import { pack } from './parts/pack.ts'

const optionsSchema = z.object({
  maxTokens: maxTokensOption(256),
  minTokens: minTokensOption(64),
  rows: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Rows of a table in a chunk at most. 1: every row is found by itself.'),
})

export type TableRowsOptions = z.infer<typeof optionsSchema>

/**
 * Each row of a table, or a few of them, is a chunk with the table's header as context; text between tables is cut by
 * structure, as `recursive` does.
 *
 * When: questions ask for one record of a list (price lists, staff, inventories). Not for sums over a table.
 * Cost: as many chunks as there are rows, each with the header indexed again.
 * Source: common in table question answering, such as the row-wise passages of Chen et al., OTT-QA, 2020.
 */
export const tableRowsChunker: ChunkerDefinition<TableRowsOptions> = {
  id: 'table-rows',
  label: 'By rows of tables',
  summary: 'Makes a chunk of each row under its header, and cuts other text by structure; for lists of records.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      return pack(document, readBlocks(document), measure, {
        max: options.maxTokens,
        min: options.minTokens,
        overlap: 0,
        even: true,
        tableRows: options.rows,
      })
    },
  }),
}
