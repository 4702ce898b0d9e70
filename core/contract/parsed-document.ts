import { z } from 'zod'
import type { ChunkEditId } from '../shared/ids.ts'

/**
 * What a parser makes of a file: one text and typed spans over it. All offsets are UTF-16 code units into `text`,
 * `end` exclusive, so that `text.slice(start, end)` is the span.
 */
export const boxSchema = z.object({
  /** 1-based. */
  page: z.int().min(1),
  /** PDF points (1/72 inch) from the top left corner of the page. */
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
})
export type Box = z.infer<typeof boxSchema>

export const elementKinds = [
  'heading',
  'paragraph',
  'list-item',
  'table',
  'code',
  'caption',
  'quote',
  'note',
  'page-header',
  'page-footer',
] as const

export const elementSchema = z.object({
  kind: z.enum(elementKinds),
  start: z.int().min(0),
  end: z.int().min(0),
  /** Headings: 1 to 6. */
  level: z.int().min(1).max(6).optional(),
  /** 1-based page on which the element begins, where the format has pages. */
  page: z.int().min(1).optional(),
  /** Where it stands on its page or pages, where the format says so. */
  boxes: z.array(boxSchema).optional(),
  /**
   * Tables: the spans of the rows in document order, with the offset at which each cell begins. Cells are joined with
   * ' | ': a cell ends three characters before the next one begins, the last one where the row ends (`cellSpans`).
   */
  rows: z.array(z.object({ start: z.int(), end: z.int(), cells: z.array(z.int()).optional() })).optional(),
  /** Tables: how many of the first rows are the header; with Markdown sources the delimiter row counts as header. */
  headerRows: z.int().min(0).optional(),
  /** Tables of a spreadsheet: where each row stands in its sheet, and the first column, 1-based both. */
  sheet: z.object({ rows: z.array(z.int().min(1)), column: z.int().min(1) }).optional(),
  /** Code: its language, if the document names one. */
  language: z.string().optional(),
  /** Source code: the definitions that hold it, outermost first, such as ['class Reader', 'parse']. */
  symbols: z.array(z.string()).optional(),
  /** Subtitles: milliseconds from the beginning. */
  time: z.object({ startMs: z.number(), endMs: z.number() }).optional(),
})
/**
 * Elements are in document order and do not overlap. Text between elements is separators (line breaks) only.
 * 'note' is a footnote, a comment or what a speaker says to a slide. 'page-header' and 'page-footer' are kept in the
 * text for reading and are left out of chunks.
 */
export type Element = z.infer<typeof elementSchema>

export const pageKinds = ['page', 'slide', 'sheet', 'chapter', 'message'] as const

/** What the pages of a document of this type are: a workbook has sheets, a presentation slides. */
export function pageKindOf(type: string): (typeof pageKinds)[number] {
  return kindsByType[type] ?? 'page'
}
const kindsByType: Readonly<Record<string, (typeof pageKinds)[number]>> = {
  xlsx: 'sheet',
  ods: 'sheet',
  pptx: 'slide',
  odp: 'slide',
  epub: 'chapter',
  mbox: 'message',
}

/** A stretch of the document that a person would name to find a place: a page, a slide, a sheet … */
export const pageSchema = z.object({
  number: z.int().min(1),
  /** 'page' where absent. */
  kind: z.enum(pageKinds).optional(),
  /** The sheet's name, the slide's or chapter's title, the message's subject. */
  label: z.string().optional(),
  /** Present where the text was read from a picture; confidence from 0 to 100. */
  ocr: z.object({ confidence: z.number() }).optional(),
  start: z.int().min(0),
  end: z.int().min(0),
  /** PDF points. */
  width: z.number().optional(),
  height: z.number().optional(),
})
export type Page = z.infer<typeof pageSchema>

/** A file inside the file that is a document of its own, such as the attachment of a message. */
export const attachmentSchema = z.object({
  /** What the parser's `open` finds it by. Unique in its file. */
  member: z.string(),
  /** File name with extension. */
  name: z.string(),
  /** Bytes. */
  size: z.int(),
})
export type Attachment = z.infer<typeof attachmentSchema>

/** What the file says of itself: front matter, e-mail headers, PDF information. Keys in lower case with '-'. */
export const metadataSchema = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
export type Metadata = z.infer<typeof metadataSchema>

export const parsedDocumentSchema = z.object({
  text: z.string(),
  elements: z.array(elementSchema),
  /** Empty where the format has no pages. In order, covering the text. */
  pages: z.array(pageSchema),
  title: z.string().optional(),
  /** True things a person should know, such as "3 of 20 pages have no text". */
  warnings: z.array(z.string()),
  /** True where the lines of `text` are those of the file, so that a citation can name them. */
  hasLines: z.boolean().optional(),
  metadata: metadataSchema.optional(),
  attachments: z.array(attachmentSchema).optional(),
})
export type ParsedDocument = z.infer<typeof parsedDocumentSchema>

const cellSeparator = ' | '

/** The spans of a row's cells, in order; none for a row whose cells the parser did not note. */
export function cellSpans(row: { end: number; cells?: number[] | undefined }): { start: number; end: number }[] {
  const cells = row.cells ?? []
  return cells.map((start, index) => {
    const next = cells[index + 1]
    return { start, end: next === undefined ? row.end : Math.max(start, next - cellSeparator.length) }
  })
}

/** A chunk after what people changed of it. */
export interface RevisedChunk extends Chunk {
  /** Shown, but neither indexed nor found. */
  disabled?: true
  /** Indexed instead of `text`. */
  edited?: string
  editId?: ChunkEditId
}

/** A slice of a document's text. `text === document.text.slice(start, end)`, always. */
export interface Chunk {
  start: number
  end: number
  text: string
  /** Tokens of `text` (without context), by the embedder's tokenizer. */
  tokens: number
  /** Heading path, outermost first. */
  headings: string[]
  pageFirst?: number
  pageLast?: number
  /** What a person calls the place: 'sheet Costs, B2:F30', 'slide 4', 'lines 10-24'. */
  place?: string
  /** Indexed and shown with the text but not part of it: a repeated table header, for instance. Often empty. */
  context: string
  /**
   * What is given to the generator, and cited, where the chunk is found: a span of the document that holds the chunk.
   * Absent: the chunk itself. Both or none.
   */
  answerStart?: number
  answerEnd?: number
}
