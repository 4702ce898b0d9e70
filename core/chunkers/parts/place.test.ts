import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Element, Page, ParsedDocument } from '../../contract/parsed-document.ts'
import { createDocumentBuilder } from '../../parsers/parts/document-builder.ts'
import { placeOf } from './place.ts'

/** The place of this part of the text. */
function place(document: ParsedDocument, part: string): string | undefined {
  const start = document.text.indexOf(part)
  if (start < 0) throw new Error(`no ${part}`)
  return placeOf(document, start, start + part.length)
}

function paged(kind: Page['kind'], ...pages: [label: string | undefined, text: string][]): ParsedDocument {
  const builder = createDocumentBuilder()
  for (const [label, text] of pages) {
    builder.beginPage({ ...(kind ? { kind } : {}), ...(label === undefined ? {} : { label }) })
    builder.add('paragraph', text)
  }
  return builder.finish()
}

describe('the place of a span', () => {
  it('is a slide, or several', () => {
    const document = paged('slide', ['One', 'first'], ['Two', 'second'], [undefined, 'third'])
    expect(place(document, 'second')).toBe('slide 2')
    expect(place(document, '\n\nsecond\n\n')).toBe('slide 2')
    expect(place(document, 'second\n\nthird')).toBe('slides 2-3')
  })

  it('is a chapter or a message with its name', () => {
    const chapters = paged('chapter', ['Chapter  Two', 'first'], [undefined, 'second'], ['x'.repeat(200), 'third'])
    expect(place(chapters, 'first')).toBe('chapter Chapter Two')
    expect(place(chapters, 'first\n\nsecond')).toBe('chapters Chapter Two to 2')
    expect(place(chapters, 'third')).toBe(`chapter ${'x'.repeat(79)}…`)
    const messages = paged('message', ['Re: boats', 'first'], ['', 'second'])
    expect(place(messages, 'first')).toBe('message 1 (Re: boats)')
    expect(place(messages, 'first\n\nsecond')).toBe('messages 1-2')
  })

  it('is nothing on pages that have numbers of their own, or in text without lines', () => {
    expect(place(paged(undefined, ['iv', 'first']), 'first')).toBeUndefined()
    expect(place({ ...paged('slide', ['x', 'first']), pages: [] }, 'first')).toBeUndefined()
    expect(placeOf(paged('slide', ['x', 'first']), 5, 5)).toBeUndefined()
  })

  it('is a range of cells', () => {
    const builder = createDocumentBuilder()
    builder.beginPage({ kind: 'sheet', label: 'Costs' })
    const rows = [
      ['Name', 'Price', 'Sum'],
      ['', 'seven', ''],
      ['Oar', 'three', 'four'],
    ]
    builder.addTable(rows, 1, { sheet: { rows: [2, 3, 30], column: 26 } })
    builder.add('paragraph', 'Below')
    builder.beginPage({ kind: 'sheet', label: 'Taxes' })
    builder.add('paragraph', 'Other')
    const document = builder.finish()
    expect(place(document, 'Name | Price | Sum')).toBe('sheet Costs, Z2:AB2')
    expect(place(document, 'seven')).toBe('sheet Costs, AA3')
    expect(place(document, '| seven\nOar | three | four')).toBe('sheet Costs, Z3:AB30')
    expect(place(document, '| seven')).toBe('sheet Costs, AA3')
    expect(place(document, 'Price | Sum\n| seven\nOar')).toBe('sheet Costs, Z2:AB30')
    expect(place(document, 'three')).toBe('sheet Costs, AA30')
    expect(place(document, 'Below')).toBe('sheet Costs')
    expect(place(document, 'Below\n\nOther')).toBe('sheets Costs to Taxes')
  })

  it('is the time of what is spoken', () => {
    const elements: Element[] = [
      { kind: 'paragraph', start: 0, end: 3, time: { startMs: 72_900, endMs: 75_000 } },
      { kind: 'paragraph', start: 4, end: 7, time: { startMs: 90_000, endMs: 3_700_000 } },
    ]
    const document = { text: 'One\nTwo', elements, pages: [], warnings: [], hasLines: true }
    expect(place(document, 'One')).toBe('0:01:12-0:01:15')
    expect(place(document, 'One\nTwo')).toBe('0:01:12-1:01:40')
  })

  it('is the lines of the file, whatever their length', () => {
    const line = fc.oneof(fc.string({ maxLength: 30 }), fc.constant('x'.repeat(5000)), fc.constant('\n'.repeat(4097)))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), (lines, a, b) => {
        const text = lines.join('\n')
        const [start, end] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y) as [number, number]
        const part = text.slice(start, end)
        const found = placeOf({ text, elements: [], pages: [], hasLines: true }, start, end)
        if (part.trim() === '') {
          expect(found).toBeUndefined()
          return
        }
        const first = text.slice(0, start + part.length - part.trimStart().length).split('\n').length
        const last = text.slice(0, start + part.trimEnd().length).split('\n').length
        expect(found).toBe(first === last ? `line ${first}` : `lines ${first}-${last}`)
      }),
    )
  })
})
