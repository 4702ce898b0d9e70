import { describe, expect, it } from 'vitest'
import { lettersOf, matchLetters, placeInText, stretchesOf } from './words.ts'

const found = (pieces: string[], wanted: string): string[] => {
  const page = lettersOf(pieces)
  return matchLetters(page.text, lettersOf([wanted]).text).flatMap(({ start, end }) =>
    stretchesOf(page, start, end).map((stretch) => (pieces[stretch.piece] ?? '').slice(stretch.start, stretch.end)),
  )
}

describe('a passage on a page', () => {
  it('is found over lines, with and without the hyphen at the end of one', () => {
    expect(found(['The sal-', 'inity was ', 'high.'], 'The salinity was high.')).toEqual([
      'The sal',
      'inity was',
      'high',
    ])
  })
  it('is found where the page writes ligatures', () => {
    expect(found(['The oﬃce is ﬁne'], 'office is fine')).toEqual(['oﬃce is ﬁne'])
  })
  it('takes the longest part that the page has', () => {
    expect(found(['Harbour master: Ada', 'Harbour master is on duty'], 'Harbour master is on duty')).toEqual([
      'Harbour master is on duty',
    ])
  })
  it('goes on after words that the page does not have', () => {
    expect(found(['first half of it', 'second half of it'], 'first half of it | XYZ | second half of it')).toEqual([
      'first half of it',
      'second half of it',
    ])
  })
  it('is nothing where the page says something else', () => {
    expect(found(['Something else altogether'], 'The salinity was high.')).toEqual([])
    expect(found([], 'The salinity')).toEqual([])
    expect(found(['abc'], '')).toEqual([])
  })
  it('may be shorter than what is looked for', () => {
    expect(found(['the end of it'], 'A passage that begins elsewhere, the end of it')).toEqual(['the end of it'])
  })
  it('may be very short', () => {
    expect(found(['12 kg', '13 kg'], '13')).toEqual(['13'])
  })
})

describe('a selection on a page', () => {
  const text = 'The salinity was high.\nThe tide was low. The tide was high.'
  const place = (pieces: string[], wanted: string, nth = 0): string | null => {
    const page = lettersOf(pieces)
    const letters = lettersOf([wanted]).text
    let start = page.text.indexOf(letters)
    for (let count = 0; count < nth; count += 1) start = page.text.indexOf(letters, start + 1)
    const span = placeInText(page, { start, end: start + letters.length }, text)
    return span && `${span.start} ${text.slice(span.start, span.end)}`
  }
  const pieces = ['The sal-', 'inity was high.', 'The tide was low. The', 'tide was high.']
  it('is told where it stands once', () => expect(place(pieces, 'salinity')).toBe('4 salinity'))
  it('is told by what is around it where it stands twice', () => {
    expect(place(pieces, 'tide', 0)).toBe('27 tide')
    expect(place(pieces, 'tide', 1)).toBe('45 tide')
  })
  it('is not told where the text has other words, or nothing tells which place it is', () => {
    expect(place(['The depth was 4 m'], 'depth')).toBeNull()
    expect(place(['tide'], 'tide')).toBeNull()
    expect(place(['—'], '—')).toBeNull()
  })
  it('covers a sign of two code units whole', () => {
    const page = lettersOf(['a𝒳'])
    const span = placeInText(page, { start: 0, end: page.text.length }, 'see a𝒳 there')
    expect(span).toEqual({ start: 4, end: 7 })
  })
})
