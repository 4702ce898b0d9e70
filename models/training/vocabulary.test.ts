import { describe, expect, it } from 'vitest'
import { createTokenizer } from './tokenizer-file.ts'
import { buildVocabulary, specialTokens, splitGreedily, wordsOf } from './vocabulary.ts'

describe('wordsOf', () => {
  it.each([
    ['Crème brûlée, twice!', ['creme', 'brulee', ',', 'twice', '!']],
    ["don't  stop\n2.5%", ['don', "'", 't', 'stop', '2', '.', '5', '%']],
    ['東京 tower\u0000s', ['東', '京', 'tower', 's']],
    ['', []],
  ])('cuts %j as the tokeniser does', (text, words) => {
    expect(wordsOf(text)).toEqual(words)
  })
})

describe('buildVocabulary', () => {
  const counts = new Map([
    ['low', 500],
    ['lower', 200],
    ['newest', 600],
    ['widest', 300],
    ['once', 1],
    ['ж', 2],
  ])
  const vocabulary = buildVocabulary(counts, { size: 24, minCount: 2, surplus: 1.2 })

  it('has the special tokens first, then as many pieces as wanted, none twice', () => {
    expect(vocabulary.slice(0, 5)).toEqual(specialTokens)
    expect(vocabulary).toHaveLength(24)
    expect(new Set(vocabulary).size).toBe(24)
  })

  it('makes whole words of the frequent ones and leaves rare characters out', () => {
    expect(vocabulary).toContain('newest')
    expect(vocabulary).toContain('low')
    expect(vocabulary).not.toContain('ж')
    expect(vocabulary).not.toContain('once')
  })

  it('does not depend on the order in which words were counted', () => {
    const reversed = new Map([...counts].reverse())
    expect(buildVocabulary(reversed, { size: 24, minCount: 2, surplus: 1.2 })).toEqual(vocabulary)
  })

  it('is split greedily, as the product’s tokeniser does', () => {
    const known = new Set(vocabulary)
    const tokenizer = createTokenizer(vocabulary)
    for (const word of ['newest', 'lowest', 'wider', 'lower', 'ttt']) {
      const pieces = splitGreedily(word, known, 10)
      const ids = [...tokenizer.encode(word).ids]
      expect(ids.map((id) => vocabulary[id])).toEqual(pieces ?? ['[UNK]'])
    }
    expect(splitGreedily('жж', known, 10)).toBeNull()
  })
})
