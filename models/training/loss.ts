/**
 * The loss that training lowers, in plain numbers: what `contrast.ts` is checked against, and the place to read it.
 *
 * Symmetric InfoNCE (van den Oord et al. 2018, arXiv:1807.03748) over cosines, with every other passage of the batch
 * as a negative, summed over Matryoshka prefixes (Kusupati et al. 2022, arXiv:2205.13147):
 * Σ_k w_k / 2B × Σ_i [ log Σ_j e^x(i,j) − x(i,i) + log Σ_j e^x(j,i) − x(i,i) ], x(i,j) = cos(q_i, p_j)[0…k) / temperature.
 */
export interface ContrastOptions {
  /** Pairs in a batch: a multiple of 8. */
  batch: number
  /** A multiple of 8; the last prefix. */
  dimensions: number
  /** Ascending; sizes are multiples of 8. */
  prefixes: readonly { size: number; weight: number }[]
  temperature: number
}

/** `queries` and `passages`: [batch × dimensions]. `masked(i, j)`: that passage is no negative for that query. */
export function contrastLoss(
  queries: ArrayLike<number>,
  passages: ArrayLike<number>,
  { batch, dimensions, prefixes, temperature }: ContrastOptions,
  masked: (query: number, passage: number) => boolean = () => false,
): number {
  let loss = 0
  for (const { size, weight } of prefixes) {
    const score = (i: number, j: number): number => {
      let [dot, q, p] = [0, 0, 0]
      for (let d = 0; d < size; d++) {
        const [a, b] = [queries[i * dimensions + d]!, passages[j * dimensions + d]!]
        dot += a * b
        q += a * a
        p += b * b
      }
      return dot / Math.sqrt(q * p) / temperature
    }
    for (let i = 0; i < batch; i++) {
      let [row, column] = [0, 0]
      for (let j = 0; j < batch; j++) {
        if (!masked(i, j)) row += Math.exp(score(i, j))
        if (!masked(j, i)) column += Math.exp(score(j, i))
      }
      loss += (weight / (2 * batch)) * (Math.log(row) + Math.log(column) - 2 * score(i, i))
    }
  }
  return loss
}
