import { stopWords } from './stop-words.ts'

/** One word of a query as full-text search sees it. */
export interface QueryTerm {
  text: string
  /** One character of a script without spaces: stands for every pair that begins with it. */
  prefix: boolean
}

export interface QueryAnalysis {
  /** Distinct terms to OR together; stop-words are left out unless there is nothing else. */
  terms: QueryTerm[]
  /** Neighbouring terms of the query, both of them content words. */
  phrases: string[]
}

/** A pasted page is a query too; its longest words say enough, and the search stays bounded. */
const maxTerms = 64
const maxPhrases = 32
/** More of the query than this is not read: 64 terms are found long before. */
const maxQueryLength = 20_000

/**
 * Text as it goes into the full-text index. Compatibility forms are unified (the ligature ﬁ, full-width letters), and
 * runs of scripts that put no spaces between words (and of Korean, which writes particles onto them) become overlapping
 * pairs of characters and the last character alone: 東京都 → 東京 京都 都. Pairs, unlike a dictionary's words, are found
 * inside any longer word, and do not change when the runtime brings another dictionary.
 */
export function indexedText(text: string): string {
  return normalise(text).replace(spacelessRuns, (run) => ` ${pairs(characters(run), true).join(' ')} `)
}

/** What to look for. Never fails; text without a word gives no terms. */
export function analyseQuery(query: string): QueryAnalysis {
  const words = splitWords(normalise(query.slice(0, maxQueryLength)))
  const language = stopWords(words.map((word) => word.text))
  const content = words.filter((word) => !language.has(word.text))
  return {
    terms: longest(distinct(content.length > 0 ? content : words)),
    phrases: neighbours(words, language),
  }
}

/** A word as one thing to count: its parts (covid-19, the pairs of 北京市) stand side by side. */
export function analyseWord(word: string): QueryTerm | undefined {
  const parts = splitWords(normalise(word.slice(0, 1000)))
  const [first] = parts
  if (!first) return undefined
  return { text: parts.map((part) => part.text).join(' '), prefix: parts.length === 1 && first.prefix }
}

interface Word extends QueryTerm {
  /** A pair of characters (or one alone): it overlaps with its neighbour and so says already what stands beside it. */
  isPart: boolean
}

function splitWords(text: string): Word[] {
  const words: Word[] = []
  for (const [run] of text.matchAll(wordRuns)) {
    if (!startsSpaceless.test(run)) {
      words.push({ text: run, prefix: false, isPart: false })
      continue
    }
    const letters = characters(run)
    if (letters.length === 1) words.push({ text: run, prefix: true, isPart: true })
    else words.push(...pairs(letters, false).map((text) => ({ text, prefix: false, isPart: true })))
  }
  return words
}

function distinct(words: readonly Word[]): QueryTerm[] {
  const seen = new Map<string, QueryTerm>()
  for (const { text, prefix } of words) if (!seen.has(text)) seen.set(text, { text, prefix })
  return [...seen.values()]
}

/** The longest terms, in their order: length is a cheap sign of rarity. */
function longest(terms: QueryTerm[]): QueryTerm[] {
  if (terms.length <= maxTerms) return terms
  const kept = new Set([...terms].sort((a, b) => b.text.length - a.text.length).slice(0, maxTerms))
  return terms.filter((term) => kept.has(term))
}

function neighbours(words: readonly Word[], language: ReadonlySet<string>): string[] {
  const phrases = new Set<string>()
  for (let index = 1; index < words.length && phrases.size < maxPhrases; index++) {
    const [first, second] = [words[index - 1]!, words[index]!]
    if (first.isPart || second.isPart || first.text === second.text) continue
    if (language.has(first.text) || language.has(second.text)) continue
    phrases.add(`${first.text} ${second.text}`)
  }
  return [...phrases]
}

function normalise(text: string): string {
  return (isAscii.test(text) ? text : text.normalize('NFKC')).toLowerCase()
}

/** Base characters, each with the marks that belong to it: a Thai vowel sign is no character of its own. */
function characters(run: string): string[] {
  return run.match(characterWithMarks) ?? []
}

function pairs(letters: readonly string[], withLast: boolean): string[] {
  const found = letters.slice(1).map((letter, index) => letters[index]! + letter)
  return withLast ? [...found, ...letters.slice(-1)] : found
}

const isAscii = /^[\x00-\x7f]*$/
const spaceless =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u30fc\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}' +
  '\\p{Script=Myanmar}\\p{Script=Hangul}'
/** Letters and marks of those scripts; their digits and punctuation are like everyone's. */
const spacelessLetter = `(?=[\\p{L}\\p{M}])[${spaceless}]`
const spacelessRuns = new RegExp(`(?:${spacelessLetter}\\p{M}*)+`, 'gu')
const startsSpaceless = new RegExp(`^${spacelessLetter}`, 'u')
const wordRuns = new RegExp(`(?:${spacelessLetter}\\p{M}*)+|(?:(?!${spacelessLetter})[\\p{L}\\p{N}\\p{M}])+`, 'gu')
const characterWithMarks = /\P{M}\p{M}*|^\p{M}+/gu
