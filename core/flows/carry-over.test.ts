import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carryOver, leansOnHistory } from './carry-over.ts'

const after = (question: string, answer = '') => [{ question, answer }]
const limit = 'What is the wave height limit for Fulmar?'

describe('a question that follows on another', () => {
  it.each([
    // In place of what it stands beside.
    [limit, 'And for Tystie?', 'What is the wave height limit for Tystie?'],
    [limit, 'What about Tystie?', 'What is the wave height limit for Tystie?'],
    ['What did a ticket cost in 2024?', 'And in 2025?', 'What did a ticket cost in 2025?'],
    ['What did a ticket cost in 2024?', '2025?', 'What did a ticket cost in 2025?'],
    ['When does the ferry leave in summer?', 'and in winter', 'When does the ferry leave in winter?'],
    [
      'How many dives were allowed under the old rules?',
      'And the new rules?',
      'How many dives were allowed under the new rules?',
    ],
    ['When does Generator A start?', 'And B?', 'When does Generator B start?'],
    ['Was kostet ein Zimmer für Studenten?', 'Und für Gäste?', 'Was kostet ein Zimmer für Gäste?'],
    // With what it speaks of.
    [limit, 'Why was it reduced?', 'Why was it reduced (the wave height limit for Fulmar)?'],
    [limit, 'Who decided that?', 'Who decided that (the wave height limit for Fulmar)?'],
    [limit, 'Why?', 'Why (the wave height limit for Fulmar)?'],
    [limit, 'How often?', 'How often (the wave height limit for Fulmar)?'],
    [limit, 'Tell me more', 'Tell me more (the wave height limit for Fulmar)?'],
    [limit, 'Is Tystie faster?', 'Is Tystie faster (the wave height limit for Fulmar)?'],
    [limit, 'Is this rule still in force?', 'Is this rule still in force (the wave height limit for Fulmar)?'],
    [limit, 'And the deposit?', 'And the deposit (the wave height limit for Fulmar)?'],
    [
      'Are the mussels getting fewer?',
      'How many were there in 2019?',
      'How many were there in 2019 (the mussels getting fewer)?',
    ],
    ['Which dives are allowed?', 'Which one is the deepest?', 'Which one is the deepest (dives are allowed)?'],
  ])('%s %s', (before, question, expected) => {
    expect(carryOver(question, after(before))).toBe(expected)
    expect(leansOnHistory(question, after(before))).toBe(true)
  })

  it.each([
    'How deep is borehole BH1?',
    'What is the wave height limit for Tystie?',
    'How long does it take to calibrate a sensor?',
    'Is it allowed to dive alone?',
    'What time is it allowed to ring the bell in the harbour?',
    'How long can the tank supply the fish before it is empty, and who fills it?',
    'Is there a ferry on Sundays?',
    'What does the boat that sank in 2019 have to do with the winch?',
    'Do visitors need their own lifejacket when they come?',
    'Which firm trained the workers of the companies it took over?',
    'What is this document about?',
    'How often do oxygen sensors need a full calibration?',
    'Thanks!',
    'Thank you very much.',
    'Hello',
  ])('%s: stands by itself', (question) => {
    expect(carryOver(question, after(limit))).toBeUndefined()
  })

  it.each(['Et en 2023 ?', '¿Y en 2023?', 'それはいつですか。', '那它呢？', 'E nel 2023?', 'แล้วปีหน้าล่ะ'])(
    '%s: is left as it is where nobody can tell',
    (question) => {
      expect(carryOver(question, after(limit))).toBeUndefined()
      expect(leansOnHistory(question, after(limit))).not.toBe(true)
    },
  )

  it('takes the people of the answer along, for "she" and "his"', () => {
    const told = after('Who is the dive officer?', 'Hanna Leask is the Dive Officer. [1] She came in 2019.')
    expect(carryOver('When did she start?', told)).toBe('When did she start (the dive officer, Hanna Leask)?')
    expect(carryOver('When did it start?', told)).toBe('When did it start (the dive officer)?')
  })

  it('may follow a follow-up, and nothing follows nothing', () => {
    const chain = [limit, 'And for Tystie?'].map((question) => ({ question, answer: '' }))
    expect(carryOver('Who decided that?', chain)).toBe('Who decided that (the wave height limit for Tystie)?')
    const far = [...chain, { question: 'Who decided that?', answer: '' }]
    expect(carryOver('When was it?', far)).toBe('When was it (decided that, the wave height limit for Tystie)?')
    const thanked = [limit, 'Thanks!'].map((question) => ({ question, answer: '' }))
    expect(carryOver('And for Tystie?', thanked)).toBe('What is the wave height limit for Tystie?')
    expect(carryOver('And for Tystie?', [])).toBeUndefined()
    expect(carryOver('And for Tystie?', after('Hello'))).toBeUndefined()
    expect(carryOver('And for Tystie?', after('Why?'))).toBeUndefined()
  })

  it('stays short, fast and whole whatever is written (property)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        (question, before) => {
          const carried = carryOver(question, after(before))
          if (carried !== undefined) expect(carried.length).toBeLessThan(700)
        },
      ),
      { numRuns: 300, seed: 6 },
    )
    expect(carryOver('it '.repeat(300_000), after(limit))).toBeUndefined()
    const long = carryOver('Why was it reduced?', after('limit '.repeat(200_000), 'Ada Lovelace '.repeat(100_000)))
    expect(long?.length ?? 0).toBeLessThan(400)
  })
})
