import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, cellTexts, paragraph } from './cleaners.suite.ts'
import { replaceCleaner } from './replace.ts'

behavesAsCleaner(
  replaceCleaner,
  { pairs: [{ pattern: '\\w+', replacement: '' }], code: true },
  { pairs: [{ pattern: 'a|e|\\n', replacement: ' \n\n | $& ' }], code: true, ignoreCase: true },
  { pairs: [{ pattern: '\\s', replacement: '' }] },
)

const clean = (document: ParsedDocument, pairs: unknown[], options: Record<string, unknown> = {}): ParsedDocument =>
  replaceCleaner.create(replaceCleaner.options.parse({ pairs, ...options })).clean(document)
const replace = (text: string, pattern: string, replacement: string): string =>
  clean(build(paragraph(text)), [{ pattern, replacement }]).text

describe('replacements', () => {
  it.each([
    ['a cat, a bat', '(\\w)at', '$1og', 'a cog, a bog'],
    ['2024/06/01', '(?<y>\\d+)/(?<m>\\d+)/(\\d+)', '$3.$<m>.$<y>', '01.06.2024'],
    ['price 5', '\\d', '$$$&', 'price $5'],
    ['aXb', '(X)', '[$12|$2|$0]', 'a[X2|$2|$0]b'],
    ['(c) 2024', '\\(c\\)', '©', '© 2024'],
    ['aaa', 'b*', 'x', 'aaa'],
  ])('%j with %j and %j', (text, pattern, replacement, expected) => {
    expect(replace(text, pattern, replacement)).toBe(expected)
    // The same as the language itself does, but for empty matches.
    if (pattern !== 'b*') expect(text.replaceAll(new RegExp(pattern, 'gu'), replacement)).toBe(expected)
  })

  it('come one after the other, and not in code unless asked to', () => {
    const document = build(paragraph('a b'), { kind: 'code', text: 'a' })
    const pairs = [
      { pattern: 'a', replacement: 'b' },
      { pattern: 'b', replacement: 'c' },
    ]
    expect(clean(document, pairs).text).toBe('c c\n\na')
    expect(clean(document, pairs, { code: true }).text).toBe('c c\n\nc')
  })

  it('keep a row on one line and its cells apart', () => {
    const document = clean(
      build({
        table: [
          ['a', 'b'],
          ['x y', 'z'],
        ],
      }),
      [{ pattern: ' y|b', replacement: '\n2\n' }],
    )
    expect(cellTexts(document, document.elements[0])).toEqual([
      ['a', '2'],
      ['x 2', 'z'],
    ])
  })

  it('end the line numbers if they bring lines', () => {
    const document: ParsedDocument = { ...build(paragraph('a; b')), hasLines: true }
    expect(clean(document, [{ pattern: '; ', replacement: '\n' }]).hasLines).toBeUndefined()
    expect(clean(document, [{ pattern: '; ', replacement: ', ' }]).hasLines).toBe(true)
  })

  it('reach every part of a long paragraph', () => {
    const text = 'ten words '.repeat(3000).trim()
    expect(replace(text, 'ten', '10')).toBe('10 words '.repeat(3000).trim())
  })
})
