import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerWithSources, groupByDocument, parseAnswer, parseParts } from './markers.ts'

const known = new Set([1, 2, 12])

describe('parseParts', () => {
  it('sets markers apart and keeps them with their word', () => {
    expect(parseParts('It is so. [1] And so [2][12].', known)).toEqual([
      { type: 'text', text: 'It is so.' },
      { type: 'marker', marker: 1 },
      { type: 'text', text: ' And so' },
      { type: 'marker', marker: 2 },
      { type: 'marker', marker: 12 },
      { type: 'text', text: '.' },
    ])
  })
  it('reads lists of markers', () => {
    expect(parseParts('so [1, 2]', known)).toEqual([
      { type: 'text', text: 'so' },
      { type: 'marker', marker: 1 },
      { type: 'marker', marker: 2 },
    ])
  })
  it('leaves bracketed numbers that cite nothing', () => {
    expect(parseParts('see [7] and a[0] and [1, 7]', known)).toEqual([
      { type: 'text', text: 'see [7] and a[0] and [1, 7]' },
    ])
  })
  it('loses no text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('word', ' ', '[1]', '[3]', '[', ']', '1', ',', '\n')), (pieces) => {
        const text = pieces.join('')
        const kept = parseParts(text, known)
          .map((part) => (part.type === 'text' ? part.text : `[${part.marker}]`))
          .join('')
        const bare = (value: string): string => value.replace(/[\s,[\]]/g, '')
        expect(bare(kept)).toBe(bare(text))
      }),
    )
  })
})

describe('parseAnswer', () => {
  it('tells paragraphs from lists', () => {
    expect(parseAnswer('Two things:\n- one [1]\n- two\n\nThe end.', known)).toEqual([
      { type: 'paragraph', parts: [{ type: 'text', text: 'Two things:' }] },
      {
        type: 'list',
        items: [
          [
            { type: 'text', text: 'one' },
            { type: 'marker', marker: 1 },
          ],
          [{ type: 'text', text: 'two' }],
        ],
      },
      { type: 'paragraph', parts: [{ type: 'text', text: 'The end.' }] },
    ])
  })
  it('holds back a marker that is cut off while streaming, and only then', () => {
    const cut = [{ type: 'paragraph', parts: [{ type: 'text', text: 'It is so.' }] }]
    expect(parseAnswer('It is so. [1', known, true)).toEqual(cut)
    expect(parseAnswer('It is so. [', known, true)).toEqual(cut)
    expect(parseAnswer('It is so. [1', known)).toEqual([
      { type: 'paragraph', parts: [{ type: 'text', text: 'It is so. [1' }] },
    ])
  })
  it('makes nothing of nothing', () => expect(parseAnswer(' \n\n ', known)).toEqual([]))
})

describe('sources', () => {
  const citation = {
    documentId: 'a',
    document: 'a.md',
    path: 'x/a.md',
    page: 3,
    place: null,
    headings: ['One', 'Two'],
    text: ' So\nit is. ',
  }
  it('are grouped by document in the order of first citation', () => {
    const groups = groupByDocument([
      { documentId: 'b', marker: 1 },
      { documentId: 'a', marker: 2 },
      { documentId: 'b', marker: 3 },
    ])
    expect(groups.map((group) => group.map(({ marker }) => marker))).toEqual([[1, 3], [2]])
  })
  it('are copied with the answer', () => {
    expect(answerWithSources('Why?', 'So. [1]', [{ ...citation, marker: 1 }])).toBe(
      'Why?\n\nSo. [1]\n\nSources\n[1] x/a.md, page 3, One › Two\n    “So it is.”',
    )
    expect(answerWithSources('Why?', 'So. [1]', [{ ...citation, marker: 1, place: 'slide 4' }])).toContain(
      'x/a.md, slide 4, One',
    )
    expect(answerWithSources('Why?', 'Nothing.', [])).toBe('Why?\n\nNothing.')
  })
})
