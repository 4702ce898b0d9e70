import type { Repeats } from '../../contract/models.ts'
import { closedError, type Embedder } from '../embedder.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import { unit } from '../../runtimes/vectors.ts'
import { repeatWeight } from './repeats.ts'

export interface ContextFreeParts extends Omit<Embedder, 'embed'> {
  /** Numbers in a token's state. */
  width: number
  repeats: Repeats
  /** The tokens of a text, with its prefix. */
  tokensOf(text: string, purpose: 'query' | 'passage'): Int32Array
  /** One state a token: shape [ids.length × width]. */
  states(ids: readonly number[]): Promise<Float32Array>
}

/**
 * For a model without layers a token's state does not depend on its neighbours. So the model is asked once for each
 * token, its state is remembered, and a text's vector is the mean of remembered states: the same numbers (a test
 * compares them), several times faster, without the memory that a batch of states takes. Only here can a token that
 * comes again count less than before (`repeats`): a mean over the states of a batch cannot say it.
 */
export function createContextFreeEmbedder({
  width,
  repeats,
  tokensOf,
  states,
  ...embedder
}: ContextFreeParts): Embedder {
  const { dimensions } = embedder
  /** Token id -> row in `table`. At most as many rows as the vocabulary has. */
  const rows = new Map<number, number>()
  let table = new Float32Array(1024 * width)
  /** By row, while one text is read. */
  let counts = new Int32Array(1024)
  let disposed = false

  async function learn(ids: readonly number[]): Promise<void> {
    for (let from = 0; from < ids.length; from += tokensPerCall) {
      const part = ids.slice(from, from + tokensPerCall)
      const data = await states(part)
      const needed = (rows.size + part.length) * width
      if (needed > table.length) {
        const larger = new Float32Array(Math.max(needed, table.length * 2))
        larger.set(table)
        table = larger
      }
      part.forEach((id, position) => {
        const row = rows.size
        table.set(data.subarray(position * width, (position + 1) * width), row * width)
        rows.set(id, row)
      })
    }
  }

  /** The rows of a text's tokens, each once, with what its occurrences count together. */
  function weighted(ids: Int32Array): [row: number, weight: number][] {
    if (counts.length < rows.size) counts = new Int32Array(2 * rows.size)
    const distinct: number[] = []
    for (const id of ids) {
      const row = rows.get(id)!
      if (counts[row] === 0) distinct.push(row)
      counts[row]! += 1
    }
    return distinct.map((row) => {
      const weight = repeatWeight(repeats, counts[row]!)
      counts[row] = 0
      return [row, weight]
    })
  }

  return {
    ...embedder,
    async embed(texts, purpose, { signal } = {}) {
      throwIfAborted(signal)
      if (disposed) throw closedError()
      const tokens = texts.map((text) => tokensOf(text, purpose))
      const unknown = new Set<number>()
      for (const ids of tokens) for (const id of ids) if (!rows.has(id)) unknown.add(id)
      if (unknown.size > 0) await learn([...unknown])
      throwIfAborted(signal)
      const result = new Float32Array(texts.length * dimensions)
      const sum = new Float64Array(width)
      tokens.forEach((ids, index) => {
        if (ids.length === 0) return
        sum.fill(0)
        for (const [row, weight] of weighted(ids)) {
          const from = row * width
          for (let column = 0; column < width; column++) sum[column]! += weight * table[from + column]!
        }
        result.set(unit(sum, dimensions), index * dimensions)
      })
      return result
    },
    dispose() {
      disposed = true
      return embedder.dispose()
    },
  }
}

const tokensPerCall = 4096
