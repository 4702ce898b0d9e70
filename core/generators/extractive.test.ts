import { describe, expect, it } from 'vitest'
import { extractive, type ExtractiveOptions } from './extractive.ts'
import { plainText } from './extractive/plain-text.ts'
import { wordsOf } from './extractive/words.ts'
import { answerText, collectParts, dependenciesFor, examples, harbour, passage } from './generator.suite.ts'
import type { AnswerPart, Passage } from './generator.ts'

describe('extractive answers', () => {
  it('show only words of the cited span and of table headers', async () => {
    for (const { question, passages } of examples) {
      let text = ''
      for (const part of await ask(question, passages)) {
        if (part.type === 'text-delta') text = part.text
        if (part.type !== 'citation') continue
        const source = passages[part.passage]?.text ?? ''
        const header = source.startsWith('|') ? (source.split('\n')[0] ?? '') : ''
        const known = new Set(
          wordsOf(`${plainText(source.slice(part.start, part.end))}\n${header}`).map(({ folded }) => folded),
        )
        for (const word of wordsOf(text)) expect(known, text).toContain(word.folded)
      }
    }
  })

  it('are as long as who answers is to be, and refuse in those words', async () => {
    const text = [
      'Northern storms raise the tide at the pier.',
      'A float gauge measures the tide at the pier.',
      'Bright lamps show the tide at the pier.',
      'Old ferries wait for the tide at the pier.',
      'Anglers curse the tide at the pier.',
      'Schoolchildren paint the tide at the pier.',
      'Steep concrete walls hold back the tide at the pier.',
    ].join(' ')
    const passages = [passage(0, text)]
    const persona = { name: '', instructions: '', tone: '', languages: [], refusal: ' Ask the harbour master. ' }
    const generator = extractive.create(extractive.options.parse({}), dependenciesFor(passages))
    const ask = (question: string, length?: 'short' | 'medium' | 'long') =>
      collectParts(generator.generate({ question, passages, ...(length ? { persona: { ...persona, length } } : {}) }))
    const statements = async (length?: 'short' | 'medium' | 'long'): Promise<number> =>
      (await ask('What about the tide at the pier?', length)).filter(({ type }) => type === 'citation').length
    const [short, medium, long] = [await statements('short'), await statements('medium'), await statements('long')]
    expect(medium).toBe(await statements())
    expect(short).toBe(1)
    expect(long).toBeGreaterThan(medium)
    const refused = await ask('Who won the Nobel Prize in Physics in 1998?', 'medium')
    expect(refused).toEqual([{ type: 'refusal', reason: 'Ask the harbour master.' }])
  })

  it('refuse when the passages are about something else', async () => {
    const parts = await ask('Who won the Nobel Prize in Physics in 1998?', harbour)
    expect(parts.map((part) => part.type)).toEqual(['refusal'])
  })

  it('never refuse when the threshold is 0, and always when nothing can reach it', async () => {
    const question = 'Who won the Nobel Prize in Physics in 1998?'
    expect((await ask(question, harbour, { refuseBelow: 0 }))[0]?.type).toBe('text-delta')
    const certain = 'What is the wave height limit for Fulmar?'
    expect((await ask(certain, harbour, { refuseBelow: 1 }))[0]?.type).toBe('refusal')
  })

  it('write a table row with its header, and cite the row alone', async () => {
    const { question, passages } = examples[2] as (typeof examples)[number]
    const parts = await ask(question, passages, { maxStatements: 1 })
    expect(answerText(parts)).toBe('Tystie — Persons on board: 6 people.')
    expect(citedTexts(parts, passages)).toEqual(['| *Tystie* | 6 people |'])
  })

  it('take the header of a table from the context', async () => {
    const rows = [
      passage(0, 'SPI-013,Optode,OX-3401,SP1\nSPI-014,Optode,OX-3402,"Wet Lab 1, shelf 2"', {
        context: 'asset_id,type,serial_number,location',
      }),
    ]
    const parts = await ask('Where is the optode with serial number OX-3402?', rows, { maxStatements: 1 })
    expect(answerText(parts)).toBe('SPI-014 — type: Optode; serial number: OX-3402; location: Wet Lab 1, shelf 2.')
  })

  it('give the whole list when the question asks for steps', async () => {
    const { question, passages } = examples[1] as (typeof examples)[number]
    expect(answerText(await ask(question, passages))).toBe(
      'Before you leave the pontoon, take these steps:\n\n- Check the fuel.\n- Test the radio.\n- Sign the log.',
    )
  })

  it('say once what two passages both say', async () => {
    const twice = [
      passage(0, 'The wave height limit for Fulmar is 1.5 m.'),
      passage(1, 'The wave height limit for *Fulmar* is 1.5 m.'),
      passage(2, 'For Fulmar the wave height limit is 1.5 m!'),
    ]
    const parts = await ask('What is the wave height limit for Fulmar?', twice, { maxStatements: 8 })
    expect(parts.filter((part) => part.type === 'citation')).toHaveLength(1)
  })

  it('bring the sentence before a pronoun, in one citation', async () => {
    const text = 'Fulmar is a catamaran. It was built in Strandwick in 2011. Soup is sold at noon.'
    const parts = await ask('When was the boat built in Strandwick?', [passage(0, text)], { maxStatements: 1 })
    expect(answerText(parts)).toBe('Fulmar is a catamaran. It was built in Strandwick in 2011.')
    expect(citedTexts(parts, [passage(0, text)])).toEqual([
      'Fulmar is a catamaran. It was built in Strandwick in 2011.',
    ])
  })

  it('drop a connective whose sentence is not shown', async () => {
    const text = 'Soup is sold at noon. However, the wave height limit for Fulmar is 1.5 m.'
    const parts = await ask('What is the wave height limit for Fulmar?', [passage(0, text)], { maxStatements: 1 })
    expect(answerText(parts)).toBe('The wave height limit for Fulmar is 1.5 m.')
  })

  it('leave out Markdown marks and numbers that look like citation markers', async () => {
    const text = 'The **wave height limit** for [Fulmar](https://x.example/f) is `1.5 m`.[3][^note] It is new.'
    const parts = await ask('What is the wave height limit for Fulmar?', [passage(0, text)], { maxStatements: 1 })
    expect(answerText(parts)).toBe('The wave height limit for Fulmar is 1.5 m.')
  })

  it('cite by the index that the passage was given', async () => {
    const parts = await ask('What is the wave height limit for Fulmar?', [{ ...(harbour[0] as Passage), index: 41 }])
    expect(parts.find((part) => part.type === 'citation')).toMatchObject({ passage: 41 })
  })

  it('answer from what stands below a question', async () => {
    const faq = [passage(0, '### May I dive alone?\n\nNo, never.\n\n### Is there a shop?\n\nYes, in Hallsay.')]
    expect(answerText(await ask('May I dive alone?', faq, { maxStatements: 1 }))).toBe('No, never.')
  })

  it('use the vectors when there are some', async () => {
    const passages = [passage(0, 'Wool is sold. Refunds take a week.')]
    const towards = async (texts: readonly string[]): Promise<Float32Array> =>
      Float32Array.from(texts.flatMap((text) => (/money|Refunds/u.test(text) ? [1, 0, 0, 0] : [0, 1, 0, 0])))
    const generator = extractive.create(extractive.options.parse({ refuseBelow: 0, maxStatements: 1 }), {
      ...dependenciesFor(passages),
      embed: towards,
      tokenizer: { id: 'one', count: () => 1, encode: () => oneToken },
    })
    expect(answerText(await collectParts(generator.generate({ question: 'money back', passages })))).toBe(
      'Refunds take a week.',
    )
  })
})

const oneToken = { ids: Int32Array.of(1), starts: Int32Array.of(0), ends: Int32Array.of(1), unknownId: -1 }

function ask(
  question: string,
  passages: readonly Passage[],
  options: Partial<ExtractiveOptions> = {},
): Promise<AnswerPart[]> {
  const generator = extractive.create(extractive.options.parse(options), dependenciesFor(passages))
  return collectParts(generator.generate({ question, passages }))
}

function citedTexts(parts: readonly AnswerPart[], passages: readonly Passage[]): string[] {
  return parts.flatMap((part) =>
    part.type === 'citation' ? [passages[part.passage]?.text.slice(part.start, part.end) ?? ''] : [],
  )
}
