import { describe, expect, it } from 'vitest'
import { likenesses } from './likeness.ts'
import { relatedRoots } from './related.ts'
import { rootOf, wordsOf } from './words.ts'

describe('roots', () => {
  it.each([
    ['dive', 'diving'],
    ['dive', 'divers'],
    ['swim', 'swimming'],
    ['lose', 'losing'],
  ])('of %s and %s are the same', (one, other) => {
    expect(rootOf(one)).toBe(rootOf(other))
  })

  it('leave at least three letters, and long words alone', () => {
    expect(rootOf('bed')).toBe('bed')
    expect(rootOf('measurements')).toBe('measurements')
  })
})

describe('related words', () => {
  it.each([
    ['deepest', 'maximum'],
    ['plane', 'fly'],
    ['paying', 'fee'],
  ])('of %s have %s, and the other way round', (one, other) => {
    expect(relatedOf(one)).toContain(rootOf(other))
    expect(relatedOf(other)).toContain(rootOf(one))
  })

  it('are none for a word on no list', () => {
    expect([...relatedOf('quagga')]).toEqual([])
  })
})

describe('likenesses', () => {
  const words = ['lorry', ...Array.from({ length: 40 }, (_, index) => `filler${'abcdefghij'[index % 10]}${index < 10 ? 'x' : index < 20 ? 'y' : index < 30 ? 'z' : 'q'}`)] // prettier-ignore

  it('find the word that stands out, and nothing in what is merely there', async () => {
    const [alike] = await likenesses(['truck'], words, model(['truck', 'lorry']))
    expect([...(alike ?? [])].map(([word]) => word)).toEqual(['lorry'])
    expect(alike?.get('lorry')).toBeGreaterThan(0.3)
  })

  it('find nothing without vectors, or for a word the model must spell', async () => {
    expect(await likenesses(['truck'], words, model([]))).toEqual([new Map()])
    expect(await likenesses(['two words'], words, model(['two words', 'lorry']))).toEqual([new Map()])
  })
})

function relatedOf(text: string): ReadonlySet<string> {
  const [word] = wordsOf(text)
  return word ? relatedRoots(word) : new Set()
}

/** One direction for all words that are alike, one for the others, leaning a little either way. */
function model(alike: readonly string[]) {
  return {
    dimensions: 2,
    tokenizer: {
      id: 'test',
      count: () => 1,
      encode: () => ({ ids: Int32Array.of(1), starts: Int32Array.of(0), ends: Int32Array.of(1), unknownId: -1 }),
    },
    embed: async (texts: readonly string[]): Promise<Float32Array> =>
      Float32Array.from(
        texts.flatMap((text, index) =>
          alike.includes(text) ? [1, 0] : alike.length === 0 ? [0, 0] : [index % 2 === 0 ? 0.1 : -0.1, 0.99],
        ),
      ),
  }
}
