import { z } from 'zod'
import type { Chunk } from '../contract/parsed-document.ts'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks, type Block } from './parts/blocks.ts'
import { packGroups, type Group } from './parts/groups.ts'
import type { Measure } from './parts/measure.ts'
import { answerTokensOption, maxTokensOption, measureDocument } from './parts/options.ts'
import { readSentences } from './parts/sentences.ts'

const optionsSchema = z
  .object({
    maxTokens: maxTokensOption(128),
    sentences: z.int().min(1).max(50).default(2).describe('Sentences in a chunk at most: what is searched.'),
    windowSentences: z
      .int()
      .min(1)
      .max(50)
      .default(3)
      .describe('Sentences before and after a chunk that are given with it: what answers are made from.'),
    answerTokens: answerTokensOption(320),
  })
  .refine(({ maxTokens, answerTokens }) => answerTokens >= maxTokens, {
    message: 'The window must be at least as large as a chunk. Make it larger, or the chunks smaller.',
    path: ['answerTokens'],
  })

export type SentenceWindowOptions = z.infer<typeof optionsSchema>

/**
 * Small to find, large to answer: a chunk is one sentence or a few, and what is given to the generator, and cited, are the
 * sentences around it, too. Windows end at headings. Windows that overlap become one passage.
 *
 * When: facts that stand in single sentences, in running text.
 * Cost: three to ten times as many chunks as whole passages would be, in the index and to embed.
 * Source: "sentence window retrieval", as in LlamaIndex's SentenceWindowNodeParser, 2023; the best of seven methods in
 * retrieval precision in ARAGOG (Eibich et al., 2024).
 */
export const sentenceWindowChunker: ChunkerDefinition<SentenceWindowOptions> = {
  id: 'sentence-window',
  label: 'Sentences, with what is around them',
  summary:
    'Searches single sentences and answers from the sentences around them; for facts in running text. Many small chunks.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer }) => ({
    chunk(document) {
      const measure = measureDocument(document, 'tokens', tokenizer)
      const sentences = readSentences(document.text, readBlocks(document))
      const groups = runsOf(sentences, measure, options)
      const { maxTokens } = options
      const chunks = packGroups(document, sentences, groups, measure, { maxTokens, overlapTokens: 0 })
      addWindows(chunks, sentences, measure, options)
      return chunks
    },
  }),
}

/** So many sentences each, as far as they fit; a heading begins a run and does not count. */
function runsOf(
  sentences: readonly Block[],
  measure: Measure,
  { sentences: most, maxTokens }: SentenceWindowOptions,
): Group[] {
  const runs: Group[] = []
  let count = 0
  sentences.forEach((sentence, index) => {
    const open = runs.at(-1)
    const isHeading = sentence.kind === 'heading'
    const joins =
      open !== undefined &&
      count < most &&
      !sentence.afterGap &&
      !(isHeading && count > 0) &&
      measure.size(sentences[open.first]!.start, sentence.end) <= maxTokens
    if (joins) open.last = index
    else {
      runs.push({ first: index, last: index })
      count = 0
    }
    if (!isHeading) count += 1
  })
  return runs
}

function addWindows(
  chunks: readonly Chunk[],
  sentences: readonly Block[],
  measure: Measure,
  { windowSentences, answerTokens }: SentenceWindowOptions,
): void {
  const fits = (start: number, end: number): boolean =>
    measure.size(start, end) <= answerTokens && measure.tokens(start, end) <= answerTokens
  /** Whether a window may go on from the sentence before `index` to it. */
  const isOpen = (index: number): boolean => {
    const [before, after] = [sentences[index - 1], sentences[index]]
    return before !== undefined && after !== undefined && !after.afterGap && after.kind !== 'heading'
  }
  let at = 0
  for (const chunk of chunks) {
    while (at + 1 < sentences.length && sentences[at]!.end <= chunk.start) at += 1
    let [first, last] = [at, at]
    while (last + 1 < sentences.length && sentences[last + 1]!.start < chunk.end) last += 1
    let [start, end] = [chunk.start, chunk.end]
    // A part of a long sentence or table: all of it, where that fits.
    if (fits(sentences[first]!.start, sentences[last]!.end)) {
      start = sentences[first]!.start
      end = sentences[last]!.end
      for (let step = 0; step < windowSentences; step++) {
        if (isOpen(last + 1) && fits(start, sentences[last + 1]!.end)) end = sentences[++last]!.end
        if (isOpen(first) && fits(sentences[first - 1]!.start, end)) start = sentences[--first]!.start
      }
    }
    if (start === chunk.start && end === chunk.end) continue
    chunk.answerStart = start
    chunk.answerEnd = end
  }
}
