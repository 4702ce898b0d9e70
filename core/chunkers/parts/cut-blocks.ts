import type { ParsedDocument } from '../../contract/parsed-document.ts'
import { readBlocks, type Block } from './blocks.ts'
import { dropSpace, skipSpace } from './text-breaks.ts'

/** The blocks of each page, those that go over several pages in parts; all of them where there are no pages. */
export function blocksByPage(document: ParsedDocument): Block[][] {
  const starts = document.pages.slice(1).map((page) => page.start)
  return cutBlocks(document.text, readBlocks(document), starts)
}

/** The blocks before the first of these places, between each two of them and after the last: one list more than places. */
export function cutBlocks(text: string, blocks: readonly Block[], places: readonly number[]): Block[][] {
  const parts: Block[][] = [[]]
  let next = 0
  for (const block of blocks) {
    let rest = block
    while (next < places.length && places[next]! < rest.end) {
      const place = places[next++]!
      if (place > rest.start) {
        const end = dropSpace(text, rest.start, place)
        if (end > rest.start) parts.at(-1)!.push({ ...rest, end, rows: rest.rows.filter((row) => row < end) })
        rest = restOf(text, rest, place)
      }
      parts.push([])
    }
    if (rest.end > rest.start) parts.at(-1)!.push(rest)
  }
  while (parts.length <= places.length) parts.push([])
  return parts
}

/** What is left of a block behind a place; the header rows of a table stay where they are. */
function restOf(text: string, block: Block, place: number): Block {
  const start = skipSpace(text, place, block.end)
  const rows = block.rows.length === 0 ? block.rows : [start, ...block.rows.filter((row) => row > start)]
  return { ...block, start, rows, headerRows: 0, afterGap: false }
}
