import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, cellTexts, outline, paragraph } from './cleaners.suite.ts'
import { whitespaceCleaner } from './whitespace.ts'

behavesAsCleaner(whitespaceCleaner, { spaces: false }, { invisible: false, blankLines: 0 })

const clean = (document: ParsedDocument, options: Record<string, unknown> = {}): ParsedDocument =>
  whitespaceCleaner.create(whitespaceCleaner.options.parse(options)).clean(document)
const cleanText = (text: string): string => clean(build(paragraph(text))).text

describe('white space', () => {
  it.each([
    ['a  b\t c', 'a b c'],
    ['10\u00a0000\u202fkm', '10 000 km'],
    ['zero\u200bwidth and so\u00adft', 'zerowidth and soft'],
    ['a \n b  \n\tc', 'a\nb\nc'],
    ['a\n\n\n\nb', 'a\n\nb'],
    ['exam\u00ad\nple, of this', 'example,\nof this'],
    ['bell\u0007 and \u0000', 'bell and \ufffd'],
  ])('%j becomes %j', (given, expected) => expect(cleanText(given)).toBe(expected))

  it('keeps joiners, which writing systems and emoji need', () => {
    const text = 'می\u200cخواهم 👩\u200d🔬'
    expect(cleanText(text)).toBe(text)
  })

  it('leaves code as it is', () => {
    const code = '  if (a)  {\n\n\n\n\treturn\u00a01\n  }'
    expect(clean(build({ kind: 'code', text: code })).text).toBe(code.trimEnd())
  })

  it('cleans cells and leaves their separators', () => {
    const document = clean(
      build({
        table: [
          ['Na\u00adme', 'Price'],
          ['\u200b', '3\u00a0 €'],
        ],
      }),
    )
    expect(cellTexts(document, document.elements[0])).toEqual([
      ['Name', 'Price'],
      ['', '3 €'],
    ])
  })

  it('takes out rows and elements of which nothing is left', () => {
    const document = clean(
      build(paragraph('\u200b'), paragraph('One'), paragraph('\u00ad'), {
        table: [['a', 'b'], ['\u200b'], ['c', 'd']],
      }),
    )
    expect(document.text).toBe('One\n\na | b\nc | d')
    expect(outline(document)).toEqual([
      ['paragraph', 'One'],
      ['table', 'a | b\nc | d'],
    ])
    expect(document.elements[1]?.rows).toHaveLength(2)
  })

  it('shortens runs of blank lines between elements, unless the lines have numbers', () => {
    const document: ParsedDocument = {
      text: 'One.\n\n\n\n\nTwo.',
      elements: [
        { kind: 'paragraph', start: 0, end: 4 },
        { kind: 'paragraph', start: 9, end: 13 },
      ],
      pages: [],
      warnings: [],
    }
    expect(clean(document).text).toBe('One.\n\nTwo.')
    expect(clean(document, { blankLines: 0 }).text).toBe('One.\nTwo.')
    expect(clean({ ...document, hasLines: true })).toEqual({ ...document, hasLines: true })
  })

  it('gives a document of nothing but invisible characters back, and says so', () => {
    const document = build(paragraph('\u200b\u200b'))
    expect(clean(document)).toEqual({ ...document, warnings: [expect.stringContaining('No text would be left')] })
  })
})
