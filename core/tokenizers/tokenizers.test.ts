import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PreTrainedTokenizer } from '@xenova/transformers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tokenizer } from '../shared/tokenizer.ts'
import { coverage } from './coverage.ts'
import { loadHuggingFaceTokenizer, placeTokens } from './hugging-face.ts'
import { loadTokenizer } from './load-tokenizer.ts'
import { createWordCache } from './word-cache.ts'
import { createWordPiece, parseWordPiece } from './word-piece.ts'

const repository = join(import.meta.dirname, '../..')
const modelFolder = [join(repository, 'models/static-256'), join(repository, '../shared/model/static-256')].find(
  (folder) => existsSync(join(folder, 'tokenizer.json')),
)
const dataFolder = join(repository, '../shared/data/retrieval')

/** A small vocabulary in the shape of a BERT file, with traps: pieces of one character, accents, an added token. */
const smallFile = {
  added_tokens: [
    { id: 0, content: '[PAD]', special: true, normalized: false },
    { id: 1, content: '[UNK]', special: true, normalized: false },
    { id: 2, content: '[MASK]', special: true, normalized: false },
  ],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: null,
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 12,
    vocab: Object.fromEntries(
      [
        ...[
          '[PAD]',
          '[UNK]',
          '[MASK]',
          'a',
          'ab',
          'abc',
          '##a',
          '##b',
          '##bc',
          '##c',
          'b',
          'c',
          '=',
          '`',
          '字',
          '##字',
        ],
        ...[
          'ο',
          'δ',
          'ς',
          'σ',
          '##ς',
          '##σ',
          '##δ',
          '##ο',
          'οδος',
          "'",
          '.',
          '[',
          ']',
          'ᄒ',
          '##ᅡ',
          '##ᆫ',
          '豈',
          '𠀀',
          '😀',
          '##😀',
        ],
      ].map((token, id) => [token, id]),
    ),
  },
}

describe('WordPiece on a small vocabulary', () => {
  const tokenizer = createWordPiece(parseWordPiece(smallFile)!, 'small')
  const library = new PreTrainedTokenizer(smallFile, {})
  const alphabet = [
    ...[
      'a',
      'b',
      'c',
      'A',
      'é',
      'a\u0301',
      'ab',
      'abc',
      ' ',
      '\n',
      '\t',
      '\u00a0',
      '\u2028',
      '\f',
      '.',
      "'",
      '=',
      '≠',
      '\u1fef',
    ],
    ...[
      '字',
      '豈',
      '𠀀',
      '你',
      '한',
      'Σ',
      'σ',
      'ΟΔΟΣ',
      'İ',
      '\u00ad',
      '\u200d',
      '\ufeff',
      '\0',
      '\ufffd',
      '\ud800',
      '\udc00',
      '😀',
    ],
    ...[
      '👨\u200d👩\u200d👧',
      '[PAD]',
      '[MASK',
      '[',
      ']',
      '\u0301',
      '\u302e',
      '𐄀',
      'abcabcabcabca',
      'ﬁ',
      'ß',
      'مرحبا',
      'ไทย',
      'हिन्दी',
    ],
  ]
  const text = fc.oneof(
    fc.array(fc.constantFrom(...alphabet), { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
  )

  it('gives the ids of the library for any text', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect([...tokenizer.encode(value).ids]).toEqual(library.encode(value, { add_special_tokens: false }))
      }),
      { numRuns: 4000 },
    )
  })

  it('counts what it encodes, and places tokens in order inside the text', () => {
    fc.assert(
      fc.property(text, (value) => {
        const { ids, starts, ends } = tokenizer.encode(value)
        expect(tokenizer.count(value)).toBe(ids.length)
        for (let token = 0; token < ids.length; token++) {
          expect(starts[token]).toBeLessThan(ends[token]!)
          expect(ends[token]).toBeLessThanOrEqual(value.length)
          if (token === 0) continue
          const sameCharacter = starts[token] === starts[token - 1] && ends[token] === ends[token - 1]
          if (!sameCharacter) expect(starts[token]).toBeGreaterThanOrEqual(ends[token - 1]!)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('adds up over pieces cut at white space, as `additive` promises', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(tokenizer.count(`${left} ${right}`)).toBe(tokenizer.count(left) + tokenizer.count(right))
      }),
      { numRuns: 1500 },
    )
  })

  it.each([
    ['abc ABC', ['abc', 'ABC']],
    ['a\u00adb\u00e9 c', ['a\u00adb\u00e9', 'c']],
    ['a≠字字.', ['a', '≠', '字', '字', '.']],
    ['e\u0301a', ['e\u0301a']],
    ['[MASK]a[PAD]', ['[MASK]', 'a', '[PAD]']],
    ['abca', ['abc', 'a']],
    ['한', ['한', '한', '한']],
  ])('places the tokens of %j', (value, expected) => {
    const { starts, ends } = tokenizer.encode(value)
    expect([...starts].map((start, token) => value.slice(start, ends[token]))).toEqual(expected)
  })

  it('makes one unknown token of a very long word', () => {
    const { ids, starts, ends } = tokenizer.encode(` ${'x'.repeat(200_000)} a`)
    expect([[...ids], [...starts], [...ends]]).toEqual([
      [1, 3],
      [1, 200_002],
      [200_001, 200_003],
    ])
  })

  it('gives nothing for nothing', () => {
    for (const value of ['', ' \n\t', '\u0301', '\0\ufffd'])
      expect(tokenizer.encode(value)).toEqual({
        ids: new Int32Array(),
        starts: new Int32Array(),
        ends: new Int32Array(),
        unknownId: 1,
      })
  })

  it('leaves other kinds of file to the library', () => {
    expect(parseWordPiece({ ...smallFile, model: { type: 'BPE', vocab: {}, merges: [] } })).toBeNull()
    expect(parseWordPiece({ ...smallFile, normalizer: { type: 'NFC' } })).toBeNull()
    expect(parseWordPiece({ ...smallFile, added_tokens: [{ id: 9, content: 'word' }] })).toBeNull()
    expect(parseWordPiece('text')).toBeNull()
  })
})

describe('the word cache', () => {
  it('finds again what it keeps, tells equal hashes apart, and forgets when it is full', () => {
    const cache = createWordCache({ words: 4 })
    const keep = (word: string): number => cache.add(word, 7, [word.length, 0, word.length])
    const find = (word: string): number => cache.find(`<${word}>`, 1, 1 + word.length, 7)
    for (const word of ['one', 'two', 'three', 'four']) keep(word)
    expect(['one', 'two', 'three', 'four'].map((word) => cache.ids[cache.firsts[find(word)]!])).toEqual([3, 3, 5, 4])
    expect(find('ones')).toBe(-1)
    keep('five')
    expect([find('one'), find('four')]).toEqual([-1, -1])
    expect(cache.counts[find('five')]).toBe(1)
  })
})

describe.skipIf(modelFolder === undefined)(
  'the bundled model’s tokenizer (skipped where models/static-256 is not there)',
  () => {
    let tokenizer: Tokenizer
    let library: PreTrainedTokenizer
    beforeAll(async () => {
      tokenizer = await loadTokenizer(modelFolder!)
      library = new PreTrainedTokenizer(JSON.parse(readFileSync(join(modelFolder!, 'tokenizer.json'), 'utf8')), {})
    })

    it('gives the ids of the library for random Unicode', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (value) => {
          expect([...tokenizer.encode(value).ids]).toEqual(library.encode(value, { add_special_tokens: false }))
        }),
        { numRuns: 1000 },
      )
    })

    it.skipIf(!existsSync(dataFolder))(
      'gives the ids of the library for 20,000 real lines (skipped without ../shared/data)',
      () => {
        let lines = 0
        for (const set of ['covidqa', 'xquad-de', 'xquad-zh', 'npl', 'cranfield']) {
          const documents = readFileSync(join(dataFolder, set, 'corpus.jsonl'), 'utf8')
            .split('\n')
            .filter(Boolean)
          let linesOfSet = 0
          for (const document of documents) {
            const { text } = JSON.parse(document) as { text: string }
            for (const line of text.split(/\n|(?<=[.。]) ?/)) {
              if (line === '' || linesOfSet++ >= 6000) continue
              lines += 1
              if ([...tokenizer.encode(line).ids].join() !== library.encode(line, { add_special_tokens: false }).join())
                expect.fail(`other ids for ${JSON.stringify(line)}`)
            }
          }
        }
        expect(lines).toBeGreaterThan(20_000)
      },
    )

    it('knows the words of English and not those of a made-up language', () => {
      expect(coverage(tokenizer, 'The people of the city drink water every day.')).toBe(1)
      expect(coverage(tokenizer, 'Xqzvrt blorptwug fnarglezz')).toBe(0)
      expect(coverage(tokenizer, 'water xqzvrt')).toBe(0.5)
      expect(coverage(tokenizer, ' … 😀 !')).toBe(0)
      expect(coverage(tokenizer, '')).toBe(0)
    })
  },
)

describe('loading', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quarry-tokenizer-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('says which file is missing or broken', async () => {
    await expect(loadTokenizer(join(folder, 'absent'))).rejects.toMatchObject({ code: 'model-missing' })
    writeFileSync(join(folder, 'tokenizer.json'), '{ "model": ')
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'model-invalid' })
    writeFileSync(join(folder, 'tokenizer.json'), '{ "model": { "type": "Nonsense" } }')
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'model-invalid' })
  })

  it('uses its own WordPiece for BERT files; the library’s view of the same file agrees, places included', async () => {
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(smallFile))
    writeFileSync(join(folder, 'tokenizer_config.json'), '{ "unk_token": "[UNK]" }')
    const own = await loadTokenizer(folder)
    const other = await loadHuggingFaceTokenizer(folder, 'other')
    expect(own.additive).toBe(true)
    const text = 'Abc ab\u00e9, a=字 [MASK] abcab abc.'
    expect(other.encode(text).ids).toEqual(own.encode(text).ids)
    expect(other.count(text)).toBe(own.count(text))
    const places = other.encode(text)
    const ownPlaces = own.encode(text)
    // The one unknown word is all that the library gives no characters for.
    for (let token = 0; token < places.ids.length; token++)
      if (places.ids[token] !== 1)
        expect([places.starts[token], places.ends[token]]).toEqual([ownPlaces.starts[token], ownPlaces.ends[token]])
  })
})

describe('byte-level BPE through the library', () => {
  it('gives the parts of one character the place of that character', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quarry-tokenizer-'))
    const bytes = [...'abcdefghijklmnopqrstuvwxyz.ĠåŃĹðŁĺĢ']
    const file = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries([...bytes, 'Ġt', 'Ġth', 'Ġthe'].map((token, id) => [token, id])),
        merges: [
          ['Ġ', 't'],
          ['Ġt', 'h'],
          ['Ġth', 'e'],
        ],
      },
    }
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(file))
    const tokenizer = await loadTokenizer(folder)
    rmSync(folder, { recursive: true })
    const text = 'of the 字😀.'
    const { starts, ends } = tokenizer.encode(text)
    expect([...starts].map((start, token) => text.slice(start, ends[token]))).toEqual([
      'o',
      'f',
      'the',
      '',
      '字',
      '字',
      '字',
      '😀',
      '😀',
      '😀',
      '😀',
      '.',
    ])
    expect(tokenizer.count(text)).toBe(12)
  })
})

describe('placing tokens without offsets', () => {
  it.each([
    ['Hello, WORLD', ['hello', ',', 'wor', 'ld'], ['Hello', ',', 'WOR', 'LD']],
    ['  the  ﬁle', [' the', ' fi', 'le'], ['the', 'ﬁ', 'le']],
    ['a 字b', ['a', '字', null, 'b'], ['a', '字', '字', 'b']],
    ['one UNKNOWN two', ['one', '[UNK]', 'two'], ['one', 'UNKNOWN', 'two']],
  ])('%j', (text, surfaces, expected) => {
    const { starts, ends } = placeTokens(text, surfaces)
    expect([...starts].map((start, token) => text.slice(start, ends[token]).trim())).toEqual(expected)
  })
})
