import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { packGroups, type Group } from './parts/groups.ts'
import type { Measure } from './parts/measure.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { readSentences } from './parts/sentences.ts'
import { embedParts } from './parts/vectors.ts'

const optionsSchema = z.object({
  maxTokens: maxTokensOption(256),
  minTokens: z
    .int()
    .min(0)
    .max(50_000)
    .default(48)
    .describe('A chunk smaller than this is joined with the neighbour that is more like it.'),
  percentile: z
    .int()
    .min(50)
    .max(99)
    .default(90)
    .describe(
      'The text is cut where its meaning changes more than at this many of a hundred places. Higher: larger chunks.',
    ),
  windowSentences: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Sentences before and after a place that are compared. More: single odd sentences count for less.'),
})

export type SemanticOptions = z.infer<typeof optionsSchema>

/**
 * Cuts where the meaning changes: the sentences before and after each place are embedded and compared, and the places
 * where they differ most are cut, as are headings. What is too long is cut again at its greatest change.
 *
 * When: running text with few or no headings and several subjects (transcripts, letters, reports of many matters).
 * Cost: as many more texts to embed as there are sentences; with the bundled model seconds for a megabyte.
 * Source: Hearst, TextTiling, Computational Linguistics 23(1), 1997, with embeddings in place of word counts; the
 * percentile is that of Kamradt's "5 Levels of Text Splitting", 2023.
 */
export const semanticChunker: ChunkerDefinition<SemanticOptions> = {
  id: 'semantic',
  label: 'By change of meaning',
  summary:
    'Cuts where neighbouring sentences speak of something else; for long text without headings. Embeds every sentence once more.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer, embed }) => ({
    async chunk(document) {
      const sentences = readSentences(document.text, readBlocks(document))
      if (sentences.length === 0) return []
      const measure = measureDocument(document, 'tokens', tokenizer)
      const windows = sentences.map((sentence, index) => ({
        start: sentence.start,
        end: sentences[lastOfWindow(sentences, index, options.windowSentences)]!.end,
      }))
      const vectors = await embedParts(document, windows, embed)
      const changes = sentences.slice(1).map((_, index) => {
        const kind = boundaryKind(sentences, index)
        if (kind !== undefined) return kind
        const before = firstOfWindow(sentences, index, options.windowSentences)
        return 1 - vectors.likeness(before, index + 1)
      })
      const groups = groupsOf(sentences, changes, measure, options)
      return packGroups(document, sentences, groups, measure, { maxTokens: options.maxTokens, overlapTokens: 0 })
    },
  }),
}

/** Changes at places that are decided by structure; those of meaning are from 0 to 2. */
const [never, heading, gap] = [-1, 3, 4]

/** What structure says of the place after a sentence: nothing is parted from its heading, no chunk goes over a gap. */
function boundaryKind(sentences: readonly Block[], index: number): number | undefined {
  const [before, after] = [sentences[index]!, sentences[index + 1]!]
  if (after.afterGap) return gap
  if (before.kind === 'heading') return never
  return after.kind === 'heading' ? heading : undefined
}

/** Windows stay within their section. */
function lastOfWindow(sentences: readonly Block[], first: number, size: number): number {
  let last = first
  while (last + 1 < sentences.length && last - first < size - 1 && !isBorder(sentences, last)) last += 1
  return last
}

function firstOfWindow(sentences: readonly Block[], last: number, size: number): number {
  let first = last
  while (first > 0 && last - first < size - 1 && !isBorder(sentences, first - 1)) first -= 1
  return first
}

function isBorder(sentences: readonly Block[], index: number): boolean {
  const kind = boundaryKind(sentences, index)
  return kind === heading || kind === gap
}

function groupsOf(
  sentences: readonly Block[],
  changes: readonly number[],
  measure: Measure,
  { maxTokens, minTokens, percentile }: SemanticOptions,
): Group[] {
  const size = (first: number, last: number): number => measure.size(sentences[first]!.start, sentences[last]!.end)
  const threshold = percentileOf(
    changes.filter((change) => change !== never && change < heading),
    percentile / 100,
  )
  const groups: Group[] = []
  let first = 0
  for (let last = 0; last < sentences.length; last++) {
    const change = changes[last] ?? gap
    if (change <= threshold && change < heading) continue
    while (size(first, last) > maxTokens && first < last) {
      const cut = greatestChange(first, last)
      groups.push({ first, last: cut })
      first = cut + 1
    }
    groups.push({ first, last })
    first = last + 1
  }
  return joinSmall(groups)

  /** Where a chunk that begins with `from` should end: at the greatest change in the second half of what fits. */
  function greatestChange(from: number, to: number): number {
    let best = from
    for (let last = from; last < to && size(from, last) <= maxTokens; last++) {
      const counts = size(from, last) * 2 >= maxTokens
      const bestCounts = size(from, best) * 2 >= maxTokens
      if (counts ? !bestCounts || changes[last]! >= changes[best]! : !bestCounts) best = last
    }
    return best
  }

  function joinSmall(parts: readonly Group[]): Group[] {
    const joined: Group[] = []
    for (const [index, part] of parts.entries()) {
      const before = joined.at(-1)
      const next = parts[index + 1]
      const changeBefore = before ? changes[before.last]! : gap
      const changeAfter = next ? changes[part.last]! : gap
      const fitsBefore = before !== undefined && changeBefore < gap && size(before.first, part.last) <= maxTokens
      const fitsAfter = next !== undefined && changeAfter < gap && size(part.first, next.last) <= maxTokens
      const isSmall = size(part.first, part.last) < minTokens
      const beforeIsSmall = before !== undefined && size(before.first, before.last) < minTokens
      // A small one that is more like the next one waits for it.
      const joins = fitsBefore && (beforeIsSmall || (isSmall && !(fitsAfter && changeAfter < changeBefore)))
      if (joins) before.last = part.last
      else joined.push({ ...part })
    }
    return joined
  }
}

/** The smallest of the values that at least this part of them do not exceed. */
function percentileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 2
}
