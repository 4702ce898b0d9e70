import { describe, expect, it } from 'vitest'
import { dependenciesFor, passage } from '../generator.suite.ts'
import { createSupportCheck } from './support.ts'

const passages = [
  passage(
    0,
    'The pontoon is 40 m long. The wave height limit for Fulmar is 1.5 m. The café does not open on Mondays.',
    {
      documentTitle: 'Harbour rules',
    },
  ),
  passage(1, 'Sheep graze on the hill all year. Their wool is sold in Strandwick.'),
  passage(2, 'Auf die Tystie dürfen höchstens 6 Personen.'),
  passage(3, '码头长四十米。渔船的波高限制是1.5米。'),
]
const check = createSupportCheck(passages, dependenciesFor(passages))
const scoreOf = async (sentence: string, sources: number[] = []): Promise<number> =>
  (await check.check(sentence, sources)).score

describe('whether sources say a sentence', () => {
  it.each([
    ['The wave height limit for Fulmar is 1.5 m.', 0],
    ['For Fulmar the limit of the wave height is 1.5 m.', 0],
    ['The pontoon is 40 m long, and the wave height limit for Fulmar is 1.5 m.', 0],
    ['The wool of the sheep is sold in Strandwick.', 1],
    ['Höchstens 6 Personen dürfen auf die Tystie.', 2],
    ['渔船的波高限制是1.5米。', 3],
  ])('%s: yes', async (sentence, source) => {
    expect(await scoreOf(sentence)).toBeGreaterThan(0.5)
    expect(await scoreOf(sentence, [source])).toBeGreaterThan(0.5)
    expect(await scoreOf(sentence, [(source + 1) % passages.length])).toBeLessThan(0.5)
  })

  it.each([
    'The wave height limit for Fulmar is 2.5 m.',
    'The wave height limit for Kittiwake is 1.5 m.',
    'The pontoon is not 40 m long.',
    'Otters were first seen in the fjord in 1987.',
    'Auf die Tystie dürfen höchstens 8 Personen.',
  ])('%s: no', async (sentence) => {
    expect(await scoreOf(sentence)).toBeLessThan(0.5)
  })

  it('takes a sentence without words for one that says nothing', async () => {
    expect(await scoreOf('…')).toBe(1)
  })

  it('finds no support where there are no sources, or where those named do not exist', async () => {
    const none = createSupportCheck([], dependenciesFor([]))
    expect((await none.check('The limit is 1.5 m.', [])).score).toBe(0)
    expect(await scoreOf('The wave height limit for Fulmar is 1.5 m.', [17])).toBeGreaterThan(0.5)
  })

  it('locates what says it', () => {
    const text = (sentence: string, index: number): string | undefined => {
      const span = check.locate(sentence, index)
      return span && passages[index]?.text.slice(span.start, span.end)
    }
    expect(text('The limit for Fulmar is 1.5 m.', 0)).toBe('The wave height limit for Fulmar is 1.5 m.')
    expect(text('The pontoon is 40 m long and Fulmar has a wave height limit of 1.5 m.', 0)).toBe(
      'The pontoon is 40 m long. The wave height limit for Fulmar is 1.5 m.',
    )
    expect(check.locate('Anything.', 9)).toBeUndefined()
  })

  it('stands hostile text', async () => {
    const hostile = [passage(0, `${'limit '.repeat(40_000)}. ${'|'.repeat(5000)}`)]
    const long = createSupportCheck(hostile, dependenciesFor(hostile))
    expect((await long.check('x '.repeat(100_000), [])).score).toBeLessThan(0.5)
  })
})
