/**
 * Filters as text (docs/filters.md), taken apart only as far as chips need it: into the conditions that must all hold.
 * What a condition means, and whether it can be read, is for the core to say.
 */

/** The conditions joined by "and" (or by nothing) at the top. A filter with "or" at the top is one condition. */
export function splitFilter(filter: string): string[] {
  const words = splitWords(filter)
  if (words.some((word) => isWord(word, 'or'))) return [words.join(' ')]
  const conditions: string[] = []
  let negations = ''
  for (const word of words) {
    if (isWord(word, 'and')) continue
    if (isWord(word, 'not')) {
      negations += `${word} `
      continue
    }
    conditions.push(negations + word)
    negations = ''
  }
  return negations === '' ? conditions : [...conditions, negations.trim()]
}

/** The filter that asks for all of these. */
export function joinFilter(conditions: readonly string[]): string {
  if (conditions.length < 2) return conditions.join('')
  return conditions.map((condition) => (hasOr(condition) ? `(${condition})` : condition)).join(' and ')
}

/** Whether the filter asks for this condition at its top, in any case. */
export function hasCondition(filter: string, condition: string): boolean {
  return splitFilter(filter).some((known) => sameCondition(known, condition))
}

/** With the condition where it was not, without it where it was. */
export function toggleCondition(filter: string, condition: string): string {
  const conditions = splitFilter(filter)
  const rest = conditions.filter((known) => !sameCondition(known, condition))
  return joinFilter(rest.length < conditions.length ? rest : [...conditions, condition])
}

/** The one condition that begins with `start` (such as 'type=') becomes this one; null takes it out. */
export function replaceCondition(filter: string, start: string, condition: string | null): string {
  const rest = splitFilter(filter).filter((known) => !known.toLowerCase().startsWith(start))
  return joinFilter(condition === null ? rest : [...rest, condition])
}

/** `key=value`, in quotes where the value needs them. */
export function conditionOf(key: string, value: string): string {
  const plain = /^[^\s()"'\\]+$/.test(value)
  return `${key}=${plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`
}

function sameCondition(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function hasOr(condition: string): boolean {
  return splitWords(condition).some((word) => isWord(word, 'or'))
}

const isWord = (text: string, word: string): boolean => text.toLowerCase() === word

/** Words at the top: parentheses and quotes hold together what is in them, operators what is beside them. */
function splitWords(filter: string): string[] {
  const words: string[] = []
  let word = ''
  let depth = 0
  let quote = ''
  for (let place = 0; place < filter.length; place++) {
    const character = filter[place] ?? ''
    if (quote !== '') {
      word += character
      if (character === '\\') word += filter[++place] ?? ''
      else if (character === quote) quote = ''
      continue
    }
    if (character === '"' || character === "'") quote = character
    if (character === '(') depth++
    if (character === ')') depth = Math.max(0, depth - 1)
    if (depth > 0 || character.trim() !== '') {
      word += character
      continue
    }
    const next = filter.slice(place).trimStart()
    if (word !== '' && !operatorEnds.test(word) && !operatorBegins.test(next)) {
      words.push(word)
      word = ''
    }
  }
  return word === '' ? words : [...words, word]
}

const operatorEnds = /^[^\s()"'=<>~:!]+(?:!=|>=|<=|[=<>~:])$/
const operatorBegins = /^(?:!=|>=|<=|[=<>~:])/
