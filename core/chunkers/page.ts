import { z } from 'zod'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { pack } from './parts/pack.ts'
import { dropSpace, skipSpace } from './parts/text-breaks.ts'

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

function blocksByPage(document: ParsedDocument): Block[][] {
  const { text, pages } = document
  const byPage: Block[][] = [[]]
  let page = 0
  for (const block of readBlocks(document)) {
    let rest = block
    while (page + 1 < pages.length && pages[page + 1]!.start < rest.end) {
      const start = pages[++page]!.start
      if (start > rest.start) {
        const end = dropSpace(text, rest.start, start)
        if (end > rest.start) byPage.at(-1)!.push({ ...rest, end, rows: rest.rows.filter((row) => row < end) })
        rest = restOf(text, rest, start)
      }
      byPage.push([])
    }
    if (rest.end > rest.start) byPage.at(-1)!.push(rest)
  }
  return byPage
}

/** The part of a block on the next page; the header rows of a table stay on the page where they are. */
function restOf(text: string, block: Block, pageStart: number): Block {
  const start = skipSpace(text, pageStart, block.end)
  const rows = block.rows.length === 0 ? block.rows : [start, ...block.rows.filter((row) => row > start)]
  return { ...block, start, rows, headerRows: 0, afterGap: false }
}
