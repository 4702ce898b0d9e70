import Papa from 'papaparse'
import { z } from 'zod'
import { caseOriginSchema, newCaseSchema } from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import { decodeText, garbageShare } from '../parsers/parts/decode-text.ts'
import { sha256 } from '../shared/hash.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { type CaseProblems, collectProblems } from './case-problems.ts'

/** A case as a file gives it. Its passages have not been looked for yet. */
export interface ReadCase {
  /** 1-based; where its first line is. */
  line: number | undefined
  given: z.output<typeof importedCaseSchema>
}

export interface ReadCases {
  cases: ReadCase[]
  warnings: string[]
}

/** The path of a document that was renamed since it was judged. */
const currentPath = z.string().min(1).max(4096).optional()

/** As `newCaseSchema`, with what an export adds: where passages were judged, where a renamed document is now, origin. */
const importedSpanSchema = z.preprocess(
  (value) =>
    isRecord(value) && value.text === undefined && value.quote !== undefined ? { ...value, text: value.quote } : value,
  z
    .object({
      ...newCaseSchema.shape.expected.unwrap().element.shape,
      judgedStart: z.int().min(0).optional(),
      document: currentPath,
    })
    .refine((span) => span.documentId !== undefined || span.path !== undefined, 'names no document')
    .refine(
      (span) => span.text !== undefined || (span.start !== undefined && span.end !== undefined),
      'needs start and end, or the words',
    ),
)
export const importedCaseSchema = newCaseSchema.extend({
  id: newCaseSchema.shape.id.unwrap(),
  expected: z.array(importedSpanSchema).max(1000).default([]),
  relevant: z
    .array(newCaseSchema.shape.relevant.unwrap().element.extend({ document: currentPath }))
    .max(10_000)
    .default([]),
  origin: caseOriginSchema.default('import'),
})
export type ImportedSpan = z.output<typeof importedSpanSchema>

const knownFields = new Set(['createdAt', 'stale', ...Object.keys(importedCaseSchema.shape)])
const passageColumns = ['path', 'quote', 'text', 'start', 'end', 'grade']

/** Text of any common encoding. Errors: file-empty, file-corrupt (no text). */
export function readCaseText(bytes: Uint8Array, file: string): { text: string; warnings: string[] } {
  const { text, encoding, warnings } = decodeText(bytes)
  if (garbageShare(text) > 0.01 || text.includes('\0')) {
    throw new AppError('file-corrupt', `${file} is no text in an encoding that Quarry knows. Save it as UTF-8.`)
  }
  if (text.trim() === '') throw new AppError('file-empty', `${file} is empty. There is nothing to import.`)
  const guessed = encoding.startsWith('utf-') ? [] : [`${file} is not UTF-8; it was read as ${encoding}.`]
  return { text: text.replace(/^\uFEFF/, ''), warnings: [...warnings, ...guessed] }
}

/** One JSON object a line; see docs/how-to/make-a-dataset.md. Errors: file-corrupt, with every line that is wrong. */
export async function readJsonlCases(text: string, file: string, signal?: AbortSignal): Promise<ReadCases> {
  const reader = createReader(file)
  let line = 0
  for (const content of linesOf(text)) {
    line += 1
    if (line % 2000 === 0) await breathe(signal)
    if (content.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(content)
    } catch {
      reader.problems.add(line, 'this is not a JSON object on one line.')
      continue
    }
    if (isRecord(value)) reader.take(line, value)
    else reader.problems.add(line, 'this is not a JSON object.')
  }
  return reader.end()
}

/**
 * A table with a header; see docs/how-to/make-a-dataset.md. A passage is in the columns `path` and `quote` (or `start`
 * and `end`), several are JSON in `expected`. Errors: file-corrupt, with every line that is wrong.
 */
export async function readCsvCases(text: string, file: string, signal?: AbortSignal): Promise<ReadCases> {
  const reader = createReader(file)
  const { header, rows } = tableOf(text, reader.problems)
  if (!header.includes('question')) {
    throw new AppError('file-corrupt', `${file}, line 1: there is no column "question". Give the table a header.`, {
      details: { file, line: 1 },
    })
  }
  const twice = header.find((name, index) => name !== '' && header.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new AppError('file-corrupt', `${file}, line 1: the column "${twice}" is there twice.`, {
      details: { file, line: 1 },
    })
  }
  for (const [index, { line, cells }] of rows.entries()) {
    if (index % 2000 === 0) await breathe(signal)
    if (cells.length > header.length) {
      reader.problems.add(line, `this row has ${cells.length} columns, the header ${header.length}.`)
      continue
    }
    const row = Object.fromEntries(header.map((name, column) => [name, cells[column] ?? '']))
    try {
      reader.take(line, fromColumns(row))
    } catch (error) {
      reader.problems.add(line, error instanceof ColumnProblem ? error.message : String(error))
    }
  }
  return reader.end()
}

/** The row of a table as the object that a line of JSONL would be. */
function fromColumns(row: Record<string, string>): Record<string, unknown> {
  const { expected = '', relevant = '', tags = '', answerable = '', ...rest } = row
  const value: Record<string, unknown> = {}
  for (const [name, cell] of Object.entries(rest)) {
    if (name === '' || passageColumns.includes(name)) continue
    // An empty cell is the absent value; an answer or a note may well be empty.
    if (cell !== '') value[name] = cell
  }
  value.question = row.question ?? ''
  if (tags.trim() !== '')
    value.tags = tags
      .split(';')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
  if (answerable.trim() !== '') value.answerable = toBoolean(answerable)
  if (relevant.trim() !== '') value.relevant = jsonIn('relevant', relevant)
  if (expected.trim() !== '') value.expected = jsonIn('expected', expected)
  else if (row.path?.trim()) value.expected = [passageIn(row)]
  return value
}

function passageIn(row: Record<string, string>): Record<string, unknown> {
  const passage: Record<string, unknown> = { path: row.path }
  const words = row.quote || row.text
  if (words) passage.text = words
  for (const name of ['start', 'end', 'grade'] as const) {
    const cell = row[name]?.trim()
    if (!cell) continue
    if (!/^-?\d+(\.\d+)?$/.test(cell)) throw new ColumnProblem(`"${name}" is "${cell}", which is no number.`)
    passage[name] = Number(cell)
  }
  return passage
}

class ColumnProblem extends Error {}

function jsonIn(name: string, cell: string): unknown {
  try {
    return JSON.parse(cell)
  } catch {
    throw new ColumnProblem(`"${name}" is not JSON.`)
  }
}

function toBoolean(cell: string): boolean {
  const word = cell.trim().toLowerCase()
  if (['true', 'yes', '1'].includes(word)) return true
  if (['false', 'no', '0'].includes(word)) return false
  throw new ColumnProblem(`"answerable" is "${cell}": write true or false.`)
}

interface Row {
  line: number
  cells: string[]
}

/** Rows with the lines on which they begin; the first one apart. */
export function tableOf(text: string, problems: CaseProblems): { header: string[]; rows: Row[] } {
  const rows = rowsOf(text, problems)
  return { header: rows.shift()?.cells.map((name) => name.trim()) ?? [], rows }
}

/** Papa tells where each row ends, and so on which line the next one begins: cells may hold line breaks. */
function rowsOf(text: string, problems: CaseProblems): Row[] {
  const rows: Row[] = []
  let line = 1
  let place = 0
  Papa.parse<string[]>(text, {
    delimitersToGuess: [',', ';', '\t'],
    skipEmptyLines: false,
    step({ data, errors, meta }) {
      // A table of one column has no delimiter to be told.
      const error = errors.find(({ code }) => code !== 'UndetectableDelimiter')
      if (error) problems.add(line, `${error.message.replace(/\.?$/, '.')} A quoted cell may not have ended.`)
      if (data.some((cell) => cell.trim() !== '')) rows.push({ line, cells: data })
      for (; place < meta.cursor; place += 1) if (text.charCodeAt(place) === 10) line += 1
    },
  })
  return rows
}

/** Checks each case, and that no id comes twice. */
function createReader(file: string) {
  const problems = collectProblems(file)
  const lines = new Map<string, number>()
  const unread = new Set<string>()
  const cases: ReadCase[] = []
  return {
    problems,
    take(line: number, value: Record<string, unknown>): void {
      for (const name of Object.keys(value)) if (!knownFields.has(name) && unread.size < 20) unread.add(name)
      const parsed = importedCaseSchema.safeParse({ id: madeId(value), ...value })
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        problems.add(line, sayIssue(issue))
        return
      }
      const { id } = parsed.data
      const before = lines.get(id)
      if (before === undefined) {
        lines.set(id, line)
        cases.push({ line, given: parsed.data })
      } else problems.add(line, `the id "${id}" is that of line ${before} already.`)
    },
    end(): ReadCases {
      problems.throwIfAny()
      if (cases.length === 0)
        throw new AppError('file-empty', `${file} has no cases in it. There is nothing to import.`)
      const names = [...unread].map((name) => `"${name}"`).join(', ')
      return { cases, warnings: names === '' ? [] : [`Not read, because no field of a case is called so: ${names}.`] }
    },
  }
}

/** An id for a case without one: the same question with the same passages gets the same one each time. */
export function madeId(value: Record<string, unknown>): string {
  const { question, expected, relevant, answer } = value
  return `q-${sha256(JSON.stringify([question, expected, relevant, answer])).slice(0, 16)}`
}

function sayIssue(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'this is no case.'
  const [field, index] = issue.path
  const where =
    field === undefined
      ? 'the case'
      : typeof index === 'number'
        ? `"${String(field)}" number ${index + 1}`
        : `"${String(field)}"`
  return `${where}: ${issue.message.replace(/\.?$/, '.')}`
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start <= text.length;) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    yield text.slice(start, end)
    start = end + 1
  }
}

async function breathe(signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal)
  await new Promise((resolve) => setImmediate(resolve))
  throwIfAborted(signal)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
