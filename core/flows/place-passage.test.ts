import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem, placePassage, sayProblem } from './place-passage.ts'

const text = 'The boats stay in harbour above 1.5 m.\nThe boats are checked in May.  The tide is high.'

describe('placePassage', () => {
  it('takes offsets as they are, without white space at the edges', () => {
    const end = text.indexOf('\n') + 1
    expect(placePassage(text, { start: 0, end })).toEqual({ start: 0, end: end - 1 })
  })

  it.each([
    [{ start: 5, end: text.length + 1 }, 'outside'],
    [{ start: 9, end: 4 }, 'outside'],
    [{ start: 5 }, 'outside'],
    [{ start: 4, end: 4 }, 'blank'],
    [{ text: '  \n ' }, 'blank'],
    [{ text: 'The boats sink' }, 'not-found'],
    [{ text: 'The boats sink', start: 3 }, 'not-found'],
    [{ text: 'The boats' }, 'ambiguous'],
  ])('says what is wrong with %j', (given, problem) => {
    const placed = placePassage(text, given)
    expect(placed).toMatchObject({ problem })
    if (isProblem(placed)) expect(sayProblem(placed, 'boats.md').length).toBeGreaterThan(10)
  })

  it('finds words that stand once, also with other white space', () => {
    expect(placePassage(text, { text: 'checked in May. The tide' })).toEqual({
      start: text.indexOf('checked'),
      end: text.indexOf('The tide') + 8,
    })
  })

  it('of words that stand several times takes those at the start that is given, or near it', () => {
    const second = text.lastIndexOf('The boats')
    expect(placePassage(text, { text: 'The boats', start: second })).toEqual({ start: second, end: second + 9 })
    expect(placePassage(text, { text: 'The boats', start: second + 2 })).toEqual({ start: second, end: second + 9 })
  })

  it('understands offsets that count characters as Python does', () => {
    const emoji = `🚤🚤 one boat, 🚤 then another boat`
    const characters = [...emoji].join('').length
    expect(characters).toBe(emoji.length)
    const start = [...emoji].findIndex(
      (_, index) => [...emoji].slice(index).join('').startsWith('boat', 0) && index > 10,
    )
    const expected = emoji.lastIndexOf('boat')
    expect(start).toBeLessThan(expected)
    expect(placePassage(emoji, { text: 'boat', start })).toEqual({ start: expected, end: expected + 4 })
  })

  it('does not cut a character in two', () => {
    expect(placePassage('a🚤b', { start: 0, end: 2 })).toEqual({ start: 0, end: 3 })
    expect(placePassage('a🚤b', { start: 2, end: 4 })).toEqual({ start: 1, end: 4 })
  })

  it('gives back any slice of any text by its offsets and its words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), fc.nat(), (given, a, b) => {
        const [start, end] = [a % given.length, b % (given.length + 1)].sort((x, y) => x - y) as [number, number]
        const placed = placePassage(given, { start, end })
        if (isProblem(placed)) {
          expect(given.slice(start, end).trim()).toBe('')
          return
        }
        const words = given.slice(placed.start, placed.end)
        expect(placePassage(given, { start: placed.start, text: words })).toEqual(placed)
      }),
    )
  })
})
