import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAnswerReader, type ReadPart } from './answer-reader.ts'

/** The parts of a text that comes in these pieces. */
function read(...deltas: string[]): ReadPart[] {
  const reader = createAnswerReader()
  return [...deltas.flatMap((delta) => reader.take(delta)), ...reader.end()]
}

/** 'text', '[1,2]' and '|' for the end of a sentence. */
const shown = (parts: readonly ReadPart[]): string =>
  parts
    .map((part) => {
      if (part.type === 'text') return part.text
      if (part.type === 'marker') return `[${part.numbers.join()}]`
      return part.type === 'refusal' ? '(refusal)' : '|'
    })
    .join('')

describe('an answer that is read', () => {
  it.each([
    ['The limit is 1.5 m [1]. It is checked daily [2].', 'The limit is 1.5 m[1].| It is checked daily[2].|'],
    ['The limit is 1.5 m. [1] It is checked. [2]', 'The limit is 1.5 m.[1]| It is checked.[2]|'],
    ['Both say so [1][2].', 'Both say so[1][2].|'],
    ['Both say so [1, 2] and more [1-3].', 'Both say so[1,2] and more[1,2,3].|'],
    ['See [Source 2].', 'See[2].|'],
    ['See 【2】.', 'See[2].|'],
    ['Ask Dr. Raman, e.g. at noon. Then go.', 'Ask Dr. Raman, e.g. at noon.| Then go.|'],
    ['Steps:\n\n- Fuel [1]\n- Radio [2]\n', 'Steps:|\n\n- Fuel[1]|\n- Radio[2]|'],
    ['限制是五米。[1]咖啡馆营业。', '限制是五米。[1]|咖啡馆营业。|'],
    ['Use `list[1]` here [1].', 'Use `list[1]` here[1].|'],
    ['See [the manual] and [', 'See [the manual] and [|'],
    ['NO ANSWER', '(refusal)'],
    ['no answer.', '(refusal)'],
    ['**NO ANSWER**', '(refusal)'],
    ['NO ANSWER: the sources do not say.', '(refusal)'],
    ['No answering machine is needed [1].', 'No answering machine is needed[1].|'],
    ['No', 'No|'],
    ['<think>Hm [1].</think>\n\nIt is 4 m [1].', 'It is 4 m[1].|'],
    ['<think>It never ends', ''],
    ['', ''],
    ['  \n ', ''],
  ])('%j', (text, expected) => {
    expect(shown(read(text))).toBe(expected)
    // However it comes: letter by letter it means the same.
    expect(shown(read(...text))).toBe(expected)
  })

  it('gives text on as soon as it can', () => {
    const reader = createAnswerReader()
    expect(reader.take('The limit is')).toEqual([{ type: 'text', text: 'The limit is' }])
    expect(reader.take(' 4 m [')).toEqual([{ type: 'text', text: ' 4 m' }])
    expect(reader.take('1')).toEqual([])
    expect(reader.take('].')).toEqual([
      { type: 'marker', numbers: [1] },
      { type: 'text', text: '.' },
    ])
    expect(reader.end()).toEqual([{ type: 'sentence-end', text: 'The limit is 4 m.' }])
  })

  it('means the same in whatever pieces it comes, and loses no word', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ' [1]',
        '[2]. ',
        '. ',
        '\n',
        '`',
        '[',
        ']',
        ' ',
        'e.g. ',
        '。',
        '<think>',
        'NO ANSWER',
        'A',
        'b1',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const whole = read(pieces.join(''))
        expect(shown(read(...pieces))).toBe(shown(whole))
        const sentences = whole.flatMap((part) => (part.type === 'sentence-end' ? [part.text] : []))
        const text = whole.map((part) => (part.type === 'text' ? part.text : '')).join('')
        expect(sentences.join('').replaceAll(/\s/gu, '')).toBe(text.replaceAll(/\s/gu, ''))
      }),
      { numRuns: 300, seed: 11 },
    )
  })
})
