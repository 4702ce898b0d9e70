import { describe, expect, it } from 'vitest'
import { questionMakers } from '../contract/datasets.ts'
import { markdownParser } from '../parsers/markdown.ts'
import type { DocumentId } from '../shared/ids.ts'
import { silentLog } from '../shared/log.ts'
import {
  chooseQuestions,
  createLikeness,
  isWellFormed,
  type ProposedQuestion,
  questionsOf,
} from './generate-questions.ts'

const handbook = `# Station handbook

## 3.2 Lost moorings

A mooring that does not answer on two visits is dragged for, with the consent of the power company.

## Introduction

Nothing much is said in this section of the handbook, as it is only the beginning of it.

## May I bring a dog?

Dogs stay on the mainland.

## Words

A release is a device that lets go of the anchor when it hears its code. It is a box of the size of a bottle.
In a power shortage they are the first thing that is switched off by the controller. This is a rule of the house.

| Mooring | Depth | Notes |
| --- | --- | --- |
| SP1 | 31 m | n/a |
| SP2 | 42 m | near the cable |
| SP2b | unknown | |

The seawater pump is replaced after 4000 hours of work in the pump house by the engineer on duty.
`

async function proposals(text: string): Promise<ProposedQuestion[]> {
  const bytes = new TextEncoder().encode(text)
  const parser = markdownParser.create({}, { log: silentLog })
  const parsed = await parser.parse({ bytes, name: 'handbook.md' })
  const source = { id: 'doc' as DocumentId, path: 'handbook.md', ...parsed, title: 'Station handbook' }
  const questions = [...questionsOf(source, questionMakers)]
  for (const { start, end, text: words } of questions) expect(parsed.text.slice(start, end)).toBe(words)
  return questions
}

describe('questionsOf', () => {
  it('asks about headings, definitions, cells and what is left out of a sentence', async () => {
    const made = (await proposals(handbook)).map(({ maker, question, answer }) => [maker, question, answer])
    expect(made).toEqual([
      ['definition', 'What is a release?', 'a device that lets go of the anchor when it hears its code'],
      ['heading', 'What does “Station handbook” say about lost moorings?', null],
      ['heading', 'May I bring a dog?', null],
      ['cell', 'What does “Station handbook” give as “Depth” for SP1?', '31 m'],
      ['cell', 'What does “Station handbook” give as “Depth” for SP2?', '42 m'],
      [
        'cloze',
        'The seawater pump is replaced after ____ of work in the pump house by the engineer on duty.',
        '4000 hours',
      ],
    ])
  })

  it('words them in German, French and Spanish for documents in these languages', async () => {
    const questions = async (text: string) => (await proposals(text)).map(({ question, answer }) => [question, answer])
    expect(
      await questions(
        '# Handbuch\n\n## Verlorene Verankerungen\n\nDie Pumpe wird nach 4000 Stunden vom Ingenieur im Pumpenhaus gegen eine neue getauscht.\n\n## Einleitung\n\nWichtig ist eine gute Pflege der Pumpe und aller Teile, die zu ihr gehören.\n\nEin Auslöser ist ein Gerät, das den Anker loslässt, wenn es seinen Code hört und versteht.\n\n| Anker | Tiefe |\n| --- | --- |\n| SP1 | 31 m |\n| SP2 | unbekannt |\n',
      ),
    ).toEqual([
      ['Was ist ein Auslöser?', 'ein Gerät, das den Anker loslässt, wenn es seinen Code hört und versteht'],
      ['Was steht in „Station handbook“ zu „Verlorene Verankerungen“?', null],
      ['Was gibt „Station handbook“ als „Tiefe“ für SP1 an?', '31 m'],
      ['Die Pumpe wird nach ____ vom Ingenieur im Pumpenhaus gegen eine neue getauscht.', '4000 Stunden'],
    ])
    expect(
      await questions(
        '# Manuel\n\n## Amarrages perdus\n\nUn amarrage qui ne répond pas est cherché avec l’accord de la compagnie.\n\n## Puis-je amener un chien ?\n\nLes chiens restent à terre.\n\nUne balise est un appareil qui flotte et qui émet un signal pour les bateaux. L’ancre est une pièce lourde qui tient la balise. Le but est un meilleur service pour tous.\n',
      ),
    ).toEqual([
      ['Qu’est-ce qu’une balise ?', 'un appareil qui flotte et qui émet un signal pour les bateaux'],
      ['Qu’est-ce que l’ancre ?', 'une pièce lourde qui tient la balise'],
      ['Que dit « Station handbook » à propos de « Amarrages perdus » ?', null],
      ['Puis-je amener un chien?', null],
    ])
    expect(
      await questions(
        '# Manual\n\n## Amarres perdidas\n\nUna amarra que no responde se busca con el permiso de la compañía.\n\n## ¿Puedo llevar un perro?\n\nLos perros se quedan en tierra.\n\nLas boyas son unos aparatos que flotan y que emiten una señal para los barcos. El fin es un mejor servicio para todos.\n',
      ),
    ).toEqual([
      ['¿Qué son las boyas?', 'unos aparatos que flotan y que emiten una señal para los barcos'],
      ['¿Qué dice «Station handbook» sobre «Amarres perdidas»?', null],
      ['¿Puedo llevar un perro?', null],
    ])
  })

  it('words nothing for documents in other languages, nor for those whose language cannot be told', async () => {
    for (const text of [
      '# Manuale\n\n## Ormeggi perduti\n\nUna boa è uno strumento che galleggia e che manda un segnale alle barche nella notte.\n',
      '# Manual\n\n## Amarras perdidas\n\nUma boia é um aparelho que flutua e que emite um sinal para os barcos na noite.\n',
      '# Handboek\n\n## Verloren ankers\n\nEen boei is een toestel dat drijft en dat een signaal geeft voor de boten in de nacht.\n',
      '# Öffnungszeiten\n\n## Büro\n\nMontag bis Freitag\n',
      '# 手册\n\n## 丢失的锚\n\n锚是一种重物。\n',
    ])
      expect([text, await proposals(text)]).toEqual([text, []])
  })

  it('makes nothing of nothing, and comes to an end with hostile text', async () => {
    expect(await proposals('# One\n\n## Two\n')).toEqual([])
    const long = `${'The a '.repeat(20_000)}is a ${'x '.repeat(20_000)}.`
    expect((await proposals(`${long}\n\n| a | b |\n| - | - |\n${'| | |\n'.repeat(2000)}`)).length).toBeLessThan(10)
  })
})

describe('chooseQuestions', () => {
  const proposed = (question: string, change: Partial<ProposedQuestion> = {}): ProposedQuestion => ({
    documentId: 'd1' as DocumentId,
    path: 'a.md',
    maker: 'cloze',
    question,
    answer: null,
    start: question.length,
    end: 0,
    text: question.replace('____', '5 m'),
    ...change,
  })
  const choose = (questions: ProposedQuestion[], known: string[] = [], limit = 10) =>
    chooseQuestions(questions, { limit, known, seed: 0 })

  it('drops what is like another question, or known', () => {
    const one = proposed('The eastern harbour wall is ____ high at the pump house.')
    const same = proposed('The eastern harbour wall is ____ high, at the pump house!', {
      text: 'another 5 m high wall harbour',
    })
    expect(choose([one, same])).toMatchObject({ kept: [{}], dropped: { 'like another question': 1 } })
    expect(choose([one], [same.question]).kept).toEqual([])
  })

  it('drops passages that stand in several places, and questions whose words lead nowhere', () => {
    const one = proposed('The wall is ____ high at the pump house.', { text: 'The same words.' })
    const two = proposed('Another pump is ____ away from the harbour.', { text: 'The  same words.', path: 'b.md' })
    expect(choose([one, two]).dropped).toEqual({ 'the passage is there more than once': 2 })
    expect(choose([proposed('What is the colour of whales?', { text: 'Nothing.' })]).dropped).toEqual({
      'its words do not lead to the passage': 1,
    })
  })

  it('takes one of each document before a second of any', () => {
    const many = ['a', 'b', 'c'].flatMap((name) =>
      ['harbour', 'engine', 'weather', 'kitchen'].map((thing, index) =>
        proposed(`The ${thing} of ${name}${name} costs ____ in ${name}${thing}.`, {
          documentId: name as DocumentId,
          path: name,
          start: index,
        }),
      ),
    )
    const { kept } = choose(many, [], 3)
    expect(new Set(kept.map(({ path }) => path)).size).toBe(3)
    expect(
      choose(many.toReversed(), [], 6)
        .kept.map(({ question }) => question)
        .sort(),
    ).toEqual(
      choose(many, [], 6)
        .kept.map(({ question }) => question)
        .sort(),
    )
  })
})

it.each([
  ['How high is the wall?', true],
  ['What does the passage say?', false],
  ['What is it?', false],
  ['Why is this?', false],
  ['Wall?', false],
  [`What ${'very '.repeat(60)}long thing is it?`, false],
])('isWellFormed(%s) is %s', (question, expected) => expect(isWellFormed(question)).toBe(expected))

it('finds a like question among very many', () => {
  const likeness = createLikeness()
  for (let index = 0; index < 20_000; index++)
    likeness.add(`How many boats of kind ${index} are in harbour ${index % 50}?`)
  expect(likeness.has('How many boats of the kind 777 are in harbour 27?')).toBe(true)
  expect(likeness.has('How many whales of the kind 777 swim in the sound 27?')).toBe(false)
})
