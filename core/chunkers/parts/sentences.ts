import type { Block } from './blocks.ts'
import { dropSpace, nextSentenceStart } from './text-breaks.ts'

const wholeKinds = new Set<Block['kind']>(['heading', 'table', 'code'])

/** A block of each sentence of these; headings, tables and code stay whole. */
export function readSentences(text: string, blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block) => sentencesOf(text, block))
}

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
