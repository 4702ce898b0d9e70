import type { TokenCorpus } from './corpus.ts'

/** How many of the passages hold each token. */
export function countPassages({ ids, starts }: Pick<TokenCorpus, 'ids' | 'starts'>, vocabulary: number): Int32Array {
  const counts = new Int32Array(vocabulary)
  const lastSeen = new Int32Array(vocabulary).fill(-1)
  for (let text = 1; text + 1 < starts.length; text += 2) {
    for (let position = starts[text]!; position < starts[text + 1]!; position++) {
      const id = ids[position]!
      if (lastSeen[id] === text) continue
      lastSeen[id] = text
      counts[id]! += 1
    }
  }
  return counts
}

/**
 * Makes rows of rare tokens longer: × idf^power, idf = ln(1 + (n − df + ½) / (df + ½)), as in BM25 (Robertson and
 * Zaragoza 2009). README.md says where that helps and where it does not. Returns a new table.
 */
export function weighByRarity(
  table: Float32Array,
  corpus: Pick<TokenCorpus, 'ids' | 'starts'>,
  dimensions: number,
  power: number,
): Float32Array {
  const passages = (corpus.starts.length - 1) / 2
  const counts = countPassages(corpus, table.length / dimensions)
  const weights = Float64Array.from(counts, (count) => Math.log(1 + (passages - count + 0.5) / (count + 0.5)) ** power)
  return table.map((value, index) => value * weights[Math.floor(index / dimensions)]!)
}
