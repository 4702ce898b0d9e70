import { describe, expect, it } from 'vitest'
import { bagOf, matchStrength, wordsOf } from './words.ts'

describe('words', () => {
  it.each([
    ['Fulmar’s 1.5 m, 2,000 kg', ['fulmar', '1.5', 'm', '2,000', 'kg']],
    ['Größe ÉTÉ ﬁne', ['grosse', 'ete', 'fine']],
    ['码头长NFL四十米', ['码头', '长', 'nfl', '四十', '米']],
  ])('of %j are folded', (text, expected) => {
    expect(wordsOf(text).map(({ folded }) => folded)).toEqual(expected)
  })

  it('keep their places', () => {
    const text = 'Straße 応募締切は May'
    for (const word of wordsOf(text)) expect(text.slice(word.start, word.end)).toBe(word.surface)
  })
})

describe('matching a word', () => {
  it.each([
    ['limits', 'The limit is new.', 0.95, 1],
    ['defence', 'defence', 1, 1],
    ['Verteidigung', 'Sie verteidigten das Tor.', 0.5, 1],
    ['Wellenhöhe', 'die Wellenhöhengrenze', 0.4, 0.96],
    ['応募', '応募締切は五月', 1, 1],
    ['station', 'statue', 0, 0],
    ['2024', '2025', 0, 0],
  ])('%s in %j is between %d and %d'.replace('is between %d and %d', ''), (sought, text, least, most) => {
    const [word] = wordsOf(sought)
    const strength = word ? matchStrength(word, bagOf(text)) : -1
    expect(strength).toBeGreaterThanOrEqual(least)
    expect(strength).toBeLessThanOrEqual(most)
  })
})
