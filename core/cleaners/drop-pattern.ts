import { z } from 'zod'
import type { Element, ParsedDocument } from '../contract/parsed-document.ts'
import type { CleanerDefinition } from './cleaner.ts'
import { compilePattern, compileWholePattern, findMatches, longestStretch, patternSchema } from '../shared/pattern.ts'
import { rewrite, type Edit } from './parts/rewrite.ts'

const optionsSchema = z.object({
  patterns: z
    .array(patternSchema)
    .max(50)
    .default([])
    .describe('Regular expressions. What one of them finds is left out, with all that belongs to it.'),
  match: z
    .enum(['part', 'whole'])
    .default('part')
    .describe('Whether a pattern may fit some of the text, or has to fit all of it.'),
  remove: z
    .enum(['paragraph', 'line'])
    .default('paragraph')
    .describe(
      'What is looked at and left out: whole paragraphs, headings, list items and code, or single lines of them. Of tables always rows.',
    ),
  ignoreCase: z.boolean().default(true).describe('Capitals and small letters are the same.'),
})

export type DropPatternOptions = z.infer<typeof optionsSchema>

/** Takes paragraphs, lines and rows of tables that a pattern finds out of the text. */
export const dropPatternCleaner: CleanerDefinition<DropPatternOptions> = {
  id: 'drop-pattern',
  label: 'Leave out by pattern',
  summary: 'Leaves out paragraphs or lines in which a regular expression finds something, such as legal notices.',
  version: 1,
  options: optionsSchema,
  create: (options) => {
    const patterns = options.patterns.map((pattern) =>
      options.match === 'whole'
        ? compileWholePattern(pattern, options.ignoreCase)
        : compilePattern(pattern, options.ignoreCase),
    )
    const isUnwanted = (text: string, { start, end }: Span): boolean =>
      patterns.some((pattern) =>
        options.match === 'whole'
          ? end - start <= longestStretch && pattern.test(text.slice(start, end))
          : !findMatches(text, start, end, pattern).next().done,
      )
    return {
      clean(document) {
        const edits: Edit[] = []
        for (const element of document.elements) {
          for (const span of spansOf(document, element, options.remove)) {
            if (isUnwanted(document.text, span)) edits.push({ start: span.start, end: span.end + span.feed, text: '' })
          }
        }
        return rewrite(document, edits, 'The patterns fit all of the text, so nothing was left out.')
      },
    }
  },
}

interface Span {
  start: number
  end: number
  /** 1 where a line break follows that goes with it. */
  feed: number
}

function spansOf(document: ParsedDocument, element: Element, remove: DropPatternOptions['remove']): Span[] {
  if (element.kind === 'table' && element.rows) {
    return element.rows.map(({ start, end }) => ({ start, end, feed: 0 }))
  }
  if (remove === 'paragraph') return [{ start: element.start, end: element.end, feed: 0 }]
  const spans: Span[] = []
  for (let start = element.start; start < element.end;) {
    const found = document.text.indexOf('\n', start)
    const end = found < 0 || found >= element.end ? element.end : found
    const feed = end < element.end ? 1 : 0
    if (end > start) spans.push({ start, end, feed })
    start = end + 1
  }
  return spans
}
