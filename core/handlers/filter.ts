import { filterToSql, parseFilter } from '../library/document-filter.ts'
import type { SqlFilter } from '../library/documents.ts'

/** The conditions of a filter that a person wrote; none for none. Errors: input-invalid. */
export function sqlFilter(text: string | undefined): SqlFilter | undefined {
  return text === undefined || text.trim() === '' ? undefined : filterToSql(parseFilter(text))
}
