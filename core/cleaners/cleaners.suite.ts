import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellSpans, type Element, type ParsedDocument } from '../contract/parsed-document.ts'
import { createDocumentBuilder } from '../parsers/parts/document-builder.ts'
import { checkParsedDocument } from '../parsers/parsers.suite.ts'
import type { CleanerDefinition } from './cleaner.ts'

/** What every cleaner must do, with its defaults and with these options: call it at the top of its own test file. */
export function behavesAsCleaner(definition: CleanerDefinition, ...optionSets: Record<string, unknown>[]): void {
  describe.each([{}, ...optionSets])(`${definition.id} as a cleaner, %j`, (given) => {
    const cleaner = definition.create(definition.options.parse(given))

    it('gives a valid document for any document, with pages or without', () => {
      fc.assert(
        fc.property(anyDocument, (document) => {
          const result = cleaner.clean(document)
          if (document.elements.length > 0) checkParsedDocument(result)
          for (const element of result.elements) checkCellSeparators(result.text, element)
        }),
        { numRuns: 100 },
      )
    })

    it('leaves the document that it is given as it is, and always gives the same', () => {
      fc.assert(
        fc.property(anyDocument, (document) => {
          const before = structuredClone(document)
          expect(cleaner.clean(document)).toEqual(cleaner.clean(document))
          expect(document).toEqual(before)
        }),
        { numRuns: 20 },
      )
    })

    it('keeps words on their lines where lines have numbers', () => {
      fc.assert(
        fc.property(anyLines, (document) => {
          const result = cleaner.clean(document)
          checkParsedDocument(result)
          if (!result.hasLines) return
          const lines = linesOfMarks(document.text)
          for (const [mark, line] of linesOfMarks(result.text)) expect(line, mark).toBe(lines.get(mark))
        }),
        { numRuns: 60 },
      )
    })
  })

  it(`${definition.id} describes itself and each of its options`, () => {
    expect(definition.summary).toMatch(/\.$/)
    const schema = definition.options as unknown as { shape: Record<string, { description?: string }> }
    for (const [name, option] of Object.entries(schema.shape)) expect(option.description, name).toMatch(/\.$/)
  })
}

/** A document from parts: elements, and 'page' where a new page begins. */
export function build(...parts: readonly Part[]): ParsedDocument {
  const builder = createDocumentBuilder()
  for (const part of parts) {
    if (part === 'page') builder.beginPage()
    else if ('table' in part) builder.addTable(part.table, part.headerRows ?? 1, part.extras)
    else {
      const { kind, text, ...extras } = part
      builder.add(kind, text, kind === 'heading' ? { level: 1, ...extras } : extras)
    }
  }
  return builder.finish()
}

export type Part =
  | 'page'
  | ({ kind: Element['kind']; text: string } & Partial<Element>)
  | { table: string[][]; headerRows?: number; extras?: Partial<Element> }

export const paragraph = (text: string): Part => ({ kind: 'paragraph', text })
export const heading = (text: string, level = 1): Part => ({ kind: 'heading', text, level })

/** Each element's kind and text. */
export function outline(document: ParsedDocument): [string, string][] {
  return document.elements.map((element) => [element.kind, document.text.slice(element.start, element.end)])
}

/** The texts of a table's cells. */
export function cellTexts(document: ParsedDocument, element: Element | undefined): string[][] {
  return (element?.rows ?? []).map((row) => cellSpans(row).map(({ start, end }) => document.text.slice(start, end)))
}

function checkCellSeparators(text: string, element: Element): void {
  for (const { cells } of element.rows ?? []) {
    for (const cell of cells?.slice(1) ?? []) {
      // Before an empty first cell the separator has no first space.
      const before = text.slice(Math.max(0, cell - 3), cell)
      if (!before.endsWith('| ')) expect.fail(`no separator before ${cell}: ${JSON.stringify(text)}`)
    }
  }
}

function linesOfMarks(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  let line = 1
  let position = 0
  for (const mark of text.matchAll(/§\d+;/g)) {
    for (; position < mark.index; position++) if (text[position] === '\n') line++
    lines.set(mark[0], line)
  }
  return lines
}

const piece = fc.constantFrom(
  ...['word', 'Example', 'examples', 'exam-', 'exam-\n', 'exam\u00ad\n  ', 'well-known', 'well-\n', 'known', 'ple '],
  ...[' ', '  ', '\n', '\n\n\n', '\n \t \n', '\t', '\u00a0', '\u200b', '\ufeff', '\u00ad', '\u2028', '\u0007', '\f'],
  ...['Secret', 'secret note', 'x', '123', 'aaaa', '\u{1f600}', 'é', '字', '|', ' | ', '$1', '*', 'Page 3 of 9'],
  ...['https://example.org/a_(b)', '(https://a.b)', 'www.a.de,', '[words](https://a.b)', '![](a.png)', '[x', ']('],
)
const anyText = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''))
const anyTitle = fc.constantFrom('References', '7. REFERENCES', 'A word', 'Secret', 'Contents', 'Page 1')
const kinds = ['paragraph', 'list-item', 'code', 'caption', 'quote', 'note', 'page-header', 'page-footer'] as const
const anyPart = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), text: anyText }) },
  { weight: 1, arbitrary: fc.constant<Part>({ kind: 'paragraph', text: 'Page 7' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('heading' as const),
      text: anyTitle,
      level: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      table: fc.array(fc.array(fc.oneof(anyText, fc.constant('')), { maxLength: 4 }), { maxLength: 4 }),
      headerRows: fc.integer({ min: 0, max: 1 }),
      extras: fc.constant<Partial<Element>>({ sheet: { rows: [3, 4, 6, 7], column: 2 } }),
    }),
  },
)

const anyDocument = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof({ weight: 4, arbitrary: anyPart }, fc.constant<Part>('page')), { maxLength: 14 }),
  )
  .map(([hasPages, parts]) =>
    build(...(hasPages ? ['page' as const] : []), ...parts.filter((part) => hasPages || part !== 'page')),
  )

/** Text whose lines are those of a file, with words that are each there once. */
const anyLines = fc
  .array(fc.tuple(anyText, fc.constantFrom<Element['kind']>('paragraph', 'code', 'heading', 'list-item')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts): ParsedDocument => {
    let number = 0
    let text = ''
    const elements: Element[] = []
    for (const [raw, kind] of parts) {
      const marked = `§${number++}; ${raw.replaceAll('word', () => ` §${number++}; `)} §${number++};`
      // Blank lines part the elements of a text file.
      const own = marked.replaceAll(/\n\s*\n/g, '\n')
      const start = text.length
      text += own
      elements.push({ kind, start, end: text.length, ...(kind === 'heading' ? { level: 1 } : {}) })
      text += '\n\n\n\n\n'
    }
    return { text, elements, pages: [], warnings: [], hasLines: true }
  })
