import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Definition } from '../shared/family.ts'
import type { Log } from '../shared/log.ts'
import type { Progress } from '../shared/progress.ts'
import type { Ocr } from './ocr.ts'

/** A file's bytes with what is known about them before parsing. */
export interface ParserInput {
  /** File name with extension, as the user knows it. */
  name: string
  bytes: Uint8Array
}

export interface ParseOptions {
  signal?: AbortSignal
  /** Call it while long work moves on (a page read, a sheet done): who says nothing for too long is taken to hang. */
  onProgress?: (progress: Progress) => void
}

/**
 * Turns the bytes of one file into text and elements with positions. Never chunks, never touches disk or network.
 * Throws an AppError whose code is one of the `file-…` codes when the bytes cannot be read; a problem that leaves
 * readable text is a warning in the result instead. The same bytes always give the same result.
 */
export interface Parser {
  parse(input: ParserInput, options?: ParseOptions): Promise<ParsedDocument>
  /** The bytes of one of the document's `attachments`. Errors: file-missing. */
  open?(input: ParserInput, member: string, options?: ParseOptions): Promise<Uint8Array>
}

export interface ParserDependencies {
  log: Log
  /** Absent where reading text from pictures is switched off or cannot be had. */
  ocr?: Ocr
}

export interface ParserDefinition<Options = Record<string, unknown>> extends Definition<
  Options,
  Parser,
  ParserDependencies
> {
  /** Type names as the Library shows them and `detectType` returns them, such as 'pdf'. */
  readonly types: readonly string[]
  readonly capabilities: { pages: boolean; boxes: boolean; tables: boolean; headings: boolean }
}
