import { closedError, type Embedder } from '../embedder.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import { unit } from '../../runtimes/vectors.ts'

export interface ContextFreeParts extends Omit<Embedder, 'embed'> {
  /** Numbers in a token's state. */
  width: number
  /** The tokens of a text, with its prefix. */
  tokensOf(text: string, purpose: 'query' | 'passage'): Int32Array
  /** One state a token: shape [ids.length × width]. */
  states(ids: readonly number[]): Promise<Float32Array>
}

/**
 * For a model without layers a token's state does not depend on its neighbours. So the model is asked once for each
 * token, its state is remembered, and a text's vector is the mean of remembered states: the same numbers (a test
 * compares them), several times faster, without the memory that a batch of states takes.
 */
export function createContextFreeEmbedder({ width, tokensOf, states, ...embedder }: ContextFreeParts): Embedder {
  const { dimensions } = embedder
  /** Token id -> row in `table`. At most as many rows as the vocabulary has. */
  const rows = new Map<number, number>()
  let table = new Float32Array(1024 * width)
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
        for (let position = 0; position < ids.length; position++) {
          const from = rows.get(ids[position]!)! * width
          for (let column = 0; column < width; column++) sum[column]! += table[from + column]!
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
