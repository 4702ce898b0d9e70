import { describe, expect, it } from 'vitest'
import { findMatches, longestStretch, patternProblem } from './pattern.ts'
import { slowPatternReason } from './slow-pattern.ts'

describe('slow patterns', () => {
  it.each([
    '(a+)+$',
    '(a*)*',
    '(a|a)*b',
    '(a|ab)+c',
    '([a-z]+)*x',
    '(\\w+\\s?)*$',
    '(?:a?){30}b',
    '(?:.*a){12}',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(?<x>\\d+)(?:\\k<x>+)*',
    '(x+x+)+y',
    '(?=(a+)+b)',
    '.*.*.*.*=',
    '(.*)(.*)(.*)(.*)=',
    '.*a.*b.*c.*d',
    '(\\s|\\S)*(x|\\w)*',
    'é+é+é+é+',
  ])('%s is refused', (pattern) => expect(slowPatternReason(pattern)).toMatch(/\.$/))

  it.each([
    '^Page \\d+ of \\d+$',
    '^\\s*.*confidential.*$',
    '^\\d+(\\.\\d+)*\\.?\\s',
    '(\\d{1,3}\\.){3}\\d{1,3}',
    '(?:foo|bar)+',
    '(ab)*',
    '(?:[^,]*,)*',
    '(?i:draft) v\\d+',
    '\\p{Lu}{2,}\\b',
    '[\\w.+-]+@[\\w-]+\\.[\\w.]+',
    '\\u{1f600}|\\x41|\\cA|[\\]x-]',
    '(?<year>\\d{4})-\\k<year>',
    '(?:(?:a|b)c)*',
    '(?<!x)y(?!z)',
    'a{2,}?',
    '',
  ])('%s is not', (pattern) => expect(slowPatternReason(pattern)).toBeUndefined())

  it('says what is wrong with what is no pattern', () => {
    expect(patternProblem('[z-a]')).toBe(
      '"[z-a]" is not a regular expression: Range out of order in character class. To find a character such as ( or . itself, write \\ before it.',
    )
  })
})

describe('stretches', () => {
  it('are cut between words, or between characters where there are none', () => {
    const words = 'word '.repeat(2000)
    expect([...findMatches(words, 0, words.length, /word/gu)]).toHaveLength(2000)
    const faces = '😀'.repeat(longestStretch)
    const found = [...findMatches(`x${faces}`, 0, faces.length + 1, /\p{Emoji}+/gu)]
    expect(found.every(({ match }) => match[0].isWellFormed())).toBe(true)
    expect(found.map(({ match }) => match[0]).join('')).toBe(faces)
  })
})
