import { dropSpace, isSpace, skipSpace } from '../chunkers/parts/text-breaks.ts'
import { placeOf } from '../chunkers/parts/place.ts'
import type { ChunkEdit } from '../contract/chunks.ts'
import type { Chunk, Page, ParsedDocument, RevisedChunk } from '../contract/parsed-document.ts'
import type { ChunkEditId } from '../shared/ids.ts'
import { findAnchors, type Span } from './find-anchors.ts'

export type AppliedEdit = Pick<ChunkEdit, 'id' | 'kind' | 'anchor' | 'start' | 'text'>

export interface Revisions {
  chunks: RevisedChunk[]
  /** Edits whose anchor is not in the text any more. */
  lost: Set<ChunkEditId>
  /** Where the anchors of other edits start now, if not where they did. */
  moved: Map<ChunkEditId, number>
}

type RevisedDocument = Pick<ParsedDocument, 'text' | 'elements' | 'pages'> & { hasLines?: boolean | undefined }

/**
 * What people changed of a document's chunks, applied to the chunks of its present text. Each edit holds on to the text
 * it is about (`findAnchors`), so it survives other chunk sizes and changes elsewhere in the document. Edits come in the
 * order in which they were made; of two over the same span the later one wins.
 *
 * - 'disable' switches off each chunk of which at least half lies in the span and that covers half of the span or lies
 *   in it as a whole. White space does not count.
 * - 'edit' makes one chunk of the span, indexed with the given text. Chunks inside go, neighbours are cut at its edges.
 * - 'add' puts one more chunk over the span, beside the others.
 *
 * What a chunk is answered with ends where a chunk that is switched off or has other words begins: these are not to be
 * read, however near to a hit they stand.
 *
 * Chunks stay sorted by start, and each is a slice of the text. `tokens` of an edited chunk are those of its new text.
 */
export function applyEdits(
  document: RevisedDocument,
  chunks: readonly Chunk[],
  edits: readonly AppliedEdit[],
  countTokens: (text: string) => number,
): Revisions {
  const found = findAnchors(document.text, edits)
  const revision = createRevision(document, chunks, countTokens)
  const lost = new Set<ChunkEditId>()
  const moved = new Map<ChunkEditId, number>()
  edits.forEach((edit, index) => {
    const place = found[index]
    if (place === undefined) {
      lost.add(edit.id)
      return
    }
    if (place.start !== edit.start) moved.set(edit.id, place.start)
    const start = skipSpace(document.text, place.start, place.end)
    const span = { start, end: dropSpace(document.text, start, place.end) }
    if (edit.kind === 'disable') revision.disable(span, edit.id)
    else if (edit.kind === 'add') revision.add(span, edit.text, edit.id)
    else if (edit.text !== null) revision.rewrite(span, edit.text, edit.id)
  })
  const revised = revision.chunks()
  return { chunks: edits.length === 0 ? revised : withoutEdited(document.text, revised), lost, moved }
}

function withoutEdited(text: string, chunks: readonly RevisedChunk[]): RevisedChunk[] {
  const closed = chunks.filter((chunk) => chunk.disabled || chunk.edited !== undefined)
  return chunks.map((chunk) => {
    const { answerStart, answerEnd, ...own } = chunk
    if (answerStart === undefined || answerEnd === undefined) return chunk
    if (chunk.disabled) return own
    let [start, end] = [answerStart, answerEnd]
    for (const other of closed) {
      if (other.end <= chunk.start) start = Math.max(start, other.end)
      else if (other.start >= chunk.end) end = Math.min(end, other.start)
      // It overlaps the chunk itself, which is as it is because a person left it so.
      else return own
    }
    return { ...own, answerStart: skipSpace(text, start, chunk.start), answerEnd: dropSpace(text, chunk.end, end) }
  })
}

interface Revision {
  chunks(): RevisedChunk[]
  disable(span: Span, id: ChunkEditId): void
  rewrite(span: Span, text: string, id: ChunkEditId): void
  add(span: Span, text: string | null, id: ChunkEditId): void
}

function createRevision(
  document: RevisedDocument,
  given: readonly Chunk[],
  countTokens: (text: string) => number,
): Revision {
  const { text } = document
  let chunks: RevisedChunk[] = [...given]
  /** Chunks made by hand stand beside the others, and are not cut. */
  const added = new Set<RevisedChunk>()

  /** A chunk over a span with what it has in common with another one. */
  const slice = (span: Span, like: Chunk | undefined): RevisedChunk => {
    const part = text.slice(span.start, span.end)
    const place = placeOf(document, span.start, span.end)
    return {
      ...span,
      text: part,
      tokens: countTokens(part),
      headings: [...(like?.headings ?? [])],
      context: like?.context ?? '',
      ...pagesOf(document.pages, span),
      ...(place === undefined ? {} : { place }),
    }
  }
  const insert = (chunk: RevisedChunk): void => {
    const at = chunks.findIndex((other) => other.start > chunk.start)
    chunks.splice(at < 0 ? chunks.length : at, 0, chunk)
  }
  /** The chunk that shares most of the span. */
  const likest = (span: Span): RevisedChunk | undefined => {
    let [best, most] = [undefined as RevisedChunk | undefined, 0]
    for (const chunk of chunks) {
      const shared = overlap(chunk, span)
      if (shared > most) [best, most] = [chunk, shared]
    }
    return best
  }
  const replace = (chunk: RevisedChunk, by: RevisedChunk): void => {
    chunks[chunks.indexOf(chunk)] = by
    if (added.delete(chunk)) added.add(by)
  }
  /** What is left of a chunk beside the span: nothing, one piece or two. */
  const outside = (chunk: RevisedChunk, span: Span): RevisedChunk[] => {
    const pieces = [
      { start: chunk.start, end: span.start },
      { start: span.end, end: chunk.end },
    ]
    return pieces.flatMap(({ start, end }) => {
      const from = skipSpace(text, start, Math.max(start, end))
      const to = dropSpace(text, from, Math.max(from, end))
      if (to <= from) return []
      const piece = slice({ start: from, end: to }, chunk)
      // An edited chunk that is cut is ordinary text again: its new words were about all of it.
      return chunk.disabled
        ? [{ ...piece, disabled: true, ...(chunk.editId ? { editId: chunk.editId } : {}) }]
        : [piece]
    })
  }

  return {
    chunks: () => chunks,
    disable(span, id) {
      const inkOfSpan = ink(text, span)
      for (const chunk of chunks) {
        if (overlap(chunk, span) === 0) continue
        const shared = ink(text, { start: Math.max(chunk.start, span.start), end: Math.min(chunk.end, span.end) })
        if (shared === 0 || shared * 2 < ink(text, chunk)) continue
        if (shared * 2 >= inkOfSpan || isWithin(chunk, span)) replace(chunk, { ...chunk, disabled: true, editId: id })
      }
    },
    rewrite(span, edited, editId) {
      const words = { edited, editId, tokens: countTokens(edited) }
      const byHand = chunks.find((chunk) => added.has(chunk) && chunk.start === span.start && chunk.end === span.end)
      if (byHand) {
        replace(byHand, { ...slice(span, byHand), ...words })
        return
      }
      const chunk = { ...slice(span, likest(span)), ...words }
      chunks = chunks
        .flatMap((other) => {
          if (overlap(other, span) === 0) return [other]
          if (added.has(other) && !isWithin(other, span)) return [other]
          return outside(other, span)
        })
        .sort((a, b) => a.start - b.start)
      insert(chunk)
    },
    add(span, edited, editId) {
      const chunk = { ...slice(span, likest(span)), editId }
      const made = edited === null ? chunk : { ...chunk, edited, tokens: countTokens(edited) }
      added.add(made)
      insert(made)
    },
  }
}

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start))
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end
}

/** Characters that are not white space. */
function ink(text: string, { start, end }: Span): number {
  let count = 0
  for (let place = start; place < end; place++) if (!isSpace(text.charCodeAt(place))) count++
  return count
}

function pagesOf(pages: readonly Page[], span: Span): Pick<Chunk, 'pageFirst' | 'pageLast'> {
  const [first, last] = [pageAt(pages, span.start), pageAt(pages, span.end - 1)]
  return first && last ? { pageFirst: first.number, pageLast: last.number } : {}
}

/** The last page that starts at or before a place. */
function pageAt(pages: readonly Page[], place: number): Page | undefined {
  let low = 0
  let high = pages.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (pages[middle]!.start <= place) low = middle
    else high = middle - 1
  }
  return pages[low]
}
