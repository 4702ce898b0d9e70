import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Chunk, Element, ParsedDocument } from '../contract/parsed-document.ts'
import { findDefinition } from '../shared/family.ts'
import { createWordPiece, parseWordPiece } from '../tokenizers/word-piece.ts'
import type { EmbedTexts } from './chunker.ts'
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

async function chunk(id: string, options: Record<string, unknown>, document: ParsedDocument): Promise<Chunk[]> {
  const definition = findDefinition('chunker', chunkerDefinitions, id)
  return definition
    .create(definition.options.parse(options), { tokenizer, embed: embedWords, askModel: async () => ({ starts: [] }) })
    .chunk(document)
}

/** Vectors of a text by its words: each word is a direction of its own. */
const embedWords: EmbedTexts = async (texts) => {
  const vectors = new Float32Array(texts.length * dimensions)
  texts.forEach((text, row) => {
    const counts = new Map<number, number>()
    for (const word of wordsOf(text)) {
      const column = Number.parseInt(createHash('sha256').update(word).digest('hex').slice(0, 8), 16) % dimensions
      counts.set(column, (counts.get(column) ?? 0) + 1)
    }
    const length = Math.hypot(...counts.values())
    for (const [column, count] of counts) vectors[row * dimensions + column] = count / length
  })
  return { vectors, dimensions }
}
const dimensions = 512

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? []
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

  it('travel with what follows, and give the path', async () => {
    for (const id of ['recursive', 'sentence', 'markdown']) {
      const overlap = id === 'sentence' ? { overlapTokens: 0 } : { overlapTokens: 0, minTokens: 0 }
      const chunks = await chunk(id, { maxTokens: 24, ...overlap }, document)
      expect(chunks.map(({ text }) => text.split(/\s+/).slice(0, 3).join(' '))).toEqual([
        'Manual word word',
        'Parts Engine oil',
      ])
      expect(chunks[0]!.headings).toEqual(['Manual'])
      expect(chunks[1]!.headings.slice(0, 2)).toEqual(['Manual', 'Parts'])
    }
  })

  it('start a new chunk unless the open one is small', async () => {
    expect(await chunk('recursive', { maxTokens: 100, minTokens: 10 }, document)).toHaveLength(2)
    expect(await chunk('recursive', { maxTokens: 100, minTokens: 50 }, document)).toHaveLength(1)
  })

  it('join small sections under one parent only, by headings', async () => {
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
    const chunks = await chunk('markdown', { maxTokens: 30, minTokens: 15 }, manual)
    expect(chunks.map(({ headings }) => headings)).toEqual([['A'], ['A', 'A three'], ['B'], ['B', 'B three']])
  })
})

describe('tables and code', () => {
  const rows = Array.from({ length: 12 }, (_, row) => `part ${row} price ${row}`)
  const table = ['name number', ...rows].join('\n')
  const document = build(['paragraph', 'Prices follow.'], ['table', table, { headerRows: 1 }], ['paragraph', 'End.'])

  it.each(['recursive', 'markdown', 'sentence', 'page'])('%s keeps rows whole and repeats the header', async (id) => {
    const overlap = id === 'page' ? {} : { overlapTokens: 0 }
    const all = await chunk(id, { maxTokens: 20, ...overlap }, document)
    const chunks = all.filter(({ text }) => text.includes('price '))
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.flatMap(({ text }) => text.split('\n')).filter((line) => rows.includes(line))).toEqual(rows)
    for (const { text, context } of chunks)
      expect(text.includes('name number') ? context : text + context).toMatch(/name number$|^$/)
    expect(chunks.filter(({ context }) => context === 'name number').length).toBeGreaterThanOrEqual(chunks.length - 1)
  })

  it('cuts code between lines, at an empty line first', async () => {
    const code = [
      ...Array.from({ length: 6 }, (_, line) => `call ${line}`),
      '',
      ...Array.from({ length: 6 }, () => 'more code'),
    ]
    const chunks = await chunk('markdown', { maxTokens: 16 }, build(['code', code.join('\n')]))
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

  it('leave headers and footers out, and no chunk spans them', async () => {
    for (const { id } of chunkerDefinitions) {
      const chunks = await chunk(id, id === 'proposed' ? { model: 'any' } : {}, document)
      expect(chunks.map(({ text, pageFirst, pageLast }) => [text, pageFirst, pageLast])).toEqual([
        ['One two.', 1, 1],
        ['Three four.', 2, 2],
      ])
    }
  })

  it('are the chunks of the page chunker, even inside a paragraph', async () => {
    const text = 'one two three four'
    const pages = [
      { number: 4, start: 0, end: 8 },
      { number: 5, start: 8, end: text.length },
    ]
    const elements: Element[] = [{ kind: 'paragraph', start: 0, end: text.length }]
    const paged = { text, elements, pages, warnings: [] }
    expect((await chunk('page', {}, paged)).map((each) => [each.text, each.pageFirst])).toEqual([
      ['one two', 4],
      ['three four', 5],
    ])
    expect(await chunk('recursive', {}, paged)).toMatchObject([{ pageFirst: 4, pageLast: 5 }])
  })
})

describe('sizes', () => {
  it('cut a long paragraph into even parts at sentences', async () => {
    const text = Array.from({ length: 11 }, (_, index) => `Sentence ${index} has five words.`).join(' ')
    const chunks = await chunk('recursive', { maxTokens: 60 }, build(['paragraph', text]))
    expect(chunks.map(({ tokens }) => tokens)).toEqual([36, 30])
  })

  it('repeat whole sentences as overlap', async () => {
    const text = 'One two three. Four five six. Seven eight nine. Ten eleven twelve.'
    const chunks = await chunk('sentence', { maxTokens: 8, overlapTokens: 4 }, build(['paragraph', text]))
    expect(chunks.map((each) => each.text)).toEqual([
      'One two three. Four five six.',
      'Four five six. Seven eight nine.',
      'Seven eight nine. Ten eleven twelve.',
    ])
  })

  it('say 0 tokens in characters, and tokenise nothing', async () => {
    const chunks = await chunk('recursive', { unit: 'characters', maxTokens: 20 }, build(['paragraph', words(20)]))
    expect(chunks.length).toBeGreaterThan(4)
    for (const each of chunks) {
      expect(each.tokens).toBe(0)
      expect(each.text.length).toBeLessThanOrEqual(20)
    }
  })
})

describe('meaning', () => {
  const about = (topic: string, count: number): string =>
    Array.from({ length: count }, (_, index) => `The ${topic} has ${topic} parts ${'abcdefgh'[index]}.`).join(' ')
  const text = `${about('engine', 6)} ${about('garden', 6)} ${about('violin', 6)}`
  const topics = (chunks: readonly Chunk[]): string[][] =>
    chunks.map((each) => [...new Set(each.text.match(/engine|garden|violin/g))])

  it.each(['semantic', 'cluster-semantic'])(
    '%s cuts where the subject changes, not where a chunk is full',
    async (id) => {
      const options = id === 'semantic' ? { minTokens: 10 } : { pieceTokens: 8 }
      const chunks = await chunk(id, { maxTokens: 60, ...options }, build(['paragraph', text]))
      expect(topics(chunks)).toEqual([['engine'], ['garden'], ['violin']])
      const bySize = await chunk('sentence', { maxTokens: 60, overlapTokens: 0 }, build(['paragraph', text]))
      expect(topics(bySize)).not.toEqual(topics(chunks))
    },
  )

  it.each(['semantic', 'cluster-semantic'])(
    '%s cuts what is too long, and keeps headings with their text',
    async (id) => {
      const document = build(['heading', 'Engines', { level: 1 }], ['paragraph', about('engine', 8)])
      const chunks = await chunk(id, { maxTokens: 24 }, document)
      expect(chunks.length).toBeGreaterThan(2)
      expect(chunks[0]!.text).toMatch(/^Engines\s+The engine/)
      for (const each of chunks) expect(each.headings).toEqual(['Engines'])
    },
  )

  it.each(['semantic', 'cluster-semantic'])('%s says that there is no model', async (id) => {
    const definition = findDefinition('chunker', chunkerDefinitions, id)
    const chunker = definition.create(definition.options.parse({}), { tokenizer })
    await expect(chunker.chunk(build('One. Two.'))).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('joins small parts with the neighbour that is more like them', async () => {
    const odd = `${about('engine', 5)} ${about('garden', 5)} A garden engine. ${about('violin', 5)}`
    const small = { maxTokens: 60, minTokens: 12, windowSentences: 1, percentile: 80 }
    const chunks = await chunk('semantic', small, build(['paragraph', odd]))
    for (const each of chunks) expect(each.tokens).toBeGreaterThanOrEqual(12)
    expect(chunks.find((each) => each.text.includes('A garden engine.'))?.text).toMatch(/garden has|engine has/)
  })
})

describe('proposals of a language model', () => {
  const { options, create } = findDefinition('chunker', chunkerDefinitions, 'proposed')
  const sentences = Array.from({ length: 12 }, (_, index) => `Here ${words(38)} number${index}.`)
  const document = build(['paragraph', sentences.join(' ')])
  const shown = (material: string): string[] =>
    [...material.matchAll(/^\[\d+\].*(number\d+)/gm)].map((match) => match[1]!)
  const numbers = (chunks: readonly Chunk[]): number[][] =>
    chunks.map((each) => [...each.text.matchAll(/number(\d+)/g)].map((match) => Number(match[1])))

  it('are where chunks begin; what begins last in a window begins the next one', async () => {
    const asked: string[][] = []
    const answers = [[3, 5], [2, 2, 99], []]
    const chunker = create(options.parse({ model: 'any', windowTokens: 210 }), {
      tokenizer,
      askModel: async ({ model, material }) => {
        expect(model).toBe('any')
        asked.push(shown(material))
        return { starts: answers[asked.length - 1] ?? [] }
      },
    })
    const chunks = await chunker.chunk(document)
    expect(asked.map((names) => names[0])).toEqual(['number0', 'number4', 'number5', 'number10'])
    expect(numbers(chunks)).toEqual([[0, 1], [2, 3], [4], [5, 6, 7, 8, 9], [10, 11]])
  })

  it('are never done without, silently', async () => {
    const parsed = options.parse({ model: 'any' })
    const wrong = [null, 'no', { starts: 'two' }, {}]
    for (const answer of wrong) {
      const chunker = create(parsed, { tokenizer, askModel: async () => answer })
      await expect(chunker.chunk(document)).rejects.toMatchObject({ code: 'model-invalid' })
    }
    await expect(create(parsed, { tokenizer }).chunk(document)).rejects.toMatchObject({ code: 'model-missing' })
    const nameless = create(options.parse({}), { tokenizer, askModel: async () => ({ starts: [] }) })
    await expect(nameless.chunk(document)).rejects.toMatchObject({ code: 'model-missing' })
  })
})

describe('small to find, large to answer', () => {
  const answer = (text: string, { start, end, answerStart = start, answerEnd = end }: Chunk): string =>
    text.slice(answerStart, answerEnd)

  it('gives the sentences around a chunk, within its section and the limit', async () => {
    const document = build(['heading', 'One', { level: 1 }], ['paragraph', 'A a. B b. C c. D d. E e.'], ['heading', 'Two', { level: 1 }], ['paragraph', 'F f. G g.']) // prettier-ignore
    const options = { sentences: 1, windowSentences: 1 }
    const chunks = await chunk('sentence-window', options, document)
    expect(chunks.map((each) => [each.text, answer(document.text, each)])).toEqual([
      ['One\n\nA a.', 'One\n\nA a. B b.'],
      ['B b.', 'A a. B b. C c.'],
      ['C c.', 'B b. C c. D d.'],
      ['D d.', 'C c. D d. E e.'],
      ['E e.', 'D d. E e.'],
      ['Two\n\nF f.', 'Two\n\nF f. G g.'],
      ['G g.', 'F f. G g.'],
    ])
    const tight = await chunk('sentence-window', { ...options, maxTokens: 8, answerTokens: 8 }, document)
    for (const each of tight) expect(tokenizer.count(answer(document.text, each))).toBeLessThanOrEqual(8)
  })

  it('gives the passage that a chunk is of', async () => {
    const paragraph = Array.from({ length: 6 }, (_, index) => `Sentence ${index} has five words.`).join(' ')
    const document = build(['heading', 'One', { level: 1 }], ['paragraph', paragraph], ['heading', 'Two', { level: 1 }], ['paragraph', 'It is short.']) // prettier-ignore
    const chunks = await chunk('parent-child', { maxTokens: 14, answerTokens: 60, minTokens: 5 }, document)
    expect(chunks.length).toBeGreaterThan(3)
    const answers = [...new Set(chunks.map((each) => answer(document.text, each)))]
    expect(answers).toEqual([`One\n\n${paragraph}`, 'Two\n\nIt is short.'])
    expect(chunks.at(-1)).toMatchObject({ text: 'Two\n\nIt is short.', headings: ['Two'] })
    expect(chunks.at(-1)).not.toHaveProperty('answerStart')
  })

  it('keeps the header of a table with the parts of its rows', async () => {
    const rows = Array.from({ length: 30 }, (_, row) => `part ${row} price ${row}`)
    const document = build(['table', ['name number', ...rows].join('\n'), { headerRows: 1 }])
    const chunks = await chunk('parent-child', { maxTokens: 10, answerTokens: 40 }, document)
    for (const each of chunks.slice(1)) expect(each.context || each.text).toContain('name number')
  })

  it('refuses passages that are smaller than the chunks in them', () => {
    for (const id of ['sentence-window', 'parent-child']) {
      const { options } = findDefinition('chunker', chunkerDefinitions, id)
      const issue = options.safeParse({ maxTokens: 200, answerTokens: 100 }).error?.issues[0]
      expect(issue?.path).toEqual(['answerTokens'])
      expect(issue?.message).toMatch(/at least as large as a chunk/)
    }
  })
})

describe('rows of tables', () => {
  const table = ['name number', 'part 1', 'part 2', 'part 3'].join('\n')
  const document = build(['heading', 'Prices', { level: 1 }], ['table', table, { headerRows: 1 }], ['paragraph', 'The end.']) // prettier-ignore

  it('are a chunk each, under their header and heading; other text is as it is by structure', async () => {
    const chunks = await chunk('table-rows', {}, document)
    expect(chunks.map(({ text, context, headings }) => [text, context, headings])).toEqual([
      ['Prices\n\nname number\npart 1', '', ['Prices']],
      ['part 2', 'name number', ['Prices']],
      ['part 3', 'name number', ['Prices']],
      ['The end.', '', ['Prices']],
    ])
  })

  it('are a few a chunk where the options say so', async () => {
    const chunks = await chunk('table-rows', { rows: 2 }, document)
    expect(chunks.map(({ text }) => text)).toEqual(['Prices\n\nname number\npart 1\npart 2', 'part 3', 'The end.'])
  })
})

describe('slides', () => {
  const slides = ['Plan', `Costs\n${words(30, 'euro')}`, `Risks\n${words(30, 'storm')}`, 'Thanks']
  const text = slides.join('\n\n')
  const pages = slides.map((slide, index) => {
    const start = text.indexOf(slide)
    const label = slide.split('\n')[0]!
    return { number: index + 1, kind: 'slide' as const, label, start, end: start + slide.length }
  })
  const document: ParsedDocument = { text, elements: [], pages, warnings: [] }

  it('are a chunk each; one of a few words goes with the next', async () => {
    const chunks = await chunk('slides', { minTokens: 5 }, document)
    expect(chunks.map(({ pageFirst, pageLast }) => [pageFirst, pageLast])).toEqual([
      [1, 2],
      [3, 3],
      [4, 4],
    ])
    expect(await chunk('slides', { minTokens: 0 }, document)).toHaveLength(4)
  })

  it('have their title as context in every part', async () => {
    const chunks = await chunk('slides', { maxTokens: 16, minTokens: 0 }, document)
    const risks = chunks.filter((each) => each.pageFirst === 3)
    expect(risks.length).toBeGreaterThan(1)
    for (const each of risks) expect(each.text + each.context).toContain('Risks')
  })
})

describe('separators', () => {
  const document = build('Art. 1 One two.\nMore of it.\nArt. 2 Three.\n---\nArt. 3 Four.')
  const texts = async (options: Record<string, unknown>): Promise<string[]> =>
    (await chunk('separators', { fill: false, ...options }, document)).map((each) => each.text)

  it('cut, and stay with what stands before or after', async () => {
    const articles = { separator: '^Art\\.', kind: 'pattern', goesWith: 'after' }
    expect(await texts({ separators: [articles] })).toEqual([
      'Art. 1 One two.\nMore of it.',
      'Art. 2 Three.\n---',
      'Art. 3 Four.',
    ])
    expect(await texts({ separators: [{ separator: '\\n---\\n' }] })).toEqual([
      'Art. 1 One two.\nMore of it.\nArt. 2 Three.\n---',
      'Art. 3 Four.',
    ])
  })

  it('are tried in order on what is too long, and pieces are put together where they fit', async () => {
    const separators = [{ separator: '---' }, { separator: '\\n' }]
    expect(await texts({ separators, maxTokens: 10 })).toEqual([
      'Art. 1 One two.',
      'More of it.',
      'Art. 2 Three.',
      '---',
      'Art. 3 Four.',
    ])
    expect(await texts({ separators, maxTokens: 10, fill: true })).toEqual([
      'Art. 1 One two.\nMore of it.',
      'Art. 2 Three.\n---',
      'Art. 3 Four.',
    ])
  })

  it('that could take for ever, or are no pattern, are refused with a reason', () => {
    const { options } = findDefinition('chunker', chunkerDefinitions, 'separators')
    const problem = (separator: string): string | undefined =>
      options.safeParse({ separators: [{ separator, kind: 'pattern' }] }).error?.issues[0]?.message
    expect(problem('(a+)+b')).toMatch(/could take for ever/)
    expect(problem('(')).toMatch(/is not a regular expression/)
    expect(problem('^Art')).toBeUndefined()
    expect(options.safeParse({ separators: [] }).success).toBe(false)
  })

  it('that find nothing leave the text to be cut by sentences', async () => {
    const long = build(words(50, 'One two.'))
    const chunks = await chunk('separators', { maxTokens: 12, separators: [{ separator: '###' }] }, long)
    for (const each of chunks) expect(each.text).toMatch(/^One .*\.$/)
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

  it('stay out of grapheme clusters', async () => {
    const text = 'a\u0301👨‍👩‍👧🇩🇪🇫🇷क्षि\r\n©'
    const expected = new Set([...new Intl.Segmenter('en').segment(text)].map((segment) => segment.index)).add(
      text.length,
    )
    for (let place = 0; place <= text.length; place++) expect(isGraphemeStart(text, place)).toBe(expected.has(place))
  })
})
