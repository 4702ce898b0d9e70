import { batchesByLength } from '../../runtimes/batches.ts'
import { applyTemplate, specialCount } from '../../runtimes/special-tokens.ts'
import { unit } from '../../runtimes/vectors.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import type { Embedder, TextSpan } from '../embedder.ts'
import { type EmbedderParts, maxTokensPerCall, stateOutputs } from './onnx-parts.ts'

/** Part of a window that the one before it has, too: no token is read with less than half of this around it. */
const overlapPart = 4
/**
 * Late chunking after Günther et al., "Late Chunking: Contextual Chunk Embeddings Using Long-Context Embedding Models",
 * 2024, with their "long late chunking" for texts that do not fit. Windows lie on the text alone, whatever the spans, and
 * where two overlap each token's state is that of the window in which it stands further from an edge.
 */
export function createSpanEmbedder(parts: EmbedderParts): NonNullable<Embedder['embedSpans']> {
  const { model, tokenizer, width, dimensions, maxTokens, special, prefixes } = parts
  const prefix = tokenizer.encode(prefixes.passage).ids
  const room = Math.max(2, maxTokens - specialCount(special.single) - prefix.length)
  const overlap = Math.floor(room / overlapPart)
  const step = room - overlap
  /** Special tokens before the text. */
  const before = special.single.findIndex((piece) => !('id' in piece))

  return async (text, spans, { signal } = {}) => {
    const { ids, starts, ends, unknownId } = tokenizer.encode(text)
    const ranges = spans.map((span) => tokensOf(span, starts, ends))
    const sums = new Float64Array(spans.length * width)
    const windows = windowsOf(ids.length, room, step, overlap).filter(({ own }) =>
      ranges.some((range) => range.first < own.end && range.end > own.first),
    )
    const rows = windows.map(({ first, end, own }) => {
      const given = new Int32Array(prefix.length + end - first)
      given.set(prefix)
      given.set(ids.subarray(first, end), prefix.length)
      return { ...applyTemplate(special.single, { A: given }), first, own }
    })
    for (const batch of batchesByLength(rows, { maxTokens: maxTokensPerCall })) {
      throwIfAborted(signal)
      const { data, dimensions: shape } = await model.run(batch, stateOutputs)
      const rowLength = (shape[1] ?? 0) * width
      batch.forEach(({ first, own }, position) => {
        const states = data.subarray(position * rowLength, (position + 1) * rowLength)
        ranges.forEach((range, row) => {
          for (let token = Math.max(range.first, own.first); token < Math.min(range.end, own.end); token++) {
            const from = (before + prefix.length + token - first) * width
            for (let column = 0; column < width; column++) sums[row * width + column]! += states[from + column]!
          }
        })
      })
    }
    const result = new Float32Array(spans.length * dimensions)
    ranges.forEach(({ first, end }, row) => {
      // Of a span of which the model knows no token there is nothing to be said.
      if (!ids.subarray(first, end).some((id) => id !== unknownId)) return
      result.set(unit(sums.subarray(row * width, (row + 1) * width), dimensions), row * dimensions)
    })
    return result
  }
}

interface TokenRange {
  first: number
  end: number
}

/** Windows over tokens, each with those of them whose states it gives. */
export function windowsOf(
  count: number,
  room: number,
  step: number,
  overlap: number,
): (TokenRange & { own: TokenRange })[] {
  const windows: (TokenRange & { own: TokenRange })[] = []
  for (let first = 0; first < count; first += step) {
    const end = Math.min(count, first + room)
    const ownFirst = first === 0 ? 0 : first + Math.floor(overlap / 2)
    const ownEnd = end === count ? count : first + step + Math.floor(overlap / 2)
    windows.push({ first, end, own: { first: ownFirst, end: ownEnd } })
    if (end === count) break
  }
  return windows
}

/** Tokens that begin in a span; for a span within one token that one. */
function tokensOf({ start, end }: TextSpan, starts: Int32Array, ends: Int32Array): TokenRange {
  const first = firstAtLeast(starts, start)
  const after = firstAtLeast(starts, end)
  if (after > first) return { first, end: after }
  return first > 0 && ends[first - 1]! > start ? { first: first - 1, end: first } : { first, end: first }
}

function firstAtLeast(sorted: Int32Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
