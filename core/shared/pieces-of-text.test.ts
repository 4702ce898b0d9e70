import fc from 'fast-check'
import { expect, it } from 'vitest'
import { piecesOfText } from './pieces-of-text.ts'

it('cuts any text into pieces that are the text again, and no character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 2, max: 9 }), (text, length) => {
      const pieces = [...piecesOfText(text, length)]
      expect(pieces.join('')).toBe(text)
      expect(pieces.every((piece) => piece.length <= length && piece.isWellFormed())).toBe(true)
      expect(pieces.slice(0, -1).every((piece) => piece.length >= length - 1)).toBe(true)
    }),
  )
})

it('gives one empty piece for no text, and comes to an end with pieces of one unit', () => {
  expect([...piecesOfText('', 5)]).toEqual([''])
  expect([...piecesOfText('a🙂b', 1)].join('')).toBe('a🙂b')
})
