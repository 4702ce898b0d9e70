import { describe, expect, it } from 'vitest'
import { claimsOf, isEmpty, missingFrom } from './claims.ts'

const has = (sentence: string, source: string): boolean => isEmpty(missingFrom(claimsOf(sentence), source))

describe('what an answer claims word for word', () => {
  it.each([
    ['The limit is 1.5 m.', 'wave height limit | 1.5 m'],
    ['Die Grenze ist 1,5 m.', 'The limit is 1.50 m.'],
    ['It costs £1,500.', 'The price is 1500 pounds.'],
    ['It costs 12 000 pounds.', 'The price is 12,000 pounds.'],
    ['It costs 12000 pounds.', 'The price is 12\u202f000 pounds.'],
    ['On 11 March 2025 at 14:12.', 'Date: 2025-03-11, 14:12'],
    ['At 8:00.', 'from 08:00'],
    ['It carries 12 people, 2 engines.', 'She carries twelve people with both engines running.'],
    [
      'The rule says "never on the water".',
      'Tystie is refuelled from jerrycans on the slip and **never on the\nwater**.',
    ],
    ['The rule says “Never … the water”.', 'never, on any day, on the water'],
    ['Die Regel sagt „nie auf dem Wasser“.', 'Betankt wird nie auf dem Wasser.'],
    ['規則は「水の上では決してしない」と言う。', '規則: 水の上では決してしない。'],
    ['It is "safe".', 'Nothing of the kind.'],
    ['1. Fuel the boat.', 'Fuel the boat first.'],
    ['- (2) Test the radio.', 'Then test the radio.'],
    ['Sheep graze on the hill.', ''],
  ])('%s is in: %s', (sentence, source) => expect(has(sentence, source)).toBe(true))

  it.each([
    ['The limit is 2.5 m.', 'The limit is 1.5 m.'],
    ['It costs £1,500.', 'It costs £1.50.'],
    ['In 2023 it was 91.', 'In 2024 it was 91.'],
    ['The rule says "always on the water".', 'never on the water'],
    ['The rule says "the water on never".', 'never on the water'],
    ['It carries 15 people.', 'She carries 1.5 people, or fifty.'],
    ['It was 115.', 'It was 1, 15 or 1150.'],
  ])('%s is not in: %s', (sentence, source) => expect(has(sentence, source)).toBe(false))

  it('reads long and broken texts', () => {
    const hostile = `${'"a b '.repeat(20_000)}${'1.'.repeat(50_000)}${'„'.repeat(20_000)}`
    expect(isEmpty(missingFrom(claimsOf(hostile), 'nothing of it'))).toBe(false)
  })
})
