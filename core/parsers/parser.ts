import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Definition } from '../shared/family.ts'
import type { Log } from '../shared/log.ts'

/** A file's bytes with what is known about them before parsing. */
export interface ParserInput {
  /** File name with extension, as the user knows it. */
  name: string
  bytes: Uint8Array
}

export interface ParseOptions {
  signal?: AbortSignal
}

/**
 * Turns the bytes of one file into text and elements with positions. Never chunks, never touches disk or network.
 * Throws an AppError whose code is one of the `file-…` codes when the bytes cannot be read; a problem that leaves
 * readable text is a warning in the result instead. The same bytes always give the same result.
 */
export interface Parser {
  parse(input: ParserInput, options?: ParseOptions): Promise<ParsedDocument>
}

export interface ParserDependencies {
  log: Log
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
