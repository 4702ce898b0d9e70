import { likenesses } from '../extractive/likeness.ts'
import { relatedRoots } from '../extractive/related.ts'
import { unitsOf, type Unit } from '../extractive/units.ts'
import { bagOf, matchStrength, type Word, type WordBag, wordsOf } from '../extractive/words.ts'
import type { GeneratorDependencies, Passage } from '../generator.ts'

/**
 * Whether the sources say what a sentence of an answer says: by its words (or words that the embedding model finds
 * alike), numbers and negations in the best window of a source. It finds what was made up, not fine errors of
 * reasoning; docs/benchmarks.md has the figures of both.
 */
export interface SupportCheck {
  /** `sources`: indexes of the passages that the sentence names; none: it may rest on any. */
  check(sentence: string, sources: readonly number[]): Promise<Support>
  /** The span of a passage that says it best, in UTF-16 code units of its text; undefined for a passage without words. */
  locate(sentence: string, passage: number): { start: number; end: number } | undefined
}

export interface Support extends SupportFeatures {
  /** 0 to 1. */
  score: number
}

/** What the score is made of: members are between 0 and 1. */
export interface SupportFeatures {
  /** The part of the sentence's words, weighted by rarity, that the best window has, itself or related. */
  coverage: number
  /** The part of its numbers and codes that the window lacks; 0 where it has none. */
  missingNumbers: number
  /** The part of its names that the window lacks. */
  missingNames: number
  /** 1 where one of both says "not" and the other does not. */
  negation: number
}

export type SupportDependencies = Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer' | 'termStatistics'>

/**
 * Fitted by logistic regression on sentences of real documents and altered copies of them: `npm run bench -- support
 * --fit` prints these.
 */
export const supportWeights: Readonly<Record<keyof SupportFeatures | 'intercept', number>> = {
  intercept: -2.59,
  coverage: 4.26,
  missingNumbers: -5.86,
  missingNames: -2.46,
  negation: -2.5,
}

/** Units side by side that may say a thing together. */
const widestWindow = 3
/** What a related word counts where the word itself counts 1. */
const relatedStrength = 0.75

const negations =
  /(?<![\p{L}])(?:not|no|never|none|neither|nor|without|cannot|\p{L}+n['’]t|nicht|kein\p{L}*|nie|niemals|ohne|weder)(?![\p{L}])/iu

interface Place {
  unit: Unit
  bag: WordBag
  isNegative: boolean
}

export function createSupportCheck(passages: readonly Passage[], dependencies: SupportDependencies): SupportCheck {
  const places = passages.map((passage, index) =>
    unitsOf(passage, index).map((unit): Place => {
      const text = unit.header ? `${unit.header.join(' ')} ${unit.text}` : unit.text
      return { unit, bag: bagOf(text), isNegative: negations.test(text) }
    }),
  )
  const surroundings = passages.map(({ documentTitle, headings, context }) =>
    bagOf([documentTitle, ...headings, context].join('\n').slice(0, 5000)),
  )
  const best = (terms: readonly Term[], isNegative: boolean, among: readonly number[]): Best | undefined => {
    let found: Best | undefined
    for (const index of among) {
      const units = places[index] ?? []
      const around = surroundings[index]
      const strengths = units.map(({ bag }) => terms.map((term) => strengthOf(term, bag)))
      const beside = terms.map(({ word }) => (around ? 0.8 * matchStrength(word, around) : 0))
      for (let first = 0; first < units.length; first += 1) {
        for (let last = first; last < Math.min(units.length, first + widestWindow); last += 1) {
          const window = strengths.slice(first, last + 1)
          const matched = terms.map((_, term) => Math.max(beside[term] ?? 0, ...window.map((own) => own[term] ?? 0)))
          const coverage = sumOf(terms, (term, at) => term.weight * (matched[at] ?? 0))
          // A wider window has to bring something.
          const worth = coverage - 0.02 * (last - first)
          if (found && worth <= found.worth) continue
          const inWindow = units.slice(first, last + 1)
          const negative = inWindow.some((place) => place.isNegative)
          found = {
            worth,
            coverage,
            matched,
            places: inWindow,
            passage: index,
            negation: negative === isNegative ? 0 : 1,
          }
        }
      }
    }
    return found
  }

  return {
    async check(sentence, sources) {
      const terms = termsOf(sentence, dependencies)
      const known = sources.filter((index) => passages[index])
      const among = known.length > 0 ? known : passages.map((_, index) => index)
      const window = best(terms, negations.test(sentence), among)
      const nothing = { coverage: 0, missingNumbers: 0, missingNames: 0, negation: 0 }
      // A sentence without words says nothing that needs support.
      if (terms.length === 0) return { ...nothing, score: 1 }
      if (!window) return { ...nothing, score: 0 }
      const matched = await withAlike(terms, window, places[window.passage] ?? [], dependencies)
      const features: SupportFeatures = {
        coverage: sumOf(terms, (term, at) => term.weight * (matched[at] ?? 0)),
        missingNumbers: missing(terms, matched, (term) => term.isNumber, 0.9),
        missingNames: missing(terms, matched, (term) => term.isName, 0.5),
        negation: window.negation,
      }
      return { ...features, score: scoreOf(features) }
    },
    locate(sentence, passage) {
      const window = best(termsOf(sentence, dependencies), negations.test(sentence), [passage])
      const first = window?.places[0] ?? places[passage]?.[0]
      const last = window?.places.at(-1) ?? first
      return first && last ? { start: first.unit.start, end: last.unit.end } : undefined
    },
  }
}

function strengthOf({ word, isNumber, isName }: Term, bag: WordBag): number {
  const own = matchStrength(word, bag)
  if (own >= relatedStrength || isNumber || isName) return own
  for (const root of relatedRoots(word)) if (bag.roots.has(root)) return relatedStrength
  return own
}

/** Words that the window lacks may be there as others: the embedding model knows, by what the passage's words are like. */
async function withAlike(
  terms: readonly Term[],
  { matched, places }: Best,
  passage: readonly Place[],
  dependencies: SupportDependencies,
): Promise<number[]> {
  const sought = terms.map(({ word, isNumber, isName }, index) =>
    isNumber || isName || (matched[index] ?? 0) >= relatedStrength ? '' : word.folded,
  )
  if (sought.every((word) => word === '')) return matched
  const inWindow = new Set(places.flatMap(({ bag }) => [...bag.folded]))
  const alike = await likenesses(
    sought,
    new Set([...inWindow, ...passage.flatMap(({ bag }) => [...bag.folded])]),
    dependencies,
  )
  return matched.map((strength, index) => {
    const strengths = [...(alike[index] ?? [])].flatMap(([word, likeness]) => (inWindow.has(word) ? [likeness] : []))
    return Math.max(strength, ...strengths)
  })
}

/** The probability that the sources say it. */
export function scoreOf(features: SupportFeatures): number {
  let sum = supportWeights.intercept
  for (const [name, value] of Object.entries(features) as [keyof SupportFeatures, number][])
    sum += supportWeights[name] * value
  return 1 / (1 + Math.exp(-sum))
}

interface Best {
  worth: number
  coverage: number
  matched: number[]
  places: readonly Place[]
  passage: number
  negation: number
}

interface Term {
  word: Word
  /** All add up to 1. */
  weight: number
  isNumber: boolean
  isName: boolean
}

/** A sentence of a megabyte is judged by its beginning. */
const mostTerms = 120

function termsOf(sentence: string, { termStatistics }: SupportDependencies): Term[] {
  // A negation is judged as such: as a word it would pull in whatever other sentence has one.
  const words = wordsOf(sentence)
    .filter(({ surface }) => !negations.test(surface))
    .slice(0, mostTerms)
  const { chunks, frequencies } = termStatistics(words.map(({ folded }) => folded))
  // What the collection has nowhere is as rare as can be: made up, if the sources do not have it.
  const raw = words.map((_, index) => Math.log(1 + chunks / ((frequencies[index] ?? 0) + 0.5)))
  const all = raw.reduce((sum, weight) => sum + weight, 0)
  return words.map((word, index) => ({
    word,
    weight: all > 0 ? (raw[index] ?? 0) / all : 1 / words.length,
    isNumber: /\p{N}/u.test(word.surface),
    // Not the first word: every sentence begins with a capital.
    isName: index > 0 && /^\p{Lu}/u.test(word.surface) && !/\p{N}/u.test(word.surface),
  }))
}

function missing(
  terms: readonly Term[],
  matched: readonly number[],
  applies: (term: Term) => boolean,
  least: number,
): number {
  const counted = terms.flatMap((term, index) => (applies(term) ? [matched[index] ?? 0] : []))
  return counted.length === 0 ? 0 : counted.filter((strength) => strength < least).length / counted.length
}

function sumOf<Item>(items: readonly Item[], value: (item: Item, index: number) => number): number {
  return items.reduce((sum, item, index) => sum + value(item, index), 0)
}
