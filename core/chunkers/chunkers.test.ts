import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementKinds, type Chunk, type Element, type ParsedDocument } from '../contract/parsed-document.ts'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { createWordPiece, parseWordPiece } from '../tokenizers/word-piece.ts'
import type { AskModel, EmbedTexts } from './chunker.ts'
import { chunkerDefinitions } from './list.ts'

const dataFolder = join(import.meta.dirname, '../../../shared/data')
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Letters are words and word parts, so that every letter is a token; other scripts are unknown words. */
const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const wordPiece = createWordPiece(
  parseWordPiece({
    normalizer: { type: 'BertNormalizer' },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: {
      vocab: Object.fromEntries(
        [
          '[UNK]',
          ...letters,
          ...letters.map((letter) => `##${letter}`),
          '.',
          ',',
          '|',
          'the',
          '##ing',
          '##ᅡ',
          'ᄒ',
          '##ᆫ',
        ].map((token, id) => [token, id]),
      ),
    },
  })!,
  'letters',
)

/** One token for each byte of UTF-8: a tokenizer that promises nothing about white space. */
const bytes: Tokenizer = {
  id: 'bytes',
  count: (text) => Buffer.byteLength(text),
  encode(text) {
    const starts: number[] = []
    const ends: number[] = []
    let position = 0
    for (const character of text) {
      for (let byte = 0; byte < Buffer.byteLength(character); byte++) {
        starts.push(position)
        ends.push(position + character.length)
      }
      position += character.length
    }
    return {
      ids: new Int32Array(starts.length),
      starts: Int32Array.from(starts),
      ends: Int32Array.from(ends),
      unknownId: -1,
    }
  },
}

/** Vectors of what letters a text has: alike for texts of the same words, zeros for one without any. */
const embed: EmbedTexts = async (texts) => {
  const dimensions = letters.length
  const vectors = new Float32Array(texts.length * dimensions)
  texts.forEach((text, row) => {
    const counts = letters.map((letter) => text.toLowerCase().split(letter).length - 1)
    const length = Math.hypot(...counts)
    if (length > 0)
      vectors.set(
        counts.map((count) => count / length),
        row * dimensions,
      )
  })
  return { vectors, dimensions }
}

/** Proposes every third piece. */
const askModel: AskModel = async ({ schema }) => {
  const { starts } = schema['properties'] as { starts: { items: { enum: number[] } } }
  return { starts: starts.items.enum.filter((number) => number % 3 === 0) }
}

const settings: { id: string; options: Record<string, unknown> }[] = [
  ...chunkerDefinitions.map(({ id }) => ({ id, options: {} })),
  ...chunkerDefinitions.map(({ id }) => ({ id, options: { maxTokens: 8 } })),
  { id: 'recursive', options: { maxTokens: 30, minTokens: 5, overlapTokens: 12 } },
  { id: 'recursive', options: { maxTokens: 20, minTokens: 0 } },
  { id: 'recursive', options: { maxTokens: 40, overlapTokens: 10, unit: 'characters' } },
  { id: 'sentence', options: { maxTokens: 24, overlapTokens: 10 } },
  { id: 'markdown', options: { maxTokens: 24, minTokens: 8, overlapTokens: 6 } },
  { id: 'fixed', options: { maxTokens: 16, overlapTokens: 8 } },
  { id: 'page', options: { maxTokens: 16 } },
  { id: 'semantic', options: { maxTokens: 24, minTokens: 6, percentile: 60, windowSentences: 1 } },
  { id: 'cluster-semantic', options: { maxTokens: 40, pieceTokens: 8 } },
  { id: 'proposed', options: { maxTokens: 24, windowTokens: 100 } },
  { id: 'sentence-window', options: { maxTokens: 20, sentences: 1, windowSentences: 2, answerTokens: 40 } },
  { id: 'parent-child', options: { maxTokens: 10, answerTokens: 32, minTokens: 8 } },
  { id: 'table-rows', options: { maxTokens: 16, rows: 2, minTokens: 4 } },
  { id: 'slides', options: { maxTokens: 40, minTokens: 10 } },
  { id: 'separators', options: { maxTokens: 16, fill: false, separators: [{ separator: 'the' }, { separator: ' ' }] } },
  {
    id: 'separators',
    options: { maxTokens: 12, separators: [{ separator: '[.,。]|^', kind: 'pattern', goesWith: 'after' }] },
  },
]

function makeChunker(id: string, options: Record<string, unknown>, tokenizer: Tokenizer = wordPiece) {
  const definition = chunkerDefinitions.find((entry) => entry.id === id)!
  const small =
    typeof options['maxTokens'] === 'number' && options['maxTokens'] < 64 ? { overlapTokens: 0, minTokens: 0 } : {}
  const parsed = definition.options.parse({ ...small, ...(id === 'proposed' ? { model: 'any' } : {}), ...options })
  return { chunker: definition.create(parsed, { tokenizer, embed, askModel }), options: parsed }
}

function documentOf(text: string, elements: Element[] = [], pages: ParsedDocument['pages'] = []): ParsedDocument {
  return { text, elements, pages, warnings: [] }
}

/** Everything that the family's interface promises. */
function expectInvariants(
  document: ParsedDocument,
  chunks: Chunk[],
  options: Record<string, unknown>,
  tokenizer: Tokenizer,
): void {
  const { text } = document
  const max = options['maxTokens'] as number
  const covered = new Uint8Array(text.length)
  const clusterStarts = new Set(Array.from(segmenter.segment(text), (segment) => segment.index)).add(text.length)
  const clusterSizeAt = (place: number): number => {
    const cluster = segmenter.segment(text).containing(Math.min(place, text.length - 1))!.segment
    return options['unit'] === 'characters' ? cluster.length : Math.max(tokenizer.count(cluster), cluster.length / 24)
  }
  let previous: Chunk | undefined
  for (const chunk of chunks) {
    expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text)
    expect(chunk.text.trim()).not.toBe('')
    if (previous) {
      expect(chunk.start).toBeGreaterThan(previous.start)
      expect(chunk.end).toBeGreaterThan(previous.end)
      if (!options['overlapTokens']) expect(chunk.start).toBeGreaterThanOrEqual(previous.end)
    }
    if (options['unit'] === 'characters') {
      expect(chunk.tokens).toBe(0)
      if ([...chunk.text].length > 1) expect(chunk.text.length).toBeLessThanOrEqual(max)
    } else {
      expect(chunk.tokens).toBe(tokenizer.count(chunk.text))
      if ([...chunk.text].length > 1) expect(chunk.tokens).toBeLessThanOrEqual(max)
    }
    for (const place of [chunk.start, chunk.end])
      if (!clusterStarts.has(place) && clusterSizeAt(place) <= max)
        expect.fail(`cut inside a grapheme cluster at ${place} of ${JSON.stringify(text)}: ${JSON.stringify(chunk)}`)
    const { answerStart = chunk.start, answerEnd = chunk.end } = chunk
    expect((chunk.answerStart === undefined) === (chunk.answerEnd === undefined)).toBe(true)
    expect(answerStart).toBeGreaterThanOrEqual(0)
    expect(answerStart).toBeLessThanOrEqual(chunk.start)
    expect(answerEnd).toBeGreaterThanOrEqual(chunk.end)
    expect(answerEnd).toBeLessThanOrEqual(text.length)
    if (typeof options['answerTokens'] === 'number' && chunk.answerStart !== undefined)
      expect(tokenizer.count(text.slice(answerStart, answerEnd))).toBeLessThanOrEqual(options['answerTokens'])
    covered.fill(1, chunk.start, chunk.end)
    previous = chunk
  }
  for (const element of document.elements) {
    if (element.kind !== 'page-header' && element.kind !== 'page-footer') continue
    for (let place = element.start; place < element.end; place++)
      if (covered[place] === 1) expect.fail(`a chunk holds a ${element.kind} of ${JSON.stringify(document)}`)
    covered.fill(1, element.start, element.end)
  }
  for (let place = 0; place < text.length; place++)
    if (covered[place] === 0 && text[place]!.trim() !== '')
      expect.fail(`no chunk holds place ${place} of ${JSON.stringify(document)}: ${JSON.stringify(chunks)}`)
}

const piece = fc.constantFrom(
  ...[
    'a',
    'the ',
    'nothing ',
    'Dr. ',
    'Fig. 3 ',
    'e.g. ',
    'End. ',
    'Why? ',
    'No! ',
    '\n',
    '\n\n',
    '\r\n',
    ' ',
    '\t',
    '| a | b |\n',
  ],
  ...[
    '中文句子。',
    '日本語のテキスト',
    'ไม่มีช่องว่าง',
    'مرحبا بالعالم. ',
    'हिन्दी। ',
    '한국어 ',
    'e\u0301',
    ' \u0301',
    'क्षि',
    '👨‍👩‍👧‍👦',
    '🇩🇪🇫🇷',
  ],
  ...[
    '\ud800',
    '\udc00',
    '\u200d',
    '\u00ad',
    '\ufeff',
    'x'.repeat(40),
    'a\u0301\u0302\u0303',
    '…',
    '."',
    '\u2028',
    '\u0000',
    '©',
  ],
)
const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 120 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 120 }) },
)
const share = fc.double({ min: 0, max: 1, noNaN: true })

/** Elements in order, not overlapping, over part of the text, cut between clusters as parsers do; and pages. */
const anyDocument = fc
  .tuple(
    anyText,
    fc.array(fc.record({ at: share, kind: fc.constantFrom(...elementKinds), level: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 12,
    }),
    fc.array(share, { maxLength: 4 }),
  )
  .map(([text, marks, breaks]): ParsedDocument => {
    const places = [...Array.from(segmenter.segment(text), (segment) => segment.index), text.length]
    const at = (fraction: number): number => places[Math.floor(fraction * (places.length - 1))]!
    const bounds = marks.map((mark) => ({ ...mark, place: at(mark.at) })).sort((a, b) => a.place - b.place)
    const elements = bounds.flatMap(({ kind, level, place }, index): Element[] => {
      const end = bounds[index + 1]?.place ?? text.length
      if (end <= place || level === 6) return []
      const lines = [...text.slice(place, end).matchAll(/\n/g)].map((match) => place + match.index + 1)
      const rows = [place, ...lines].map((start, row) => ({ start, end: lines[row] ?? end }))
      return [{ kind, start: place, end, level, ...(kind === 'table' ? { rows, headerRows: level % 3 } : {}) }]
    })
    const pageStarts = [0, ...breaks.map(at).sort((a, b) => a - b)]
    const pages = pageStarts.map((start, index) => ({
      number: index + 1,
      start,
      end: pageStarts[index + 1] ?? text.length,
    }))
    return documentOf(text, elements, breaks.length === 0 ? [] : pages)
  })

describe.each(settings)('chunker $id $options', ({ id, options: given }) => {
  it.each([wordPiece, bytes])('keeps its promises for any document, with the tokenizer $id', async (tokenizer) => {
    const { chunker, options } = makeChunker(id, given, tokenizer)
    await fc.assert(
      fc.asyncProperty(anyDocument, async (document) => {
        expectInvariants(document, await chunker.chunk(document), options, tokenizer)
      }),
      { numRuns: 120 },
    )
  })

  it('does not fail on elements that are wrong', async () => {
    const { chunker } = makeChunker(id, given)
    const wrong = fc.record({
      kind: fc.constantFrom(...elementKinds),
      start: fc.nat({ max: 80 }),
      end: fc.nat({ max: 80 }),
      rows: fc.array(fc.record({ start: fc.nat({ max: 80 }), end: fc.nat({ max: 80 }) }), { maxLength: 3 }),
      headerRows: fc.nat({ max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(wrong, { maxLength: 8 }), async (text, elements) => {
        const chunks = await chunker.chunk(documentOf(text, elements))
        for (const chunk of chunks) expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text)
        if (text.trim() !== '' && elements.every((element) => !element.kind.startsWith('page-')))
          expect(chunks.length).toBeGreaterThan(0)
      }),
      { numRuns: 100 },
    )
  })

  it('gives no chunk for a document that is blank or only headers and footers', async () => {
    const { chunker } = makeChunker(id, given)
    expect(await chunker.chunk(documentOf(''))).toEqual([])
    expect(await chunker.chunk(documentOf(' \n\t\n'))).toEqual([])
    expect(await chunker.chunk(documentOf('Page 1', [{ kind: 'page-footer', start: 0, end: 6 }]))).toEqual([])
  })

  it('cuts a line of a megabyte without a space', async () => {
    const { chunker, options } = makeChunker(id, given)
    for (const unit of ['x', '字', '😀']) {
      const text = unit.repeat(300_000 / unit.length)
      const chunks = await chunker.chunk(documentOf(text))
      expect(chunks.length).toBeGreaterThan(1)
      let end = 0
      for (const chunk of chunks) {
        expect(chunk.start).toBeLessThanOrEqual(end)
        expect(chunk.text.isWellFormed()).toBe(true)
        expect(chunk.tokens).toBeLessThanOrEqual(options['maxTokens'] as number)
        end = chunk.end
      }
      expect(end).toBe(text.length)
    }
  })

  it.skipIf(!existsSync(dataFolder))('keeps its promises for real texts (skipped without ../shared/data)', async () => {
    const { chunker, options } = makeChunker(id, given)
    for (const text of realTexts()) {
      const document = documentOf(text, paragraphsOf(text))
      expectInvariants(document, await chunker.chunk(document), options, wordPiece)
    }
  })
})

describe('the folder of chunkers', () => {
  it('is what the list says, with unique ids, defaults and descriptions', () => {
    const files = readdirSync(import.meta.dirname, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.ts$|^(?:chunker|list)\.ts$/.test(entry.name))
      .map((entry) => entry.name.replace('.ts', ''))
    expect(chunkerDefinitions.map((definition) => definition.id).sort()).toEqual(files.sort())
    expect(chunkerDefinitions[0]?.id).toBe('recursive')
    for (const definition of chunkerDefinitions) {
      expect(definition.options.safeParse({}).success).toBe(true)
      expect(definition.summary).toMatch(/\.$/)
    }
  })

  it('refuses an overlap of more than half a chunk', () => {
    const result = chunkerDefinitions[0]!.options.safeParse({ maxTokens: 100, overlapTokens: 60 })
    expect(result.error?.issues[0]?.message).toMatch(/overlap must be at most half/)
  })
})

/** A part of each kind of text: papers, finance, chat, German, Chinese. */
function realTexts(): string[] {
  const corpus = (set: string): string[] =>
    readFileSync(join(dataFolder, 'retrieval', set, 'corpus.jsonl'), 'utf8')
      .split('\n')
      .slice(0, 2)
      .map((line) => (JSON.parse(line) as { text: string }).text.slice(0, 6000))
  const chroma = join(dataFolder, 'chunking/chroma/general_evaluation_data/corpora')
  return [
    ...['covidqa', 'xquad-de', 'xquad-zh'].flatMap(corpus),
    ...['finance.md', 'chatlogs.md', 'wikitexts.md'].map((name) =>
      readFileSync(join(chroma, name), 'utf8').slice(0, 6000),
    ),
  ]
}

/** Paragraph and heading elements as a text parser would give them. */
function paragraphsOf(text: string): Element[] {
  return [...text.matchAll(/\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*/g)].map((match) => ({
    kind: match[0].length < 50 && !match[0].includes('\n') ? ('heading' as const) : ('paragraph' as const),
    level: 1 + (match.index % 3),
    start: match.index,
    end: match.index + match[0].length,
  }))
}
