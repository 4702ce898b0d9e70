import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, heading, outline, paragraph } from './cleaners.suite.ts'
import { dropSectionsCleaner } from './drop-sections.ts'

behavesAsCleaner(dropSectionsCleaner, { headings: ['*'] }, { headings: ['a*'] })

const clean = (document: ParsedDocument, options: Record<string, unknown> = {}): ParsedDocument =>
  dropSectionsCleaner.create(dropSectionsCleaner.options.parse(options)).clean(document)

describe('sections', () => {
  it('go from their heading to the next of the same or a higher level', () => {
    const document = build(
      heading('Paper'),
      heading('Method', 2),
      paragraph('How.'),
      heading('References', 2),
      paragraph('[1] A. Smith'),
      heading('Web', 3),
      { table: [['a', 'b']] },
      heading('Appendix', 2),
      paragraph('More.'),
    )
    const result = clean(document)
    expect(result.text).toBe('Paper\n\nMethod\n\nHow.\n\nAppendix\n\nMore.')
    expect(outline(result).map(([, text]) => text)).toEqual(['Paper', 'Method', 'How.', 'Appendix', 'More.'])
  })

  it('at the beginning and at the end leave no blank lines', () => {
    const document = build(
      heading('Contents'),
      paragraph('1 … 7'),
      heading('Text'),
      paragraph('A.'),
      heading('REFERENCES:'),
    )
    expect(clean(document).text).toBe('Text\n\nA.')
  })

  it.each([
    ['7. References', true],
    ['VII References', true],
    ['A.2 Bibliography', true],
    ['## Table of  contents', true],
    ['**References**', true],
    ['Terms of reference', false],
    ['References to other laws', false],
  ])('%j is one of them: %s', (title, isDropped) => {
    const result = clean(build(heading('Text'), paragraph('A.'), heading(title), paragraph('B.')))
    expect(result.text.includes('B.')).toBe(!isDropped)
  })

  it('may be named with *', () => {
    const document = build(heading('Appendix A'), paragraph('A.'), heading('The end'), paragraph('B.'))
    expect(clean(document, { headings: ['appendix *'] }).text).toBe('The end\n\nB.')
    expect(clean(document, { headings: ['*end'] }).text).toBe('Appendix A\n\nA.')
  })

  it('stay where nothing else is in the document', () => {
    const document = build(heading('References'), paragraph('[1] A. Smith'))
    const result = clean(document)
    expect(result.text).toBe(document.text)
    expect(result.warnings).toEqual(['Every section is one of those to leave out, so none was left out.'])
  })

  it('move pages along, and keep running titles and line numbers', () => {
    const paged = clean(
      build('page', heading('Text'), paragraph('A.'), 'page', heading('References'), paragraph('x'), {
        kind: 'page-footer',
        text: 'Page 2',
      }),
    )
    expect(paged.pages.map(({ start, end }) => paged.text.slice(start, end).trim())).toEqual(['Text\n\nA.', 'Page 2'])
    const lines = clean({ ...build(heading('Contents'), paragraph('x\ny'), heading('Text')), hasLines: true })
    expect(lines).toMatchObject({ text: '\n\n\n\n\nText', hasLines: true })
  })
})
