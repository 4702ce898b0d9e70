import { z } from 'zod'

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
  /** Tables: the spans of the rows in document order. */
  rows: z.array(z.object({ start: z.int(), end: z.int() })).optional(),
  /** Tables: how many of the first rows are the header; with Markdown sources the delimiter row counts as header. */
  headerRows: z.int().min(0).optional(),
  /** Code: its language, if the document names one. */
  language: z.string().optional(),
})
/**
 * Elements are in document order and do not overlap. Text between elements is separators (line breaks) only.
 * 'page-header' and 'page-footer' are kept in the text for reading and are left out of chunks.
 */
export type Element = z.infer<typeof elementSchema>

export const pageSchema = z.object({
  number: z.int().min(1),
  start: z.int().min(0),
  end: z.int().min(0),
  /** PDF points. */
  width: z.number().optional(),
  height: z.number().optional(),
})
export type Page = z.infer<typeof pageSchema>

export const parsedDocumentSchema = z.object({
  text: z.string(),
  elements: z.array(elementSchema),
  /** Empty where the format has no pages. In order, covering the text. */
  pages: z.array(pageSchema),
  title: z.string().optional(),
  /** True things a person should know, such as "3 of 20 pages have no text". */
  warnings: z.array(z.string()),
})
export type ParsedDocument = z.infer<typeof parsedDocumentSchema>

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
  /** Indexed and shown with the text but not part of it: a repeated table header, for instance. Often empty. */
  context: string
}
