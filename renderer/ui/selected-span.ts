import type { Span } from './text-blocks.ts'

/**
 * The stretch of the document that is selected inside `pane`, or null. Every piece of text on it says where it stands
 * (`data-start`); what is between the pieces belongs to nobody. Where a text is there several times, `within` is the
 * selector of the one that counts.
 */
export function selectedSpan(pane: HTMLElement, within = ''): Span | null {
  const selection = window.getSelection()
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null
  const range = selection.getRangeAt(0)
  if (!pane.contains(range.commonAncestorContainer)) return null
  const pieces = [...pane.querySelectorAll<HTMLElement>(`${within} [data-start]`)].filter((piece) =>
    range.intersectsNode(piece),
  )
  let start: number | null = null
  let end: number | null = null
  for (const piece of pieces) {
    const at = Number(piece.dataset.start)
    const from = piece.contains(range.startContainer)
      ? at + offsetIn(piece, range.startContainer, range.startOffset)
      : at
    const to = piece.contains(range.endContainer)
      ? at + offsetIn(piece, range.endContainer, range.endOffset)
      : at + (piece.textContent?.length ?? 0)
    if (to <= from) continue
    start = Math.min(start ?? from, from)
    end = Math.max(end ?? to, to)
  }
  return start !== null && end !== null && end > start ? { start, end } : null
}

/** Characters of `piece` before a point in it. */
function offsetIn(piece: HTMLElement, container: Node, offset: number): number {
  const before = document.createRange()
  before.setStart(piece, 0)
  before.setEnd(container, offset)
  return before.toString().length
}
