import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, cellTexts, heading, outline, paragraph } from './cleaners.suite.ts'
import { dropPatternCleaner } from './drop-pattern.ts'

behavesAsCleaner(
  dropPatternCleaner,
  { patterns: ['secret', '^Page'] },
  { patterns: ['e'], remove: 'line' },
  { patterns: ['.*'], match: 'whole' },
)

const clean = (document: ParsedDocument, options: Record<string, unknown>): ParsedDocument =>
  dropPatternCleaner.create(dropPatternCleaner.options.parse(options)).clean(document)

describe('patterns', () => {
  const document = build(
    heading('Title'),
    paragraph('Confidential: do not copy.'),
    paragraph('This is not confidential.\nPage 3 of 9\nIt goes on.'),
    {
      table: [
        ['Name', 'State'],
        ['A', 'confidential'],
        ['B', 'open'],
      ],
      extras: { sheet: { rows: [1, 5, 9], column: 1 } },
    },
  )

  it('leave out each paragraph and row in which they find something', () => {
    const result = clean(document, { patterns: ['^confidential\\b', 'Page \\d+ of \\d+'] })
    expect(outline(result).map(([kind]) => kind)).toEqual(['heading', 'table'])
    expect(cellTexts(result, result.elements[1])).toEqual([
      ['Name', 'State'],
      ['A', 'confidential'],
      ['B', 'open'],
    ])
    const rows = clean(document, { patterns: ['\\| confidential$'] })
    expect(cellTexts(rows, rows.elements[3])).toEqual([
      ['Name', 'State'],
      ['B', 'open'],
    ])
    expect(rows.elements[3]?.sheet).toEqual({ rows: [1, 9], column: 1 })
  })

  it('leave out lines', () => {
    const result = clean(document, { patterns: ['^Page \\d+ of \\d+$'], remove: 'line' })
    expect(outline(result)[2]).toEqual(['paragraph', 'This is not confidential.\nIt goes on.'])
  })

  it('may have to fit all of a paragraph', () => {
    const result = clean(document, { patterns: ['title', 'confidential'], match: 'whole' })
    expect(outline(result).map(([kind]) => kind)).toEqual(['paragraph', 'paragraph', 'table'])
  })

  it('look at capitals if they are asked to', () => {
    expect(clean(document, { patterns: ['CONFIDENTIAL'], ignoreCase: false })).toBe(document)
  })

  it('are checked with the settings', () => {
    const problem = (pattern: string): string | undefined =>
      dropPatternCleaner.options.safeParse({ patterns: [pattern] }).error?.issues[0]?.message
    expect(problem('(a')).toMatch(/"\(a" is not a regular expression: Unterminated group/)
    expect(problem('(a+)+$')).toMatch(/could take for ever/)
    expect(problem('^Page \\d+ of \\d+$')).toBeUndefined()
  })
})
