import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { behavesAsCleaner, build, heading, outline, paragraph, type Part } from './cleaners.suite.ts'
import { repeatedLinesCleaner } from './repeated-lines.ts'

behavesAsCleaner(repeatedLinesCleaner, { share: 0.1, minPages: 2, lines: 1 })

const clean = (document: ParsedDocument, options: Record<string, unknown> = {}): ParsedDocument =>
  repeatedLinesCleaner.create(repeatedLinesCleaner.options.parse(options)).clean(document)

const page = (number: number, ...body: Part[]): Part[] => [
  'page',
  heading('The  Harbour Act'),
  ...body,
  paragraph(`Page ${number} of 5`),
]
const body = (number: number): Part[] =>
  ['first', 'second', 'third', 'fourth'].map((word) =>
    paragraph(`The ${word} paragraph about ship ${'x'.repeat(number)}.`),
  )

describe('running titles', () => {
  const document = build(...[1, 2, 3, 4, 5].flatMap((number) => page(number, ...body(number))))

  it('become page headers and footers, with the text as it was', () => {
    const result = clean(document)
    expect(result.text).toBe(document.text)
    const margins = outline(result).filter(([kind]) => kind.startsWith('page-'))
    expect(margins).toEqual(
      [1, 2, 3, 4, 5].flatMap((number) => [
        ['page-header', 'The  Harbour Act'],
        ['page-footer', `Page ${number} of 5`],
      ]),
    )
    expect(result.elements.every((element) => element.kind === 'heading' || element.level === undefined)).toBe(true)
  })

  it('are found where only the left pages have them', () => {
    const alternating = build(
      ...[1, 2, 3, 4, 5, 6].flatMap((number) => [
        'page' as const,
        ...(number % 2 === 0 ? [paragraph('Annual report')] : []),
        ...body(number),
      ]),
    )
    const headers = outline(clean(alternating)).filter(([kind]) => kind === 'page-header')
    expect(headers).toEqual([1, 2, 3].map(() => ['page-header', 'Annual report']))
  })

  it('are not what stands in the middle of pages, or on few of them', () => {
    const middle = build(
      ...[1, 2, 3, 4].flatMap((number) => [
        'page' as const,
        ...body(number),
        paragraph('Note:'),
        ...body(number + 10),
        ...(number < 3 ? [paragraph('See below.')] : []),
      ]),
    )
    expect(clean(middle)).toBe(middle)
  })

  it('are left alone where nothing else would be left, or without pages', () => {
    const forms = build(...[1, 2, 3].flatMap(() => ['page' as const, paragraph('Form')]))
    expect(clean(forms)).toBe(forms)
    const flat = build(...[1, 2, 3].flatMap((number) => page(number, ...body(number)).slice(1)))
    expect(clean(flat)).toBe(flat)
  })
})
