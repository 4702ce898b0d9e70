import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, paragraph } from './cleaners.suite.ts'
import { hyphenationCleaner } from './hyphenation.ts'

behavesAsCleaner(hyphenationCleaner, { otherWords: 'join' })

const clean = (document: ParsedDocument, options: Record<string, unknown> = {}): ParsedDocument =>
  hyphenationCleaner.create(hyphenationCleaner.options.parse(options)).clean(document)
const cleanText = (text: string, options?: Record<string, unknown>): string =>
  clean(build(paragraph(text)), options).text

describe('broken words', () => {
  it.each([
    ['An exam-\nple of this. Another example.', 'An example\nof this. Another example.'],
    ['An exam-\n  ple, of this. EXAMPLE', 'An example,\nof this. EXAMPLE'],
    ['the exam- ple is an example', 'the example is an example'],
    ['A well-\nknown one, as well-known as any', 'A well-known\none, as well-known as any'],
    ['pre- and post-war; pre-\nwar', 'pre- and post-war; pre-\nwar'],
    ['die Ein- und Ausfahrt', 'die Ein- und Ausfahrt'],
    ['un\u00ad\nknown', 'unknown'],
    ['Κυβέρ-\nνηση, κυβέρνηση', 'Κυβέρνηση,\nκυβέρνηση'],
    ['pages 3-\n5 of 35', 'pages 3-\n5 of 35'],
    ['ends with exam-\nple\nand example', 'ends with example\nand example'],
  ])('%j becomes %j', (given, expected) => expect(cleanText(given)).toBe(expected))

  it('joins words without evidence only if asked to, and never names', () => {
    expect(cleanText('An exam-\nple here')).toBe('An exam-\nple here')
    expect(cleanText('An exam-\nple here', { otherWords: 'join' })).toBe('An example\nhere')
    expect(cleanText('Baden-\nBaden', { otherWords: 'join' })).toBe('Baden-\nBaden')
  })

  it('believes the more frequent form', () => {
    expect(cleanText('on-\nline, online, on-line, on-line')).toBe('on-line,\nonline, on-line, on-line')
  })

  it('finds the evidence in other elements and leaves code alone', () => {
    const document = build(paragraph('exam-\nple'), { kind: 'code', text: 'exam-\nple' }, paragraph('example'))
    expect(clean(document).text).toBe('example\n\nexam-\nple\n\nexample')
  })

  it('takes time in proportion to the text', () => {
    const part = 'one exam-\nple two exam- ples three '
    const document = build(...Array.from({ length: 3000 }, () => paragraph(part.repeat(5))), paragraph('example'))
    expect(clean(document).text).not.toContain('exam-\n')
  })
})
