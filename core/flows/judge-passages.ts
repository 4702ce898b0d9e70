interface Span {
  start: number
  end: number
}

export interface PassageVerdict {
  /** Everything expected was found. */
  passed: boolean
  /** The share of what was expected that was found. */
  recall: number
  /** The share of what was found that was expected. */
  precision: number
  /** What is in both as a share of what is in either. */
  iou: number
}

/**
 * How well retrieved spans of a text cover the expected ones. It counts characters that are not white space, each once,
 * however many spans hold it: chunks leave out the white space between them.
 */
export function judgePassages(text: string, expected: readonly Span[], found: readonly Span[]): PassageVerdict {
  const wanted = union(expected)
  const given = union(found)
  const wantedSize = sizeOf(text, wanted)
  const givenSize = sizeOf(text, given)
  const both = sizeOf(text, intersection(wanted, given))
  const either = wantedSize + givenSize - both
  return {
    passed: wantedSize > 0 && both === wantedSize,
    recall: share(both, wantedSize),
    precision: share(both, givenSize),
    iou: share(both, either),
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** In order, without overlaps. */
function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else if (end > start) merged.push({ start, end })
  }
  return merged
}

function intersection(a: readonly Span[], b: readonly Span[]): Span[] {
  const both: Span[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const start = Math.max(a[i]!.start, b[j]!.start)
    const end = Math.min(a[i]!.end, b[j]!.end)
    if (end > start) both.push({ start, end })
    if (a[i]!.end < b[j]!.end) i += 1
    else j += 1
  }
  return both
}

function sizeOf(text: string, spans: readonly Span[]): number {
  return spans.reduce((size, { start, end }) => size + text.slice(start, end).replaceAll(/\s+/g, '').length, 0)
}
