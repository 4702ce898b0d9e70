import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Passage } from '../generator.ts'
import { unitsOf } from './units.ts'

describe('the units of a passage', () => {
  it('are trimmed spans in order that do not overlap, each with words, none endless', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 120 }),
      fc.constantFrom(
        '| a | b |',
        '|---|---|',
        '- x',
        '2) y',
        '# H',
        '```',
        '~~~',
        'a;b;c',
        'a,b,c',
        '10:30 call',
        'Key: value',
        '> q',
        '',
        '---',
        '===',
      ),
      fc.string({ unit: 'grapheme', minLength: 3, maxLength: 5 }).map((word) => word.repeat(400)),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 15 }), fc.constantFrom('\n', '\r\n'), (lines, lineBreak) => {
        const text = lines.join(lineBreak)
        let end = 0
        for (const unit of unitsOf(passageOf(text), 0)) {
          expect(unit.start).toBeGreaterThanOrEqual(end)
          expect(unit.end).toBeGreaterThan(unit.start)
          expect(unit.end).toBeLessThanOrEqual(text.length)
          expect(text.slice(unit.start, unit.end).trim().length).toBe(unit.end - unit.start)
          expect(unit.text).toMatch(/[\p{L}\p{N}]/u)
          if (unit.kind === 'sentence') expect(unit.end - unit.start).toBeLessThanOrEqual(600)
          end = unit.end
        }
      }),
      { numRuns: 300, seed: 11 },
    )
  })

  it.each([
    [
      'Dr. Raman met Prof. Haug, e.g. on Monday. They agreed.',
      ['Dr. Raman met Prof. Haug, e.g. on Monday.', 'They agreed.'],
    ],
    [
      'Der Vertrag endet am 3. Mai 2025. Danach ist Schluss.',
      ['Der Vertrag endet am 3. Mai 2025.', 'Danach ist Schluss.'],
    ],
    ['The limit\nis 1.5 m. The\nboat is new.', ['The limit is 1.5 m.', 'The boat is new.']],
    ['限制是五米。船是新的！', ['限制是五米。', '船是新的！']],
    ['> Quoted text goes\n> on here.', ['Quoted text goes on here.']],
    [
      '09:46  SB  On station.\n       Wave 1.8 m.\n10:10  SB  Check-in.',
      ['09:46 SB On station.', 'Wave 1.8 m.', '10:10 SB Check-in.'],
    ],
    ['**Owner:** Callum\n**Version:** 4.1', ['Owner: Callum', 'Version: 4.1']],
    ['- one thing\n  that goes on\n- another', ['one thing that goes on', 'another']],
    ['```js\nlet a = 1\n```', ['let a = 1']],
  ])('of %j', (text, expected) => {
    expect(unitsOf(passageOf(text), 0).map((unit) => unit.text)).toEqual(expected)
  })

  it('know the heading above them', () => {
    const units = unitsOf(passageOf('# Boats\n\nFulmar is big.\n\nHours\n\nOpen at noon.'), 0)
    expect(units.map(({ kind, heading, text }) => [kind, heading, text])).toEqual([
      ['heading', 'Boats', 'Boats'],
      ['sentence', 'Boats', 'Fulmar is big.'],
      ['heading', 'Hours', 'Hours'],
      ['sentence', 'Hours', 'Open at noon.'],
    ])
  })

  it('do not take prose with commas for a table', () => {
    const text = 'Wind, waves, and rain came,\nsoup, bread, and tea went,\nboats, nets, and men stayed.'
    expect(unitsOf(passageOf(text), 0).every(({ kind }) => kind === 'sentence')).toBe(true)
  })

  it('read a table that goes on from the chunk before, its header being context', () => {
    const passage = { ...passageOf('| Tystie | 6 |\n| Fulmar | 12 |'), context: '| Boat | Persons |\n| --- | --- |' }
    expect(unitsOf(passage, 0).map(({ text }) => text)).toEqual(['Tystie — Persons: 6', 'Fulmar — Persons: 12'])
  })
})

function passageOf(text: string): Passage {
  return { index: 0, documentId: 'd', documentTitle: '', headings: [], context: '', text, score: 1 }
}
