import { expect, it } from 'vitest'
import { dependenciesFor, passage } from '../generator.suite.ts'
import { centralSentences } from './central.ts'

const parts = [
  passage(
    0,
    '# Boats\n\nThis handbook tells how the boats of the station are used. The boats of the station carry twelve people each. Lunch is at noon on most days of the week.',
  ),
  passage(
    1,
    'The boats are looked after in March by the station. A cat lives in the shed behind the harbour office. The boats of the station stay ashore in winter.',
  ),
]

it('are the first one and those that are most like the others, in the order of the document', async () => {
  const found = await centralSentences(parts, 3, dependenciesFor(parts))
  const texts = found.map(({ text }) => text)
  expect(texts[0]).toBe('This handbook tells how the boats of the station are used.')
  expect(texts).not.toContain('Lunch is at noon on most days of the week.')
  expect(texts).not.toContain('A cat lives in the shed behind the harbour office.')
  expect(found.map(({ passage: index, start }) => index * 1000 + start)).toEqual(
    found.map(({ passage: index, start }) => index * 1000 + start).toSorted((a, b) => a - b),
  )
  for (const { passage: index, start, end, text } of found) expect(parts[index]?.text.slice(start, end)).toBe(text)
})

it('do not say a thing twice', async () => {
  const same = 'The boats of the station are used with care by all.'
  const twice = [passage(0, `${same} ${same} ${same} The engine room is cleaned by the crew on Fridays.`)]
  const texts = (await centralSentences(twice, 2, dependenciesFor(twice))).map(({ text }) => text)
  expect(texts).toEqual([same, 'The engine room is cleaned by the crew on Fridays.'])
})

it('are all there are of a short document, none of an empty one, and few of a very long one', async () => {
  expect(await centralSentences(parts, 20, dependenciesFor(parts))).toHaveLength(6)
  expect(await centralSentences([passage(0, '# Title')], 5, dependenciesFor([]))).toEqual([])
  const long = [
    passage(0, Array.from({ length: 3000 }, (_, n) => `Sentence ${n} speaks of the harbour wall.`).join(' ')),
  ]
  const found = await centralSentences(long, 5, dependenciesFor(long))
  expect(found).toHaveLength(5)
  expect(found[0]?.text).toBe('Sentence 0 speaks of the harbour wall.')
})

it('are sentences, and not the names or the table of contents before them', async () => {
  const front = 'Jim Bainbridge Hernando Bedoya Rob Bestgen Mike Cain Dan Cruikshank Jim Denton Doug Mack.'
  const book = [
    passage(0, `${front}\n\n1 Boats of the station .......... 3\n\n`),
    ...parts.map((part, at) => ({ ...part, index: at + 1 })),
  ]
  const [first] = await centralSentences(book, 3, dependenciesFor(book))
  expect(first?.text).toBe('This handbook tells how the boats of the station are used.')
})
