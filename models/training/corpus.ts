import type { Tokenizer } from '../../core/shared/tokenizer.ts'
import { isHeldOut, readPairs } from './pairs.ts'
import type { Pair, PairSource } from './pairs.ts'
import { wordsOf } from './vocabulary.ts'

/** Pairs as tokens. The arrays are shared between threads; text i is at ids[starts[i] … starts[i + 1]). */
export interface TokenCorpus {
  /** Query of pair i is text 2i, its passage text 2i + 1. */
  ids: Uint16Array
  starts: Uint32Array
  /** Equal for equal texts. */
  keys: Int32Array
  sources: readonly CorpusSource[]
}

export type SourcedPair = Pair & { source: string }

export interface Corpus extends TokenCorpus {
  /** Pairs that are not trained on. */
  heldOut: readonly SourcedPair[]
}

export interface CorpusSource {
  name: string
  /** Pairs [from, to), in the order of their documents. */
  from: number
  to: number
}

/** Longer texts are cut when they are read. */
export const maxStoredTokens = { query: 64, passage: 256 } as const

/** How often each word stands in the pairs that are trained on. */
export async function countWords(sources: readonly PairSource[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const source of sources) {
    let position = 0
    for await (const { query, passage } of readPairs(source)) {
      if (isHeldOut(position++)) continue
      for (const text of [query, passage]) {
        for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
      }
    }
  }
  return counts
}

/** Reads and encodes all pairs. Pairs with a side of no known token are left out. */
export async function encodePairs(sources: readonly PairSource[], tokenizer: Tokenizer): Promise<Corpus> {
  const ids = growing(Uint16Array)
  const starts = growing(Uint32Array)
  const keys = growing(Int32Array)
  const heldOut: SourcedPair[] = []
  const ranges: CorpusSource[] = []
  starts.push(0)
  for (const source of sources) {
    const from = keys.length() / 2
    let position = 0
    for await (const pair of readPairs(source)) {
      if (isHeldOut(position++)) {
        heldOut.push({ ...pair, source: source.name })
        continue
      }
      const sides = [known(tokenizer, pair.query), known(tokenizer, pair.passage)] as const
      if (sides.some((side) => side.length === 0)) continue
      sides.forEach((side, index) => {
        const kept = side.subarray(0, index === 0 ? maxStoredTokens.query : maxStoredTokens.passage)
        for (const id of kept) ids.push(id)
        starts.push(ids.length())
        keys.push(hash(kept))
      })
    }
    ranges.push({ name: source.name, from, to: keys.length() / 2 })
  }
  return { ids: ids.finish(), starts: starts.finish(), keys: keys.finish(), sources: ranges, heldOut }
}

/** The ids of a text's known tokens. */
export function known(tokenizer: Tokenizer, text: string): Int32Array {
  const { ids, unknownId } = tokenizer.encode(text)
  return ids.includes(unknownId) ? ids.filter((id) => id !== unknownId) : ids
}

/** FNV-1a over ids. Two texts in some thousand millions share one by chance, which costs one negative. */
function hash(ids: Int32Array): number {
  let value = 0x811c9dc5
  for (const id of ids) value = Math.imul(value ^ id, 0x01000193)
  return value
}

type NumberArray = Uint16Array | Uint32Array | Int32Array

function growing<Kind extends NumberArray>(
  Kind: new (buffer: SharedArrayBuffer) => Kind,
): { push(value: number): void; length(): number; finish(): Kind } {
  const bytes = new Kind(new SharedArrayBuffer(0)).BYTES_PER_ELEMENT
  let values = new Kind(new SharedArrayBuffer((1 << 20) * bytes))
  let length = 0
  return {
    push(value) {
      if (length === values.length) {
        const larger = new Kind(new SharedArrayBuffer(values.byteLength * 2))
        larger.set(values)
        values = larger
      }
      values[length++] = value
    },
    length: () => length,
    finish() {
      const exact = new Kind(new SharedArrayBuffer(length * bytes))
      exact.set(values.subarray(0, length))
      return exact
    },
  }
}
