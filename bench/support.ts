import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Embedder } from '../core/embedders/embedder.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { unitsOf } from '../core/generators/extractive/units.ts'
import { wordsOf } from '../core/generators/extractive/words.ts'
import type { Passage } from '../core/generators/generator.ts'
import {
  createSupportCheck,
  scoreOf,
  type SupportDependencies,
  type SupportFeatures,
  supportWeights,
} from '../core/generators/model-answer/support.ts'
import { silentLog } from '../core/shared/log.ts'
import { seededRandom } from '../core/shared/random.ts'

/**
 *   npm run bench -- support [--fit]
 *
 * How well the support check tells sentences that the sources say from sentences that they do not, on real documents
 * (../shared/data/retrieval): said are sentences as they stand, with words left out, two halves put together, and a
 * question's words with its right answer; not said are sentences of other documents and of the same document that
 * none of the sources has, sentences with another number, name or word in them or with a "not" put in, and a question's
 * words with the answer to another question. Half of the documents fit the weights (--fit prints new ones), the other
 * half is what is reported.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const data = join(root, '../shared/data/retrieval')
const threshold = 0.5

interface Case {
  kind: string
  isSaid: boolean
  features: SupportFeatures
  isHeldOut: boolean
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { fit: { type: 'boolean', default: false } } })
  const embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({}), {
    locateModel: async (name) => join(root, 'models', name),
    threads: 1,
    log: silentLog,
  } as Parameters<typeof transformersEmbedder.create>[1])
  const cases: Case[] = []
  for (const set of ['xquad-en', 'xquad-de', 'covidqa', 'cranfield']) cases.push(...(await casesOf(set, embedder)))
  const heldOut = cases.filter((each) => each.isHeldOut)
  const weights = values.fit ? fit(cases.filter((each) => !each.isHeldOut)) : supportWeights
  if (values.fit) console.log(JSON.stringify(weights, rounded, 2))
  const score = (each: Case): number => (values.fit ? probability(each.features, weights) : scoreOf(each.features))
  const kinds = [...Map.groupBy(heldOut, (each) => each.kind)].map(([kind, group]) => {
    const right = group.filter((each) => score(each) >= threshold === each.isSaid).length / group.length
    return { kind, isSaid: group[0]?.isSaid ?? false, cases: group.length, right }
  })
  const result = { cases: heldOut.length, areaUnderCurve: areaUnderCurve(heldOut, score), kinds }
  console.log(`held out: ${result.cases} sentences, area under the ROC curve ${result.areaUnderCurve.toFixed(3)}`)
  for (const { kind, isSaid, cases: count, right } of kinds.toSorted((a, b) => Number(b.isSaid) - Number(a.isSaid)))
    console.log(
      `${isSaid ? 'said    ' : 'not said'} ${kind.padEnd(36)} ${String(count).padStart(5)}  right ${right.toFixed(3)}`,
    )
  if (!values.fit) writeFileSync(join(root, 'bench/results/support.json'), `${JSON.stringify(result, rounded, 2)}\n`)
}

async function casesOf(set: string, embedder: Embedder): Promise<Case[]> {
  const random = seededRandom(set.length * 7919 + 1)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const documents = linesOf(join(data, set, 'corpus.jsonl')).slice(0, 150) as {
    _id: string
    title: string
    text: string
  }[]
  const passagesOf = documents.map(({ _id, title, text }) => piecesOf(_id, title, text))
  const dependencies = dependenciesOf(passagesOf.flat(), embedder)
  const questions = questionsOf(set)
  const cases: Case[] = []
  for (const [number, passages] of passagesOf.entries()) {
    const isHeldOut = number % 2 === 1
    const told = passages.slice(0, 40)
    if (told.length === 0) continue
    const own = pick(told)
    const given = [
      own,
      ...told.filter((each) => each !== own).slice(0, 2),
      pick(pick(passagesOf.filter((each) => each.length > 0))),
    ].map((passage, index) => ({ ...passage, index }))
    const check = createSupportCheck(given, dependencies)
    const add = async (kind: string, isSaid: boolean, sentence: string): Promise<void> => {
      if (wordsOf(sentence).length < 4) return
      const { score: _score, ...features } = await check.check(sentence, [])
      cases.push({ kind, isSaid, features, isHeldOut })
    }
    const sentences = sentencesOf(own)
    const others = told.filter((each) => given.every((one) => one.text !== each.text)).flatMap(sentencesOf)
    const elsewhere = sentencesOf(pick(passagesOf[(number + 7) % passagesOf.length] ?? []) ?? own)
    const vocabulary = wordsOf(
      told
        .map(({ text }) => text)
        .join(' ')
        .slice(0, 20_000),
    ).map(({ surface }) => surface)
    for (let round = 0; round < 4 && sentences.length > 0; round += 1) {
      const sentence = pick(sentences)
      const words = sentence.split(' ')
      await add('as it stands', true, sentence)
      await add('words left out', true, words.filter(() => random() > 0.2).join(' '))
      const next = sentences[sentences.indexOf(sentence) + 1]
      if (next)
        await add(
          'two halves together',
          true,
          [...words.slice(0, words.length / 2), 'and', ...next.split(' ').slice(0, 8)].join(' '),
        )
      if (elsewhere.length > 0) await add('of another document', false, pick(elsewhere))
      if (others.length > 0) await add('elsewhere in the document', false, pick(others))
      const numbered = sentence.replace(/\d+/u, (found) =>
        String(Number(found.slice(0, 6)) + 1 + Math.floor(random() * 40)),
      )
      if (numbered !== sentence) await add('another number', false, numbered)
      const named = replaceName(
        sentence,
        pick(vocabulary.filter((word) => /^\p{Lu}\p{Ll}{3}/u.test(word))) ?? 'Helsinki',
      )
      if (named) await add('another name', false, named)
      const denied = sentence.replace(/\b(is|was|are|were|can|may|ist|sind|war|kann)\b/u, '$1 not')
      if (denied !== sentence && !/\b(not|no|never|nicht|kein)/iu.test(sentence))
        await add('a "not" put in', false, denied)
    }
    for (const { question, answer } of (questions.get(documents[number]?._id ?? '') ?? []).slice(0, 4)) {
      const holder = passages.find(({ text }) => text.includes(answer))
      if (!holder) continue
      const asked = createSupportCheck([{ ...holder, index: 0 }], dependencies)
      const stated = question.replace(/^\S+\s+/u, '').replace(/\?$/u, '')
      const wrong = pick(pick([...questions.values()]) ?? [])?.answer ?? ''
      for (const [kind, isSaid, text] of [
        ['question and its answer', true, answer],
        ['question and another answer', false, wrong],
      ] as const) {
        if (!isSaid && holder.text.includes(text)) continue
        const { score: _score, ...features } = await asked.check(`${stated}: ${text}`, [])
        cases.push({ kind, isSaid, features, isHeldOut })
      }
    }
  }
  return cases
}

/** Pieces of some 1,200 characters, to the end of a paragraph or sentence. */
function piecesOf(id: string, title: string, text: string): Passage[] {
  const pieces = text.match(/[\s\S]{1,1200}(?:[.!?]\s|\n|$)/gu) ?? []
  return pieces
    .filter((piece) => piece.trim().length > 80)
    .map((piece, index) => ({
      index,
      documentId: id,
      documentTitle: title,
      headings: [],
      context: '',
      text: piece.trim(),
      score: 1,
    }))
}

function sentencesOf(passage: Passage | undefined): string[] {
  if (!passage) return []
  return unitsOf(passage, 0).flatMap(({ kind, text }) => (kind === 'sentence' && text.length > 40 ? [text] : []))
}

function replaceName(sentence: string, name: string): string | undefined {
  const found = /(?<=\s)\p{Lu}\p{Ll}{3,}/u.exec(sentence)
  if (!found || found[0] === name) return undefined
  return sentence.slice(0, found.index) + name + sentence.slice(found.index + found[0].length)
}

function questionsOf(set: string): Map<string, { question: string; answer: string }[]> {
  const byDocument = new Map<string, { question: string; answer: string }[]>()
  if (!set.startsWith('xquad') && set !== 'covidqa') return byDocument
  const texts = new Map(linesOf(join(data, set, 'queries.jsonl')).map((line) => [line['_id'], line['text']]))
  const spans = JSON.parse(readFileSync(join(data, set, 'spans.json'), 'utf8')) as {
    qid: string
    doc: string
    answers: { text: string }[]
  }[]
  for (const { qid, doc, answers } of spans) {
    const question = texts.get(qid)
    const answer = answers[0]?.text
    if (!question || !answer || answer.length > 120) continue
    byDocument.set(doc, [...(byDocument.get(doc) ?? []), { question, answer }])
  }
  return byDocument
}

function dependenciesOf(passages: readonly Passage[], embedder: Embedder): SupportDependencies {
  const frequencies = new Map<string, number>()
  for (const { text } of passages)
    for (const word of new Set(wordsOf(text).map(({ folded }) => folded)))
      frequencies.set(word, (frequencies.get(word) ?? 0) + 1)
  return {
    dimensions: embedder.dimensions,
    tokenizer: embedder.tokenizer,
    embed: (texts, purpose) => embedder.embed(texts, purpose),
    termStatistics: (words) => ({
      chunks: passages.length,
      frequencies: words.map((word) => frequencies.get(word) ?? 0),
    }),
  }
}

type Weights = Record<keyof SupportFeatures | 'intercept', number>

/** Logistic regression by gradient descent; said and not said weigh the same. */
function fit(cases: readonly Case[]): Weights {
  const names = ['coverage', 'missingNumbers', 'missingNames', 'negation'] as const
  const weights: Weights = { intercept: 0, coverage: 0, missingNumbers: 0, missingNames: 0, negation: 0 }
  const said = cases.filter(({ isSaid }) => isSaid).length
  for (let step = 0; step < 5000; step += 1) {
    const gradient: Weights = {
      intercept: 0,
      coverage: 0,
      missingNumbers: 0,
      missingNames: 0,
      negation: 0,
    }
    for (const { features, isSaid } of cases) {
      const share = isSaid ? 0.5 / said : 0.5 / (cases.length - said)
      const wrong = (probability(features, weights) - (isSaid ? 1 : 0)) * share
      gradient.intercept += wrong
      for (const name of names) gradient[name] += wrong * features[name]
    }
    for (const name of ['intercept', ...names] as const) weights[name] -= 4 * (gradient[name] + 0.0002 * weights[name])
  }
  return weights
}

function probability(features: SupportFeatures, weights: Weights): number {
  let sum = weights.intercept
  for (const [name, value] of Object.entries(features) as [keyof SupportFeatures, number][])
    sum += weights[name] * value
  return 1 / (1 + Math.exp(-sum))
}

function areaUnderCurve(cases: readonly Case[], score: (each: Case) => number): number {
  const ranked = cases
    .map((each) => ({ isSaid: each.isSaid, score: score(each) }))
    .toSorted((a, b) => a.score - b.score)
  let below = 0
  let pairs = 0
  for (const { isSaid } of ranked) {
    if (isSaid) pairs += below
    else below += 1
  }
  return pairs / (below * (ranked.length - below))
}

function linesOf(path: string): Record<string, string>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>)
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(3)) : value
}
