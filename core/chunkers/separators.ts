import { z } from 'zod'
import { compilePattern, findMatches, patternProblem } from '../shared/pattern.ts'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { createChunkWriter } from './parts/chunk-writer.ts'
import { cutText } from './parts/cut-text.ts'
import type { Measure } from './parts/measure.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { stretchesOf, type Stretch } from './parts/stretches.ts'
import { dropSpace, isGraphemeStart, skipSpace } from './parts/text-breaks.ts'

const separatorSchema = z
  .object({
    separator: z
      .string()
      .min(1)
      .max(500)
      .describe('Where to cut. In text, \\n stands for a line break and \\t for a tab.'),
    kind: z
      .enum(['text', 'pattern'])
      .default('text')
      .describe(
        'Text as it stands, or a regular expression as in JavaScript in which ^ and $ stand for the ends of a line.',
      ),
    goesWith: z
      .enum(['before', 'after'])
      .default('before')
      .describe('Whether the separator ends the chunk before it or begins the one after it.'),
  })
  .superRefine(({ separator, kind }, context) => {
    const message = kind === 'pattern' ? patternProblem(separator) : undefined
    if (message !== undefined) context.addIssue({ code: 'custom', message, path: ['separator'] })
  })

const optionsSchema = z.object({
  maxTokens: maxTokensOption(256),
  separators: z
    .array(separatorSchema)
    .min(1)
    .max(20)
    .default([
      { separator: '\\n\\n', kind: 'text', goesWith: 'before' },
      { separator: '\\n', kind: 'text', goesWith: 'before' },
    ])
    .describe('Everything is cut at the first; at the others, in order, only what is still too long.'),
  fill: z
    .boolean()
    .default(true)
    .describe('Whether neighbouring pieces are put together while they fit. Off: every piece is a chunk.'),
})

export type SeparatorsOptions = z.infer<typeof optionsSchema>

/**
 * Cuts where a person says: at texts or regular expressions, tried in order. Separators stay in the chunks, because every
 * character of a document can be found and cited; white space at the ends of a chunk is dropped. A pattern that could
 * take for ever is refused, and none sees more than a few thousand characters at a time.
 *
 * When: documents of one's own form: records between lines of dashes, articles of a law, entries of a log.
 * Cost: none.
 * Source: the separators of LangChain's RecursiveCharacterTextSplitter, 2022.
 */
export const separatorsChunker: ChunkerDefinition<SeparatorsOptions> = {
  id: 'separators',
  label: 'At separators',
  summary: 'Cuts at texts or regular expressions of your own, tried in order; for logs, records and articles of laws.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => {
    const finders = options.separators.map(createFinder)
    return {
      chunk(document) {
        const { text } = document
        const { maxTokens: max, fill } = options
        const measure = measureDocument(document, 'tokens', tokenizer)
        const writer = createChunkWriter(document, measure, max)
        const blocks = readBlocks(document)
        let block = 0
        for (const stretch of stretchesOf(blocks)) {
          const pieces = cutStretch(text, stretch, finders, measure, max)
          for (const { start, end } of fill ? joined(pieces, measure, max) : pieces) {
            while (block + 1 < blocks.length && blocks[block + 1]!.start <= start) block += 1
            writer.write(start, end, blocks[block]!.headings)
          }
        }
        return writer.chunks
      },
    }
  },
}

/** Places in a stretch at which one separator cuts, in order. */
type Finder = (text: string, stretch: Stretch) => number[]

function createFinder({ separator, kind, goesWith }: z.infer<typeof separatorSchema>): Finder {
  const spans = kind === 'pattern' ? patternSpans(separator) : textSpans(unescaped(separator))
  return (text, stretch) =>
    spans(text, stretch).flatMap((span) => {
      const place = goesWith === 'before' ? span.end : span.start
      return place > stretch.start && place < stretch.end && isGraphemeStart(text, place) ? [place] : []
    })
}

function patternSpans(pattern: string): (text: string, stretch: Stretch) => Stretch[] {
  const compiled = compilePattern(pattern, false)
  return (text, { start, end }) => [...findMatches(text, start, end, compiled)]
}

function textSpans(separator: string): (text: string, stretch: Stretch) => Stretch[] {
  return (text, { start, end }) => {
    const spans: Stretch[] = []
    for (let at = text.indexOf(separator, start); at >= 0 && at < end; at = text.indexOf(separator, at)) {
      spans.push({ start: at, end: at + separator.length })
      at += separator.length
    }
    return spans
  }
}

/** `\n` and `\t` as people type them into a line; `\\` is a backslash. */
function unescaped(separator: string): string {
  return separator.replace(/\\([nrt\\])/g, (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? '\\')
}

/** Pieces that fit, each without white space at its ends. */
function cutStretch(
  text: string,
  stretch: Stretch,
  finders: readonly Finder[],
  measure: Measure,
  max: number,
): Stretch[] {
  const cut = (span: Stretch, level: number): Stretch[] => {
    const start = skipSpace(text, span.start, span.end)
    const end = dropSpace(text, start, span.end)
    if (end <= start) return []
    if (level > 0 && measure.size(start, end) <= max) return [{ start, end }]
    const finder = finders[level]
    if (!finder) return cutLong(text, { start, end }, measure, max)
    const places = [start, ...finder(text, { start, end }), end]
    return places.slice(1).flatMap((place, index) => cut({ start: places[index]!, end: place }, level + 1))
  }
  return cut(stretch, 0)
}

function cutLong(text: string, { start, end }: Stretch, measure: Measure, max: number): Stretch[] {
  const pieces: Stretch[] = []
  let from = start
  while (measure.size(from, end) > max) {
    const to = cutText(text, from, from, end, 'paragraph', measure, max, max)
    pieces.push({ start: from, end: to })
    from = to
  }
  return from < end ? [...pieces, { start: from, end }] : pieces
}

function joined(pieces: readonly Stretch[], measure: Measure, max: number): Stretch[] {
  const chunks: Stretch[] = []
  for (const piece of pieces) {
    const open = chunks.at(-1)
    if (open && measure.size(open.start, piece.end) <= max) open.end = piece.end
    else chunks.push({ ...piece })
  }
  return chunks
}
