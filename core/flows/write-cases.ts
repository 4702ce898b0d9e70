import Papa from 'papaparse'
import type { TestCase } from '../contract/datasets.ts'
import type { DocumentId } from '../shared/ids.ts'

/** The present path of a document. */
export type PathOf = (id: DocumentId) => string | undefined

/** A case as a line of an export, read back by `readJsonlCases` to the same hash. Line ends are not included. */
export function jsonlLine(testCase: TestCase, pathOf: PathOf): string {
  return JSON.stringify(exportedCase(testCase, pathOf))
}

export function exportedCase(testCase: TestCase, pathOf: PathOf) {
  const { expected, relevant, stale: _stale, createdAt: _createdAt, ...rest } = testCase
  const nowAt = ({ path, documentId }: { path: string; documentId: DocumentId | null }) => {
    const document = documentId === null ? undefined : pathOf(documentId)
    return document === undefined || document === path ? {} : { document }
  }
  return {
    ...rest,
    // What was judged; where it stands now, if that is another place; never ids that mean something in one workspace only.
    expected: expected.map(({ path, start, end, text, grade, judgedStart, ...span }) => ({
      ...{ path, start, end, text, grade },
      ...(judgedStart === start ? {} : { judgedStart }),
      ...nowAt({ path, ...span }),
    })),
    relevant: relevant.map(({ path, grade, documentId }) => ({ path, grade, ...nowAt({ path, documentId }) })),
  }
}

export const csvColumns = [
  'id',
  'question',
  'answer',
  'answerable',
  'tags',
  'split',
  'state',
  'origin',
  'notes',
  'expected',
  'relevant',
] as const

export function csvHeader(): string {
  return Papa.unparse([[...csvColumns]])
}

/** As `jsonlLine`, in the columns of `csvColumns`. A null answer is an empty cell. */
export function csvLine(testCase: TestCase, pathOf: PathOf): string {
  const { expected, relevant, ...rest } = exportedCase(testCase, pathOf)
  const cells = {
    ...rest,
    answer: rest.answer ?? '',
    answerable: rest.answerable ? 'true' : 'false',
    tags: rest.tags.join(';'),
    expected: expected.length === 0 ? '' : JSON.stringify(expected),
    relevant: relevant.length === 0 ? '' : JSON.stringify(relevant),
  }
  return Papa.unparse([csvColumns.map((name) => cells[name])])
}
