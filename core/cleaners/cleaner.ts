import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Definition } from '../shared/family.ts'

/**
 * A step between parser and chunker: improves a parsed document for search and for reading. Pure and deterministic;
 * the given document is left as it is. The result keeps every promise of core/contract/parsed-document.ts: its offsets
 * are into its own text. A step that would leave no text gives the document back with a warning. Where `hasLines` is
 * true the number of line breaks before each remaining word stays what it was, or `hasLines` is gone.
 */
export interface Cleaner {
  clean(document: ParsedDocument): ParsedDocument
}

export type CleanerDefinition<Options = Record<string, unknown>> = Definition<Options, Cleaner>
