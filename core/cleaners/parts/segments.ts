import { cellSpans, type Element, type ParsedDocument } from '../../contract/parsed-document.ts'

/** A stretch of text in which a cleaner may look and change without breaking the structure around it. */
export interface Segment {
  start: number
  end: number
  /** Cells and rows hold no line breaks; code keeps its spaces. */
  place: 'text' | 'code' | 'cell' | 'row'
  element: Element
}

/**
 * The document's text in order, element by element and tables cell by cell; a row whose cells are not known is one
 * segment, and so is a table whose rows are not. Text between elements is left out.
 */
export function* segments(document: ParsedDocument): Generator<Segment> {
  for (const element of document.elements) {
    if (element.kind !== 'table' || !element.rows) {
      yield { start: element.start, end: element.end, place: placeOf(element), element }
      continue
    }
    for (const row of element.rows) {
      if (row.cells) {
        for (const { start, end } of cellSpans(row)) if (end > start) yield { start, end, place: 'cell', element }
      } else yield { start: row.start, end: row.end, place: 'row', element }
    }
  }
}

function placeOf(element: Element): Segment['place'] {
  if (element.kind === 'table') return 'row'
  return element.kind === 'code' ? 'code' : 'text'
}
