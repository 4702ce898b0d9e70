import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerWithSources, groupByDocument, parseAnswer, parseParts, type AnswerInline } from './answer-text.ts'

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

const text = (words: string, isUnsupported = false) => ({ type: 'text' as const, text: words, isUnsupported })
const paragraph = (...children: AnswerInline[]) => ({ type: 'paragraph' as const, children })

describe('parseAnswer', () => {
  it('tells paragraphs from lists', () => {
    expect(parseAnswer('Two things:\n- one [1]\n- two\n\nThe end.', known)).toEqual([
      paragraph(text('Two things:')),
      {
        type: 'list',
        first: null,
        items: [[paragraph(text('one'), { type: 'marker', marker: 1 })], [paragraph(text('two'))]],
      },
      paragraph(text('The end.')),
    ])
  })
  it('knows what models write: bold, code, tables, numbered lists', () => {
    expect(parseAnswer('**Bold** and `code` [1]', known)).toEqual([
      paragraph(
        { type: 'strong', children: [text('Bold')] },
        text(' and '),
        { type: 'code', text: 'code' },
        { type: 'marker', marker: 1 },
      ),
    ])
    expect(parseAnswer('| a | b |\n|---|---|\n| 1 | 2 [2] |', known)).toEqual([
      {
        type: 'table',
        rows: [
          [[text('a')], [text('b')]],
          [[text('1')], [text('2'), { type: 'marker', marker: 2 }]],
        ],
      },
    ])
    expect(parseAnswer('3. three\n4. four', known)).toMatchObject([{ type: 'list', first: 3 }])
  })
  it('holds back a marker that is cut off while streaming, and only then', () => {
    const cut = [paragraph(text('It is so.'))]
    expect(parseAnswer('It is so. [1', known, [], true)).toEqual(cut)
    expect(parseAnswer('It is so. [', known, [], true)).toEqual(cut)
    expect(parseAnswer('It is so. [1', known)).toEqual([paragraph(text('It is so. [1'))])
  })
  it('marks what no source says, wherever it stands', () => {
    const answer = 'So it is. [1]\n- It **never** was.\n- Fine.'
    const start = answer.indexOf('It **')
    const blocks = parseAnswer(answer, known, [{ start, end: answer.indexOf('\n- Fine') }])
    expect(blocks[0]).toEqual(paragraph(text('So it is.'), { type: 'marker', marker: 1 }))
    expect(blocks[1]).toMatchObject({
      items: [
        [paragraph(text('It ', true), { type: 'strong', children: [text('never', true)] }, text(' was.', true))],
        [paragraph(text('Fine.'))],
      ],
    })
  })
  it.each([
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    'a &amp; b &lt;',
    'C:\\_new\\*x\\[1]',
    '[1]: http://example.org "x"',
    '2*3*4 and a*b*c',
    'snake_case_name',
    '[^1] and [7]',
    '    four spaces',
  ])('leaves as it is: %s', (words) => {
    expect(wordsOf(parseAnswer(words, new Set()))).toBe(words.trim())
  })
  it('makes neither images nor links that are not of the web', () => {
    const all = JSON.stringify(
      parseAnswer(
        '![pixel](https://evil.example/p.png) [a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc) <https://x.example>',
        known,
      ),
    )
    expect(all).not.toContain('image')
    expect(all.match(/"href":"[^"]*"/g)).toEqual(['"href":"https://evil.example/p.png"'])
  })
  it('is not brought down by nesting or size', () => {
    expect(parseAnswer('>'.repeat(500) + ' deep', known)).toHaveLength(1)
    expect(parseAnswer('word '.repeat(50_000), known)).toHaveLength(1)
  })
  it('loses no text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('word', ' ', '[1]', '*', '_', '|', '<b>', '\n', '\\', '&lt;')), (pieces) => {
        const answer = pieces.join('')
        const letters = (value: string): string => value.replace(/[^a-z;&]/g, '')
        expect(letters(wordsOf(parseAnswer(answer, known)))).toBe(letters(answer))
      }),
    )
  })
  it('makes nothing of nothing', () => expect(parseAnswer(' \n\n ', known)).toEqual([]))
})

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join('')
  if (typeof value !== 'object' || value === null) return ''
  const words = 'text' in value ? String(value.text) : ''
  return words + wordsOf(Object.values(value).filter((part) => typeof part === 'object'))
}

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
