import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import {
  type Data,
  type DataRecord,
  isRecord,
  metadataOfRecord,
  nameOfRecord,
  writeData,
  writeRecords,
} from './parts/data-text.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { readLenientJson } from './parts/lenient-json.ts'
import type { ParseOptions, ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * JSON (RFC 8259) and JSON Lines as people read data: lists of alike records as tables, other records as "key: value"
 * lines and sections, so that no braces are left. Comments, trailing commas and the like are read past; where most of
 * a broken file is good, it is read up to the mistake and the rest is shown as it stands, with a warning.
 * Errors: file-empty, file-corrupt (with line and column), file-too-large (JSON must fit in memory, JSON Lines not).
 */
export const jsonParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'json',
  label: 'JSON',
  summary: 'Reads JSON and JSON Lines: alike records as tables, others as sections and lines.',
  version: 1,
  types: ['json', 'jsonl'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      const { text, warnings } = readText(input.bytes)
      throwIfAborted(parseOptions.signal)
      const document =
        hasRecordLines(text) || (/\.(?:jsonl|ndjson)$/i.test(input.name) && !isOneValue(text))
          ? await readLines(text, warnings, parseOptions)
          : readWhole(text, warnings, parseOptions)
      if (document.text === '') throw new AppError('file-empty', 'This JSON file has no values in it to index.')
      return document
    },
  }),
}

/**
 * The value of a JSON file; of a broken one what stands before the mistake, if `isEnough` finds that good to read,
 * with a warning. Errors: file-corrupt, naming line and column.
 */
export function parseJson(text: string, isEnough: (value: Data) => boolean): { value: Data; warnings: string[] } {
  try {
    return { value: JSON.parse(text) as Data, warnings: [] }
  } catch {
    const { value, problem } = readLenientJson(text)
    if (value === undefined || (problem && !isEnough(value))) throw broken(problem)
    const place = problem && `line ${problem.line}, column ${problem.column}`
    const warnings = place ? [`This file has a mistake in ${place}. What follows there is missing.`] : []
    return { value, warnings }
  }
}

/** The values of larger files take more memory than a process has. */
const mostCharacters = 100 * 1024 * 1024
/** A broken file is read where at least this share of it is good. */
const goodShare = 0.5

function broken(problem: { line: number; column: number; message: string } | undefined): AppError {
  const { line, column, message } = problem ?? { line: 1, column: 1, message: 'There is no value.' }
  return new AppError(
    'file-corrupt',
    `This JSON file has a mistake in line ${line}, column ${column}: ${message} Correct it, or get a fresh copy.`,
    { details: { line, column } },
  )
}

function readWhole(text: string, warnings: readonly string[], { signal }: ParseOptions): ParsedDocument {
  if (text.length > mostCharacters) {
    const message = 'This JSON file is too large to be read at once. Split it, or save it as JSON Lines (.jsonl).'
    throw new AppError('file-too-large', message, { details: { characters: text.length, limit: mostCharacters } })
  }
  const builder = createDocumentBuilder()
  const check = (): void => throwIfAborted(signal)
  let value: Data | undefined
  let rest = ''
  const problems: string[] = []
  try {
    value = JSON.parse(text) as Data
  } catch {
    const { value: good, problem } = readLenientJson(text)
    value = good
    if (problem) {
      if (value === undefined || problem.offset < text.length * goodShare) throw broken(problem)
      rest = text.slice(problem.offset)
      const place = `line ${problem.line}, column ${problem.column}`
      problems.push(`This JSON file has a mistake in ${place}. What follows there is shown as it stands.`)
    }
  }
  writeData(builder, value ?? null, 1, check)
  builder.add('code', rest, { language: 'json' })
  const metadata = isRecord(value) ? metadataOfRecord(value) : {}
  const title = isRecord(value) ? statedTitle(value) : undefined
  return builder.finish(title, [...warnings, ...problems], Object.keys(metadata).length > 0 ? { metadata } : {})
}

function statedTitle(record: DataRecord): string | undefined {
  const named = nameOfRecord(record)
  return named && /^(?:title|name|headline)$/i.test(named.key) ? named.name : undefined
}

/** The first two lines are records each: JSON Lines, whatever the name says. */
function hasRecordLines(text: string): boolean {
  const lines = text.slice(0, 1_000_000).split('\n', 3)
  return lines.length > 1 && lines.slice(0, 2).every((line) => isRecord(valueOfLine(line)))
}

/** Pretty-printed JSON under the name of JSON Lines: its first line is no value by itself. */
function isOneValue(text: string): boolean {
  return /^[[{]\s*$/.test(text.trimStart().split('\n', 1)[0] ?? '')
}

function valueOfLine(line: string): Data | undefined {
  try {
    return JSON.parse(line) as Data
  } catch {
    return undefined
  }
}

/** Lines that are read before they are written; alike ones make one table. */
const linesAtOnce = 2000
const mostBadLinesShown = 100

/** JSON Lines: a record a line. Values are kept for a portion of the lines only. */
async function readLines(
  text: string,
  warnings: readonly string[],
  { signal, onProgress }: ParseOptions,
): Promise<ParsedDocument> {
  const builder = createDocumentBuilder()
  const check = (): void => throwIfAborted(signal)
  const bad: { number: number; line: string }[] = []
  let records: Data[] = []
  let written = 0
  let number = 0
  let badCount = 0
  const flush = (): void => {
    writeRecords(builder, records, written, check)
    written += records.length
    records = []
  }
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    const line = text.slice(start, end).trim()
    start = end + 1
    number++
    if (line === '') continue
    const value = valueOfLine(line)
    if (value !== undefined) records.push(value)
    else {
      badCount++
      if (bad.length < mostBadLinesShown) bad.push({ number, line })
    }
    if (records.length >= linesAtOnce) {
      flush()
      onProgress?.({ done: start, total: text.length, unit: 'characters', label: 'Reading records' })
      await new Promise((resolve) => setImmediate(resolve))
      check()
    }
  }
  flush()
  const [first] = bad
  if (first === undefined) return builder.finish(undefined, warnings)
  if (badCount > written) throw broken({ line: first.number, column: 1, message: 'This line is no JSON.' })
  builder.add('code', bad.map(({ line }) => line).join('\n'), { language: 'json' })
  const count = badCount === 1 ? 'One line is' : `${badCount} lines are`
  return builder.finish(undefined, [
    ...warnings,
    `${count} no valid JSON (the first is line ${first.number}) and ${badCount === 1 ? 'stands' : 'stand'} at the end.`,
  ])
}
