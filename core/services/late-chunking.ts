import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { EmbeddingCache } from '../library/embedding-cache.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { sha256 } from '../shared/hash.ts'

export interface SpanEmbedding {
  modelId: string
  dimensions: number
  maxTokens: number
  cache: EmbeddingCache
  /** See Embedder.embedSpans. */
  run(text: string, spans: { start: number; end: number }[]): Promise<Float32Array>
}

/** Characters of a stretch for each token that the model reads at once: some two windows, so that a question need not wait. */
const stretchPart = 8
/** What a stretch has of its neighbours on either side, for each token that the model reads at once. */
const marginPart = 1

/**
 * Vectors of parts of a document, each read where it stands. A long document goes to the model in stretches that overlap;
 * where they begin depends on the document alone. Each begins with the document's title. Vectors are cached by the text of
 * the stretch and the span in it, which is all that they depend on.
 */
export async function embedInDocument(
  { text, title }: Pick<ParsedDocument, 'text' | 'title'>,
  spans: readonly { start: number; end: number }[],
  { modelId, dimensions, maxTokens, cache, run }: SpanEmbedding,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const head = title === undefined || title === '' ? '' : `${title}\n`
  const length = maxTokens * stretchPart
  const margin = maxTokens * marginPart
  const rows = spans.map((span, row) => ({ ...span, row }))
  const vectors = new Float32Array(spans.length * dimensions)
  for (const [number, members] of Map.groupBy(rows, ({ start }) => Math.floor(start / length))) {
    throwIfAborted(signal)
    const last = members.reduce((end, span) => Math.max(end, span.end), 0)
    const from = atBlank(text, Math.max(0, number * length - margin))
    const to = Math.max(last, atBlank(text, Math.min(text.length, (number + 1) * length + margin)))
    const stretch = head + text.slice(from, to).toWellFormed()
    const places = members.map(({ start, end }) => ({
      start: start - from + head.length,
      end: end - from + head.length,
    }))
    const keys = places.map(({ start, end }) => `span ${start}-${end} of ${sha256(stretch)}`)
    const known = cache.find(modelId, keys)
    const unknown = members.flatMap((_, index) => (known[index] ? [] : [index]))
    known.forEach((vector, index) => vector && vectors.set(vector, members[index]!.row * dimensions))
    if (unknown.length === 0) continue
    const made = await run(
      stretch,
      unknown.map((index) => places[index]!),
    )
    const newKeys = unknown.map((index) => keys[index]!)
    cache.store(modelId, newKeys, made, dimensions)
    unknown.forEach((index, position) =>
      vectors.set(made.subarray(position * dimensions, (position + 1) * dimensions), members[index]!.row * dimensions),
    )
  }
  return vectors
}

/** The last blank at or a little before a place; the place itself where there is none, or it is an end of the text. */
function atBlank(text: string, place: number): number {
  if (place === 0 || place === text.length) return place
  for (let position = place; position > place - 200 && position > 0; position--)
    if (text.charCodeAt(position) === 0x20 || text.charCodeAt(position) === 0x0a) return position
  return place
}
