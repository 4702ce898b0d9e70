import { z } from 'zod'
import type { ChunkerDefinition } from './chunker.ts'
import { readBlocks } from './parts/blocks.ts'
import { packGroups, type Group } from './parts/groups.ts'
import { maxTokensOption, measureDocument } from './parts/options.ts'
import { piecesOf } from './parts/pieces.ts'
import { readSentences } from './parts/sentences.ts'
import { embedParts, type PartVectors } from './parts/vectors.ts'

const optionsSchema = z.object({
  maxTokens: maxTokensOption(256),
  pieceTokens: z
    .int()
    .min(8)
    .max(2000)
    .default(48)
    .describe(
      'Sentences are put together to pieces of about this many tokens, and pieces to chunks. Smaller: finer, slower.',
    ),
})

export type ClusterSemanticOptions = z.infer<typeof optionsSchema>

/**
 * Of all ways to put neighbouring pieces of text together to chunks, the one in which the pieces of a chunk are most like
 * each other: each pair in a chunk counts by how much more it is alike than two pieces of the document are on average.
 *
 * When: precise passages matter more than finding every one; text of many subjects, with headings or without.
 * Cost: every piece is embedded once more; then linear in the text.
 * Source: ClusterSemanticChunker in Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma, 2024.
 */
export const clusterSemanticChunker: ChunkerDefinition<ClusterSemanticOptions> = {
  id: 'cluster-semantic',
  label: 'By likeness of sentences',
  summary:
    'Puts together the neighbouring sentences that are most alike; for precise passages. Embeds the text once more.',
  version: 1,
  options: optionsSchema,
  create: (options, { tokenizer, embed }) => ({
    async chunk(document) {
      const sentences = readSentences(document.text, readBlocks(document))
      if (sentences.length === 0) return []
      const measure = measureDocument(document, 'tokens', tokenizer)
      const { maxTokens, pieceTokens } = options
      const pieces = piecesOf(sentences, measure, Math.min(pieceTokens, maxTokens))
      const spans = pieces.map(({ first, last }) => ({ start: sentences[first]!.start, end: sentences[last]!.end }))
      const vectors = await embedParts(document, spans, embed)
      const mean = vectors.meanLikeness()
      const groups: Group[] = []
      for (let first = 0; first < pieces.length;) {
        let last = first
        while (last + 1 < pieces.length && !sentences[pieces[last + 1]!.first]!.afterGap) last += 1
        const fits = (from: number, to: number): boolean =>
          measure.size(spans[from]!.start, spans[to]!.end) <= maxTokens
        for (const cluster of bestClusters(first, last, vectors, mean, fits)) {
          groups.push({ first: pieces[cluster.first]!.first, last: pieces[cluster.last]!.last })
        }
        first = last + 1
      }
      return packGroups(document, sentences, groups, measure, { maxTokens, overlapTokens: 0 })
    },
  }),
}

/** More pieces than this are in no chunk: it bounds the work where pieces are tiny. */
const mostPieces = 256

/** Dynamic programming over where the last chunk begins. */
function bestClusters(
  first: number,
  last: number,
  vectors: PartVectors,
  mean: number,
  fits: (from: number, to: number) => boolean,
): Group[] {
  const count = last - first + 1
  /** Best total for the first n pieces, and where the last of their chunks begins. */
  const best = new Float64Array(count + 1)
  const begins = new Int32Array(count + 1)
  /** Of the chunk from piece n to the one before the present. */
  const rewards = new Float64Array(count)
  for (let end = 0; end < count; end++) {
    best[end + 1] = best[end]!
    begins[end + 1] = end
    let gain = 0
    for (let begin = end - 1; begin >= 0 && end - begin < mostPieces && fits(first + begin, first + end); begin--) {
      gain += vectors.likeness(first + begin, first + end) - mean
      rewards[begin]! += gain
      const total = best[begin]! + rewards[begin]!
      if (total <= best[end + 1]!) continue
      best[end + 1] = total
      begins[end + 1] = begin
    }
  }
  const clusters: Group[] = []
  for (let end = count; end > 0; end = begins[end]!) {
    clusters.push({ first: first + begins[end]!, last: first + end - 1 })
  }
  return clusters.reverse()
}
