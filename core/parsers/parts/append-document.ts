import { cellSpans, type ParsedDocument } from '../../contract/parsed-document.ts'
import type { DocumentBuilder, ElementExtras } from './document-builder.ts'

/** Writes the elements of a document that was read on its own into a larger one, its headings `deeper` levels down. */
export function appendDocument(builder: DocumentBuilder, { text, elements }: ParsedDocument, deeper = 0): void {
  for (const { kind, start, end, level, language, rows, headerRows } of elements) {
    if (kind === 'table' && rows) {
      const cells = rows.map((row) => cellSpans(row).map((cell) => text.slice(cell.start, cell.end)))
      builder.addTable(cells, headerRows ?? 0)
      continue
    }
    const extras: ElementExtras = {}
    if (kind === 'heading') extras.level = Math.min(6, (level ?? 1) + deeper)
    if (language !== undefined) extras.language = language
    builder.add(kind, text.slice(start, end), extras)
  }
}
