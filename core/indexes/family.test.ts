import { readdirSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import type { DocumentId } from '../shared/ids.ts'
import { type IndexEntry, type IndexStore, rarityOf } from './index-store.ts'
import { indexDefinitions } from './list.ts'

describe('the list', () => {
  it('names every implementation in the folder', () => {
    const others = /test|list|index-store|text-analysis|stop-words|parts/
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => !others.test(file))
    expect(indexDefinitions.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })
})

describe.each(indexDefinitions)('$id', (definition) => {
  let database: Database
  let index: IndexStore
  beforeEach(() => {
    database = openSqlite(':memory:')
    index = definition.create(definition.options.parse({}), { database, indexId: 7, dimensions: 2 })
    index.create()
  })
  afterEach(() => void database.close())

  const found = (query: string, documentIds?: string[]): number[] =>
    index
      .searchText(query, 10, documentIds ? { documentIds: documentIds as DocumentId[] } : {})
      .map((hit) => hit.chunkId)
  const near = (x: number, y: number, documentIds?: string[]): number[] =>
    index
      .searchVector(Float32Array.of(x, y), 10, documentIds ? { documentIds: documentIds as DocumentId[] } : {})
      .map((hit) => hit.chunkId)

  describe('text', () => {
    it('ranks by BM25: rare words count more, repeats and short texts help', () => {
      add(
        [1, 'the pump is near the valve'],
        [2, 'the valve, the valve'],
        [3, 'the cellar'],
        [4, 'a door'],
        [5, 'a roof'],
      )
      expect(found('Where is the valve?')).toEqual([2, 1])
      const [first, second] = index.searchText('valve pump', 10)
      expect(first?.chunkId).toBe(1)
      expect(first!.score).toBeGreaterThan(second!.score)
      expect(second!.score).toBeGreaterThan(0)
      expect(index.searchText('valve', 1)).toHaveLength(1)
      expect(index.searchText('valve', 0)).toEqual([])
    })

    it('finds other forms of a word, in any case, with and without accents', () => {
      add([1, 'Connecting the Café’s pumps'], [2, 'nothing'])
      for (const query of ['connected', 'CAFE', 'café', 'pump', 'ＰＵＭＰ']) expect(found(query), query).toEqual([1])
    })

    it('gives equal scores in the order of the chunks', () => {
      add([9, 'same words'], [3, 'same words'], [6, 'same words'])
      expect(found('words')).toEqual([3, 6, 9])
    })

    it.each([
      ['Chinese', '黑豹队的防守只丢了308分，在联赛中排名第六', ['防守', '联赛', '分', '排名第六', '308']],
      [
        'Japanese',
        '東京都庁は新宿区にあります。データベースを調べる。',
        ['東京', '京都', '新宿', 'データ', '調べ', '庁'],
      ],
      ['Thai', 'ประเทศไทยมีเมืองหลวงคือกรุงเทพมหานคร', ['เมืองหลวง', 'กรุงเทพ', 'ประเทศไทย']],
      ['Lao', 'ນະຄອນຫຼວງວຽງຈັນເປັນເມືອງຫຼວງ', ['ວຽງຈັນ', 'ເມືອງ']],
      ['Khmer', 'ភ្នំពេញជារាជធានីនៃប្រទេសកម្ពុជា', ['ភ្នំពេញ', 'កម្ពុជា']],
      ['Burmese', 'ရန်ကုန်မြို့သည်မြန်မာနိုင်ငံ၏မြို့ဖြစ်သည်', ['ရန်ကုန်', 'မြန်မာ']],
      ['Korean', '서울은 대한민국의 수도입니다', ['서울', '수도', '대한민국']],
      ['Hindi', 'नई दिल्ली भारत की राजधानी है', ['दिल्ली', 'राजधानी']],
      ['Arabic', 'القاهرة عاصمة مصر', ['القاهرة', 'مصر']],
      ['Russian', 'Москва — столица России', ['москва', 'СТОЛИЦА']],
      ['German', 'Die Straße nach Köln', ['koln', 'Straße', 'Die']],
      ['Adlam', '𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪', ['𞤆𞤵𞤤𞤢𞤪']],
    ])('finds parts of %s', (_language, text, queries) => {
      add([1, text], [2, 'something else, ohne Umlaut, 天気 ฟ้า'])
      for (const query of queries) expect(found(query), query).toEqual([1])
    })

    it('reads a query of nothing but stop-words', () => {
      add([1, 'To be, or not to be'], [2, 'a castle'])
      expect(found('to be or not to be')).toEqual([1])
    })

    it('reads syntax as text', () => {
      add([1, 'covid-19 body NEAR rowid'], [2, 'other'])
      for (const query of [
        '"',
        'covid-19',
        'body:covid',
        'covid*',
        '(covid OR',
        'NEAR(covid',
        '^covid',
        'covid AND NOT other"',
      ]) {
        expect(() => found(query), query).not.toThrow()
      }
      expect(found('covid-19')).toEqual([1])
      expect(found('body : rowid')).toEqual([1])
    })

    it('takes huge, empty, broken and wordless queries', () => {
      add([1, 'needle in a haystack 🙂\u0000 after'], [2, 'other'])
      expect(found(`${'haystacks needle '.repeat(6000)}${'x '.repeat(1000)}`)).toEqual([1])
      for (const query of ['', '   ', '🙂🙃', '\u0000', '\ud800', '!?.,', '\u0301'])
        expect(found(query), query).toEqual([])
      expect(found('needle\u0000\ud800after')).toEqual([1])
    })

    it('takes any string for a query and for a text (property)', () => {
      const anything = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
      )
      fc.assert(
        fc.property(anything, anything, (text, query) => {
          index.add([entry(1, text)])
          for (const hit of [...index.searchText(query, 5), ...index.searchPhrases(query, 5)]) {
            expect(hit.chunkId).toBe(1)
            expect(Number.isFinite(hit.score)).toBe(true)
          }
          const [frequency] = index.termStatistics([query]).frequencies
          expect([0, 1]).toContain(frequency)
        }),
        { numRuns: 150 },
      )
    })

    it('finds every word of what was added and not removed (property)', () => {
      const word = fc.stringMatching(/^[\p{L}\p{N}]{1,12}$/u)
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), fc.boolean(), (words, isRemoved) => {
          index.add([entry(1, words.join(' '))])
          if (isRemoved) index.remove([1])
          for (const one of words) expect(found(one), one).toEqual(isRemoved ? [] : [1])
        }),
        { numRuns: 100 },
      )
    })
  })

  describe('phrases', () => {
    it('finds neighbouring words only', () => {
      add([1, 'dielectric constants of liquids'], [2, 'a constant flow, a dielectric'], [3, '東京都庁'])
      expect(index.searchPhrases('the dielectric constant', 10).map((hit) => hit.chunkId)).toEqual([1])
      expect(index.searchPhrases('東京都', 10)).toEqual([])
      expect(index.searchPhrases('dielectric', 10)).toEqual([])
      expect(index.searchPhrases('flow of the dielectric', 10)).toEqual([])
    })
  })

  describe('vectors', () => {
    it('ranks by cosine', () => {
      index.add([entry(1, '', [1, 0]), entry(2, '', [0.6, 0.8]), entry(3, '', [-1, 0])])
      const hits = index.searchVector(Float32Array.of(1, 0), 10)
      expect(hits.map((hit) => hit.chunkId)).toEqual([1, 2, 3])
      expect(hits[0]!.score).toBeCloseTo(1, 6)
      expect(hits[1]!.score).toBeCloseTo(0.6, 6)
      expect(hits[2]!.score).toBeCloseTo(-1, 6)
      expect(index.searchVector(Float32Array.of(1, 0), 2)).toHaveLength(2)
      expect(index.searchVector(Float32Array.of(1, 0), 1_000_000)).toHaveLength(3)
    })

    it('leaves zeros and what is not a number out, on both sides', () => {
      index.add([entry(1, 'word', [0, 0]), entry(2, 'word', [NaN, 1]), entry(3, 'word', [0, 1])])
      expect(near(1, 1)).toEqual([3])
      expect(near(0, 0)).toEqual([])
      expect(near(NaN, 1)).toEqual([])
      expect(found('word')).toEqual([1, 2, 3])
    })

    it('gives them back', () => {
      index.add([entry(1, '', [0.6, 0.8]), entry(2, 'no vector', [0, 0])])
      expect(index.vectors([1, 2, 99])).toEqual(new Map([[1, Float32Array.of(0.6, 0.8)]]))
    })

    it('refuses another length', () => {
      expect(() => index.searchVector(Float32Array.of(1, 0, 0), 10)).toThrow('Index the collection again')
      expect(() => index.add([{ ...entry(1, ''), vector: Float32Array.of(1) }])).toThrow('Index the collection again')
    })
  })

  it('searches within documents', () => {
    index.add([entry(1, 'valve one', [1, 0], 'a'), entry(2, 'valve two', [1, 0], 'b'), entry(3, 'valve', [1, 0], 'c')])
    expect(found('valve', ['a', 'c'])).toEqual([3, 1])
    expect(near(1, 0, ['b', 'c'])).toEqual([2, 3])
    expect(found('valve', ['nowhere'])).toEqual([])
    expect(near(1, 0, [])).toEqual([])
  })

  it('replaces a chunk that is added again, and forgets what is removed', () => {
    add([1, 'old words'], [2, 'other'])
    add([1, 'new words'])
    expect([found('old'), found('new')]).toEqual([[], [1]])
    index.remove([1, 1, 99])
    expect([found('new'), near(1, 0)]).toEqual([[], [2]])
    expect(index.termStatistics(['other', 'new'])).toEqual({ chunks: 1, frequencies: [1, 0] })
  })

  it('adds all entries or none', () => {
    const wrong = { ...entry(2, 'second'), vector: Float32Array.of(1) }
    expect(() => index.add([entry(1, 'first'), wrong])).toThrow()
    expect(found('first')).toEqual([])
  })

  it('counts words by their analysed form', () => {
    add([1, 'pumps and covid-19'], [2, 'a pump, 19 cases of covid'], [3, '北京市的天气'])
    expect(index.termStatistics(['pumping', 'covid-19', '北京市', '天', 'and', '', 'never'])).toEqual({
      chunks: 3,
      frequencies: [2, 1, 1, 1, 1, 0, 0],
    })
  })

  it('takes a text search apart so that its parts add up to it', () => {
    add(
      [1, 'the pump is near the valve of the northern pump house'],
      [2, 'a valve and a pump'],
      [3, 'the cellar'],
      [4, 'near the roof, a pump'],
      [5, '北京市的咖啡馆'],
    )
    for (const query of ['Where is the pump near the valve?', 'valve', '北', 'the pump house', 'zebra', '']) {
      for (const kind of ['words', 'phrases'] as const) {
        const { chunks, frequencies, hits } = index.textParts(query, kind, 10)
        const whole = kind === 'words' ? index.searchText(query, 10) : index.searchPhrases(query, 10)
        expect(hits.map(({ chunkId }) => chunkId)).toEqual(whole.map(({ chunkId }) => chunkId))
        hits.forEach(({ parts }, at) => {
          const sum = parts.reduce((sum, part, term) => sum + part * rarityOf(chunks, frequencies[term]!), 0)
          expect(sum).toBeCloseTo(whole[at]!.score, 6)
        })
      }
    }
    expect(index.textParts('pump valve', 'words', 10)).toMatchObject({ chunks: 5, frequencies: [3, 2] })
    const within = index.textParts('pump', 'words', 10, { documentIds: ['other' as DocumentId] })
    expect(within).toEqual({ chunks: 5, frequencies: [3], hits: [] })
  })

  it('can be created again, optimised and dropped, apart from other indexes', () => {
    add([1, 'kept'])
    index.create()
    index.optimize()
    const other = definition.create(definition.options.parse({}), { database, indexId: 70, dimensions: 3 })
    other.create()
    other.drop()
    expect(found('kept')).toEqual([1])
    index.drop()
    const left = database.prepare(`SELECT name FROM sqlite_master WHERE name LIKE 'index%'`).all()
    expect(left).toEqual([])
  })

  function add(...texts: [number, string][]): void {
    index.add(texts.map(([chunkId, text]) => entry(chunkId, text)))
  }
})

function entry(
  chunkId: number,
  text: string,
  vector: readonly [number, number] = [1, 0],
  document = 'doc',
): IndexEntry {
  return { chunkId, documentId: document as DocumentId, text, vector: Float32Array.from(vector) }
}
