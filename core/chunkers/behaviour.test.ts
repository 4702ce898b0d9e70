import { describe, expect, it } from 'vitest'
import type { Element, ParsedDocument } from '../contract/parsed-document.ts'
import { findDefinition } from '../shared/family.ts'
import { createWordPiece, parseWordPiece } from '../tokenizers/word-piece.ts'
import { chunkerDefinitions } from './list.ts'
import { isGraphemeStart, lastSentenceStart, nextSentenceStart } from './parts/text-breaks.ts'

/** Every word is one unknown token. */
const tokenizer = createWordPiece(
  parseWordPiece({
    normalizer: { type: 'BertNormalizer' },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { vocab: { '[UNK]': 0 } },
  })!,
  'words',
)

function chunk(id: string, options: Record<string, unknown>, document: ParsedDocument) {
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  return definition.create(definition.options.parse(options), { tokenizer }).chunk(document)
}

/** A document from parts; what is not a string is an element of that kind. */
function build(...parts: ([Element['kind'], string, Partial<Element>?] | string)[]): ParsedDocument {
  let text = ''
  const elements: Element[] = []
  for (const part of parts) {
    if (typeof part === 'string') text += part
    else {
      const [kind, content, more] = part
      const start = text.length
      text += content
      const rows = content.split('\n').map((row) => row.length + 1)
      let at = start
      const spans = rows.map((length) => ({ start: at, end: (at += length) - 1 }))
      elements.push({ kind, start, end: text.length, ...(kind === 'table' ? { rows: spans } : {}), ...more })
    }
    text += '\n\n'
  }
  return { text, elements, pages: [], warnings: [] }
}

const words = (count: number, word = 'word'): string => Array.from({ length: count }, () => word).join(' ')

describe('headings', () => {
  const document = build(
    ['heading', 'Manual', { level: 1 }],
    ['paragraph', words(20)],
    ['heading', 'Parts', { level: 2 }],
    ['heading', 'Engine', { level: 3 }],
    ['paragraph', words(20, 'oil')],
  )

  it('travel with what follows, and give the path', () => {
    for (const id of ['recursive', 'sentence', 'markdown']) {
      const overlap = id === 'sentence' ? { overlapTokens: 0 } : { overlapTokens: 0, minTokens: 0 }
      const chunks = chunk(id, { maxTokens: 24, ...overlap }, document)
      expect(chunks.map(({ text }) => text.split(/\s+/).slice(0, 3).join(' '))).toEqual([
        'Manual word word',
        'Parts Engine oil',
      ])
      expect(chunks[0]!.headings).toEqual(['Manual'])
      expect(chunks[1]!.headings.slice(0, 2)).toEqual(['Manual', 'Parts'])
    }
  })

  it('start a new chunk unless the open one is small', () => {
    expect(chunk('recursive', { maxTokens: 100, minTokens: 10 }, document)).toHaveLength(2)
    expect(chunk('recursive', { maxTokens: 100, minTokens: 50 }, document)).toHaveLength(1)
  })

  it('join small sections under one parent only, by headings', () => {
    const manual = build(
      ...['A', 'B'].flatMap((name): [Element['kind'], string, Partial<Element>?][] => [
        ['heading', name, { level: 1 }],
        ['heading', `${name} one`, { level: 2 }],
        ['paragraph', words(10)],
        ['heading', `${name} two`, { level: 2 }],
        ['paragraph', words(10)],
        ['heading', `${name} three`, { level: 2 }],
        ['paragraph', words(25)],
      ]),
    )
    const chunks = chunk('markdown', { maxTokens: 30, minTokens: 15 }, manual)
    expect(chunks.map(({ headings }) => headings)).toEqual([['A'], ['A', 'A three'], ['B'], ['B', 'B three']])
  })
})

describe('tables and code', () => {
  const rows = Array.from({ length: 12 }, (_, row) => `part ${row} price ${row}`)
  const table = ['name number', ...rows].join('\n')
  const document = build(['paragraph', 'Prices follow.'], ['table', table, { headerRows: 1 }], ['paragraph', 'End.'])

  it.each(['recursive', 'markdown', 'sentence', 'page'])('%s keeps rows whole and repeats the header', (id) => {
    const overlap = id === 'page' ? {} : { overlapTokens: 0 }
    const chunks = chunk(id, { maxTokens: 20, ...overlap }, document).filter(({ text }) => text.includes('price '))
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.flatMap(({ text }) => text.split('\n')).filter((line) => rows.includes(line))).toEqual(rows)
    for (const { text, context } of chunks)
      expect(text.includes('name number') ? context : text + context).toMatch(/name number$|^$/)
    expect(chunks.filter(({ context }) => context === 'name number').length).toBeGreaterThanOrEqual(chunks.length - 1)
  })

  it('cuts code between lines, at an empty line first', () => {
    const code = [
      ...Array.from({ length: 6 }, (_, line) => `call ${line}`),
      '',
      ...Array.from({ length: 6 }, () => 'more code'),
    ]
    const chunks = chunk('markdown', { maxTokens: 16 }, build(['code', code.join('\n')]))
    expect(chunks.map(({ text }) => text)).toEqual([code.slice(0, 6).join('\n'), code.slice(7).join('\n')])
  })
})

describe('pages', () => {
  const document = build(
    ['paragraph', 'One two.'],
    ['page-footer', 'Page 1'],
    ['page-header', 'Title'],
    ['paragraph', 'Three four.'],
  )
  document.pages = [
    { number: 1, start: 0, end: 18 },
    { number: 2, start: 18, end: document.text.length },
  ]

  it('leave headers and footers out, and no chunk spans them', () => {
    for (const { id } of chunkerDefinitions) {
      const chunks = chunk(id, {}, document)
      expect(chunks.map(({ text, pageFirst, pageLast }) => [text, pageFirst, pageLast])).toEqual([
        ['One two.', 1, 1],
        ['Three four.', 2, 2],
      ])
    }
  })

  it('are the chunks of the page chunker, even inside a paragraph', () => {
    const text = 'one two three four'
    const pages = [
      { number: 4, start: 0, end: 8 },
      { number: 5, start: 8, end: text.length },
    ]
    const elements: Element[] = [{ kind: 'paragraph', start: 0, end: text.length }]
    const paged = { text, elements, pages, warnings: [] }
    expect(chunk('page', {}, paged).map((each) => [each.text, each.pageFirst])).toEqual([
      ['one two', 4],
      ['three four', 5],
    ])
    expect(chunk('recursive', {}, paged)).toMatchObject([{ pageFirst: 4, pageLast: 5 }])
  })
})

describe('sizes', () => {
  it('cut a long paragraph into even parts at sentences', () => {
    const text = Array.from({ length: 11 }, (_, index) => `Sentence ${index} has five words.`).join(' ')
    const chunks = chunk('recursive', { maxTokens: 60 }, build(['paragraph', text]))
    expect(chunks.map(({ tokens }) => tokens)).toEqual([36, 30])
  })

  it('repeat whole sentences as overlap', () => {
    const text = 'One two three. Four five six. Seven eight nine. Ten eleven twelve.'
    const chunks = chunk('sentence', { maxTokens: 8, overlapTokens: 4 }, build(['paragraph', text]))
    expect(chunks.map((each) => each.text)).toEqual([
      'One two three. Four five six.',
      'Four five six. Seven eight nine.',
      'Seven eight nine. Ten eleven twelve.',
    ])
  })

  it('say 0 tokens in characters, and tokenise nothing', () => {
    const chunks = chunk('recursive', { unit: 'characters', maxTokens: 20 }, build(['paragraph', words(20)]))
    expect(chunks.length).toBeGreaterThan(4)
    for (const each of chunks) {
      expect(each.tokens).toBe(0)
      expect(each.text.length).toBeLessThanOrEqual(20)
    }
  })
})

describe('sentence starts', () => {
  const starts = (text: string): string[] => {
    const sentences: string[] = []
    let from = 0
    for (
      let next = nextSentenceStart(text, 0, text.length);
      next > 0;
      next = nextSentenceStart(text, next, text.length)
    ) {
      expect(lastSentenceStart(text, from, next)).toBe(next)
      sentences.push(text.slice(from, next).trim())
      from = next
    }
    return [...sentences, text.slice(from)]
  }

  it.each<[string, number]>([
    ['Dr. Smith met Prof. J. R. Tolkien. They spoke.', 2],
    ['See Fig. 3 and Eq. 2, e.g. Sec. A of vol. 7. Then read on.', 2],
    ['The answer is no. We left.', 2],
    ['It was 3.5 m long... and then? Yes! "Really?" he asked. (So it was.) End.', 5],
    ['1. Introduction\n2. Method. It works.', 2],
    ['He lives in the U.S. Army base. So do I. They agree.', 3],
    ['这是第一句。第二句！「第三句？」完', 4],
    ['यह एक वाक्य है। यह दूसरा है।', 2],
    ['هل هذا سؤال؟ نعم.', 2],
    ['Das ist z.B. ein Satz. Vgl. Abb. 4 dazu.', 2],
  ])('%s', (text, count) => {
    expect(starts(text)).toHaveLength(count)
  })

  it('stay out of grapheme clusters', () => {
    const text = 'a\u0301👨‍👩‍👧🇩🇪🇫🇷क्षि\r\n©'
    const expected = new Set([...new Intl.Segmenter('en').segment(text)].map((segment) => segment.index)).add(
      text.length,
    )
    for (let place = 0; place <= text.length; place++) expect(isGraphemeStart(text, place)).toBe(expected.has(place))
  })
})
