import type { TextSpan } from '../evaluator.ts'

/** The same text once: overlapping and touching spans of a document become one. */
export function union(spans: readonly TextSpan[]): TextSpan[] {
  const sorted = spans
    .filter(({ start, end }) => end > start)
    .toSorted((a, b) => (a.documentId < b.documentId ? -1 : a.documentId > b.documentId ? 1 : a.start - b.start))
  const joined: TextSpan[] = []
  for (const span of sorted) {
    const last = joined.at(-1)
    if (last?.documentId === span.documentId && span.start <= last.end) last.end = Math.max(last.end, span.end)
    else joined.push({ ...span })
  }
  return joined
}

/** What both have, each piece of text once. */
export function intersection(a: readonly TextSpan[], b: readonly TextSpan[]): TextSpan[] {
  const others = Map.groupBy(union(b), ({ documentId }) => documentId)
  return union(a).flatMap(({ documentId, start, end }) =>
    (others.get(documentId) ?? []).flatMap((other) => {
      const common = { documentId, start: Math.max(start, other.start), end: Math.min(end, other.end) }
      return common.end > common.start ? [common] : []
    }),
  )
}

export function lengthOf(spans: readonly TextSpan[]): number {
  return spans.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
}

export function overlaps(a: TextSpan, b: TextSpan): boolean {
  return a.documentId === b.documentId && a.start < b.end && b.start < a.end
}
