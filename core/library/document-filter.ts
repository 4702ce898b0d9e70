import { documentStatuses } from '../contract/documents.ts'
import { AppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { SqlFilter } from './documents.ts'
import { compileGlobToSql } from './glob-to-sql.ts'

/**
 * A small language for choosing documents, such as `type=pdf and year>=2024` or `path:contracts/** and not tag=draft`;
 * docs/filters.md explains it to people.
 *
 *     filter    = conjunction { "or" conjunction }
 *     conjunction = factor { ["and"] factor }
 *     factor    = "not" factor | "(" filter ")" | "has:" key | ("path:" | "name:") glob | key operator value
 *     operator  = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~"
 *
 * A condition on something that a document lacks is false; `!=` is the opposite of `=`, and so true.
 */
export type FilterNode =
  | { kind: 'and' | 'or'; nodes: FilterNode[] }
  | { kind: 'not'; node: FilterNode }
  | { kind: 'has'; key: string }
  | { kind: 'glob'; key: 'path' | 'name'; glob: string }
  | { kind: 'compare'; key: string; operator: FilterOperator; value: string }

export type FilterOperator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~'

/** Keys of every document; all others are keys of what the file says of itself. Values say what they are compared as. */
export const filterKeys = {
  type: 'text',
  path: 'text',
  name: 'text',
  title: 'text',
  status: 'text',
  tag: 'text',
  source: 'text',
  size: 'size',
  pages: 'number',
  version: 'number',
  year: 'number',
  modified: 'time',
  added: 'time',
  indexed: 'time',
} as const satisfies Record<string, 'text' | 'number' | 'size' | 'time'>

type KnownKey = keyof typeof filterKeys

/** Errors: input-invalid with a sentence that says where and what was expected; `details.position` is 1-based. */
export function parseFilter(text: string): FilterNode {
  if (text.length > longestFilter) throw invalid(`A filter has at most ${longestFilter} characters.`, 1)
  const tokens = readTokens(text)
  let next = 0
  let conditions = 0
  const peek = (): Token => tokens[next] ?? { kind: 'end', text: '', position: text.length + 1 }
  const take = (): Token => {
    const token = peek()
    next++
    return token
  }
  const isWord = (word: string): boolean => peek().kind === 'word' && peek().text.toLowerCase() === word

  const readFilter = (depth: number): FilterNode => {
    const nodes = [readConjunction(depth)]
    while (isWord('or')) {
      next++
      nodes.push(readConjunction(depth))
    }
    return join('or', nodes)
  }
  const readConjunction = (depth: number): FilterNode => {
    const nodes = [readFactor(depth)]
    for (;;) {
      if (isWord('and')) next++
      else if (peek().kind === 'end' || peek().kind === ')' || isWord('or')) return join('and', nodes)
      nodes.push(readFactor(depth))
    }
  }
  const readFactor = (depth: number): FilterNode => {
    if (depth > deepest) throw invalid('The filter has too many parentheses in each other.', peek().position)
    if (isWord('not')) {
      next++
      return { kind: 'not', node: readFactor(depth + 1) }
    }
    if (peek().kind !== '(') return readCondition()
    const open = take()
    const node = readFilter(depth + 1)
    if (take().kind !== ')') throw invalid('The parenthesis that opens here is not closed.', open.position)
    return node
  }
  const readCondition = (): FilterNode => {
    const key = take()
    if (++conditions > mostConditions) throw invalid(`A filter has at most ${mostConditions} conditions.`, key.position)
    if (key.kind !== 'word' || keywords.has(key.text.toLowerCase())) {
      throw invalid(`Expected a condition here${key.text === '' ? '' : `, not "${key.text}"`}. ${hint}`, key.position)
    }
    const operator = take()
    if (operator.kind !== 'operator') {
      throw invalid(`Expected =, !=, >, >=, <, <= or ~ after "${key.text}". ${hint}`, operator.position)
    }
    const value = take()
    if (value.kind !== 'word' && value.kind !== 'quoted') {
      throw invalid(
        `Expected a value after "${key.text}${operator.text}". Put it in quotes if it has spaces.`,
        value.position,
      )
    }
    return checkCondition(key, operator, value)
  }

  const node = readFilter(0)
  if (peek().kind !== 'end') throw invalid(`Expected "and", "or" or the end of the filter.`, peek().position)
  return node
}

/** `where` is a condition on the alias `d` of documents; each value is bound to a name that begins with `name`. */
export function filterToSql(node: FilterNode, name = 'filter'): { where: string; parameters: Record<string, unknown> } {
  const parameters: Record<string, unknown> = {}
  const bind: Bind = (value) => {
    const bound = `${name}${Object.keys(parameters).length}`
    parameters[bound] = value
    return `:${bound}`
  }
  return { where: toSql(node, bind), parameters }
}

const longestFilter = 4000
const mostConditions = 200
const deepest = 40
const keywords = new Set(['and', 'or', 'not'])
const hint = `Conditions look like type=pdf, year>=2024, author~smith, path:contracts/** or has:author; keys are ${Object.keys(filterKeys).join(', ')}, and whatever the files say of themselves, such as author, subject or keywords.`

// Reading

interface Token {
  kind: 'word' | 'quoted' | 'operator' | '(' | ')' | 'end'
  text: string
  /** 1-based. */
  position: number
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = []
  let place = 0
  while (place < text.length) {
    const character = text[place]!
    const position = place + 1
    const last = tokens.at(-1)?.kind
    if (character.trim() === '') {
      place++
    } else if (character === '(' || character === ')') {
      tokens.push({ kind: character, text: character, position })
      place++
    } else if (character === '"' || character === "'") {
      const quoted = readQuoted(text, place)
      tokens.push({ kind: 'quoted', text: quoted.text, position })
      place = quoted.end
    } else {
      // Signs are operators after a key only: a value may be "a=b" or "contracts/**".
      const operator =
        last === 'operator' ? undefined : /^(?:!=|>=|<=|==|[=<>~:])/.exec(text.slice(place, place + 2))?.[0]
      const word = last === 'operator' ? readUntil(text, place, /[\s()]/) : readUntil(text, place, /[\s()=<>~:!"']/)
      if (operator === undefined && word === '') {
        throw invalid(`"${character}" means nothing here. ${hint}`, position)
      }
      // Programmers write == out of habit.
      const read = operator === '==' ? '=' : (operator ?? word)
      tokens.push({ kind: operator === undefined ? 'word' : 'operator', text: read, position })
      place += (operator ?? word).length
    }
  }
  return tokens
}

function readUntil(text: string, start: number, stop: RegExp): string {
  let end = start
  while (end < text.length && !stop.test(text[end]!)) end++
  return text.slice(start, end)
}

/** Between quotes; '\' takes the next character as it is. */
function readQuoted(text: string, start: number): { text: string; end: number } {
  let value = ''
  for (let place = start + 1; place < text.length; place++) {
    const character = text[place]!
    if (character === text[start]) return { text: value, end: place + 1 }
    if (character === '\\' && place + 1 < text.length) value += text[++place]!
    else value += character
  }
  throw invalid('The quote that opens here is not closed.', start + 1)
}

function join(kind: 'and' | 'or', nodes: FilterNode[]): FilterNode {
  return nodes.length === 1 ? nodes[0]! : { kind, nodes }
}

function checkCondition(keyToken: Token, operatorToken: Token, valueToken: Token): FilterNode {
  const key = canonicalKey(keyToken.text)
  const value = valueToken.text.normalize('NFC')
  const sign = operatorToken.text
  if (sign === ':') {
    if (key === 'has') return { kind: 'has', key: canonicalKey(value) }
    if (key === 'path' || key === 'name') return { kind: 'glob', key, glob: value }
    throw invalid(`":" goes with path, name and has only. Write ${key}=… or ${key}~… instead.`, operatorToken.position)
  }
  const operator = sign as FilterOperator
  const kind = kindOf(key)
  const isOrder = operator !== '=' && operator !== '!=' && operator !== '~'
  if (kind === 'text' && isOrder) {
    throw invalid(`"${key}" is a text: compare it with =, != or ~, not with ${operator}.`, operatorToken.position)
  }
  if (kind !== 'text' && kind !== 'metadata' && operator === '~') {
    throw invalid(`"${key}" is no text: compare it with =, !=, >, >=, < or <=.`, operatorToken.position)
  }
  const problem = valueProblem(key, kind, value, isOrder)
  if (problem !== undefined) throw invalid(problem, valueToken.position)
  return { kind: 'compare', key, operator, value }
}

function canonicalKey(text: string): string {
  const key = text.toLowerCase()
  return key === 'tags' ? 'tag' : key
}

function kindOf(key: string): 'text' | 'number' | 'size' | 'time' | 'metadata' {
  return Object.hasOwn(filterKeys, key) ? filterKeys[key as KnownKey] : 'metadata'
}

function valueProblem(
  key: string,
  kind: ReturnType<typeof kindOf>,
  value: string,
  isOrder: boolean,
): string | undefined {
  if (value.trim() === '') return `Expected a value for "${key}". To find documents without one write: not has:${key}`
  if (key === 'year' && !/^\d{4}$/.test(value)) return `A year has four digits, such as 2024; "${value}" has not.`
  if (kind === 'number' && numberOf(value) === undefined) return `"${key}" is a number; "${value}" is none.`
  if (kind === 'size' && sizeOf(value) === undefined)
    return `"${value}" is no size. Write 500kb, 1.5mb or a number of bytes.`
  if (kind === 'time' && timesOf(value) === undefined) {
    return `"${value}" is no date. Write a year, a month or a day, such as 2024, 2024-06 or 2024-06-30.`
  }
  if (kind === 'metadata' && isOrder && numberOf(value) === undefined && !isDate(value)) {
    return `> and < compare numbers and dates; "${value}" is neither. Dates look like 2024-06-30.`
  }
  if (key === 'status' && !documentStatuses.some((status) => status === value.toLowerCase())) {
    return `There is no status "${value}". Known: ${documentStatuses.join(', ')}.`
  }
  return undefined
}

const anyFilter = 'The filter'

function invalid(message: string, position: number): AppError {
  return new AppError('input-invalid', `${anyFilter} cannot be read at character ${position}. ${message}`, {
    details: { position },
  })
}

// Values

function numberOf(value: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(value) ? Number(value) : undefined
}

const bytesOf: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

function sizeOf(value: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(value)
  const unit = bytesOf[match?.[2]?.toLowerCase() ?? 'none']
  return match && unit !== undefined ? Number(match[1]) * unit : undefined
}

const datePattern = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/

const isDate = (value: string): boolean => datePattern.test(value)

/** When a year, month or day begins and ends (exclusive) here, in milliseconds since 1970. */
function timesOf(value: string): { startMs: number; endMs: number } | undefined {
  const match = datePattern.exec(value)
  if (!match) return undefined
  const [year, month, day] = [Number(match[1]), match[2], match[3]]
  const at = (years: number, months: number, days: number): number => new Date(years, months, days).getTime()
  if (month === undefined) return { startMs: at(year, 0, 1), endMs: at(year + 1, 0, 1) }
  const index = Number(month) - 1
  if (day === undefined) return { startMs: at(year, index, 1), endMs: at(year, index + 1, 1) }
  return { startMs: at(year, index, Number(day)), endMs: at(year, index, Number(day) + 1) }
}

// SQL. Everything compares to 1 or 0, never to NULL, so that "not" is the opposite.

/** Gives the name under which a value is bound. */
export type Bind = (value: string | number) => string
/** A condition on an SQL expression. */
type Test = (expression: string) => string

function toSql(node: FilterNode, bind: Bind): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return `(${node.nodes.map((inner) => toSql(inner, bind)).join(node.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `(NOT ${toSql(node.node, bind)})`
    case 'has':
      return certain(presence(node.key, bind))
    case 'glob':
      return certain(anyPlace(node.key, compileGlobToSql(node.glob, bind)))
    case 'compare':
      return node.operator === '!=' ? `(NOT ${compare({ ...node, operator: '=' }, bind)})` : compare(node, bind)
  }
}

const certain = (condition: string): string => `coalesce((${condition}), 0)`

type Comparison = Extract<FilterNode, { kind: 'compare' }>

function compare(node: Comparison, bind: Bind): string {
  const { key, operator, value } = node
  const kind = kindOf(key)
  if (kind === 'metadata') return certain(anyMetadata(key, metadataTest(operator, value, bind), bind))
  if (kind === 'text') return certain(anyText(key as KnownKey, textTest(operator, value, bind)))
  if (kind === 'time') return certain(timeTest(operator, value, bind)(timeColumns[key] ?? 'NULL'))
  if (key === 'year') {
    const stated = metadataYear()
    const test = (expression: string): string => `${expression} ${operator} ${bind(Number(value))}`
    const time = timeTest(operator, value, bind)('d.modified_ms')
    return certain(`CASE WHEN ${stated} IS NULL THEN ${time} ELSE ${test(stated)} END`)
  }
  const wanted = kind === 'size' ? sizeOf(value) : numberOf(value)
  return certain(`d.${key} ${operator} ${bind(wanted ?? 0)}`)
}

const timeColumns: Record<string, string> = { modified: 'd.modified_ms', added: 'd.added_at', indexed: 'd.indexed_at' }

function timeTest(operator: FilterOperator, value: string, bind: Bind): Test {
  const { startMs, endMs } = timesOf(value) ?? { startMs: 0, endMs: 0 }
  return (time) => {
    if (operator === '>') return `${time} >= ${bind(endMs)}`
    if (operator === '>=') return `${time} >= ${bind(startMs)}`
    if (operator === '<') return `${time} < ${bind(startMs)}`
    if (operator === '<=') return `${time} < ${bind(endMs)}`
    return `${time} >= ${bind(startMs)} AND ${time} < ${bind(endMs)}`
  }
}

function textTest(operator: FilterOperator, value: string, bind: Bind): Test {
  const pattern = bind(operator === '~' ? `*${globOfText(value)}*` : globOfText(value))
  return (text) => `${text} GLOB ${pattern}`
}

/** SQLite's GLOB for this text whatever its capitals: its own LIKE knows those of ASCII only. */
function globOfText(value: string): string {
  return Array.from(value, (character) => {
    if ('*?['.includes(character)) return `[${character}]`
    const forms = new Set([character, character.toLowerCase(), character.toUpperCase()])
    const single = [...forms].filter((form) => Array.from(form).length === 1)
    return single.length === 1 ? character : `[${single.join('')}]`
  }).join('')
}

/** Whether the test holds for the text of a column, or for one of its texts where there are several. */
function anyText(key: KnownKey, test: Test): string {
  switch (key) {
    case 'path':
    case 'name':
      return anyPlace(key, test)
    case 'tag':
      return `EXISTS (SELECT 1 FROM json_each(d.tags) v WHERE ${test('v.value')})`
    case 'source':
      return `EXISTS (SELECT 1 FROM sources s WHERE s.id = d.source_id AND (${test('s.id')} OR ${test('s.location')}))`
    case 'status':
      return test(`CASE WHEN d.approval = 'waiting' THEN 'waiting' ELSE d.status END`)
    default:
      return test(`d.${key}`)
  }
}

/** The same content may have further paths. */
function anyPlace(key: 'path' | 'name', test: Test): string {
  const others = `SELECT 1 FROM document_paths p WHERE p.document_id = d.id AND (${test(`p.${key}`)})`
  return `(${test(`d.${key}`)}) OR EXISTS (${others})`
}

/** Whether the test holds for the value of this key, or for one of its values. `v` is a row of json_each. */
function anyMetadata(key: string, test: string, bind: Bind): string {
  const name = bind(key.startsWith(metadataPrefix) ? key.slice(metadataPrefix.length) : key)
  return `EXISTS (SELECT 1 FROM json_each(d.metadata) m, json_each(CASE m.type WHEN 'array' THEN m.value ELSE json_array(m.value) END) v
    WHERE m.key = ${name} AND (${test}))`
}

/** `metadata.modified` is what the file says, where `modified` is when it was changed. */
const metadataPrefix = 'metadata.'
const isNumber = `v.type IN ('integer', 'real')`
const isText = `v.type = 'text'`

function metadataTest(operator: FilterOperator, value: string, bind: Bind): string {
  const tests: string[] = []
  if (operator === '=' || operator === '~') tests.push(textTest(operator, value, bind)('CAST(v.value AS TEXT)'))
  if (operator === '~') return tests.join('')
  const number = numberOf(value)
  if (number !== undefined) tests.push(`${isNumber} AND v.value ${operator} ${bind(number)}`)
  if (isDate(value)) {
    // ISO dates compare as texts, as exactly as the value is given: "2024-06-30" > "2024-05", "2024-05-31" is in it.
    const start = `substr(v.value, 1, ${bind(value.length)})`
    tests.push(`${isText} AND (${dateLike('v.value')}) AND ${start} ${operator} ${bind(value)}`)
  }
  return tests.map((test) => `(${test})`).join(' OR ')
}

const dateLike: Test = (text) =>
  `${text} GLOB '[0-9][0-9][0-9][0-9]' OR ${text} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]*'`

/** The year that a document says it is from. */
function metadataYear(): string {
  const years = ['date', 'sent', 'created'].map((key) => {
    const value = `(d.metadata ->> '$.${key}')`
    return `CASE WHEN ${value} GLOB '[0-9][0-9][0-9][0-9]*' THEN CAST(substr(${value}, 1, 4) AS INTEGER) END`
  })
  return `coalesce(${years.join(', ')})`
}

function presence(key: string, bind: Bind): string {
  const kind = kindOf(key)
  if (kind === 'metadata') return anyMetadata(key, `v.value <> ''`, bind)
  if (key === 'tag') return 'json_array_length(d.tags) > 0'
  if (key === 'source') return 'd.source_id IS NOT NULL'
  if (key === 'year') return `coalesce(${metadataYear()}, d.modified_ms) IS NOT NULL`
  if (kind === 'time') return `${timeColumns[key]} IS NOT NULL`
  if (key === 'type') return `d.type <> 'unknown'`
  return `d.${key} <> ''`
}

/** The conditions of a filter that a person wrote; none for none. Errors: input-invalid. */
export function sqlFilter(text: string | undefined): SqlFilter | undefined {
  return text === undefined || text.trim() === '' ? undefined : filterToSql(parseFilter(text))
}

/** Those of a pipeline, bound to names of their own so that they go with what is asked with. Errors: input-invalid. */
export function pipelineFilter({ filter }: Pick<Pipeline, 'filter'>): SqlFilter | undefined {
  if (filter.trim() === '') return undefined
  try {
    return filterToSql(parseFilter(filter), 'pipelineFilter')
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const named = `The pipeline's filter "${filter.length > 120 ? `${filter.slice(0, 119)}…` : filter}"`
    const message = error.message.replace(anyFilter, () => named)
    throw new AppError(error.code, message, { cause: error, details: error.details })
  }
}

/** What both let through; their values are bound to different names. */
export function bothFilters(a: SqlFilter | undefined, b: SqlFilter | undefined): SqlFilter | undefined {
  if (!a || !b) return a ?? b
  return { where: `(${a.where}) AND (${b.where})`, parameters: { ...a.parameters, ...b.parameters } }
}
