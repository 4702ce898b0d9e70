import type { RevisedChunk } from '../contract/parsed-document.ts'

/**
 * What both indexes read for a chunk: document title, heading path, context, text. The title and headings let a
 * passage be found by words that stand only above it ("contextual prefix", QUALITY of retrieval for tables most of all).
 */
export function indexedText(
  title: string | undefined,
  chunk: Pick<RevisedChunk, 'headings' | 'context' | 'text' | 'edited'>,
): string {
  const path = chunk.headings.filter((heading) => heading !== title)
  const prefix = [title, ...path].filter((part) => part !== undefined && part !== '').join(' > ')
  return [prefix, chunk.context, chunk.edited ?? chunk.text].filter((part) => part !== '').join('\n')
}
